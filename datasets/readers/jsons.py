"""JSON ground truth: LSVT, ArT, ReCTS, COCO-Text, TextOCR, MMOCR 1.x."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import UserError
from ..places import PhotosByPath, in_order, natural_key
from ..records import Photo, Refusal, Region
from .folder import FolderReader, unlabelled_in
from .labels import JsonObject, Labels, label_json
from .lines import box
from .regions import Points, annotation, flat_points, ignore_reason, region

WEAK = "weak"
# A '#' stands for a character that could not be read, except in these texts, which show one.
REAL_HASH = frozenset({"#Find YOUR Fun#", "Story #", "*0#", "LocaL#3"})


@dataclass(frozen=True)
class ByPhoto:
    """Reads `{"gt_0": [{"transcription", "points", "illegibility"}, …], …}` of photos gt_N.jpg: LSVT and ArT.

    weak: the points are rough, so no text may be learnt. whole: each picture is one text, cut out already.
    """

    weak: bool = False
    whole: bool = False

    def __call__(self, labels: Labels) -> Iterator[Photo | Refusal]:
        """Photos in numeric order. Ignored: `###`, `illegible` (flagged), `partly_unreadable` ('#' inside), `empty`.

        Both the flag and the mark count: some `###` are not flagged. Raises UserError for a file that is not such
        JSON, for a malformed annotation (when strict) and for missing folders.
        """
        path = labels.path
        data = JsonObject(path, '{"gt_0": [texts], …}')
        photos = labels.photos()
        for name in in_order(data, photos):
            texts = data[name]
            if not isinstance(texts, list):
                raise UserError(f"{path}: {name}: a list of texts is expected, not {type(texts).__name__}")
            if self.whole and len(texts) != 1:
                yield labels.malformed(path, name, f"one text is expected for a cut-out picture, not {len(texts)}")
                continue
            regions = [self._text(labels, f"{name} text {i}", value) for i, value in enumerate(texts, 1)]
            yield from labels.photo(photos.get(name), name, regions)
        yield from unlabelled_in(photos, data)

    def _text(self, labels: Labels, origin: str, value: Any) -> Region | Refusal:
        try:
            points, text = annotation(value)
            flag = value.get("illegibility", False)
            if not isinstance(flag, bool):
                raise ValueError(f"'illegibility' must be true or false, not {flag!r}")
            language = value.get("language")
        except ValueError as error:
            return _malformed(labels, origin, error)
        ignore = ignore_reason(text) or ("illegible" if flag else None)
        if ignore is None and "#" in text and text not in REAL_HASH:
            ignore = "partly_unreadable"
        if self.weak:
            ignore = ignore or WEAK
        language = language if isinstance(language, str) else None
        return Region(None, text, ignore, language) if self.whole else region(points, text, ignore, origin, language)


lsvt = ByPhoto()
lsvt_weak = ByPhoto(weak=True)
art_words = ByPhoto(whole=True)


def _malformed(labels: Labels, origin: str, error: ValueError) -> Refusal:
    if labels.strict:
        raise UserError(f"{labels.path}: {origin}: {error}") from None
    return Refusal("malformed_line", origin, str(error))


def _object(path: Path, shape: str) -> dict[str, Any]:
    data = label_json(path)
    if not isinstance(data, dict) or not data:
        raise UserError(f"{path}: an object {shape} is expected; it is empty or something else")
    return data


def _rects_file(labels: Labels, file: Path) -> Iterator[Region | Refusal]:
    data = label_json(file)
    lines = data.get("lines") if isinstance(data, dict) else None
    if not isinstance(lines, list):
        yield labels.malformed(file, 1, '{"chars": […], "lines": […]} is expected')
        return
    for number, value in enumerate(lines, 1):
        origin = f"{file.name} line {number}"
        try:
            text, points = _member(value, "transcription", str), flat_points(_member(value, "points", list))
        except ValueError as error:
            yield labels.malformed(file, number, str(error))
            continue
        ignored = "difficult" if value.get("ignore") else None
        yield region(points, text, ignore_reason(text) or ignored, origin)


rects = FolderReader(_rects_file, "ReCTS labels are a folder of train_ReCTS_N.json files", (".json",), prefix="")


def _member(value: Any, key: str, kind: type) -> Any:
    """The value of `key` in a JSON object. Raises ValueError where it is missing or of another kind."""
    if not isinstance(value, dict):
        raise ValueError("an object is expected")
    if not isinstance(value.get(key), kind) or isinstance(value.get(key), bool):
        raise ValueError(f"'{key}' is missing or no {kind.__name__}")
    return value[key]


@dataclass(frozen=True)
class ByNumber:
    """Reads `{"imgs": {id: …}, "anns": {id: …}}`: COCO-Text and TextOCR. part: `set` of the photos that are wanted."""

    text: Callable[[dict[str, Any]], tuple[Points, str, str | None]]
    part: str | None = None

    def __call__(self, labels: Labels) -> Iterator[Photo | Refusal]:
        """Photos in the order of their numbers. Raises UserError as `ByPhoto` does."""
        path = labels.path
        data = _object(path, '{"imgs": {…}, "anns": {…}}')
        try:
            images, texts = _member(data, "imgs", dict), _member(data, "anns", dict)
        except ValueError as error:
            raise UserError(f"{path}: {error}") from None
        by_image: dict[str, list[tuple[str, Any]]] = {}
        for key, value in texts.items():
            image = value.get("image_id") if isinstance(value, dict) else None
            by_image.setdefault(str(image), []).append((key, value))
        photos = PhotosByPath(labels.images or (path.parent,))
        for key in sorted(images, key=natural_key):
            image = images[key]
            if not isinstance(image, dict) or not isinstance(image.get("file_name"), str):
                yield labels.malformed(path, f"imgs {key}", "'file_name' is missing")
            elif self.part is None or image.get("set") == self.part:
                name = image["file_name"]
                regions = [self._region(labels, k, v) for k, v in by_image.get(key, ())]
                yield from labels.photo(photos.find(name), name, regions)

    def _region(self, labels: Labels, key: str, value: Any) -> Region | Refusal:
        try:
            points, text, ignore = self.text(value)
            language = value.get("language")
        except ValueError as error:
            return _malformed(labels, f"anns {key}", error)
        return region(points, text, ignore, f"anns {key}", language if isinstance(language, str) else None)


def _coco_text(value: dict[str, Any]) -> tuple[Points, str, str | None]:
    polygon = value.get("mask", value.get("polygon")) if isinstance(value, dict) else None
    if isinstance(polygon, list) and polygon:
        points = flat_points(polygon)
    else:
        (x, y), (width, height) = flat_points(_member(value, "bbox", list), 4)
        points = box(x, y, x + width, y + height)
    text = html.unescape(value["utf8_string"]) if isinstance(value.get("utf8_string"), str) else ""
    ignore = None if value.get("legibility") == "legible" else "illegible"
    return points, text, ignore or ignore_reason(text)


def _textocr(value: dict[str, Any]) -> tuple[Points, str, str | None]:
    text = _member(value, "utf8_string", str)
    return flat_points(_member(value, "points", list)), text, "illegible" if text == "." else ignore_reason(text)


coco_text = ByNumber(_coco_text)
coco_text_train = ByNumber(_coco_text, "train")
coco_text_val = ByNumber(_coco_text, "val")
textocr = ByNumber(_textocr)


def mmocr(labels: Labels) -> Iterator[Photo | Refusal]:
    """MMOCR 1.x: photos with polygons, or cut-out lines, in the file's order. Raises UserError as `ByPhoto` does."""
    path = labels.path
    data = _object(path, '{"metainfo": {…}, "data_list": […]}')
    if not isinstance(data.get("data_list"), list):
        raise UserError(f"{path}: 'data_list' is missing, so it is no annotation of MMOCR 1.x")
    photos = PhotosByPath(labels.images or (path.parent,))
    for number, entry in enumerate(data["data_list"], 1):
        origin = f"data_list {number}"
        try:
            name, instances = _member(entry, "img_path", str), _member(entry, "instances", list)
        except ValueError as error:
            yield _malformed(labels, origin, error)
            continue
        regions = [_instance(labels, f"{origin} text {i}", v) for i, v in enumerate(instances, 1)]
        yield from labels.photo(photos.find(name), name, regions)


def _instance(labels: Labels, origin: str, value: Any) -> Region | Refusal:
    try:
        ignored = "difficult" if isinstance(value, dict) and value.get("ignore") else None
        if isinstance(value, dict) and "polygon" not in value and "bbox" not in value:
            text = _member(value, "text", str)
            return Region(None, text, ignore_reason(text) or ignored)
        if "polygon" in value:
            points = flat_points(_member(value, "polygon", list))
        else:
            (x0, y0), (x1, y1) = flat_points(_member(value, "bbox", list), 4)
            points = box(x0, y0, x1, y1)
        text = value.get("text")
        if text is None:  # a set for detection alone
            return region(points, "", ignored or "not_transcribed", origin)
        text = _member(value, "text", str)
    except (ValueError, TypeError) as error:
        return _malformed(labels, origin, ValueError(error))
    return region(points, text, ignore_reason(text) or ignored, origin)
