"""The commands as a user types them: results, messages, exit codes."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
import requests
from command import failed, ocrdata

DIGITS = "synth:\n  texts: [{kind: pattern, pattern: '{digit:3-5}'}]\n  fonts: [{name: '*Sans*'}]\n"


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """A folder with a recipe and a pack of 60 digit lines."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "recipe.yml").write_text(DIGITS, encoding="utf-8")
    result = ocrdata("synth", folder / "recipe.yml", "-n", 60, "-o", folder / "pack", "--workers", 1)
    assert result.returncode == 0, result.stderr
    return folder


def photo(path, boxes=1):
    """A photo with dark bars, and its ground truth line for each."""
    image = np.full((100, 200, 3), 230, np.uint8)
    rows = []
    for i in range(boxes):
        y = 5 + 30 * i
        cv2.rectangle(image, (20, y), (150, y + 20), (30, 30, 30), -1)
        rows.append(f"20,{y},150,{y},150,{y + 20},20,{y + 20},text {i}")
    cv2.imwrite(str(path), image)
    return rows


def test_help_names_every_command():
    text = ocrdata("--help").stdout
    data = "fetch crop corpus synth fonts colours engines pack stats"
    models = "train check eval benchmark export carve quantise ocr system serve soak demo"
    for command in f"{data} {models}".split():
        assert f" {command} " in text


def test_photos_to_a_verified_pack_and_its_report(tmp_path):
    mirror = tmp_path / "mirror"
    images, truth = mirror / "ch4_training_images", mirror / "ch4_training_localization_transcription_gt"
    images.mkdir(parents=True)
    truth.mkdir()
    rows = photo(images / "img_1.jpg", 3)
    rows[1] = rows[1].rsplit(",", 1)[0] + ",###"
    (truth / "gt_img_1.txt").write_text("\ufeff" + "\r\n".join(rows) + "\r\n", encoding="utf-8", newline="")
    fetched = ocrdata("fetch", "icdar2015", "--split", "train", "--from", mirror, "-o", tmp_path / "ic15")
    assert fetched.returncode == 0 and "CC BY 4.0" in fetched.stdout, fetched.stderr
    cropped = ocrdata("crop", tmp_path / "ic15", "-o", tmp_path / "pack")
    assert cropped.returncode == 0, cropped.stderr
    assert json.loads((tmp_path / "pack" / "manifest.json").read_text(encoding="utf-8"))["count"] == 2
    verified = ocrdata("pack", tmp_path / "pack", "--verify")
    assert verified.returncode == 0 and "2 samples in 1 shards: all decode" in verified.stdout
    reported = ocrdata("stats", tmp_path / "pack")
    assert reported.returncode == 0 and (tmp_path / "pack" / "report.html").stat().st_size > 1000
    texts = ocrdata("corpus", tmp_path / "ic15", "-o", tmp_path / "texts.txt")
    assert texts.returncode == 0, texts.stderr
    assert (tmp_path / "texts.txt").read_text(encoding="utf-8") == "text 0\ntext 2\n"


def test_lines_to_a_bundle_that_reads(lines):
    config = "charset: '0123456789'\nsteps: 4\nwidth: 160\nbatch_size: 16\n"
    (lines / "train.yml").write_text(config, encoding="utf-8")
    for arguments in (
        ("train", lines / "train.yml", "--data", lines / "pack", "-o", lines / "run"),
        ("eval", lines / "run", lines / "pack", "-o", lines / "scores.json"),
        ("export", lines / "run", "-o", lines / "bundle"),
        ("eval", lines / "bundle", lines / "pack", "--policy", "ignore_case", "-o", lines / "scores.html"),
        ("check", lines / "train.yml", "--data", lines / "pack", "--seconds", 0),
        ("carve", lines / "bundle", "--dict", "01234", "-o", lines / "small"),
    ):
        result = ocrdata(*arguments)
        assert result.returncode == 0, result.stderr
    assert json.loads((lines / "scores.json").read_text(encoding="utf-8"))["pooled"]["lines"] == 60
    assert (lines / "scores.html").stat().st_size > 1000
    assert failed(ocrdata("carve", lines / "bundle", "--dict", "0a", "-o", lines / "other"), 2, "a")
    assert failed(ocrdata("benchmark", lines / "bundle", lines), 2, "none of the ten sets")
    assert failed(ocrdata("eval", lines / "bundle", lines / "pack", "--policy", "exakt"), 2, "exakt", "ignore_case")
    photo(lines / "line.png")
    (lines / "broken.jpg").write_bytes(b"\xff\xd8broken")
    read = ocrdata("ocr", lines / "bundle", lines / "line.png", lines / "broken.jpg", "--json")
    assert json.loads(read.stdout)["image"].endswith("line.png")
    assert failed(read, 2, "broken.jpg")
    shaped = ocrdata("ocr", lines / "bundle", lines / "line.png", "--rec_image_shape", "3, 48, 320")
    assert failed(shaped, 2, "3, 48, 320", "3, 32, 160")
    assert failed(ocrdata("ocr", lines / "bundle", lines / "line.png", "--dict", "0123"), 2, "0123")
    assert served(lines / "bundle", lines / "line.png") == [{**json.loads(read.stdout), "image": "line.png"}]
    assert failed(ocrdata("serve", "--det", lines / "bundle"), 2, "--rec")


def served(bundle, picture):
    """What a server of the bundle answers; it ends when it is asked to."""
    command = [sys.executable, "-m", "ocrdata", "serve", str(bundle), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as server:
        try:
            url = re.search(r"http://\S+", server.stdout.readline())[0].rstrip("(")
            with picture.open("rb") as file:
                answer = requests.post(f"{url}/ocr", files={"file": (picture.name, file)}, timeout=60)
        finally:
            server.terminate()
    assert os.name == "nt" or server.returncode == 143
    return answer.json()["pages"]


def test_a_preview_and_a_dry_run_write_no_pack(lines, tmp_path):
    assert ocrdata("synth", lines / "recipe.yml", "-n", 4, "--preview", "-o", tmp_path / "sheet.png").returncode == 0
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None
    assert ocrdata("synth", lines / "recipe.yml", "--dry-run", "-o", tmp_path / "none").returncode == 0
    assert not (tmp_path / "none").exists()


def test_wrong_input_is_named_and_leaves_nothing(lines, tmp_path):
    new = tmp_path / "new"
    (tmp_path / "typo.yml").write_text(DIGITS.replace("fonts:", "font:"), encoding="utf-8")
    (tmp_path / "labels.txt").write_text("a.jpg text without tab\n", encoding="utf-8")
    (tmp_path / "twice.txt").write_text("a\nb\na\n", encoding="utf-8")
    assert failed(ocrdata("synth", tmp_path / "typo.yml", "-o", new), 2, "typo.yml line 3", "did you mean 'fonts'")
    assert failed(ocrdata("synth", "preset:nothing", "-o", new), 2, "no preset 'nothing'", "digits")
    assert failed(ocrdata("synth", lines / "recipe.yml", "-n", 0, "-o", new), 2, "number")
    assert failed(ocrdata("crop", tmp_path / "nowhere", "-o", new), 2, "nowhere", "no such")
    assert failed(ocrdata("pack", tmp_path / "labels.txt", "-o", new), 2, "labels.txt line 1", "tab")
    assert failed(ocrdata("stats", tmp_path, "-o", new), 2, "no LMDB")
    assert failed(ocrdata("stats", lines / "pack", "--dictionary", tmp_path / "twice.txt", "-o", new), 2, "line 3")
    assert failed(ocrdata("fetch", "nothing", "-o", new), 2, "nothing", "icdar2015")
    assert failed(ocrdata("eval", tmp_path, lines / "pack"), 2)
    assert failed(ocrdata("ocr", lines / "pack", lines / "line.png"), 2, "bundle")
    assert failed(ocrdata("train", lines / "recipe.yml", "--data", lines / "pack", "-o", new), 2, "recipe.yml")
    assert not new.exists()


def test_a_damaged_pack_fails_verification(lines, tmp_path):
    assert ocrdata("synth", lines / "recipe.yml", "-n", 5, "-o", tmp_path / "pack", "--workers", 1).returncode == 0
    marker = tmp_path / "pack" / "shard-00000.json"
    marker.write_text(marker.read_text(encoding="utf-8").replace('"count": 5', '"count": 6'), encoding="utf-8")
    assert failed(ocrdata("pack", tmp_path / "pack", "--verify"), 2, "problem")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_an_interrupted_run_says_so_and_continues(lines, tmp_path, number, code):
    arguments = ["synth", lines / "recipe.yml", "-n", "12000", "--shard-size", "200", "-o", tmp_path / "pack"]
    command = [sys.executable, "-m", "ocrdata", *map(str, arguments)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores it
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
    signal.signal(signal.SIGINT, before)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("pack/shard-*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code and "Traceback" not in errors
    assert number == signal.SIGTERM or "run the same command again" in errors
    assert not (tmp_path / "pack" / "manifest.json").exists()
    finished = {p: p.stat().st_mtime_ns for p in tmp_path.glob("pack/shard-*.json")}
    assert finished and ocrdata(*arguments).returncode == 0
    assert all(p.stat().st_mtime_ns == when for p, when in finished.items())
    whole = json.loads((tmp_path / "pack" / "manifest.json").read_text(encoding="utf-8"))
    assert whole["count"] == 12000
