"""Networks that read lines: built from a configuration by `build`."""

from .build import build, parameter_count, tensors
from .recogniser import Recogniser

__all__ = ["Recogniser", "build", "parameter_count", "tensors"]
