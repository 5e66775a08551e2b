"""A detector's bundle, and the engines that run it."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from ...errors import UserError
from ..bundle import Spec, open_spec
from ..runtimes import EngineName, open_engine
from .detector import Detector
from .network_config import Post
from .preprocess import PhotoRule

TASK = "detection"


class DetBundle(Spec):
    """The contents of a detector's bundle.yml."""

    input: PhotoRule
    post: Post


def open_det_bundle(folder: Path) -> DetBundle:
    """Read and check a detector's bundle. Raises UserError as `open_spec` does."""
    return open_spec(folder, TASK, DetBundle)


def open_detector(
    folder: Path, engine: EngineName = "auto", threads: int = 0, post: dict[str, object] | None = None
) -> Detector:
    """A bundle, ready to find text. post: keys of its post-processing with other values.

    Raises UserError for what is no whole bundle of this task, MissingPackage without an engine.
    """
    bundle = open_det_bundle(folder)
    cut = _changed(bundle.post, post or {}, folder)
    return Detector(open_engine(folder, bundle, engine, threads), bundle.input, cut)


def _changed(post: Post, changes: dict[str, object], folder: Path) -> Post:
    known = [key for key in type(post).model_fields if key != "method"]
    for key in changes:
        if key not in known:
            raise UserError(
                f"{folder}: its post-processing, {post.method}, knows no {key!r}; it has {', '.join(known)}"
            )
    try:
        return post.model_validate({**post.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{first['loc'][0]} = {first['input']!r}: {first['msg']}") from error
