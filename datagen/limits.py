"""Ranges in recipes: a pair [low, high] of which each sample draws one value."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

Limits = tuple[float, float]
HEX = re.compile(r"#[0-9a-fA-F]{6}")


def within(lowest: float, highest: float) -> Callable[[Limits], Limits]:
    """A validator of ranges that lie between `lowest` and `highest`."""

    def check(limits: Limits) -> Limits:
        if not lowest <= limits[0] <= limits[1] <= highest:
            raise ValueError(
                f"a range [low, high] with {lowest:g} <= low <= high <= {highest:g} is expected (is {list(limits)})"
            )
        return limits

    return check


def _colour(value: str) -> str:
    if not HEX.fullmatch(value):
        raise ValueError(f"a colour such as '#f2d22e' is expected (is '{value}')")
    return value


Range = Annotated[Limits, AfterValidator(within(-1e6, 1e6))]
Share = Annotated[Limits, AfterValidator(within(0, 1))]
Pixels = Annotated[Limits, AfterValidator(within(0, 64))]
Factor = Annotated[Limits, AfterValidator(within(0.05, 20))]
Degrees = Annotated[Limits, AfterValidator(within(-60, 60))]
Angle = Annotated[Limits, AfterValidator(within(-180, 180))]
Levels = Annotated[Limits, AfterValidator(within(-255, 255))]
Sigma = Annotated[Limits, AfterValidator(within(0, 60))]
Quality = Annotated[tuple[int, int], AfterValidator(within(1, 100))]
Probability = Annotated[float, Field(ge=0, le=1)]
Hex = Annotated[str, AfterValidator(_colour)]
