"""OCR training data and models: fetch, crop, corpus, synth, pack, stats, train, eval, export, ocr."""

import os

# OpenCV reads it once, when it is loaded: a picture of a few kilobytes must not unpack to gigabytes.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(1 << 27))

__version__ = "0.1.0"
