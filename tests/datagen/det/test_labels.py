"""Label lines, and what of a polygon lies in the picture."""

import json

import numpy as np
import pytest

from ocrdata.datagen.det.labels import Entry, clip, label, outside

SQUARE = np.array([[-10, 10], [10, 10], [10, 30], [-10, 30]], np.float64)


def test_a_label_holds_lines_and_characters_and_hides_what_must_not_be_learnt():
    quads = np.array([[[0, 0], [1, 0], [1, 2.04], [0, 2]]])
    shown = Entry('中"', SQUARE, False, ["中"], quads)
    hidden = Entry("half", SQUARE, True, ["h"], quads)
    text = label([shown, hidden])
    assert "中" in text and "\n" not in text and "\t" not in text
    first, second = json.loads(text)
    assert first["transcription"] == '中"' and first["points"] == SQUARE.tolist()
    assert first["characters"] == [{"text": "中", "points": [[0, 0], [1, 0], [1, 2], [0, 2]]}]
    assert second == {"transcription": "###", "points": SQUARE.tolist()}


@pytest.mark.parametrize(
    ("polygon", "expected"),
    [
        (SQUARE, [[0, 10], [10, 10], [10, 30], [0, 30]]),
        (SQUARE[[2, 3, 0, 1]], [[10, 30], [0, 30], [0, 10], [10, 10]]),
        (SQUARE - (100, 0), []),
    ],
)
def test_a_clipped_polygon_keeps_its_first_corner(polygon, expected):
    assert clip(polygon, 100, 100).tolist() == expected


def test_the_share_outside():
    assert outside(np.array([SQUARE, SQUARE + 20, SQUARE - 100]), 100, 100).tolist() == pytest.approx([0.5, 0, 1])
