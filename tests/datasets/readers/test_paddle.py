"""Each trap of PaddleOCR's label lines, in one small file."""

import json

import pytest

from ocrdata.datasets.dataset import open_labels
from ocrdata.datasets.readers.labels import Labels
from ocrdata.errors import UserError

SQUARE = [[0, 0], [10, 0], [10, 5], [0, 5]]


def line(path, *objects):
    return f"{path}\t{json.dumps(objects, ensure_ascii=False)}"


def text(transcription, points=SQUARE, **more):
    return {"transcription": transcription, "points": points, **more}


@pytest.fixture
def read(tmp_path):
    def read(data, format="paddle", images=(), **options):
        (tmp_path / "set" / "images").mkdir(parents=True, exist_ok=True)
        for name in ("a.jpg", "b.jpg", "字 1.jpg"):
            (tmp_path / "set" / "images" / name).touch()
        path = tmp_path / "set" / "Label.txt"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return list(open_labels(format, Labels(path, images, **options)))

    return read


@pytest.mark.parametrize(
    ("value", "ignore"),
    [
        (text("plain"), None),
        (text('say "hi", twice'), None),
        (text("###"), "###"),
        (text("*"), "*"),
        (text("*0#"), None),
        (text("a", difficult=False), None),
        (text("a", difficult=True), "difficult"),
        (text("待识别"), "not_transcribed"),
        (text(""), "empty"),
        (text("左\u3000右"), None),
        (text("弯", [[0, 0], [5, 1], [10, 0], [10, 5], [5, 6], [0, 5]], key_cls="None"), None),
    ],
)
def test_what_is_learnt_and_what_is_ignored(read, value, ignore):
    (photo,) = read(line("images/a.jpg", value))
    assert (photo.regions[0].text, photo.regions[0].ignore) == (value["transcription"], ignore)
    assert photo.regions[0].polygon.tolist() == value["points"]


@pytest.mark.parametrize(
    "written",
    [
        "images/a.jpg",
        "./images/a.jpg",
        "images\\a.jpg",
        "set/images/a.jpg",
        "/home/somebody/work/set/images/a.jpg",
        "D:\\work\\set\\images\\a.jpg",
        "D:/work/images/a.jpg",
        "\\\\server\\share\\images\\a.jpg",
        "../set/images/a.jpg",
    ],
)
def test_paths_of_other_machines_are_found(read, tmp_path, written):
    (photo,) = read(line(written, text("a")))
    assert photo.path.samefile(tmp_path / "set" / "images" / "a.jpg")
    assert photo.name.endswith("images/a.jpg")


def test_an_absolute_path_that_exists_and_a_given_folder(read, tmp_path):
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "x.jpg").touch()
    (photo,) = read(line(tmp_path / "else" / "x.jpg", text("a")))
    assert photo.path == tmp_path / "else" / "x.jpg"
    (photo,) = read(line("C:\\foto\\x.jpg", text("a")), images=(tmp_path / "else",))
    assert photo.path == tmp_path / "else" / "x.jpg" and photo.name == "x.jpg"


def test_two_foreign_photos_that_lead_to_one_file_are_an_error(read):
    with pytest.raises(UserError, match=r"lines 1 and 2: .* both lead to"):
        read(line("/x/train/images/a.jpg", text("a")) + "\n" + line("/x/test/images/a.jpg", text("b")))


def test_bom_windows_ends_blank_lines_missing_and_repeated_photos(read):
    data = "\r\n".join([line("images/a.jpg"), "", line("images/c.jpg", text("c")), line("images/a.jpg"), ""])
    photo, missing, twice = read(data.encode("utf-8-sig"))
    assert photo.name == "images/a.jpg" and photo.regions == ()
    assert (missing.reason, missing.origin) == ("missing_photo", "images/c.jpg")
    assert (twice.reason, twice.origin) == ("duplicate_photo", "Label.txt line 4")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("images/b.jpg [no tab]", "there is no tab"),
        ("images/b.jpg\t[{'transcription': 'a'}]", "not valid JSON at its character"),
        ("images/b.jpg\tsome text", "not valid JSON"),
        ('images/b.jpg\t{"a": 1}', "a list"),
        (line("images/b.jpg", text("a"), {"points": SQUARE}), "text 2: 'transcription' is missing"),
        (line("images/b.jpg", text("a", [[1, 2, 3]])), "text 1: 'points' must hold"),
    ],
)
def test_a_malformed_line_names_file_and_line(read, bad, message):
    data = line("images/a.jpg", text("a")) + "\n" + bad
    with pytest.raises(UserError, match=f"Label.txt line 2: .*{message}"):
        read(data)
    photo, refusal = read(data, strict=False)
    assert photo.name == "images/a.jpg" and refusal.reason == "malformed_line"


def test_two_points_are_refused_alone(read):
    refusal, photo = read(line("images/a.jpg", text("a"), text("b", SQUARE[:2])))
    assert refusal.reason == "too_few_points" and len(photo.regions) == 1


@pytest.mark.parametrize("format", ["paddle", "paddle-rec"])
def test_an_empty_label_file_is_an_error(read, format):
    with pytest.raises(UserError, match="label file is empty"):
        read("", format)


def test_a_file_of_another_format_is_an_error_even_when_lenient(read):
    with pytest.raises(UserError, match="no line follows the format 'paddle'"):
        read("one\ntwo\n", strict=False)


def test_recognition_lines_keep_their_text_as_it_is(read):
    photos = read('images/a.jpg\t  "a", b \r\nimages/字 1.jpg\t左\u3000右\n', "paddle-rec")
    assert [(p.name, p.regions[0].text) for p in photos] == [
        ("images/a.jpg", '  "a", b '),
        ("images/字 1.jpg", "左\u3000右"),
    ]
    assert photos[0].regions[0].polygon is None


def test_recognition_lines_with_a_list_of_paths_and_with_two_tabs(read):
    photos = read('["images/a.jpg", "images/b.jpg"]\tsame', "paddle-rec")
    assert [(p.name, p.regions[0].text) for p in photos] == [("images/a.jpg", "same"), ("images/b.jpg", "same")]
    with pytest.raises(UserError, match=r"line 1: .*second tab"):
        read("images/a.jpg\tone\ttwo", "paddle-rec")
