"""Decoding pictures the same way everywhere: EXIF applied, three channels, truncation noticed."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .members import Member

Image = NDArray[np.uint8]
# Errors that tell of a file, not of the disk or the network on which it lies.
OF_THE_FILE = frozenset(
    getattr(errno, f"E{n}") for n in ["NOENT", "NOTDIR", "ISDIR", "ACCES", "PERM", "LOOP", "NAMETOOLONG", "INVAL"]
)
PNG = b"\x89PNG\r\n\x1a\n"


class BadImage(Exception):
    """The bytes are not a whole picture. `reason` is the refusal's name."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decode(data: bytes) -> Image:
    """Encoded bytes to (H, W, 3) uint8 BGR, upright by EXIF; what is transparent becomes paper. Raises BadImage."""
    if not data:
        raise BadImage("empty_file", "the file is empty")
    if data[:2] == b"\xff\xd8" and not data.endswith(b"\xff\xd9") and _is_cut(data):
        # OpenCV fills the missing part of a cut JPEG with grey and says nothing.
        raise BadImage("truncated_image", "the JPEG ends before its end-of-image marker")
    if data.startswith(PNG) and _ends_in_chunk(data):
        raise BadImage("truncated_image", "the PNG ends within a chunk")
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:  # for example more pixels than OpenCV accepts
        raise BadImage("undecodable_image", _why(error.err)) from error
    if image is None:
        raise BadImage("undecodable_image", "not a picture in a format that OpenCV reads")
    return _on_paper(data, image) if _may_be_transparent(data) else image  # type: ignore[arg-type, return-value]


def _why(err: str) -> str:
    """What OpenCV says, in words where it names a limit of its own."""
    if "CV_IO_MAX_IMAGE_PIXELS" not in err:
        return f"OpenCV: {err}"
    return (
        f"too large: OPENCV_IO_MAX_IMAGE_PIXELS allows {os.environ.get('OPENCV_IO_MAX_IMAGE_PIXELS', 1 << 30)} pixels"
    )


def _may_be_transparent(data: bytes) -> bool:
    """PNG with an alpha channel or a transparent colour, WebP of a kind that can have one."""
    if data.startswith(PNG):
        return data[25:26] in (b"\x04", b"\x06") or b"tRNS" in data[:4096]
    return data[8:12] == b"WEBP" and data[12:16] in (b"VP8X", b"VP8L")


def _on_paper(data: bytes, opaque: Image) -> Image:
    """A picture with transparent parts on white, or on black where what it shows is light.

    OpenCV drops the alpha channel: black letters on nothing would be black on black.
    """
    full = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if full is None or full.ndim != 3 or full.shape[2] != 4 or full.shape[:2] != opaque.shape[:2]:
        return opaque
    full_range = {"uint8": 255, "uint16": 65535}.get(full.dtype.name, 1)
    cover = full[:, :, 3:].astype(np.float32) / full_range
    if cover.min() == 1 or not cover.any():
        return opaque
    ground = 255 if (opaque * cover).sum() / (3 * cover.sum()) < 128 else 0
    return np.rint(opaque * cover + ground * (1 - cover)).astype(np.uint8)


def _ends_in_chunk(png: bytes) -> bool:
    """Whether a chunk is longer than what is left: OpenCV takes the memory for it before it looks."""
    at = len(PNG)
    while at + 8 <= len(png):
        if png[at + 4 : at + 8] == b"IEND":
            return False
        at += 12 + int.from_bytes(png[at : at + 4], "big")
    return True


def _is_cut(jpeg: bytes) -> bool:
    """Whether no end-of-image marker follows the last scan; searching takes a third as long as decoding."""
    return jpeg.rfind(b"\xff\xd9") < jpeg.rfind(b"\xff\xda")


def read_image(path: Path | Member) -> Image:
    """The picture at `path`, as `decode` gives it. Raises BadImage, also for a missing file, and see `read_bytes`."""
    return decode(read_bytes(path))


def read_bytes(path: Path | Member) -> bytes:
    """The bytes of a picture. Raises BadImage for trouble with the file, OSError where its disk or network fails."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BadImage("missing_file", "no such file") from None
    except OSError as error:
        if error.errno is not None and error.errno not in OF_THE_FILE:
            raise  # a refusal would lose the picture for good, and another attempt may read it
        raise BadImage("unreadable_file", error.strerror or str(error)) from error


def encode_jpeg(image: Image, quality: int = 95, fine: bool = False) -> bytes:
    """(H, W, 3) BGR or (H, W) grey to JPEG bytes; fine: chroma 4:4:4 instead of 4:2:0."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    if fine:
        options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    ok, buffer = cv2.imencode(".jpg", image, options)
    if not ok:
        raise ValueError(f"OpenCV could not encode a picture of shape {image.shape}")
    return buffer.tobytes()


def write_image(path: Path, image: Image) -> None:
    """Write a picture in the format that the name's ending says. Raises UserError for an unknown ending."""
    try:
        ok, buffer = cv2.imencode(path.suffix or ".png", image)
    except cv2.error:
        ok = False
    if not ok:
        raise UserError(f"{path}: pictures are written as .png or .jpg")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(buffer.tobytes())
