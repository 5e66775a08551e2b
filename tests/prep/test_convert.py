"""What is written for other tools comes back to the last byte."""

import hashlib
import io
import json
import tarfile

import cv2
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from command import failed, ocrdata

from ocrdata.datasets.dataset import find_labels, open_labels
from ocrdata.datasets.records import Refusal, Sample
from ocrdata.errors import UserError
from ocrdata.prep.admit import PackConfig
from ocrdata.prep.exports.convert import plan_convert
from ocrdata.prep.jobs import Job, run_job
from ocrdata.prep.pack import pack
from ocrdata.prep.store import Pack

FORMATS = ["paddleocr", "mmocr", "webdataset", "parquet"]
LABELS = [
    " a  b ",
    "\u3000全角\u3000",
    '"x", y',
    "e\u0301",
    "👍",
    "###",
    '{"text": "x"}',
    "x\u2028y\u0085",
    "\\n",
    "a.b/c",
    "  .",
]
BREAKING = ["tab\there", "line\nend", "return\r"]


def picture(value, suffix=".jpg"):
    return cv2.imencode(suffix, np.full((8, 12, 3), value, np.uint8))[1].tobytes()


class Made:
    """Samples with everything that a pack can hold."""

    def __init__(self, labels):
        self.labels = labels

    def items(self, start, stop):
        for i in range(start, stop):
            origin = "" if i % 3 == 0 else f"照片 {i}.jpg#{i}"
            polygons = json.dumps([[[0, 0.5], [i, 1]]]) if i % 2 else ""
            yield Sample(picture(i * 7, (".jpg", ".png", ".webp")[i % 3]), self.labels[i], origin, polygons=polygons)


@pytest.fixture
def made(tmp_path):
    def make(labels=LABELS):
        run_job(
            Job("made", {}, len(labels), 4, [{"name": "set", "licence": "CC0"}]), Made(labels), tmp_path / "pack", 1
        )
        return tmp_path / "pack"

    return make


def digest(folder):
    found = hashlib.sha256()
    for sample in Pack(folder):
        for value in (sample.image, sample.label.encode(), sample.origin.encode(), sample.polygons.encode()):
            found.update(len(value).to_bytes(4, "little") + value)
    return found.hexdigest()


def convert(source, to, out, workers=1, shard_size=4):
    return plan_convert(source, to, out, PackConfig(shard_size=shard_size)).run(workers)


@pytest.mark.parametrize("to", FORMATS)
def test_nothing_is_lost_on_the_way_there_and_back(tmp_path, made, to):
    source = made()
    there = convert(source, to, tmp_path / to)
    back = pack(tmp_path / to, tmp_path / "back", PackConfig(shard_size=3), workers=1)
    # A sample without an origin gets the place where it lay in the pack: from then on it stays.
    again = pack(source, tmp_path / "again", workers=1)
    assert there["count"] == back["count"] == again["count"] == len(LABELS)
    assert digest(tmp_path / "back") == digest(tmp_path / "again")
    assert [(s.image, s.label, s.polygons) for s in Pack(tmp_path / "back")] == [
        (s.image, s.label, s.polygons) for s in Pack(source)
    ]
    assert back["ledger"] == there["ledger"] == [{"name": "set", "licence": "CC0"}]


@pytest.mark.parametrize("to", ["parquet"])
def test_the_files_do_not_depend_on_the_number_of_processes(tmp_path, made, to):
    source = made()
    one, two = (convert(source, to, tmp_path / str(n), workers=n) for n in (1, 2))
    assert one["digest"] == two["digest"] and len(one["shards"]) == 3
    files = [
        {p.relative_to(tmp_path / n): p.read_bytes() for p in (tmp_path / n).rglob("*") if p.is_file()} for n in "12"
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize("to", FORMATS)
def test_a_run_that_was_cut_short_goes_on(tmp_path, made, to):
    source, out = made(), tmp_path / "out"
    whole = convert(source, to, out)
    before = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    (out / "manifest.json").unlink()
    (out / "shard-00001.json").unlink()
    assert convert(source, to, out) == whole
    assert {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("to", FORMATS)
def test_a_tab_or_a_line_end_is_refused_where_it_would_cut_the_label(tmp_path, made, to):
    manifest = convert(made(["good", *BREAKING]), to, tmp_path / to)
    expected = {"label_breaks_line": 3} if to == "paddleocr" else {}
    assert manifest["refusals"] == expected
    pack(tmp_path / to, tmp_path / "back", workers=1)
    assert list(Pack(tmp_path / "back").labels()) == ["good"] + ([] if to == "paddleocr" else BREAKING)


def test_paddleocr_finds_every_picture_from_one_label_file(tmp_path, made):
    convert(made(), "paddleocr", tmp_path / "out")
    rows = (tmp_path / "out" / "rec_gt.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert [row.split("\t")[1] for row in rows] == LABELS
    assert [(tmp_path / "out" / row.split("\t")[0]).read_bytes() for row in rows] == [
        s.image for s in Pack(tmp_path / "pack")
    ]
    name, labels = find_labels(tmp_path / "out" / "rec_gt.txt")
    assert name == "paddle-rec" and sum(1 for _ in open_labels(name, labels)) == len(LABELS)


def test_mmocr_gets_its_metainfo_and_one_list(tmp_path, made):
    convert(made(), "mmocr", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "annotations.json").read_text(encoding="utf-8"))
    assert document["metainfo"] == {"dataset_type": "TextRecogDataset", "task_name": "textrecog"}
    assert [entry["instances"] for entry in document["data_list"]] == [[{"text": label}] for label in LABELS]
    assert all((tmp_path / "out" / entry["img_path"]).is_file() for entry in document["data_list"])


def test_webdataset_keys_are_of_one_sample_each(tmp_path, made):
    convert(made(), "webdataset", tmp_path / "out")
    names = []
    for path in sorted((tmp_path / "out").glob("shard-*.tar")):
        with tarfile.open(path) as tar:
            assert all(m.mtime == 0 and m.uname == "" for m in tar.getmembers())
            names += tar.getnames()
    pictures = [n for n in names if n.endswith((".jpg", ".png", ".webp"))]
    assert len({n.partition(".")[0] for n in pictures}) == len(pictures) == len(LABELS)
    assert [n.partition(".")[0] for n in names if n.endswith(".txt")] == [n.partition(".")[0] for n in pictures]


def tar_of(path, *members):
    with tarfile.open(path, "w") as tar:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([("b.txt", b"x")], "missing_image"),
        ([("b.jpg", picture(1))], "missing_label"),
        ([("b.jpg", picture(1)), ("b.png", picture(1, ".png")), ("b.txt", b"x")], "several_pictures"),
        ([("b.jpg", picture(1)), ("b.txt", "字".encode("gb18030"))], "undecodable_label"),
        ([("b.jpg", picture(1)), ("b.txt", b"x" * (2 << 20))], "too_large"),
        ([("b.jpg", picture(1)[:-20]), ("b.txt", b"x")], "truncated_image"),
        ([("b.jpg", picture(1)), ("b.txt", b" ")], "empty_label"),
    ],
)
def test_refusals_of_foreign_tars_have_a_reason(tmp_path, members, reason):
    path = tar_of(tmp_path / "a.tar", ("d/a.jpg", picture(3)), ("d/a.json", b'{"text": "A"}'), *members)
    manifest = pack(path, tmp_path / "out", workers=1)
    assert manifest["refusals"] == {reason: 1}
    assert [(s.label, s.origin) for s in Pack(tmp_path / "out")] == [("A", "a.tar/d/a")]


def test_a_link_in_a_tar_is_refused(tmp_path):
    path = tar_of(tmp_path / "a.tar", ("a.jpg", picture(3)), ("a.txt", b"A\n"))
    with tarfile.open(path, "a") as tar:
        link = tarfile.TarInfo("../b.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    assert pack(path, tmp_path / "out", workers=1)["refusals"] == {"not_a_file": 1}
    assert list(Pack(tmp_path / "out").labels()) == ["A"]


def test_damaged_and_compressed_files_are_named(tmp_path):
    whole = tar_of(tmp_path / "a.tar", ("a.jpg", picture(3) + bytes(4000)), ("a.txt", b"A")).read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:2000])
    (tmp_path / "junk.parquet").write_bytes(b"PAR1junkPAR1")
    (tmp_path / "b.tar.gz").write_bytes(b"\x1f\x8b")
    for name, words in (
        ("cut.tar", "not a whole tar"),
        ("junk.parquet", "not a whole Parquet"),
        ("b.tar.gz", "unpack"),
    ):
        with pytest.raises(UserError, match=words):
            pack(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_foreign_parquet_with_pictures_in_structs(tmp_path):
    pictures = [{"bytes": picture(i), "path": f"{i}.jpg"} for i in range(3)] + [None]
    table = pyarrow.table({"image": pictures, "text": ["a", None, "c", "d"], "more": [1, 2, 3, 4]})
    pyarrow.parquet.write_table(table, tmp_path / "x.parquet", row_group_size=2)
    manifest = pack(tmp_path / "x.parquet", tmp_path / "out", PackConfig(shard_size=1), workers=1)
    assert manifest["refusals"] == {"missing_label": 1, "missing_image": 1}
    assert [(s.label, s.origin) for s in Pack(tmp_path / "out")] == [("a", "x.parquet/0/0"), ("c", "x.parquet/1/0")]
    pyarrow.parquet.write_table(pyarrow.table({"image": ["a"]}), tmp_path / "y.parquet")
    with pytest.raises(UserError, match="no column of pictures"):
        pack(tmp_path / "y.parquet", tmp_path / "other")


def test_an_unfinished_or_changed_export_is_not_read(tmp_path, made):
    convert(made(), "paddleocr", tmp_path / "out")
    lines = tmp_path / "out" / "shard-00001" / "rec_gt.txt"
    lines.write_bytes(b"".join(lines.read_bytes().splitlines(keepends=True)[1:]))
    with pytest.raises(UserError, match=r"rec_gt\.txt line 1: not the picture"):
        pack(tmp_path / "out", tmp_path / "back")
    (tmp_path / "out" / "manifest.json").unlink()
    with pytest.raises(UserError, match="not finished"):
        pack(tmp_path / "out", tmp_path / "back")


def photos(folder):
    folder.mkdir()
    rows = []
    for i in range(5):
        (folder / f"{i}.png").write_bytes(picture(i, ".png"))
        regions = [
            {"transcription": f"a{i} ", "points": [[0, 0.1], [5.5, 0], [5, 5], [0, 5]]},
            {"transcription": "###", "points": [[6, 0], [9, 0], [9, 5]]},
            {"transcription": "dim", "points": [[6, 0], [9, 0], [9, 5]], "difficult": True},
        ]
        rows.append(f"{i}.png\t{json.dumps(regions)}\n")
    (folder / "Label.txt").write_text("".join(rows), encoding="utf-8")
    return folder


def ground_truth(path):
    found = []
    for photo in open_labels(*find_labels(path)):
        regions = [(r.text, r.ignore, r.polygon.tolist()) for r in photo.regions]
        found.append((hashlib.sha256(photo.path.read_bytes()).hexdigest(), regions))
    return found


def test_photos_with_regions_keep_them(tmp_path):
    source = photos(tmp_path / "photos")
    manifest = convert(source, "paddleocr", tmp_path / "paddle", shard_size=2)
    assert manifest["count"] == 5 and len(manifest["shards"]) == 3
    assert ground_truth(tmp_path / "paddle" / "Label.txt") == ground_truth(source)
    names = (tmp_path / "paddle" / "shard-00001" / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(name)["origin"] for name in names] == ["2.png", "3.png"]
    convert(source, "mmocr", tmp_path / "mmocr", shard_size=2)
    document = json.loads((tmp_path / "mmocr" / "annotations.json").read_text(encoding="utf-8"))
    assert document["metainfo"]["task_name"] == "textdet" and len(document["data_list"]) == 5
    convert(tmp_path / "mmocr" / "annotations.json", "paddleocr", tmp_path / "back")
    assert ground_truth(tmp_path / "back" / "Label.txt") == ground_truth(source)
    first = document["data_list"][0]
    assert (first["height"], first["width"]) == (8, 12)
    assert [r["ignore"] for r in first["instances"]] == [False, True, True]
    assert first["instances"][0]["bbox"] == [0, 0, 5.5, 5] and first["instances"][0]["polygon"][:4] == [0, 0.1, 5.5, 0]


def test_the_command(tmp_path, made):
    assert ocrdata("convert", made(), "--to", "webdataset", "-o", tmp_path / "out").returncode == 0
    assert ocrdata("pack", tmp_path / "out", "-o", tmp_path / "back", "--verify").returncode == 0
    assert len(Pack(tmp_path / "back")) == len(LABELS)
    failed(
        ocrdata("convert", photos(tmp_path / "photos"), "--to", "parquet", "-o", tmp_path / "x"),
        2,
        "paddleocr or mmocr",
    )
    assert not (tmp_path / "x").exists()


def test_refusals_of_the_source_are_counted(tmp_path):
    class Bad:
        def items(self, start, stop):
            yield Sample(b"not a picture", "a")
            yield Refusal("seen_before", "b")

    run_job(Job("made", {}, 1, 4), Bad(), tmp_path / "pack", 1)
    assert convert(tmp_path / "pack", "parquet", tmp_path / "out")["refusals"] == {"undecodable_image": 1}
