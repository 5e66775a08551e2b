"""The pipe between ocrdata and a worker: frames of JSON and raw bytes, each with its length.

Standard library only: this file also runs in the engine's interpreter, where there is no ocrdata.
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

HEAD = struct.Struct("<4sIQ")
MAGIC = b"OCRW"
LONGEST_MESSAGE = 1 << 26
LONGEST_PAYLOAD = 1 << 32


class BadFrame(Exception):
    """The bytes are no frame: somebody else wrote into the pipe, or the writer died in the middle."""


def write_frame(stream: BinaryIO, message: dict[str, Any], payload: bytes = b"") -> None:
    """Write one frame and flush it."""
    text = json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    stream.write(HEAD.pack(MAGIC, len(text), len(payload)) + text)
    stream.write(payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """The next message and its payload; None at the end of the stream. Raises BadFrame."""
    head = stream.read(HEAD.size)
    if not head:
        return None
    if len(head) < HEAD.size:
        raise BadFrame("the stream ends in a frame's head")
    magic, length, size = HEAD.unpack(head)
    if magic != MAGIC or length > LONGEST_MESSAGE or size > LONGEST_PAYLOAD:
        raise BadFrame(f"the stream holds {head[:16]!r} where a frame should begin")
    text, payload = stream.read(length), stream.read(size)
    if len(text) < length or len(payload) < size:
        raise BadFrame("the stream ends inside a frame")
    try:
        message = json.loads(text.decode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise BadFrame(f"a frame holds no JSON: {error}") from error
    if not isinstance(message, dict):
        raise BadFrame("a frame holds no JSON object")
    return message, payload
