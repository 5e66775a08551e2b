"""What spoils trainings, each trap with the place where it lies: found before, or named when it happens."""

import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg, write_image
from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.store import Pack, write_shard
from ocrdata.train.check import check
from ocrdata.train.fit import Fit
from ocrdata.train.sources import open_data


@pytest.fixture
def labels(tmp_path, picture):
    """labels(text, pictures=8): a label file with this text beside pictures 0.png, 1.png ..."""

    def make(text, pictures=8):
        for i in range(pictures):
            write_image(tmp_path / f"{i}.png", picture("12", i))
        (tmp_path / "labels.txt").write_bytes(text.encode())
        return tmp_path / "labels.txt"

    return make


def rows(label, count=8, end="\n"):
    return "".join(f"{i}.png\t{label}{end}" for i in range(count))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (rows("###"), r"no line can be used: \{'ignored_###': 8\}; for example 0"),
        (rows(""), r"no line can be used: \{'ignored_empty': 8\}; for example 0"),
        ("0.png\t12\n1.png 12\n", r"labels\.txt line 2"),
        ("0.png 12\n1.png 34\n", r"labels\.txt line 1: no tab between picture and label"),
        ("0.png\t12\t13\n", r"labels\.txt line 1: .*second tab in '12\\t13'"),
        (rows("12", 0), "the label file is empty"),
        ("x.png\t12\n", r"\{'missing_photo': 1\}; for example x"),
    ],
)
def test_a_label_file_of_which_nothing_can_be_learnt_is_refused_with_an_example(labels, text, message):
    with pytest.raises(UserError, match=message):
        open_data(labels(text))


def test_a_byte_order_mark_and_foreign_line_ends_do_no_harm(labels):
    lines = open_data(labels("\ufeff" + rows("12", end="\r\n")))
    assert len(lines) == 8 and set(lines.labels()) == {"12"}


def test_labels_in_another_encoding_are_named_by_line(labels, tmp_path):
    path = labels("")
    path.write_bytes(b"0.png\t12\n1.png\t\xd6\xd0\n")
    with pytest.raises(UserError, match=r"labels\.txt line 2: not UTF-8"):
        open_data(path)


def test_missing_pictures_are_counted_and_named(labels, small, tmp_path):
    lines = open_data(labels(rows("12", 12)))
    (missing,) = [f for f in check(small(), lines, seconds=0) if "missing_photo" in f.sentence]
    assert (
        missing.level == "warning"
        and missing.sentence.startswith("4 more lines are left out")
        and "8" in missing.sentence
    )
    fit = Fit(small(), lines, None, tmp_path / "run")
    assert fit.refused == {"missing_photo": 4} and "8" in fit.examples["missing_photo"][0]


def test_json_in_the_labels_is_recognised(labels, small, tmp_path):
    lines = open_data(labels(rows('{"filename": "0.png", "text": "12"}')))
    with pytest.raises(UserError, match=r"they seem to be JSON: `ocrdata pack .*labels\.txt -o NEW`"):
        Fit(small(), lines, None, tmp_path / "run")


def test_a_dictionary_with_a_gap_or_without_a_character_is_named(labels, small, tmp_path):
    lines = open_data(labels(rows("12")))
    (tmp_path / "gap.txt").write_text("0\n1\n\n2\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"gap\.txt line 3 is empty"):
        Fit(small(charset=None, dictionary=tmp_path / "gap.txt"), lines, None, tmp_path / "run")
    (tmp_path / "short.txt").write_text("0\n1\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"outside the charset: '2' \(8 times\); first .*0\.png '12'"):
        Fit(small(charset=None, dictionary=tmp_path / "short.txt"), lines, None, tmp_path / "run")


def test_a_run_is_not_taken_up_with_a_dictionary_that_lost_a_line(labels, small, tmp_path):
    lines = open_data(labels(rows("12")))
    (tmp_path / "d.txt").write_text("0\n1\n2\n3\n", encoding="utf-8")
    config = small(steps=1, charset=None, dictionary=tmp_path / "d.txt")
    Fit(config, lines, None, tmp_path / "run").run()
    (tmp_path / "d.txt").write_text("1\n2\n3\n", encoding="utf-8")
    with pytest.raises(UserError, match="characters was '0123' there and is '123' now"):
        Fit(config, lines, None, tmp_path / "run", resume=True)


def test_pictures_of_one_pixel_and_of_twenty_thousand_are_left_out_and_named(small, tmp_path, picture):
    dot, long = (Sample(encode_jpeg(np.zeros((h, w, 3), np.uint8)), "1") for h, w in ((1, 1), (32, 20_000)))
    (tmp_path / "p").mkdir()
    write_shard(tmp_path / "p", 0, iter([dot, long, *[Sample(encode_jpeg(picture("12")), "12")] * 14]), "test")
    result = Fit(small(steps=1), Pack(tmp_path / "p"), None, tmp_path / "run").run()
    assert result.refused == {"picture_too_small": 1, "line_too_wide": 1}
    assert "image-000000001" in result.examples["picture_too_small"][0]
    assert "image-000000002" in result.examples["line_too_wide"][0]


def test_a_loss_that_becomes_infinite_in_one_sample_names_it(small, tmp_path, make_pack):
    fit = Fit(small(), make_pack(tmp_path / "p", 16), None, tmp_path / "run")
    losses = fit.task.losses

    def spoilt(batch):
        found = losses(batch)
        return found + np.where(np.array(batch.indices) == 7, np.inf, 0).astype(np.float32)

    fit.task.losses = spoilt
    with pytest.raises(UserError, match=r"step 0: the loss is inf for 1 of 16 .*'image-000000008', label"):
        fit.run()


def test_training_without_a_line_to_validate_on_is_told(small, tmp_path, make_pack):
    pack = make_pack(tmp_path / "p", 20)
    assert any(f.name == "validation" and f.level == "warning" for f in check(small(), pack, seconds=0))
    assert not any(f.name == "validation" for f in check(small(holdout=0.2), pack, seconds=0))
    assert not any(f.name == "validation" for f in check(small(), pack, {"": pack}, seconds=0))
