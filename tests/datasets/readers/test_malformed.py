"""What does not follow a format is an error that names file and place; told otherwise, it is counted."""

import json

import numpy as np
import pytest
import scipy.io

from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.readers import READERS
from ocrdata.datasets.readers.folder import FolderReader
from ocrdata.datasets.readers.labels import Labels
from ocrdata.datasets.records import Refusal
from ocrdata.errors import UserError

BOX = "0,0,10,0,10,5,0,5"
POINTS = [[0, 0], [10, 0], [10, 5], [0, 5]]
FLAT = [0, 0, 10, 0, 10, 5, 0, 5]


def entries(value):
    return json.dumps({"data_list": [value]})


def texts(**value):
    return json.dumps({"imgs": {"1": {"file_name": "a.jpg"}}, "anns": {"7": {"image_id": 1, **value}}})


def record(x="1 2 3", y="1 1 9", text="u'a'"):
    return f"x: [[{x}]], y: [[{y}]], ornt: [u'c'], transcriptions: [{text}]"


CASES = [
    ("icdar2013", "gt_1.txt", "1 2 3 4 bare", r"gt_1.txt line 1: x1 y1 x2 y2"),
    ("icdar2013", "gt_1.txt", '1 2 3 "a"', r"gt_1.txt line 1: x1 y1 x2 y2"),
    ("mlt", "gt_img_1.txt", f"{BOX},Chinese", r"gt_img_1.txt line 1: .*x4,y4,script,text.*9 fields"),
    ("mlt", "gt_img_1.txt", "0,0,10,0,10,5,0,Latin,a", r"line 1: .*'Latin' is no number"),
    ("rctw", "image_0.txt", f'{BOX},2,"a"', r"image_0.txt line 1: 'difficult' must be 0 or 1, not '2'"),
    ("mtwi", "a.jpg.txt", "0,0,10,0,10,5,0,1e9,a", r"a.jpg.txt line 1: .*'1e9' is no number"),
    ("sroie", "X1.txt", "TOTAL", r"X1.txt line 1: .*'TOTAL' is no number"),
    ("ctw1500", "0001.txt", ",".join(["1"] * 28) + ",Latin", r"0001.txt line 1: four '#' are expected"),
    ("ctw1500", "0001.xml", "<image><box><segs>1,2,x</segs></box></image>", r"0001.xml box 1: 'segs' must be pairs"),
    ("ctw1500", "0001.xml", "<image><box>", r"0001.xml: not valid XML"),
    ("ctw1500", "0001.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", r"0001.xml: it declares .* entities"),
    ("totaltext", "poly_gt_img1.txt", "no record", r"poly_gt_img1.txt line 1: a record"),
    ("totaltext", "poly_gt_img1.txt", record(x="1 2"), r"poly_gt_img1.txt line 1: 2 x and 3 y"),
    ("totaltext", "poly_gt_img1.txt", "\n" + record(text="__import__('os')"), r"line 2: the transcription is no list"),
    ("rects", "r_1.json", "[]", r"r_1.json line 1: .*lines"),
    ("rects", "r_1.json", json.dumps({"lines": [{"transcription": "a", "points": [1]}]}), r"line 1: points must be"),
    ("lsvt", "l.json", "[" * 100_000, r"l.json: no label file"),
    ("lsvt", "l.json", '{"gt_1": ' + "9" * 5000 + "}", r"l.json: "),
    ("art-words", "l.json", json.dumps({"res_1": []}), r"l.json res_1: one text is expected"),
    ("coco-text", "c.json", "{}", r"c.json: an object"),
    ("coco-text", "c.json", json.dumps({"anns": {}}), r"c.json: 'imgs' is missing"),
    ("coco-text", "c.json", texts(bbox=[1, 2, 3]), r"c.json: anns 7: points must be 4 numbers"),
    ("coco-text", "c.json", json.dumps({"imgs": {"1": []}, "anns": {}}), r"c.json imgs 1: 'file_name' is missing"),
    ("textocr", "t.json", texts(points=FLAT), r"t.json: anns 7: 'utf8_string' is missing"),
    ("mmocr", "m.json", json.dumps({"metainfo": {}}), r"m.json: 'data_list' is missing"),
    ("mmocr", "m.json", entries({"instances": []}), r"m.json: data_list 1: 'img_path' is missing"),
    ("mmocr", "m.json", entries({"img_path": "a", "instances": [[]]}), r"m.json: data_list 1 text 1: an object"),
    ("svt", "t.xml", "<tagset/>", r"t.xml: no 'image' in it"),
    ("svt", "t.xml", "<t><image/></t>", r"t.xml image 1: 'imageName' is missing"),
    ("svt", "t.xml", "<t><image><imageName>a</imageName><taggedRectangle x='a'/></image></t>", r"image 1: x, y, width"),
    ("words", "gt.txt", "name", r"gt.txt line 1: NAME TEXT is expected"),
    ("cute80", "gt.txt", "a.jpg ONE 1 TWO", r"gt.txt line 1: NAME TEXT 1 TEXT is expected"),
    ("street-view-words", "gt.txt", "a.jpg text", r"gt.txt line 1: WIDTH HEIGHT NAME"),
    ("mjsynth", "a.txt", "1_word_2.jpg", r"a.txt line 1: ./PATH/NUMBER_WORD_NUMBER.jpg NUMBER is expected"),
    ("mjsynth", "a.txt", "", r"a.txt: the label file is empty"),
    ("synthtext", "gt.mat", "text", r"gt.mat: not SynthText's gt.mat: no MATLAB file"),
    ("iiit5k", "t.mat", "MATLAB 7.3 MAT-file", r"t.mat: no .mat file of IIIT5K: a file of version 7.3"),
]


@pytest.mark.parametrize(("format", "name", "content", "message"), CASES)
def test_the_place_is_named(tmp_path, format, name, content, message):
    (tmp_path / name).write_bytes(content.encode())
    labels = tmp_path if isinstance(READERS[format], FolderReader) else tmp_path / name
    with pytest.raises(UserError, match=message):
        list(open_labels(format, Labels(labels, keep_missing=True)))


def test_told_otherwise_it_is_counted_and_the_rest_is_kept(tmp_path):
    (tmp_path / "image_1.txt").write_text(f'{BOX},0,"good"\n{BOX},7,"bad"\n')
    refusal, photo = open_labels("rctw", Labels(tmp_path, strict=False, keep_missing=True))
    assert (refusal.reason, refusal.origin) == ("malformed_line", "image_1.txt line 2")
    assert [r.text for r in photo.regions] == ["good"]


@pytest.mark.parametrize("far", [1e300, 10**400, -(10**8)])
def test_points_far_out_are_refused(tmp_path, far):
    (tmp_path / "l.json").write_text(json.dumps({"a": [{"transcription": "x", "points": [*POINTS[:3], [far, 1]]}]}))
    refusal, photo = open_labels("lsvt", Labels(tmp_path / "l.json", keep_missing=True))
    assert (refusal.reason, photo.regions) == ("bad_coordinates", ())


def cells(*values):
    array = np.empty((1, len(values)), object)
    array[0, :] = values
    return array


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"txt": None}, r"no 'txt' in it; there are: imnames, wordBB"),
        ({"wordBB": cells(np.zeros((3, 4)))}, r"a.jpg: boxes of 2x4xN"),
        ({"imnames": cells(np.zeros((2, 2)))}, r"a text is expected"),
        ({"txt": np.zeros((2, 2))}, r"'txt' is no cell array"),
        ({"txt": cells("one", "two")}, r"zip\(\) argument 3 is longer"),
    ],
)
def test_another_mat_file_is_told_apart(tmp_path, changes, message):
    usual = {"imnames": cells("a.jpg"), "wordBB": cells(np.zeros((2, 4))), "txt": cells("one")}
    scipy.io.savemat(tmp_path / "gt.mat", {k: v for k, v in {**usual, **changes}.items() if v is not None})
    with pytest.raises(UserError, match=message):
        list(open_labels("synthtext", Labels(tmp_path / "gt.mat", keep_missing=True)))


def test_plates_of_eight_characters_and_numbers_out_of_range(tmp_path):
    name = "1-90_90-0&0_9&9-9&9_0&9_0&0_9&0-{}-1-1.jpg"
    plates = ["0_0_22_27_27_33_16_4", "0_0_22_27_27_33_34", "0_0_22"]
    (tmp_path / "val.txt").write_text("\n".join(name.format(p) for p in plates))
    items = list(open_labels("ccpd", Labels(tmp_path / "val.txt", keep_missing=True)))
    assert [r.text for i in items if not isinstance(i, Refusal) for r in i.regions] == ["皖AY339SE"]
    assert [i.reason for i in items if isinstance(i, Refusal)] == ["malformed_name"] * 2
    assert items[0].regions[0].polygon.tolist() == [[0, 0], [9, 0], [9, 9], [0, 9]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": [] "b": []}', r"line 1 column 10: not valid JSON: ',' or '}' is expected"),
        ('{"a" []}', r"line 1 column 6: not valid JSON: ':' is expected"),
        ('{"a": [],\n 1: []}', r"line 2 column 4: not valid JSON: a name in double quotes"),
        ('{"a": []} {}', r"line 1 column 10: not valid JSON: more text behind the object"),
        ('{"a": [], "a": []}', r"'a' stands twice in it"),
        ('{"a": [],}', r"line 1 column 10: not valid JSON"),
    ],
)
def test_a_large_object_is_checked_although_it_is_not_parsed_at_once(tmp_path, content, message):
    (tmp_path / "l.json").write_text(content)
    with pytest.raises(UserError, match=f"l.json.*{message}"):
        list(open_labels("lsvt", Labels(tmp_path / "l.json", keep_missing=True)))


def test_a_photo_with_labels_of_its_own_name_is_not_given_to_another_file(tmp_path):
    for name in ("1", "001"):
        (tmp_path / f"{name}.txt").write_text(f"{BOX},of {name}")
    (tmp_path / "1.jpg").touch()
    items = list(open_labels("sroie", Labels(tmp_path)))
    assert [[r.text for r in i.regions] for i in items if not isinstance(i, Refusal)] == [["of 1"]]
    assert [(i.reason, i.origin) for i in items if isinstance(i, Refusal)] == [("missing_photo", "001")]
