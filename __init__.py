"""OCR training data and models: fetch, crop, corpus, synth, pack, stats, train, eval, export, ocr."""

__version__ = "0.1.0"
