"""`ocrdata datasets`, and datasets by name in other commands, as a user types them."""

import json

import official
from command import failed, ocrdata


def test_the_list_and_one_of_it(tmp_path):
    shown = ocrdata("datasets", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    for word in ("synthtext", "about 41 GB", "totaltext", "BSD 3-Clause", "not stated"):
        assert word in shown.stdout
    one = ocrdata("datasets", "rctw", cwd=tmp_path).stdout
    for word in ("https://rctw.vlrlab.net/dataset", "train_images.zip.002", "by hand", "login:"):
        assert word in one
    assert failed(ocrdata("datasets", "lvst", cwd=tmp_path), 2, "did you mean 'lsvt'?")


def test_from_downloads_to_crops_by_name(tmp_path):
    downloads = tmp_path / "data" / "lsvt" / "downloads"
    downloads.mkdir(parents=True)
    official.lsvt(downloads)
    shown = ocrdata("crop", "lsvt", "-o", "crops", "--workers", 1, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert json.loads((tmp_path / "crops" / "manifest.json").read_text("utf-8"))["count"] == 3
    assert "train" in ocrdata("datasets", "lsvt", cwd=tmp_path).stdout
    weak = tmp_path / "data" / "lsvt_weak" / "downloads"
    weak.mkdir(parents=True)
    official.lsvt_weak(weak)
    assert ocrdata("fetch", "lsvt_weak", cwd=tmp_path).returncode == 0
    assert ocrdata("corpus", "data/lsvt_weak", "-o", "weak.txt", cwd=tmp_path).returncode == 0
    assert sorted((tmp_path / "weak.txt").read_text("utf-8").split()) == [f"店{i}" for i in range(10)]
    assert ocrdata("crop", "data/lsvt_weak", "-o", "none", "--workers", 1, cwd=tmp_path).returncode == 0
    assert json.loads((tmp_path / "none" / "manifest.json").read_text("utf-8"))["refusals"] == {"ignored_weak": 10}
