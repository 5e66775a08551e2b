"""Packing keeps bytes and labels as they are, proves pictures whole, and mends other people's LMDBs."""

import json

import cv2
import lmdb
import numpy as np
import pytest
from pydantic import ValidationError

from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.errors import UserError
from ocrdata.prep.pack import PackConfig, pack, plan_lines
from ocrdata.prep.store import Pack


def picture(value, suffix=".jpg"):
    return cv2.imencode(suffix, np.full((8, 12, 3), value, np.uint8))[1].tobytes()


@pytest.fixture
def lines(tmp_path):
    """lines([(name, content, label), ...]) writes pictures and labels; gives the label file."""

    def write(rows, name="rec_gt.txt", end="\n"):
        folder = tmp_path / "lines"
        folder.mkdir(exist_ok=True)
        for file, content, _ in rows:
            if content is not None:
                (folder / file).write_bytes(content)
        text = "".join(f"{file}\t{label}{end}" for file, _, label in rows)
        (folder / name).write_bytes(text.encode())
        return folder / name

    return write


def write_lmdb(folder, values):
    with lmdb.open(str(folder), map_size=1 << 22) as env, env.begin(write=True) as txn:
        for key, value in values.items():
            txn.put(key.encode(), value)
    return folder


def samples(out):
    return [(s.image, s.label) for s in Pack(out)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_bytes_and_labels_stay_as_they_are(tmp_path, lines, end):
    labels = ["a  b", "\u3000全角\u3000", ' "x", y ', "e\u0301", "👍"]
    rows = [(f"{i}.png", picture(i * 40, ".png"), label) for i, label in enumerate(labels)]
    manifest = pack(lines(rows, end=end), tmp_path / "out", workers=1)
    assert samples(tmp_path / "out") == [(content, label) for _, content, label in rows]
    assert Pack(tmp_path / "out")[0].origin == "0.png" and manifest["refusals"] == {}


def test_a_folder_with_its_label_file(tmp_path, lines):
    folder = lines([("a.jpg", picture(1), "A")]).parent
    pack(folder, tmp_path / "out", workers=1)
    assert [label for _, label in samples(tmp_path / "out")] == ["A"]


def test_icdar_words(tmp_path, lines):
    folder = lines([("word_1.png", picture(1), "")], name="unused.txt").parent
    (folder / "gt.txt").write_bytes('\ufeffword_1.png, "a, "b""\r\n'.encode())
    pack(folder / "gt.txt", tmp_path / "out", workers=1)
    assert [label for _, label in samples(tmp_path / "out")] == ['a, "b"']


@pytest.mark.parametrize(
    ("content", "label", "reason"),
    [
        (None, "x", "missing_photo"),
        (b"", "x", "empty_file"),
        (b"GIF8", "x", "undecodable_image"),
        (picture(3)[:-20], "x", "truncated_image"),
        (picture(3), "x" * 9, "too_long"),
        (picture(3), " ", "ignored_empty"),
    ],
)
def test_refusals_have_a_reason(tmp_path, lines, content, label, reason):
    path = lines([("good.jpg", picture(9), "good"), ("bad.jpg", content, label)])
    manifest = pack(path, tmp_path / "out", PackConfig(max_length=8), workers=1)
    assert manifest["refusals"] == {reason: 1} and manifest["count"] == 1


def test_a_picture_that_vanishes_later_is_refused(tmp_path, lines):
    path = lines([("a.jpg", picture(1), "A"), ("b.jpg", picture(2), "B")])
    planned = plan_lines(open_labels("paddle-rec", Labels(path)), tmp_path / "out")
    (path.parent / "b.jpg").unlink()
    assert planned.run(1)["refusals"] == {"missing_file": 1}


def test_a_line_without_a_tab_stops_with_file_and_line(tmp_path, lines):
    path = lines([("a.jpg", picture(1), "A")])
    path.write_text("a.jpg\tA\n\nb.jpg B\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"rec_gt\.txt line 3: .*no tab"):
        pack(path, tmp_path / "out", workers=1)
    assert not (tmp_path / "out").exists()


def test_detection_lines_are_told_apart(tmp_path, lines):
    path = lines([("a.jpg", picture(1), json.dumps([{"transcription": "A", "points": []}]))])
    with pytest.raises(UserError, match="use `crop`"):
        pack(path, tmp_path / "out", workers=1)


def test_wrong_paths(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        pack(tmp_path / "nothing", tmp_path / "out")
    (tmp_path / "bare").mkdir()
    with pytest.raises(UserError, match="no label file"):
        pack(tmp_path / "bare", tmp_path / "out")


def test_any_number_of_processes_gives_the_same_bytes(tmp_path, lines):
    path = lines([(f"{i}.jpg", picture(i), str(i)) for i in range(50)])
    config = PackConfig(shard_size=20)
    one, two = (pack(path, tmp_path / str(n), config, workers=n) for n in (1, 2))
    assert one["digest"] == two["digest"] and [len(r["shards"]) for r in (one, two)] == [3, 3]
    again = pack(tmp_path / "1", tmp_path / "again", PackConfig(shard_size=7), workers=2)
    assert samples(tmp_path / "again") == samples(tmp_path / "1") and again["count"] == 50
    assert Pack(tmp_path / "again")[30].origin == "30.jpg"


def plain(start=1, count=3, **more):
    values = {}
    for i in range(start, start + count):
        values |= {f"image-{i:09d}": picture(i * 20), f"label-{i:09d}": f"L{i}".encode()}
    return {**values, "num-samples": str(count).encode(), **more}


def test_keys_from_zero_are_mended(tmp_path):
    source = write_lmdb(tmp_path / "zero", plain(start=0))
    pack(source, tmp_path / "out", workers=1)
    assert samples(tmp_path / "out") == [(picture(i * 20), f"L{i}") for i in range(3)]


def test_a_wrong_count_is_mended(tmp_path):
    source = write_lmdb(tmp_path / "count", plain(**{"num-samples": b"2"}))
    assert pack(source, tmp_path / "out", workers=1)["count"] == 3


def test_json_labels_are_mended(tmp_path):
    labels = {f"label-{i:09d}": json.dumps({"filename": "f", "text": f"字{i}"}).encode() for i in (1, 2, 3)}
    source = write_lmdb(tmp_path / "json", plain() | labels)
    pack(source, tmp_path / "out", workers=1)
    assert [label for _, label in samples(tmp_path / "out")] == ["字1", "字2", "字3"]


def test_a_label_that_only_looks_like_json_is_kept(tmp_path):
    source = write_lmdb(tmp_path / "braces", plain(**{"label-000000002": b'{"text": "x"}'}))
    pack(source, tmp_path / "out", workers=1)
    assert samples(tmp_path / "out")[1][1] == '{"text": "x"}'


def test_other_key_names_and_gaps_are_mended(tmp_path):
    values = {f"img_{i}": picture(i) for i in (8, 9, 10, 12)} | {f"img_label_{i}": b"x" for i in (8, 9, 10, 11)}
    manifest = pack(write_lmdb(tmp_path / "odd", values), tmp_path / "out", workers=1)
    assert [i for i, _ in samples(tmp_path / "out")] == [picture(i) for i in (8, 9, 10)]
    assert manifest["refusals"] == {"missing_image": 1, "missing_label": 1}
    assert Pack(tmp_path / "out")[0].origin == "odd/img_8"


def test_labels_in_another_encoding_are_refused_until_it_is_named(tmp_path):
    source = write_lmdb(tmp_path / "gbk", plain(**{"label-000000002": "汉字".encode("gb18030")}))
    assert pack(source, tmp_path / "refused", workers=1)["refusals"] == {"undecodable_label": 1}
    pack(source, tmp_path / "out", PackConfig(encoding="gbk"), workers=1)
    assert samples(tmp_path / "out")[1][1] == "汉字"
    with pytest.raises(ValidationError, match="no such encoding"):
        PackConfig(encoding="utf-88")


def test_lmdbs_that_cannot_be_packed(tmp_path):
    source = write_lmdb(tmp_path / "labels", {"label-000000001": b"x", "num-samples": b"1"})
    with pytest.raises(UserError, match=r"no pictures .*--diagnose"):
        pack(source, tmp_path / "out")
    source = write_lmdb(tmp_path / "sparse", {"image-1": picture(1), "image-999999999": picture(1), "label-1": b"x"})
    with pytest.raises(UserError, match="one after the other"):
        pack(source, tmp_path / "out")
    with pytest.raises(UserError, match="is inside"):
        pack(source, source / "out")
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "data.mdb").write_bytes(b"junk" * 5000)
    with pytest.raises(UserError, match="not a readable LMDB"):
        pack(tmp_path / "junk", tmp_path / "out")
