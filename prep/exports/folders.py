"""Pictures in folders: PaddleOCR's recognition lines, MMOCR's annotations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...datasets.images import decode
from ...datasets.records import Sample
from ...files import whole_file
from ..photo_shards import PhotoWriter, join_labels
from ..store import shard_name

LINES = "rec_gt.txt"
MORE = "samples.jsonl"
ANNOTATIONS = "annotations.json"
RECOGNITION = {"dataset_type": "TextRecogDataset", "task_name": "textrecog"}
DETECTION = {"dataset_type": "TextDetDataset", "task_name": "textdet", "category": [{"id": 0, "name": "text"}]}


class PaddlePhotosWriter(PhotoWriter):
    """Photos with PaddleOCR's label lines; what a line cannot hold stands in `samples.jsonl`, a line for each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._more: list[str] = []

    def add_line(self, picture: str, sample: Sample) -> None:
        """Say of a picture what it shows, and where it comes from."""
        super().add_line(picture, sample)
        self._more.append(json.dumps({"picture": picture, **_more(sample)}, ensure_ascii=False) + "\n")

    def write_labels(self) -> None:
        """Both files; the labels last: they say that the shard is whole."""
        with whole_file(self.folder / MORE) as file:
            file.writelines(self._more)
        super().write_labels()


class PaddleLinesWriter(PaddlePhotosWriter):
    """The same for lines: `rec_gt.txt` with `picture<TAB>text`."""

    labels = LINES


class MmocrWriter(PhotoWriter):
    """`annotations.json` for MMOCR 1.x; origin and polygons are members that MMOCR passes over."""

    labels = ANNOTATIONS
    about: dict[str, Any] = RECOGNITION

    def add_line(self, picture: str, sample: Sample) -> None:
        """Say of a picture what it shows."""
        self._lines.append(json.dumps({"img_path": picture, **self.entry(sample)}, ensure_ascii=False))

    def entry(self, sample: Sample) -> dict[str, Any]:
        """Everything about a picture but its path."""
        return {"instances": [{"text": sample.label}], **_more(sample)}

    def write_labels(self) -> None:
        """One JSON document, an entry a line."""
        with whole_file(self.folder / self.labels) as file:
            file.write(_head(self.about))
            file.write(",\n".join(self._lines))
            file.write("\n]}\n")


class MmocrPhotoWriter(MmocrWriter):
    """The same for whole photos, whose label is the JSON of a PaddleOCR label line."""

    about = DETECTION

    def entry(self, sample: Sample) -> dict[str, Any]:
        """Size and regions of a photo."""
        height, width = decode(sample.image).shape[:2]
        regions = [_instance(region) for region in json.loads(sample.label)]
        return {"height": height, "width": width, "instances": regions, **_more(sample)}


def _instance(region: dict[str, Any]) -> dict[str, Any]:
    xs, ys = zip(*region["points"], strict=True)
    return {
        "polygon": [number for point in region["points"] for number in point],
        "bbox": [min(xs), min(ys), max(xs), max(ys)],
        "bbox_label": 0,
        "ignore": bool(region.get("difficult", False)) or region["transcription"] == "###",
        "text": region["transcription"],
    }


def _more(sample: Sample) -> dict[str, str]:
    values = {"origin": sample.origin, "polygons": sample.polygons}
    return {name: value for name, value in values.items() if value}


def _head(about: dict[str, Any]) -> str:
    return f'{{"metainfo": {json.dumps(about)}, "data_list": [\n'


def join_lines(out: Path, shards: int) -> None:
    """Write the `rec_gt.txt` of the whole job: PaddleOCR's `label_file_list`, with the job's folder as `data_dir`."""
    join_labels(out, shards, LINES)


def join_annotations(out: Path, shards: int) -> None:
    """Write the `annotations.json` of the whole job: MMOCR's `ann_file`, with the job's folder as `data_root`."""
    with whole_file(out / ANNOTATIONS) as file:
        first = True
        for index in range(shards):
            with (out / shard_name(index) / ANNOTATIONS).open(encoding="utf-8", newline="\n") as part:
                head = next(part)
                if index == 0:
                    file.write(head)
                for line in _entries(part):
                    file.write(line if first else f",\n{line}")
                    first = False
        file.write("\n]}\n")


def _entries(part: Iterator[str]) -> Iterator[str]:
    for line in part:
        text = line.removesuffix("\n").removesuffix(",")
        if text.startswith("{"):
            yield text
