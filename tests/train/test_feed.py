"""Which samples come in which order, and what a bad one does."""

from itertools import pairwise

import numpy as np
import pytest

from ocrdata.corpora.charset import Charset
from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train.feed import Feed, equal_areas
from ocrdata.train.sources import Mixture

DIGITS = Charset("0123456789")


def feed_of(config, pack):
    return Feed(config, pack, range(len(pack)), DIGITS)


def test_an_epoch_holds_every_sample_once_across_shards(tmp_path, small, make_pack):
    feed = feed_of(small(epochs=2), make_pack(tmp_path / "p", 96, shards=3))
    first = [i for step in feed.steps(0, 6) for i in step.indices]
    second = [i for step in feed.steps(6, 12) for i in step.indices]
    assert sorted(first) == sorted(second) == list(range(96))
    assert first != second


@pytest.mark.parametrize("cache_mb", [0, 8])
def test_batches_follow_from_seed_and_step_alone(tmp_path, small, cache_mb, make_pack):
    pack = make_pack(tmp_path / "p", 600)
    change = {"augment": {"noise": 0.1, "stretch": 0.2}, "epochs": 2}
    whole = list(feed_of(small(**change), pack).steps(0, 50))
    later = list(feed_of(small(**change, cache_mb=cache_mb, workers=3), pack).steps(20, 50))
    for a, b in zip(whole[20:], later, strict=True):
        assert a.number == b.number and a.indices == b.indices
        assert np.array_equal(a.images, b.images) and np.array_equal(a.labels, b.labels)
    other = next(feed_of(small(**change, seed=4), pack).steps(0, 1))
    assert other.indices != whole[0].indices


def test_labels_match_their_pictures(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 64)
    for step in feed_of(small(), pack).steps(0, 4):
        for row, (index, length) in enumerate(zip(step.indices, step.lengths, strict=True)):
            assert "".join(map(str, step.labels[row, :length])) == pack[index].label
            assert (step.images[row, :, :, : 18 * length + 8] != 0).mean() > 0.99


def test_a_label_too_long_for_its_own_picture_is_counted_and_replaced(tmp_path, small, picture):
    long = Sample(encode_jpeg(picture("1")), "123456789012")
    items = [long, *(Sample(encode_jpeg(picture(str(i % 10))), str(i % 10)) for i in range(31))]
    write_shard(tmp_path / "p", 0, iter(items), "test") if (tmp_path / "p").mkdir() is None else None
    feed = feed_of(small(), Pack(tmp_path / "p"))
    indices = [i for step in feed.steps(0, 4) for i in step.indices]
    assert feed.left_out == {0: "label_too_long"} and 0 not in indices and len(indices) == 64


def test_a_corrupt_picture_is_named_by_shard_and_key(tmp_path, small, picture):
    (tmp_path / "p").mkdir()
    good = Sample(encode_jpeg(picture("1")), "1")
    write_shard(tmp_path / "p", 0, iter([good] * 20), "test")
    write_shard(tmp_path / "p", 1, iter([good, Sample(good.image[:-20], "1")]), "test")
    feed = feed_of(small(), Pack(tmp_path / "p"))
    with pytest.raises(UserError, match=r"shard-00001: 'image-000000002': truncated_image"):
        list(feed.steps(0, 2))


def test_a_corrupt_picture_is_left_out_where_that_is_asked_for(tmp_path, small, picture):
    good = Sample(encode_jpeg(picture("1")), "1")
    (tmp_path / "p").mkdir()
    write_shard(tmp_path / "p", 0, iter([good] * 20 + [Sample(good.image[:-20], "1")]), "test")
    feed = feed_of(small(damaged="refuse"), Pack(tmp_path / "p"))
    indices = [i for step in feed.steps(0, 20) for i in step.indices]
    assert feed.left_out == {20: "truncated_image"} and 20 not in indices and len(indices) == 320


def test_a_line_that_had_to_be_squeezed_too_much_is_counted(tmp_path, small, picture):
    lines = [Sample(encode_jpeg(picture("1" * n)), "1") for n in (12, 1, 2, 3, 4, 8) for _ in range(4)]
    (tmp_path / "p").mkdir()
    write_shard(tmp_path / "p", 0, iter(lines), "test")
    feed = feed_of(small(), Pack(tmp_path / "p"))  # 96 pixels wide, so up to 192
    images = [step.images for step in feed.steps(0, 10)]
    assert feed.left_out == dict.fromkeys(range(4), "line_too_wide")
    assert max(batch.shape[3] for batch in images) == 96


def test_a_picture_without_room_for_a_character_is_counted(tmp_path, small, picture):
    dots = [Sample(encode_jpeg(np.zeros((h, w, 3), np.uint8)), "1") for h, w in ((1, 1), (3, 40), (40, 1))]
    (tmp_path / "p").mkdir()
    write_shard(tmp_path / "p", 0, iter(dots + [Sample(encode_jpeg(picture("12")), "12")] * 13), "test")
    feed = feed_of(small(), Pack(tmp_path / "p"))
    assert all(not {0, 1, 2} & set(step.indices) for step in feed.steps(0, 4))
    assert feed.left_out == dict.fromkeys(range(3), "picture_too_small")


def test_labels_are_learnt_in_lower_case_where_that_is_asked_for(tmp_path, small, picture):
    (tmp_path / "p").mkdir()
    write_shard(tmp_path / "p", 0, iter([Sample(encode_jpeg(picture("aB")), "aB")] * 16), "test")
    (step,) = Feed(small(charset="ab", case="lower"), Pack(tmp_path / "p"), range(16), Charset("ab")).steps(0, 1)
    assert step.labels.tolist() == [[0, 1]] * 16


def test_batches_of_equal_area_hold_every_line_once_and_the_largest_is_smaller(tmp_path, small, picture):
    texts = ["1"] * 150 + ["1234567890123"[: 2 + i % 12] for i in range(170)]
    (tmp_path / "p").mkdir()
    write_shard(tmp_path / "p", 0, (Sample(encode_jpeg(picture(t)), t) for t in texts), "test")
    areas = {}
    for by in ("lines", "area"):
        steps = list(feed_of(small(width=256, batch_by=by), Pack(tmp_path / "p")).steps(0, 20))
        assert sorted(i for step in steps for i in step.indices) == list(range(320))
        areas[by] = [step.images.shape[0] * step.images.shape[3] for step in steps]
        assert all(len(step.indices) == len(step.images) == len(step.labels) for step in steps)
        assert sum(len(step.indices) for step in steps) == 320
    assert max(areas["area"]) < 0.75 * max(areas["lines"])
    assert len({len(step.indices) for step in steps}) > 1


@pytest.mark.parametrize("seed", range(5))
def test_areas_are_cut_into_as_many_batches_as_asked_for(seed):
    random = np.random.default_rng(seed)
    widths = sorted((32 * random.integers(1, 11, 64)).tolist())
    edges = equal_areas(widths, 8)
    assert edges[0] == 0 and edges[-1] == 64 and len(edges) == 9 and all(a < b for a, b in pairwise(edges))
    largest = max((b - a) * widths[b - 1] for a, b in pairwise(edges))
    assert largest <= max(8 * widths[b - 1] for b in range(8, 65, 8))
    assert equal_areas([32] * 3, 3) == [0, 1, 2, 3]


def test_joined_lines_read_one_after_the_other(tmp_path, small, make_pack):
    pack = make_pack(tmp_path / "p", 64)
    labels = set(pack.labels())
    joined = 0
    for step in feed_of(small(augment={"share": 0, "join": 1}, width=160), pack).steps(0, 4):
        for row, (index, length) in enumerate(zip(step.indices, step.lengths, strict=True)):
            text, first = "".join(map(str, step.labels[row, :length])), pack[index].label
            assert text.startswith(first) and (text == first or text[len(first) :] in labels)
            right = 18 * len(text) + 8 * (1 + (text != first))
            assert (step.images[row, :, :, :right] != 0).mean() > 0.99 and not step.images[row, :, :, right:].any()
            joined += text != first
    assert joined > 32


def test_sources_with_ratios_and_processes(tmp_path, small, make_pack):
    mixed = Mixture([make_pack(tmp_path / "old", 150), make_pack(tmp_path / "new", 10, seed=1)], [1, 1])
    feeds = [Feed(small(), mixed, range(160), DIGITS, (rank, 2)) for rank in (0, 1)]
    drawn = [i for feed in feeds for step in feed.steps(0, 5) for i in step.indices]
    assert len(drawn) == 160 and sum(i >= 150 for i in drawn) == 80
    assert feeds[0].steps_per_epoch == 5
    with pytest.raises(UserError, match="no sample of this source can be used"):
        Feed(small(), mixed, range(150), DIGITS)


def test_leaving_early_does_not_hang(tmp_path, small, make_pack):
    feed = feed_of(small(), make_pack(tmp_path / "p", 640))
    for step in feed.steps(0, 1000):
        if step.number == 3:
            break
    assert step.number == 3
