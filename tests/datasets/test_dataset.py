"""Opening loose folders, and the ground truth of real sets counted to the last box."""

import json
from collections import Counter
from pathlib import Path

import pytest

from ocrdata.datasets.dataset import LabelCounts, count_labels, count_split, find_labels, open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.errors import UserError

SHARED = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the real sample sets are not beside the repository")


@needs_data
@pytest.mark.parametrize(
    ("labels", "images", "photos", "boxes", "ignored", "legible", "there"),
    [
        ("ch4_training_localization_transcription_gt", "ch4_training_images", 1000, 11886, 7418, 4468, 10),
        ("Challenge4_Test_Task1_GT", "ch4_test_images", 500, 5230, 3153, 2077, 3),
    ],
)
def test_icdar2015_ground_truth_is_counted_in_full(labels, images, photos, boxes, ignored, legible, there):
    folder = SHARED / "icdar2015"
    whole = count_labels(
        open_labels("icdar2015", Labels(folder / labels, (folder / images,), keep_missing=True)),
    )
    assert whole == LabelCounts(photos, boxes, {"###": ignored}, {}) and whole.legible == legible
    partial = count_labels(open_labels("icdar2015", Labels(folder / labels, (folder / images,))))
    assert partial.photos == there and partial.refusals == {"missing_photo": photos - there}


@needs_data
@pytest.mark.parametrize(
    ("path", "format", "counts"),
    [
        ("wire_tags", "paddle", LabelCounts(2136, 2187, {}, {})),
        ("wire_tags/rec_gt.txt", "paddle-rec", LabelCounts(2187, 2187, {}, {})),
        ("zh_screens", "paddle", LabelCounts(686, 2130, {"difficult": 232}, {})),
        ("icdar2015_words", "icdar2015-words", LabelCounts(10, 10, {}, {})),
    ],
)
def test_real_label_files_are_recognised_and_read(path, format, counts):
    found, labels = find_labels(SHARED / path)
    assert found == format and count_labels(open_labels(found, labels)) == counts


@needs_data
def test_a_json_in_the_schema_of_lsvt_with_its_folder_of_photos():
    folder = SHARED / "lsvt_sample"
    format, labels = find_labels(folder)
    counts = count_labels(open_labels(format, labels))
    assert (format, counts.photos, counts.regions, counts.ignored) == ("lsvt", 2, 8, {"###": 2})


def test_a_loose_folder_is_recognised_by_its_label_file(tmp_path):
    (tmp_path / "gt_img_1.txt").write_text("")
    assert find_labels(tmp_path) == ("icdar2015", Labels(tmp_path, (), tmp_path.name))
    (tmp_path / "gt_img_1.txt").unlink()
    with pytest.raises(UserError, match="no label file"):
        find_labels(tmp_path)
    (tmp_path / "one.txt").write_text("a.jpg\t[]\n")
    assert find_labels(tmp_path)[0] == "paddle"
    (tmp_path / "two.txt").write_text("a.jpg\ttext\n")
    with pytest.raises(UserError, match="2 possible label files"):
        find_labels(tmp_path)
    assert find_labels(tmp_path / "two.txt")[0] == "paddle-rec"
    (tmp_path / "two.txt").write_text("prose\n")
    with pytest.raises(UserError, match="line 1: no tab between picture and label"):
        find_labels(tmp_path / "two.txt")


def test_wrong_names_are_errors(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        find_labels(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no label format 'icdar'; there are: icdar2013"):
        open_labels("icdar", Labels(tmp_path))


def test_a_dataset_json_of_another_program_is_no_fetched_dataset(tmp_path):
    (tmp_path / "dataset.json").write_text("[]")
    with pytest.raises(UserError, match="not what a fetch writes"):
        find_labels(tmp_path)
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(UserError, match=r"dataset.json: unreadable"):
        find_labels(tmp_path)


def test_photos_of_lsvt_are_found_beside_or_below_the_labels(tmp_path):
    (tmp_path / "labels.json").write_text('{"gt_0": [], "gt_1": []}')
    for n in (0, 1):
        (tmp_path / f"images_{n}").mkdir()
        (tmp_path / f"images_{n}" / f"gt_{n}.jpg").touch()
    assert [p.name for p in open_labels(*find_labels(tmp_path))] == ["gt_0", "gt_1"]


def test_counts_add_up():
    one = LabelCounts(1, 3, Counter({"###": 1}), Counter({"missing_photo": 1}))
    two = LabelCounts(2, 5, Counter({"###": 2, "empty": 1}), Counter({"missing_photo": 4}))
    assert one + two == LabelCounts(3, 8, {"###": 3, "empty": 1}, {"missing_photo": 5})
    assert (one + two).legible == 4


def test_the_whole_ground_truth_is_counted_whether_the_photos_are_there_or_not(tmp_path):
    split = {"format": "icdar2015", "labels": "gt", "images": ["images"]}
    described = {"name": "x", "licence": "CC0", "splits": {"train": split}}
    (tmp_path / "dataset.json").write_text(json.dumps(described), encoding="utf-8")
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "img_2.jpg").write_bytes(b"x")
    (tmp_path / "gt").mkdir()
    for number, texts in {1: ["a", "###"], 2: ["b"]}.items():
        lines = "".join(f"0,0,9,0,9,9,0,9,{text}\n" for text in texts)
        (tmp_path / "gt" / f"gt_img_{number}.txt").write_text(lines, encoding="utf-8")
    counts, here = count_split(tmp_path, "train")
    assert (counts.photos, here, counts.regions, counts.legible) == (2, 1, 3, 2)
