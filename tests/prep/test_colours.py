"""Colours are learnt from crops whose colours are known; files of colours are written, read and checked."""

import cv2
import numpy as np
import pytest

from ocrdata.datasets.images import encode_jpeg
from ocrdata.datasets.records import Sample
from ocrdata.errors import UserError
from ocrdata.prep.colours import Colours, Pair, bgr, learn_colours, lightness, read_colours
from ocrdata.prep.store import write_shard
from ocrdata.prep.swatches import swatches

YELLOW_TAG, WHITE_TAG, SCREEN = (
    ((20, 30, 40), (40, 210, 240)),
    ((30, 30, 30), (240, 240, 240)),
    ((60, 220, 60), (30, 25, 20)),
)


def crop(ink, paper, seed=0):
    image = np.full((40, 150, 3), paper, np.uint8)
    image = cv2.putText(image, "AB 12", (10, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.9, ink, 3, cv2.LINE_AA)
    image = image + np.random.default_rng(seed).integers(-4, 5, image.shape)
    return encode_jpeg(np.clip(image, 0, 255).astype(np.uint8), 95)


def pack_of(folder, pictures):
    write_shard(folder, 0, (Sample(p, "AB 12") for p in pictures), "job")
    return folder


def near(colour, wanted, most=40):
    return np.abs(bgr([colour])[0] - wanted).max() <= most


@pytest.fixture
def tags(tmp_path):
    kinds = [YELLOW_TAG] * 12 + [WHITE_TAG] * 6 + [SCREEN] * 3
    flat = [encode_jpeg(np.full((32, 90, 3), 128, np.uint8))] * 2 + [b"broken"]
    return pack_of(tmp_path / "p", [crop(*kind, seed=i) for i, kind in enumerate(kinds)] + flat)


def test_pairs_are_those_of_the_crops(tags):
    found = learn_colours(tags, limit=3)
    assert (found.crops, found.unclear) == (21, {"one_colour": 2, "undecodable_image": 1})
    assert [p.weight for p in found.pairs] == [12, 6, 3]
    for pair, (ink, paper) in zip(found.pairs, (YELLOW_TAG, WHITE_TAG, SCREEN), strict=True):
        assert near(pair.ink, ink) and near(pair.paper, paper)


def test_close_colours_share_a_pair(tags):
    found = learn_colours(tags, limit=200)
    assert len(found.pairs) < 10 and sum(p.weight for p in found.pairs) == 21
    assert learn_colours(tags, limit=200, workers=2) == found
    assert learn_colours(tags, crops=8).crops == 7  # each third: 0, 3, ... 21; the last has one colour


def test_label_files_are_taken_as_pack_takes_them(tmp_path):
    for name, kind in (("a.jpg", WHITE_TAG), ("b.jpg", YELLOW_TAG)):
        (tmp_path / name).write_bytes(crop(*kind))
    (tmp_path / "rec_gt.txt").write_text("a.jpg\tAB 12\nb.jpg\tAB 12\nnone.jpg\tAB 12\n", encoding="utf-8")
    found = learn_colours(tmp_path / "rec_gt.txt")
    assert found.crops == 2 and found.unclear == {"missing_photo": 1} and found.source == "rec_gt.txt"


def test_a_file_comes_back_as_it_was_written(tags, tmp_path):
    found = learn_colours(tags)
    found.write(tmp_path / "out" / "colours.yml")
    assert read_colours(tmp_path / "out" / "colours.yml") == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('pairs:\n  - {ink: "#000000", paper: "white"}\n', r"line 2: pairs\.0\.paper: a colour such as '#f2d22e'"),
        ('pairs:\n  - {ink: "#000000", papper: "#ffffff"}\n', r"line 2: .*unknown key \(did you mean 'paper'"),
        ('pairs:\n  - {ink: "#000000", paper: "#ffffff", weight: 0}\n', r"weight: .*greater than 0"),
        ("pairs: []\n", r"pairs: .*at least 1"),
        ("seed: 3\n", r"no section 'colours'"),
        ("pairs: [\n", r"not valid YAML"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_key(tmp_path, text, message):
    path = tmp_path / "c.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message) as error:
        read_colours(path)
    assert str(path) in str(error.value)


def test_what_gives_no_colours_is_said(tmp_path):
    flat = pack_of(tmp_path / "flat", [encode_jpeg(np.full((32, 90, 3), 128, np.uint8))])
    with pytest.raises(UserError, match=r"in none of 1 crops .*\(one_colour 1\)"):
        learn_colours(flat)
    with pytest.raises(UserError, match="limit is 0"):
        learn_colours(flat, limit=0)
    with pytest.raises(UserError, match="no crop"):
        learn_colours(pack_of(tmp_path / "empty", []))
    with pytest.raises(UserError, match="no such file of colours"):
        read_colours(tmp_path / "none.yml")


def test_lightness_is_that_of_opencv():
    shades = np.array([[0, 0, 0], [255, 255, 255], [0, 0, 255], [40, 200, 90]], np.uint8)
    expected = cv2.cvtColor(shades[None], cv2.COLOR_BGR2LAB)[0, :, 0]
    assert np.abs(lightness(shades.astype(float)) - expected).max() < 1.5


def test_swatches_show_every_pair():
    pairs = (Pair(ink="#000000", paper="#ff0000", weight=99), Pair(ink="#ffffff", paper="#0000ff", weight=1))
    image = swatches(Colours(pairs=pairs))
    seen = [(image == colour).all(2).sum() for colour in ((0, 0, 255), (255, 0, 0))]
    assert seen[0] > 2 * seen[1] > 1000 and (image == 0).all(2).sum() > 50  # larger where frequent; the ink is there
