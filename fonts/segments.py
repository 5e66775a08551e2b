"""Segment displays: which segments light up for a character, and the outlines of the segments.

Seven segments a-g are lettered clockwise from the top, g in the middle. Fourteen have the middle in two (g left, h
right) and, clockwise from the upper left, i j k (above the middle) and n m l (below): diagonals and uprights. Only
characters with a shape of their own are there: on seven segments an S would be a 5.
"""

from __future__ import annotations

import math

Point = tuple[float, float]

SEVEN = {
    "0": "abcdef", "1": "bc", "2": "abdeg", "3": "abcdg", "4": "bcfg",
    "5": "acdfg", "6": "acdefg", "7": "abc", "8": "abcdefg", "9": "abcdfg",
    "-": "g", "_": "d", "=": "dg", "°": "abfg",
    "A": "abcefg", "C": "adef", "E": "adefg", "F": "aefg", "H": "bcefg", "J": "bcde", "L": "def", "P": "abefg",
    "U": "bcdef", "b": "cdefg", "c": "deg", "d": "bcdeg", "h": "cefg", "n": "ceg", "o": "cdeg", "r": "eg",
    "t": "defg", "u": "cde", "y": "bcdfg",
}  # fmt: skip
FOURTEEN = {
    "0": "abcdefkl", "1": "bck", "2": "abdegh", "3": "abcdh", "4": "bcfgh",
    "5": "adfgn", "6": "acdefgh", "7": "abc", "8": "abcdefgh", "9": "abcdfgh",
    "A": "abcefgh", "B": "abcdhjm", "C": "adef", "D": "abcdjm", "E": "adefgh", "F": "aefgh", "G": "acdefh",
    "H": "bcefgh", "I": "adjm", "J": "bcde", "K": "efgkn", "L": "def", "M": "bcefik", "N": "bcefin", "O": "abcdef",
    "P": "abefgh", "Q": "abcdefn", "R": "abefghn", "S": "acdfgh", "T": "ajm", "U": "bcdef", "V": "efkl",
    "W": "bcefln", "X": "ikln", "Y": "ikm", "Z": "adkl",
    "+": "ghjm", "-": "gh", "*": "ghijklmn", "/": "kl", "\\": "in", "=": "dgh", "_": "d",
    "?": "abhm", "<": "kn", ">": "il", "|": "jm",
}  # fmt: skip


def outlines(width: float, height: float, stroke: float, gap: float) -> dict[str, list[Point]]:
    """The outline of each of the fourteen segments, and `middle`: g and h in one piece.

    width, height: of the whole figure. gap: between the tips of neighbours.
    """
    half = stroke / 2
    left, right, low, high = half, width - half, half, height - half
    across, middle = width / 2, height / 2
    segments = {
        "a": _bar(left, high, right, high, half, gap),
        "b": _bar(right, high, right, middle, half, gap),
        "c": _bar(right, middle, right, low, half, gap),
        "d": _bar(left, low, right, low, half, gap),
        "e": _bar(left, middle, left, low, half, gap),
        "f": _bar(left, high, left, middle, half, gap),
        "g": _bar(left, middle, across, middle, half, gap),
        "h": _bar(across, middle, right, middle, half, gap),
        "middle": _bar(left, middle, right, middle, half, gap),
        "j": _bar(across, high - half, across, middle, half, gap),
        "m": _bar(across, middle, across, low + half, half, gap),
    }
    near, far_x, far_y = half + gap, across - stroke - gap, middle - stroke - gap
    # The band's two long sides are so far apart that it is nearly as thick as a bar.
    lean = (far_y - near) / (far_x - near)
    w = 0.42 * stroke * math.hypot(1, lean) / lean
    corners = [(near, near), (near, near + w * lean), (far_x - w, far_y), (far_x, far_y), (far_x, far_y - w * lean)]
    corners.append((near + w, near))
    for name, to_x, to_y in (("i", -1, 1), ("k", 1, 1), ("l", -1, -1), ("n", 1, -1)):
        points = [(across + to_x * x, middle + to_y * y) for x, y in corners]
        segments[name] = points if to_x == to_y else points[::-1]
    return segments


def _bar(x0: float, y0: float, x1: float, y1: float, half: float, gap: float) -> list[Point]:
    """A bar with pointed ends, level (from the left) or upright (from the top)."""
    if y0 == y1:
        x0, x1 = x0 + gap, x1 - gap
        above = [(x0, y0), (x0 + half, y0 + half), (x1 - half, y0 + half)]
        return [*above, (x1, y0), (x1 - half, y0 - half), (x0 + half, y0 - half)]
    y0, y1 = y0 - gap, y1 + gap
    beside = [(x0, y0), (x0 + half, y0 - half), (x0 + half, y1 + half)]
    return [*beside, (x0, y1), (x0 - half, y1 + half), (x0 - half, y0 - half)]
