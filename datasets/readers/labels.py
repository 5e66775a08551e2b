"""What every reader is given: where the labels lie, where the photos, and what a bad line does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import UserError
from ..records import Photo, Refusal, Region

IMAGE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True)
class Labels:
    """Labels of one format on disk.

    path: the label file or folder. images: folders of photos; where empty, the labels' own folder.
    strict: a malformed line stops with UserError; otherwise it is a counted refusal `malformed_line`.
    keep_missing: photos that are absent are given all the same, for counting a whole ground truth;
    otherwise each is a refusal `missing_photo`.
    """

    path: Path
    images: tuple[Path, ...] = ()
    source: str = ""
    licence: str = "not stated"
    strict: bool = True
    keep_missing: bool = False

    def malformed(self, path: Path, line: int, detail: str) -> Refusal:
        """The refusal of a line that does not follow the format, or the error that it is when strict."""
        if self.strict:
            raise UserError(f"{path} line {line}: {detail}")
        return Refusal("malformed_line", f"{path.name} line {line}", detail)

    def photo(self, path: Path | None, name: str, regions: list[Region | Refusal]) -> Iterator[Photo | Refusal]:
        """The refused regions, then the photo with the others; one refusal where there is no such photo."""
        if path is None and not self.keep_missing:
            yield Refusal("missing_photo", name, f"no such picture; its {len(regions)} texts are left out")
            return
        yield from (r for r in regions if isinstance(r, Refusal))
        texts = tuple(r for r in regions if isinstance(r, Region))
        yield Photo(path or Path(name), name, texts, self.source, self.licence)


def label_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line number from 1, text) of every line that is not blank; BOM and line ends removed.

    Lines end at `\\n` or `\\r\\n` alone: U+2028, U+0085 and their like may stand inside a text.
    Raises UserError for a missing file and for a line that is not UTF-8.
    """
    number = 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
                text = text.removesuffix("\n").removesuffix("\r")
                if text.strip():
                    yield number, text
    except FileNotFoundError:
        raise UserError(f"{path}: no such label file") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{path} line {number}: not UTF-8 (byte {error.start + 1} of the line); "
            "Chinese files are often GB18030: convert the file to UTF-8 first"
        ) from error
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error


def natural_key(name: str) -> tuple[tuple[int, int | str], ...]:
    """Sorts img_2 before img_10."""
    parts = re.split(r"([0-9]+)", name)
    return tuple((1, int(p)) if p.isascii() and p.isdigit() else (0, p) for p in parts)


def photos_by_stem(folders: tuple[Path, ...]) -> dict[str, Path]:
    """The pictures in `folders` by file name without suffix. Raises UserError for two of one name."""
    found: dict[str, Path] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder of photos")
        for path in sorted(folder.iterdir()):
            if path.suffix.lower() not in IMAGE_SUFFIXES or path.name.startswith("."):
                continue
            if path.stem in found:
                raise UserError(
                    f"{found[path.stem]} and {path} have the same name: which one the labels mean is unclear"
                )
            found[path.stem] = path
    return found


def unlabelled(photos: dict[str, Path], names: set[str]) -> Iterator[Refusal]:
    """A refusal for every photo that no label speaks of."""
    for name in sorted(photos.keys() - names, key=natural_key):
        yield Refusal("missing_labels", photos[name].name, "no label speaks of this photo")
