"""Photos and bundles that are not as they should be, as a user meets them: through the commands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from command import failed, ocrdata

BARS = (3, 40, 20, 80, 20), (1, 40, 120, 80, 20)
TURNED_RIGHT = (  # EXIF: the picture is shown turned to the right
    b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
)
READ = {
    "deep.png": ["3", "1"],  # 16 bits a channel
    "deep_grey.png": ["3", "1"],
    "exif.jpg": ["3", "1"],
    "flat.png": [],  # 1 px high
    "good.png": ["3", "1"],
    "grey.png": ["3", "1"],  # one channel
    "narrow.png": [],  # 1 px wide
}
REFUSED = {
    "broken.jpg": "undecodable_image",
    "cut.jpg": "truncated_image",
    "empty.png": "empty_file",
    "long.png": "shrunk_too_far",  # 20,000 px
    "tall.png": "shrunk_too_far",
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory, bars) -> Path:
    """A folder with one photo of each kind."""
    folder = tmp_path_factory.mktemp("bad")
    sheet = bars(*BARS)
    jpeg = encoded(sheet)
    turned = encoded(cv2.rotate(sheet, cv2.ROTATE_90_COUNTERCLOCKWISE))
    block = b"\xff\xe1" + (len(TURNED_RIGHT) + 2).to_bytes(2, "big") + TURNED_RIGHT
    (folder / "exif.jpg").write_bytes(turned[:2] + block + turned[2:])
    (folder / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "empty.png").write_bytes(b"")
    pictures = {
        "good": sheet,
        "grey": sheet[:, :, 0],
        "deep": sheet.astype(np.uint16) * 257,
        "deep_grey": sheet[:, :, 0].astype(np.uint16) * 257,
        "narrow": sheet[:, 60:61],
        "flat": sheet[30:31],
        "long": np.tile(sheet, (1, 50, 1)),
        "tall": np.tile(sheet[:, 30:60], (67, 1, 1)),
    }
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / f"{name}.png"), picture)
    return folder


def encoded(picture: np.ndarray) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()


def test_what_cannot_be_read_is_named_and_the_rest_is_read(photos: Path, bundles, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = ocrdata("ocr", "--det", bundles.det, "--rec", bundles.rec, "--cls", bundles.cls, photos, "-o", out)
    assert failed(result, 2, *(f"{name}: {reason}" for name, reason in REFUSED.items()))
    rows = [json.loads(row) for row in (out / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {Path(r["image"]).name: [t["text"] for t in r["texts"]] for r in rows} == READ


def test_labelling_goes_on_too(photos: Path, bundles, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(photos, tmp_path / "photos"))
    result = ocrdata("label", folder, "--det", bundles.det, "--overwrite")
    assert failed(result, 2, *(f"{name}: {reason}" for name, reason in REFUSED.items()))
    rows = dict(row.split("\t") for row in (folder / "Label.txt").read_text(encoding="utf-8").splitlines())
    assert {Path(name).name: len(json.loads(texts)) for name, texts in rows.items()} == {
        name: len(texts) for name, texts in READ.items()
    }


def write_labels(photos: Path, folder: Path) -> Path:
    """Labels for photos of each kind, and polygons of each kind on good photos."""
    shutil.copytree(photos, folder)
    bar, far = [[40, 20], [120, 20], [120, 40], [40, 40]], [[500, 20], [580, 20], [580, 40], [500, 40]]
    rows = [(name, [("3", bar)]) for name in (*READ, *REFUSED)] + [
        ("ignored.png", [("###", bar)]),
        ("empty_page.png", []),
        ("outside.png", [("1", far), ("3", bar)]),
        ("crossing.png", [("1", [bar[0], bar[2], bar[1], bar[3]]), ("3", bar)]),
        ("flat_text.png", [("1", [bar[0], bar[1], bar[1], bar[0]]), ("3", bar)]),
        ("missing.png", [("3", bar)]),
    ]
    for name, _ in rows[-6:-1]:
        shutil.copy(photos / "good.png", folder / name)
    lines = (f"{n}\t{json.dumps([{'transcription': t, 'points': p} for t, p in texts])}\n" for n, texts in rows)
    (folder / "Label.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    return folder


def test_scoring_counts_what_it_leaves_out(photos: Path, bundles, tmp_path: Path) -> None:
    folder = write_labels(photos, tmp_path / "set")
    result = ocrdata("eval", bundles.det, folder, "-o", tmp_path / "report.json")
    assert result.returncode == 0, result.stderr
    (report,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8")).values()
    assert report["refused"] == {
        "crossing_polygon": 1,
        "too_few_points": 1,
        "missing_photo": 1,
        "undecodable_image": 1,
        "truncated_image": 1,
        "empty_file": 1,
    }
    # Bars that were found: of five photos with one, and of three more with something odd beside it.
    assert (report["photos"], report["texts"], report["ignored"], report["hits"]) == (14, 13, 1, 8)
    page = ocrdata("eval", bundles.det, folder, "-o", tmp_path / "report.html", "--worst", "3")
    drawn = (tmp_path / "report.html").read_text(encoding="utf-8").count("data:image/jpeg")
    assert page.returncode == 0 and drawn == 3
    both = ocrdata("eval", bundles.det, folder, "--rec", bundles.rec)
    assert both.returncode == 0 and "truncated_image" in both.stdout and both.stdout.count(" 14 ") == 2


def test_options_that_would_change_nothing_are_refused(photos: Path, bundles) -> None:
    assert failed(ocrdata("eval", bundles.det, photos, "--policy", "exact"), 2, "--policy", "go with --rec")
    assert failed(ocrdata("eval", bundles.det, photos, "--known-only"), 2, "--known-only", "go with lines")
    assert failed(ocrdata("eval", bundles.det, photos, "-o", "report.txt"), 2, "report.txt", ".html or .json")


SMALL = """
train:
  task: detection
  network: {name: db, backbone: {name: plain, channels: [8, 8, 16, 16, 16]}, inner: 16}
  crop: 96
  batch_size: 4
  steps: 12
  input: {side: 96}
  holdout: 0.3
  augment: {paste: 3}
"""


def test_training_goes_on_and_says_what_was_left_out(photos: Path, tmp_path: Path) -> None:
    pytest.importorskip("paddle")
    folder = write_labels(photos, tmp_path / "set")
    (tmp_path / "small.yml").write_text(SMALL, encoding="utf-8", newline="\n")
    result = ocrdata(
        "train",
        "small.yml",
        "--data",
        folder,
        "-o",
        "run",
        "--set",
        "damaged=refuse",
        "--set",
        "holdout=0",
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    for word in ("crossing_polygon", "too_few_points", "missing_photo", "truncated_image", "beside their photo"):
        assert word in result.stdout
    strict = ocrdata("train", "small.yml", "--data", folder, "-o", "other", cwd=tmp_path)
    assert failed(strict, 2, "damaged: refuse leaves such photos out")


def test_photos_on_which_every_text_is_ignored_are_no_data(photos: Path, bundles, tmp_path: Path) -> None:
    folder = tmp_path / "ignored"
    folder.mkdir()
    shutil.copy(photos / "good.png", folder)
    text = json.dumps([{"transcription": "###", "points": [[40, 20], [120, 20], [120, 40], [40, 40]]}])
    (folder / "Label.txt").write_text(f"good.png\t{text}\n", encoding="utf-8", newline="\n")
    assert failed(ocrdata("train", "preset:det_tiny_db", "--data", folder, "-o", tmp_path / "run"), 2, "ignored (###)")
    assert failed(ocrdata("eval", bundles.det, folder), 2, "ignored (###)")


def test_bundles_of_another_task_or_version_are_named(bundles, photos: Path, tmp_path: Path) -> None:
    good = photos / "good.png"
    for given in (("--det", bundles.rec, "--rec", bundles.rec), ("--det", bundles.det, "--rec", bundles.det)):
        assert failed(ocrdata("ocr", *given, good), 2, "a model for the task", "is needed here")
    wrong_cls = ocrdata("ocr", "--det", bundles.det, "--rec", bundles.rec, "--cls", bundles.rec, good)
    assert failed(wrong_cls, 2, "'recognition'", "'direction' is needed here")
    newer = Path(shutil.copytree(bundles.det, tmp_path / "newer"))
    spec = yaml.safe_load((newer / "bundle.yml").read_text(encoding="utf-8"))
    (newer / "bundle.yml").write_text(yaml.safe_dump({**spec, "format": 99}), encoding="utf-8", newline="\n")
    assert failed(ocrdata("label", photos, "--det", newer), 2, "format 99")
    changed = Path(shutil.copytree(bundles.det, tmp_path / "changed"))
    (changed / "model.onnx").write_bytes(b"x")
    assert failed(ocrdata("ocr", "--det", changed, "--rec", bundles.rec, good), 2, "model.onnx", "cut or changed")


def test_numbers_that_a_detector_does_not_know_are_named(bundles, photos: Path, tmp_path: Path) -> None:
    given = ("--rec", bundles.rec, photos / "good.png")
    assert failed(ocrdata("ocr", "--det", bundles.det, *given, "--det_db_thresh", "5"), 2, "threshold", "5")
    other = Path(shutil.copytree(bundles.det, tmp_path / "east"))
    spec = yaml.safe_load((other / "bundle.yml").read_text(encoding="utf-8"))
    text = yaml.safe_dump({**spec, "post": {"method": "east"}})
    (other / "bundle.yml").write_text(text, encoding="utf-8", newline="\n")
    assert failed(ocrdata("ocr", "--det", other, *given, "--det_db_unclip_ratio", "2"), 2, "'unclip'", "overlap")
