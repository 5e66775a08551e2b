"""Each kind of odd LMDB is explained in one sentence, and repacking mends what it says it mends."""

import json
import os
import sys

import cv2
import lmdb
import numpy as np
import pytest

from ocrdata.errors import UserError
from ocrdata.prep.diagnose import diagnose
from ocrdata.prep.pack import pack
from ocrdata.prep.verify import verify

PICTURE = cv2.imencode(".jpg", np.zeros((8, 12, 3), np.uint8))[1].tobytes()


def write(folder, values, map_size=1 << 22):
    with lmdb.open(str(folder), map_size=map_size) as env, env.begin(write=True) as txn:
        for key, value in values.items():
            txn.put(key.encode(), value)
    return folder


def plain(numbers=(1, 2, 3), **more):
    values = {f"image-{i:09d}": PICTURE for i in numbers} | {f"label-{i:09d}": f"L{i}".encode() for i in numbers}
    return {**values, "num-samples": str(len(numbers)).encode(), **more}


CASES = {
    "0-based": (plain((0, 1, 2)), "sample 0 is never read by PaddleOCR"),
    "count too high": (plain(**{"num-samples": b"9"}), "num-samples says 9, but there are 3 pictures"),
    "count is a word": (plain(**{"num-samples": b"three"}), "num-samples is b'three', not a number"),
    "broken picture": (
        plain(**{"image-000000002": PICTURE[:-9]}),
        "1 picture (image-000000002) cannot be decoded (1 truncated_image)",
    ),
    "JSON labels": (
        plain(**{f"label-00000000{i}": json.dumps({"text": "字"}).encode() for i in (1, 2, 3)}),
        "JSON objects whose 'text' is the text",
    ),
    "some JSON": (plain(**{"label-000000002": b'{"text": "x"}'}), "1 label (label-000000002) look like JSON"),
    "no label": ({k: v for k, v in plain().items() if k != "label-000000003"}, "1 picture (label-000000003) have no"),
    "gap": (plain((1, 3)), "1 number (image-000000002) have no picture"),
    "empty label": (plain(**{"label-000000002": b" "}), "1 label (label-000000002) are empty"),
    "encoding": (plain(**{"label-000000002": "汉字".encode("gb18030")}), "as gb18030 the first reads '汉字'"),
    "line end": (plain(**{"label-000000002": b"ab\r\n"}), "1 label (label-000000002) end in a line end"),
    "byte order mark": (plain(**{"label-000000002": b"\xef\xbb\xbfab"}), "begin with a byte order mark"),
    "other names": ({"img_1": PICTURE, "txt_1": b"a", "num-samples": b"1"}, "named img_%d, trainers read image-%09d"),
    "extra keys": (plain(meta=b"x"), "keys that no trainer reads: meta"),
    "labels only": ({"label-000000001": b"a", "num-samples": b"1"}, "holds labels but no pictures"),
    "pictures only": ({"image-000000001": PICTURE, "num-samples": b"1"}, "holds pictures but no labels"),
    "something else": ({"weights": b"x"}, "there are no samples"),
    "ids for numbers": ({"image-5": PICTURE, "image-700000000": PICTURE, "label-5": b"a"}, "not a running count"),
}


@pytest.mark.parametrize("name", CASES)
def test_explained(tmp_path, name):
    values, sentence = CASES[name]
    found = [str(f) for f in diagnose(write(tmp_path / "odd", values))]
    assert any(sentence in f for f in found), found
    assert all(f.startswith("odd: ") and "; " in f for f in found)


def test_a_missing_count(tmp_path):
    values = plain()
    del values["num-samples"]
    assert [f.sentence for f in diagnose(write(tmp_path / "odd", values))] == [
        "the count num-samples is missing: trainers stop with an error"
    ]


def test_a_sound_lmdb_has_no_findings(tmp_path):
    seen = []
    assert diagnose(write(tmp_path / "good", plain()), seen.append) == [] and sum(seen) == 3


def test_a_huge_map_is_a_warning(tmp_path):
    (found,) = diagnose(write(tmp_path / "huge", plain(), map_size=1 << 40))
    assert found.severity == "warning" and "1.1 TB" in found.sentence


@pytest.mark.parametrize("name", ["0-based", "count too high", "JSON labels", "other names", "gap", "broken picture"])
def test_repacking_mends(tmp_path, name):
    source = write(tmp_path / "odd", CASES[name][0])
    manifest = pack(source, tmp_path / "mended", workers=1)
    assert manifest["count"] and diagnose(tmp_path / "mended") == [] and verify(tmp_path / "mended", 1).ok


def test_several_lmdbs_are_told_apart(tmp_path):
    write(tmp_path / "a", plain())
    write(tmp_path / "b", plain((0, 1)))
    assert {f.place for f in diagnose(tmp_path)} == {"b"}


def test_a_damaged_file_is_a_finding(tmp_path):
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "data.mdb").write_bytes(b"junk" * 5000)
    os.truncate(write(tmp_path / "short", plain()) / "data.mdb", 8192)
    junk, short = diagnose(tmp_path)
    assert junk.sentence.startswith("not a readable LMDB") and short.sentence.startswith("data.mdb is cut short")


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no write permission bit")
def test_a_read_only_folder_can_be_read(tmp_path):
    source = write(tmp_path / "fixed", plain())
    (source / "lock.mdb").unlink()
    (source / "data.mdb").chmod(0o444)
    source.chmod(0o555)
    try:
        assert diagnose(source) == [] and verify(source, 1).ok
        assert not (source / "lock.mdb").exists()
    finally:
        source.chmod(0o755)


def test_wrong_paths(tmp_path):
    with pytest.raises(UserError, match="no such folder"):
        diagnose(tmp_path / "nothing")
    with pytest.raises(UserError, match="no LMDB"):
        diagnose(tmp_path)
