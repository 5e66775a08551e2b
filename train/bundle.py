"""The bundle: a folder with everything that reading needs, checked when it is opened."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import Field, field_validator, model_validator

from ..config import Config, load
from ..corpora.charset import Charset
from ..errors import Trouble, UserError
from .decoders import Decoder, DecoderName, make_decoder
from .preprocess import InputRule

FORMAT = 2  # 1 knew one decoder, called ctc_greedy
READABLE = (1, 2)
SPEC = "bundle.yml"
PADDLE_MODEL, PADDLE_WEIGHTS, ONNX = "model.json", "model.pdiparams", "model.onnx"


class FileEntry(Config):
    """A file of the bundle as it was written."""

    size: int
    sha256: str


class OutputRule(Config):
    """How the network's output becomes text.

    blank: its class id, and time_stride: pixels per step, for ctc; max_length: characters, for attention and srn.
    """

    decoder: DecoderName = "ctc"
    blank: int | None = None
    time_stride: int | None = None
    max_length: int | None = None

    @field_validator("decoder", mode="before")
    @classmethod
    def _old_name(cls, name: object) -> object:
        return "ctc" if name == "ctc_greedy" else name

    @model_validator(mode="after")
    def _complete(self) -> OutputRule:
        if self.decoder == "ctc" and (self.blank is None or self.time_stride is None):
            raise ValueError("ctc needs blank and time_stride")
        if self.decoder != "ctc" and self.max_length is None:
            raise ValueError(f"{self.decoder} needs max_length")
        return self


class Spec(Config):
    """What every bundle.yml holds. network: its section of the configuration; data: what it was trained on."""

    format: int
    task: str
    network: dict[str, Any]
    metrics: dict[str, float]
    data: dict[str, Any]
    versions: dict[str, str]
    files: dict[str, FileEntry]


AnySpec = TypeVar("AnySpec", bound=Spec)


class Bundle(Spec):
    """The contents of a recogniser's bundle.yml. characters: in the order of their class ids.

    case: lower where labels were learnt in lower case. quantised: how an int8 model was made and what it lost;
    nothing for others.
    """

    characters: str = Field(min_length=1)
    case: Literal["keep", "lower"] = "keep"
    input: InputRule
    output: OutputRule
    quantised: dict[str, Any] = Field(default_factory=dict)

    def label(self, text: str) -> str:
        """A label as the model learnt it."""
        return text.lower() if self.case == "lower" else text

    @property
    def decoder(self) -> Decoder:
        """From the network's output to text."""
        return make_decoder(self.output.decoder, self.charset, self.output.max_length)

    @property
    def charset(self) -> Charset:
        """The characters as a charset."""
        return Charset(self.characters)


def entry(path: Path) -> FileEntry:
    """Size and sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return FileEntry(size=path.stat().st_size, sha256=digest.hexdigest())


def write_spec(folder: Path, bundle: Spec) -> None:
    """Write bundle.yml."""
    text = yaml.safe_dump(bundle.model_dump(mode="json"), allow_unicode=True, sort_keys=False, width=1000)
    (folder / SPEC).write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def new_bundle(out: Path, overwrite: bool = False) -> Iterator[Path]:
    """A folder to write a bundle into. It becomes `out` at the end, and disappears after an error.

    overwrite: replace a bundle that is there. Raises UserError where something else is in the way.
    """
    _check_free(out, overwrite)
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield folder
        folder.chmod(0o755)  # mkdtemp keeps others out
        if out.exists():
            shutil.rmtree(out)
        folder.replace(out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def seal(folder: Path, bundle: Spec) -> None:
    """Write bundle.yml and read it back with all its files. Raises Trouble where the two differ."""
    write_spec(folder, bundle)
    if open_spec(folder, bundle.task, type(bundle)) != bundle:
        raise Trouble(f"{folder / SPEC} does not read back as it was written")


def _check_free(out: Path, overwrite: bool) -> None:
    if not out.exists():
        return
    if not out.is_dir() or (any(out.iterdir()) and not (out / SPEC).is_file()):
        raise UserError(f"{out} is in the way and is no bundle; choose another name")
    if (out / SPEC).is_file() and not overwrite:
        raise UserError(f"{out} holds a bundle already: add --overwrite, or choose another name")


def open_bundle(folder: Path) -> Bundle:
    """Read and check a recogniser's bundle. Raises UserError as `open_spec` does."""
    bundle = open_spec(folder, "recognition", Bundle)
    if bundle.output.decoder == "ctc" and bundle.output.blank != len(bundle.charset):
        raise UserError(
            f"{folder / SPEC}: blank is class {bundle.output.blank}, and there are {len(bundle.charset)} characters"
        )
    return bundle


def open_spec(folder: Path, task: str, model: type[AnySpec]) -> AnySpec:
    """Read and check a bundle: format, task, and that every file is the one that was exported.

    Raises UserError with what is there and what is expected.
    """
    path = folder / SPEC
    if not path.is_file():
        raise UserError(f"{folder}: no {SPEC} there: not a bundle (`ocrdata export RUN -o BUNDLE` makes one)")
    raw = _peek(path)
    if raw.get("format") not in READABLE:
        known = " and ".join(map(str, READABLE))
        raise UserError(f"{path}: format {raw.get('format')!r}, and this version of ocrdata reads {known}")
    if raw.get("task") != task:
        raise UserError(f"{path}: a model for the task {raw.get('task')!r}, and {task!r} is needed here")
    bundle = load(str(path), "bundle", model)
    for name, there in bundle.files.items():
        _check(folder / name, there)
    return bundle


def task_of(folder: Path) -> str:
    """The task that a bundle's spec names; nothing where there is no spec."""
    path = folder / SPEC
    return str(_peek(path).get("task", "")) if path.is_file() else ""


def _peek(path: Path) -> dict[str, Any]:
    """The top of the file as it is, to name a foreign format before its unknown keys."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(value, dict):
        raise UserError(f"{path}: a mapping of keys to values is expected")
    return value


def _check(path: Path, expected: FileEntry) -> None:
    if not path.is_file():
        raise UserError(f"{path}: missing; the bundle lists it with {expected.size} bytes")
    if path.stat().st_size != expected.size:
        raise UserError(f"{path}: {path.stat().st_size} bytes, and the bundle lists {expected.size}: cut or changed")
    found = entry(path).sha256
    if found != expected.sha256:
        raise UserError(f"{path}: sha256 {found[:16]}…, and the bundle lists {expected.sha256[:16]}…: changed")


def has_package(name: str) -> bool:
    """Whether a package can be imported, without importing it."""
    return find_spec(name) is not None
