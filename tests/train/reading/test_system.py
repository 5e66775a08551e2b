"""Two models named in one file."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import cv2
import pytest
from command import failed, ocrdata

SYSTEM = "system:\n  det: {{recipe: preset:det_tiny_db, bundle: {det}}}\n  rec: {{recipe: rec.yml, bundle: {rec}}}\n"


def write_system(folder: Path, bundles, more: str = "") -> Path:
    path = folder / "system.yml"
    path.write_text(SYSTEM.format(det=bundles.det, rec=bundles.rec) + more, encoding="utf-8", newline="\n")
    return path


@pytest.mark.skipif(importlib.util.find_spec("paddle") is None, reason="exporting needs Paddle")
def test_the_ultra_light_pair_is_as_light_as_promised(tmp_path: Path) -> None:
    characters = "".join(map(chr, range(0x4E00, 0x4E00 + 6623)))
    (tmp_path / "dictionary.txt").write_text("\n".join(characters), encoding="utf-8", newline="\n")
    result = ocrdata("system", "preset:ultra_light", "--untrained", "--dict", "dictionary.txt", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    together = re.search(r"together.*?([\d.]+) MB.*?([\d.]+) MB", result.stdout)
    assert together, result.stdout
    assert 8 < float(together[1]) <= 8.6 and 8 < float(together[2]) <= 8.6


def test_what_is_missing_comes_with_the_commands_that_make_it(tmp_path: Path) -> None:
    said = ocrdata("system", "preset:general", cwd=tmp_path).stdout
    assert "ocrdata train preset:det_r50_vd_db --data PHOTOS -o general/det_run" in said
    assert "ocrdata export general/rec_run -o general/rec" in said
    result = ocrdata("ocr", "--system", "preset:general", "photo.png", cwd=tmp_path)
    assert failed(result, 2, "general/det", "`ocrdata system preset:general`")


def test_photos_are_read_with_what_the_file_names(tmp_path: Path, bundles, bars) -> None:
    system = write_system(tmp_path, bundles, "  drop_score: 0.2\n")
    assert "together" in ocrdata("system", system).stdout
    cv2.imwrite(str(tmp_path / "photo.png"), bars((3, 40, 20, 80, 20), (1, 40, 120, 80, 20)))
    result = ocrdata("ocr", "--system", system, "--json", tmp_path / "photo.png")
    assert [t["text"] for t in json.loads(result.stdout)["texts"]] == ["3", "1"]
    nothing = ocrdata("ocr", "--system", system, "--drop_score", "0.999", "--json", tmp_path / "photo.png")
    assert json.loads(nothing.stdout)["texts"] == []  # what is given beside the file counts


def test_photos_are_labelled_with_what_the_file_names(tmp_path: Path, bundles, bars) -> None:
    system = write_system(tmp_path, bundles)
    (tmp_path / "photos").mkdir()
    cv2.imwrite(str(tmp_path / "photos" / "photo.png"), bars((3, 40, 20, 80, 20), (1, 40, 120, 80, 20)))
    assert failed(ocrdata("label", tmp_path / "photos"), 2, "--det", "--system")
    assert ocrdata("label", tmp_path / "photos", "--system", system).returncode == 0
    _, _, texts = (tmp_path / "photos" / "Label.txt").read_text(encoding="utf-8").partition("\t")
    assert [t["transcription"] for t in json.loads(texts)] == ["3", "1"]


def test_a_bundle_in_the_wrong_place_is_named(tmp_path: Path, bundles) -> None:
    system = tmp_path / "system.yml"
    system.write_text(SYSTEM.format(det=bundles.rec, rec=bundles.det), encoding="utf-8", newline="\n")
    assert failed(ocrdata("system", system), 2, "recognition", "detection")
    assert failed(ocrdata("ocr", "--system", system, system), 2, "recognition", "detection")
