"""A detector's bundle, and the engines that run it."""

from __future__ import annotations

from pathlib import Path

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
    cut = bundle.post.model_validate({**bundle.post.model_dump(), **(post or {})})
    return Detector(open_engine(folder, bundle, engine, threads), bundle.input, cut)
