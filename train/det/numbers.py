"""The numbers of each method: what is learnt, how it is weighed, how texts are cut out of maps. Needs no Paddle."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ...config import Config


class DbTargets(Config):
    """Numbers of the label maps.

    shrink: texts become smaller by area * (1 - shrink^2) / perimeter px, and the border reaches as far to both sides
    of their edge. low, high: of the border map. smallest: px; texts whose box has a shorter side are ignored.
    """

    shrink: float = Field(default=0.4, gt=0, lt=1)
    low: float = Field(default=0.3, ge=0, lt=1)
    high: float = Field(default=0.7, gt=0, le=1)
    smallest: float = Field(default=8.0, ge=0)


class DbLoss(Config):
    """Weights of the three parts: shrunk * dice (or balanced entropy) + border * L1 + binary * dice.

    main: dice, as the ultra-light models of 2020 had it, or entropy over all texts and `negatives` times as many of
    the worst other pixels, as the paper has it.
    """

    shrunk: float = Field(default=5.0, ge=0)
    border: float = Field(default=10.0, ge=0)
    binary: float = Field(default=1.0, ge=0)
    main: str = Field(default="dice", pattern="^(dice|entropy)$")
    negatives: float = Field(default=3.0, gt=0)


class DbPost(Config):
    """How texts are cut out of the map.

    threshold: of the map; box_threshold: of a text's mean; score: where that is taken, in the rectangle around the
    text (as the published models are tuned) or inside its own outline, which does justice to long lines that are not
    quite straight; polygons always take the outline. unclip: how much boxes grow, in
    area / perimeter; smallest: px, shorter side of a box before it grows; candidates: at most; polygons: outlines
    with as many points as they need in place of rectangles.
    """

    method: Literal["db"] = "db"
    threshold: float = Field(default=0.3, gt=0, lt=1)
    box_threshold: float = Field(default=0.6, ge=0, lt=1)
    score: Literal["box", "outline"] = "box"
    unclip: float = Field(default=1.5, ge=0, le=5)
    smallest: float = Field(default=3.0, ge=0)
    candidates: int = Field(default=1000, ge=1)
    polygons: bool = False


class EastTargets(Config):
    """Numbers of the label maps.

    shrink: each edge moves in by this share of the shorter edge at its ends; smallest: px; texts whose box has a
    shorter side are ignored.
    """

    shrink: float = Field(default=0.3, gt=0, lt=0.5)
    smallest: float = Field(default=10.0, ge=0)


class EastLoss(Config):
    """Weights of the two parts: score * dice + corners * smooth L1, in shares of a text's shorter side."""

    score: float = Field(default=0.01, ge=0)
    corners: float = Field(default=1.0, ge=0)


class EastPost(Config):
    """How texts are cut out of the maps.

    threshold: of the score; overlap: of two texts of which the weaker one goes; cover: least mean score inside a
    text; candidates: at most.
    """

    method: Literal["east"] = "east"
    threshold: float = Field(default=0.8, gt=0, lt=1)
    overlap: float = Field(default=0.2, gt=0, lt=1)
    cover: float = Field(default=0.1, ge=0, lt=1)
    candidates: int = Field(default=1000, ge=1)


class SastTargets(Config):
    """Numbers of the label maps.

    height: of the strip along a text's middle, as a share of the text's; ends: what the strip is shorter by at each
    end, as a share of the text's height; smallest, largest: px; texts whose box has a shorter side outside of these
    are ignored.
    """

    height: float = Field(default=0.3, gt=0, lt=1)
    ends: float = Field(default=0.15, ge=0, lt=0.5)
    smallest: float = Field(default=4.0, ge=0)
    largest: float = Field(default=512.0, gt=0)


class SastLoss(Config):
    """Weights of the four parts: score * dice, and smooth L1 of the way to edges, to corners and to the centre."""

    score: float = Field(default=1.0, ge=0)
    border: float = Field(default=1.0, ge=0)
    corners: float = Field(default=1.5, ge=0)
    centre: float = Field(default=1.5, ge=0)


class SastPost(Config):
    """How texts are cut out of the maps.

    threshold: of the score; overlap: of two boxes of which the weaker one goes; cover: least share of a box that its
    strip fills; pairs: of points on a text's two long edges; expand: how much further apart those lie than the network
    says; ends: how far a text reaches beyond its strip, as a share of its height; smallest: px, shorter side of a box;
    candidates: at most.
    """

    method: Literal["sast"] = "sast"
    threshold: float = Field(default=0.5, gt=0, lt=1)
    overlap: float = Field(default=0.2, gt=0, lt=1)
    cover: float = Field(default=0.1, ge=0, lt=1)
    pairs: int = Field(default=2, ge=2, le=64)
    expand: float = Field(default=1.0, ge=1, le=2)
    ends: float = Field(default=0.3, ge=0, le=1)
    smallest: float = Field(default=4.0, ge=0)
    candidates: int = Field(default=1000, ge=1)
