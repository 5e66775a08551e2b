"""Each trap of the ICDAR2015 detection ground truth, in one small file."""

import numpy as np
import pytest

from ocrdata.datasets.dataset import count_labels, open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.datasets.records import Photo, Refusal
from ocrdata.errors import UserError

BOX = "377,117,463,117,465,130,378,130"


def write(tmp_path, data, name="gt_img_1.txt"):
    (tmp_path / "gt").mkdir(exist_ok=True)
    (tmp_path / "photos").mkdir(exist_ok=True)
    (tmp_path / "gt" / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    photo = name.removeprefix("gt_").replace(".txt", ".jpg")
    (tmp_path / "photos" / photo).touch()


def read(tmp_path, **options):
    return list(open_labels("icdar2015", Labels(tmp_path / "gt", (tmp_path / "photos",), **options)))


def texts(tmp_path):
    (photo,) = read(tmp_path)
    return [(r.text, r.ignore) for r in photo.regions]


@pytest.mark.parametrize(
    ("line", "text", "ignore"),
    [
        (f"{BOX},Genaxis, Theatre", "Genaxis, Theatre", None),
        (f"{BOX},100,000", "100,000", None),
        (f"{BOX},###", "###", "###"),
        (f'{BOX},READER"', 'READER"', None),
        (f'{BOX},"CARD', '"CARD', None),
        (f"{BOX},#10-12", "#10-12", None),
        (f"{BOX},AI #", "AI #", None),
        (f"{BOX},", "", "empty"),
        (f"{BOX}, a  b ", " a  b ", None),
        (f"{BOX},左\u3000右", "左\u3000右", None),
        (f"{BOX},a\u2028b\x85c", "a\u2028b\x85c", None),
    ],
)
def test_text_is_all_after_the_eighth_comma(tmp_path, line, text, ignore):
    write(tmp_path, line)
    assert texts(tmp_path) == [(text, ignore)]


def test_bom_and_windows_line_ends_are_no_part_of_the_data(tmp_path):
    write(tmp_path, f"{BOX},one\r\n{BOX},two\r\n".encode("utf-8-sig"))
    assert texts(tmp_path) == [("one", None), ("two", None)]


def test_points_keep_their_start_and_run_clockwise(tmp_path):
    write(tmp_path, "0,0,10,0,10,5,0,5,right\n0,0,0,5,10,5,10,0,turned\n10,5,0,5,0,0,10,0,upside down")
    (photo,) = read(tmp_path)
    corners = [r.polygon.tolist() for r in photo.regions]
    assert corners[0] == corners[1] == [[0, 0], [10, 0], [10, 5], [0, 5]]
    assert corners[2] == [[10, 5], [0, 5], [0, 0], [10, 0]]
    assert photo.regions[0].polygon.dtype == np.float32


def test_negative_and_float_coordinates_stay(tmp_path):
    write(tmp_path, "-3,-1.5,10,0,10.25,5,0,5,x")
    (photo,) = read(tmp_path)
    assert photo.regions[0].polygon.tolist() == [[-3, -1.5], [10, 0], [10.25, 5], [0, 5]]


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        ("5,5,5,5,5,5,5,5", "too_few_points"),
        ("0,0,10,0,20,0,30,0", "degenerate_polygon"),
        ("0,0,10,10,10,0,0,10", "crossing_polygon"),
    ],
)
def test_useless_polygons_are_counted_and_the_rest_kept(tmp_path, points, reason):
    write(tmp_path, f"{points},bad\n{BOX},good")
    refusal, photo = read(tmp_path)
    assert (refusal.reason, refusal.origin, refusal.text) == (reason, "gt_img_1.txt line 1", "bad")
    assert [r.text for r in photo.regions] == ["good"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,3,4,5,6,7,text", "line 2: 8 coordinates.*'text' is no number"),
        ("1,2,3,4,5,6,7,8", "line 2: 8 coordinates.*8 fields"),
        ("1,2,3,4,5,6,7,nan,x", "line 2: .*'nan' is no number"),
        ("1,2,3,4,5,6,7,1_0,x", "line 2: .*'1_0' is no number"),
        ("just words", "line 2: .*'just words' is no number"),
    ],
)
def test_a_malformed_line_stops_unless_told_otherwise(tmp_path, line, message):
    write(tmp_path, f"{BOX},good\n{line}\n")
    with pytest.raises(UserError, match=f"gt_img_1.txt {message}"):
        read(tmp_path)
    refusal, photo = read(tmp_path, strict=False)
    assert refusal.reason == "malformed_line" and refusal.origin == "gt_img_1.txt line 2"
    assert len(photo.regions) == 1


def test_bytes_that_are_not_utf8_name_file_and_line(tmp_path):
    write(tmp_path, f"{BOX},good\n".encode() + f"{BOX},中文".encode("gb18030"))
    with pytest.raises(UserError, match=r"gt_img_1.txt line 2: not UTF-8"):
        read(tmp_path)


def test_photos_come_in_numeric_order_and_an_empty_file_is_a_photo_without_text(tmp_path):
    for n in (10, 2, 1):
        write(tmp_path, b"", f"gt_img_{n}.txt")
    assert [(p.name, p.regions) for p in read(tmp_path)] == [("img_1", ()), ("img_2", ()), ("img_10", ())]


def test_missing_photos_and_missing_labels_are_counted(tmp_path):
    write(tmp_path, f"{BOX},a\n{BOX},###", "gt_img_1.txt")
    write(tmp_path, f"{BOX},b", "gt_img_2.txt")
    (tmp_path / "photos" / "img_1.jpg").unlink()
    (tmp_path / "photos" / "img_3.JPG").touch()
    items = read(tmp_path)
    assert [(i.reason, i.origin) for i in items if isinstance(i, Refusal)] == [
        ("missing_photo", "img_1"),
        ("missing_labels", "img_3.JPG"),
    ]
    assert [i.name for i in items if isinstance(i, Photo)] == ["img_2"]
    whole = count_labels(i for i in read(tmp_path, keep_missing=True))
    assert (whole.photos, whole.regions, whole.legible, whole.ignored) == (2, 3, 2, {"###": 1})


def test_wrong_folders_are_named(tmp_path):
    with pytest.raises(UserError, match=r"gt: no such folder"):
        read(tmp_path)
    (tmp_path / "gt").mkdir()
    with pytest.raises(UserError, match=r"holds no .txt file"):
        read(tmp_path)
    (tmp_path / "gt" / "gt_img_1.txt").touch()
    with pytest.raises(UserError, match=r"photos: no such folder of photos"):
        read(tmp_path)


def test_two_pictures_of_one_name_are_an_error(tmp_path):
    write(tmp_path, b"")
    (tmp_path / "photos" / "img_1.png").touch()
    with pytest.raises(UserError, match="same name"):
        read(tmp_path)
