"""One reader per label format, each an iterator of photos and refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..records import Photo, Refusal
from . import jsons, lines, mats, names, paddle, totaltext, words, xmls
from .labels import Labels

Reader = Callable[[Labels], Iterator[Photo | Refusal]]

# Regions on photos: `crop` cuts them out.
SCENES: dict[str, Reader] = {
    "icdar2013": lines.icdar2013,
    "icdar2015": lines.icdar2015,
    "mlt": lines.mlt,
    "rctw": lines.rctw,
    "mtwi": lines.mtwi,
    "sroie": lines.sroie,
    "lsvt": jsons.lsvt,
    "lsvt-weak": jsons.lsvt_weak,
    "art": jsons.lsvt,
    "rects": jsons.rects,
    "coco-text": jsons.coco_text,
    "coco-text-train": jsons.coco_text_train,
    "coco-text-val": jsons.coco_text_val,
    "textocr": jsons.textocr,
    "totaltext": totaltext.totaltext,
    "ctw1500": xmls.ctw1500,
    "svt": xmls.svt,
    "synthtext": mats.synthtext,
    "ccpd": names.ccpd,
    "mmocr": jsons.mmocr,
    "paddle": paddle.read_detection,
}
# Whole pictures of one text each: `pack` takes their bytes as they are.
WORDS: dict[str, Reader] = {
    "icdar2015-words": words.icdar2015_words,
    "words": words.words,
    "cute80": words.cute80,
    "street-view-words": words.street_view_words,
    "art-words": jsons.art_words,
    "mjsynth": names.mjsynth,
    "iiit5k": mats.iiit5k,
    "mmocr-words": jsons.mmocr,
    "paddle-rec": paddle.read_recognition,
}
READERS: dict[str, Reader] = {**SCENES, **WORDS}
