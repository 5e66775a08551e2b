"""Each trap of LSVT's JSON, in one small object."""

import json

import pytest

from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.errors import UserError

SQUARE = [[0, 0], [10, 0], [10, 5], [0, 5]]
ARC = [[0, 0], [5, 1], [10, 2], [15, 2], [20, 2], [25, 1], [30, 0]]
CURVED = ARC + [[x, y + 6] for x, y in reversed(ARC)]


def read(tmp_path, data, folders=("0", "1"), **options):
    (tmp_path / "l.json").write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode("utf-8-sig"))
    for folder, photo in (("0", "gt_2.jpg"), ("1", "gt_10.jpg")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / photo).touch()
    return list(open_labels("lsvt", Labels(tmp_path / "l.json", tuple(tmp_path / f for f in folders), **options)))


def text(transcription, points=SQUARE, illegibility=False):
    return {"transcription": transcription, "points": points, "illegibility": illegibility}


@pytest.mark.parametrize(
    ("transcription", "flag", "ignore"),
    [
        ("中国农业银行", False, None),
        ("###", True, "###"),
        ("###", False, "###"),
        ("看不清", True, "illegible"),
        ("中#银行", False, "partly_unreadable"),
        ("*0#", False, None),
        ("#Find YOUR Fun#", False, None),
        ('他说,"好"', False, None),
        ("左\u3000右", False, None),
        ("", False, "empty"),
    ],
)
def test_what_is_learnt_and_what_is_ignored(tmp_path, transcription, flag, ignore):
    photo = read(tmp_path, {"gt_2": [text(transcription, illegibility=flag)]})[0]
    assert (photo.regions[0].text, photo.regions[0].ignore) == (transcription, ignore)


def test_fourteen_points_stay_fourteen(tmp_path):
    photo = read(tmp_path, {"gt_2": [text("弯曲", CURVED), text("反", [CURVED[0], *CURVED[:0:-1]])]})[0]
    assert photo.regions[0].polygon.tolist() == photo.regions[1].polygon.tolist() == CURVED


def test_crossing_points_are_refused_and_counted(tmp_path):
    crossing = [[0, 0], [10, 10], [10, 0], [0, 10]]
    refusal = read(tmp_path, {"gt_2": [text("好"), text("叉", crossing)]})[0]
    assert (refusal.reason, refusal.origin) == ("crossing_polygon", "gt_2 text 2")


def test_a_repeated_last_point_is_no_crossing(tmp_path):
    photo = read(tmp_path, {"gt_2": [text("好", [*SQUARE, SQUARE[-1], SQUARE[0]])]})[0]
    assert photo.regions[0].polygon.tolist() == SQUARE


def test_photos_of_both_archives_in_numeric_order(tmp_path):
    items = read(tmp_path, {"gt_10": [], "gt_2": [], "gt_0": [text("a")]})
    assert [(i.reason, i.origin) for i in items[:1]] == [("missing_photo", "gt_0")]
    assert [i.path.relative_to(tmp_path).as_posix() for i in items[1:]] == ["0/gt_2.jpg", "1/gt_10.jpg"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "line 1 column 1: not valid JSON"),
        (b'{"gt_0": [', "not valid JSON"),
        (b"[]", "an object"),
        (b"{}", "is empty"),
        ({"gt_0": {}}, "gt_0: a list of texts is expected"),
        ({"gt_0": [{"points": SQUARE}]}, "gt_0 text 1: 'transcription' is missing"),
        ({"gt_0": [{"transcription": "a"}]}, "gt_0 text 1: 'points' is missing"),
        ({"gt_0": [text("a", [1, 2, 3, 4])]}, r"gt_0 text 1: 'points' must hold \[x, y\] pairs"),
        ({"gt_0": [text("a", [["1", 2]])]}, "pairs of numbers"),
        ({"gt_0": [text("a", illegibility="no")]}, "'illegibility' must be true or false"),
    ],
)
def test_broken_files_are_named_with_the_place(tmp_path, data, message):
    with pytest.raises(UserError, match=f"l.json.*{message}"):
        read(tmp_path, data)
