"""Chance that depends on a name alone."""

from __future__ import annotations

import hashlib


def draw(seed: int, name: str) -> float:
    """A number in [0, 1) that depends on the two alone, whatever else is in the set."""
    key = f"{seed}\0{name}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big") / 2**64
