"""Networks that find text on photos."""

from .build import build

__all__ = ["build"]
