"""What the catalogue says about a dataset."""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ...config import Config, load
from ...errors import UserError
from ..readers import READERS

NotEmpty = Annotated[str, StringConstraints(min_length=1)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]


def _plain_name(name: str) -> str:
    if PurePosixPath(name).name != name or "\\" in name or ":" in name or name.startswith("."):
        raise ValueError("a plain file name is expected, without folders, and not hidden")
    return name


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\\" in path or ":" in path or not parts:
        raise ValueError("a relative path with '/' that stays inside the dataset's folder is expected")
    return path


def _format(name: str) -> str:
    if name not in READERS:
        raise ValueError(f"no such label format; there are: {', '.join(READERS)}")
    return name


Name = Annotated[str, AfterValidator(_plain_name), StringConstraints(min_length=1)]
Inside = Annotated[str, AfterValidator(_inside)]


class File(Config):
    """One file to fetch: its official name, where it lies, what is published about it.

    extract: the folder that the archive becomes; left out, the file is used as it is.
    optional: a directory or mirror may lack it; the official source may not.
    size: exact bytes, where published.
    """

    name: Name
    urls: tuple[Url, ...] = ()
    mirrors: tuple[Url, ...] = ()
    size: int | None = Field(None, gt=0)
    md5: Annotated[str, StringConstraints(pattern="^[0-9a-f]{32}$")] | None = None
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    extract: Name | None = None
    optional: bool = False

    @property
    def target(self) -> str:
        """The name in the dataset's folder once fetched."""
        return self.extract or self.name


class Split(Config):
    """Which reader reads which labels and photos, relative to the dataset's folder.

    Photos lie in folders or in archives that are not unpacked (`set.zip`, `set.zip/train`), labels in files too.
    """

    format: Annotated[str, AfterValidator(_format)]
    labels: Inside
    images: tuple[Inside, ...] = Field(min_length=1)


class Entry(Config):
    """A dataset: files, splits, licence. size: of the download, in words. login: how to get the files by hand."""

    name: Name
    title: NotEmpty
    homepage: Url
    licence: NotEmpty
    size: NotEmpty = "not stated"
    citation: str = ""
    login: str | None = None
    files: tuple[File, ...] = Field(min_length=1)
    splits: dict[NotEmpty, Split] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Entry:
        targets = [f.target for f in self.files]
        for name in [*targets, *(f.name for f in self.files)]:
            if name in ("dataset.json", "files.lock.json", "downloads"):
                raise ValueError(f"'{name}' is a name that the fetched folder needs for itself")
        if len({t.casefold() for t in targets}) < len(targets):
            raise ValueError(f"two files end under the same name: {', '.join(targets)}")
        for split, paths in self.splits.items():
            for path in (paths.labels, *paths.images):
                if PurePosixPath(path).parts[0] not in targets:
                    raise ValueError(f"split '{split}' names '{path}', but the files give only {', '.join(targets)}")
        return self

    def needs(self, split: str) -> set[str]:
        """Targets of the files that a split is read from. Raises UserError for an unknown split."""
        if split not in self.splits:
            raise UserError(f"{self.name} has no split '{split}'; there are: {', '.join(self.splits)}")
        paths = (self.splits[split].labels, *self.splits[split].images)
        return {PurePosixPath(path).parts[0] for path in paths}


def names() -> list[str]:
    """The datasets that can be fetched by name."""
    return sorted(
        p.name.removesuffix(".yml") for p in resources.files(__package__).iterdir() if p.name.endswith(".yml")
    )


def find_entry(name: str) -> Entry:
    """The catalogue's entry of that name, or the one in the YAML file of that path. Raises UserError."""
    if name in names():
        return load(str(resources.files(__package__) / f"{name}.yml"), "dataset", Entry)
    if name.endswith((".yml", ".yaml")):
        if not Path(name).is_file():
            raise UserError(f"{name}: no such dataset file")
        return load(name, "dataset", Entry)
    close = difflib.get_close_matches(name, names(), 1)
    hint = f" (did you mean '{close[0]}'?)" if close else ""
    raise UserError(f"there is no dataset '{name}'{hint}; there are: {', '.join(names())}, or the path of a YAML file")
