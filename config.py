"""Reading YAML configurations: every mistake is named by file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import UserError

PRESET = "preset:"
Model = TypeVar("Model", bound=BaseModel)
Location = Sequence[int | str]


class Config(BaseModel):
    """Base of all configuration sections: unknown keys are errors, values never change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# Folders of shipped configurations: recipes, recognisers, detectors, presets (synthesis and training in one file).
SYNTHESIS, TRAINING = ("synth", "presets"), ("rec", "det", "cls", "presets")


def _shipped(kinds: Sequence[str] = ("synth", "rec", "det", "cls", "presets", "system")) -> dict[str, Path]:
    """Shipped configurations by name."""
    folder = Path(str(resources.files(f"{__package__}.configs")))
    return {p.stem: p for kind in kinds for p in sorted((folder / kind).glob("*.yml"))}


def presets(kinds: Sequence[str] = ("synth", "rec", "det", "cls", "presets", "system")) -> list[str]:
    """Names that can follow `preset:`; kinds: folders of `configs`."""
    return sorted(_shipped(kinds))


def config_path(name: str) -> Path:
    """`preset:NAME` or a path, to a path. Raises UserError for an unknown preset or a missing file."""
    if name.startswith(PRESET):
        preset = name.removeprefix(PRESET)
        if preset not in presets():
            raise UserError(f"there is no preset '{preset}'; there are: {', '.join(presets())}")
        return _shipped()[preset]
    path = Path(name)
    if not path.is_file():
        shipped = ", ".join(f"{PRESET}{preset}" for preset in presets())
        raise UserError(f"{path}: no such configuration file; shipped ones are {shipped}")
    return path


def load(name: str, section: str, model: type[Model], overrides: Sequence[str] = ()) -> Model:
    """The section `section` of a preset, or a whole file that holds nothing else, as `model`.

    overrides: `key.sub=value` strings, values read as YAML. Relative paths in the file stay as written.
    Raises UserError with file, line, key and the allowed values.
    """
    path = config_path(name)
    root, data = _read(path)
    prefix: list[str] = []
    if section not in data and not model.model_fields.keys() & data.keys():
        raise UserError(f"{path}: there is no section '{section}' in it")
    if section in data and isinstance(data[section], dict) and section not in model.model_fields:
        prefix, data = [section], data[section]
    for override in overrides:
        _override(data, override)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise UserError(_explain(path, root, prefix, model, error, overrides)) from error


def sections(name: str) -> set[str]:
    """The keys at the root of a preset or file. Raises UserError."""
    return {str(key) for key in _read(config_path(name))[1]}


def value_of(name: str, section: str, key: str) -> Any:
    """What a preset or file says in one place, None where it says nothing. Raises UserError."""
    data = _read(config_path(name))[1]
    inside = data.get(section, data)
    return inside.get(key) if isinstance(inside, dict) else None


def _read(path: Path) -> tuple[yaml.Node | None, dict[str, Any]]:
    """The file as nodes, which know their lines, and as values."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 at byte {error.start}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{line}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:  # control characters; lists in lists; a 13th month
        raise UserError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(data, dict):
        raise UserError(f"{path}: a mapping of keys to values is expected")
    return root, data


def make(model: type[Model], **values: Any) -> Model:
    """A configuration from command-line options. Raises UserError naming the option."""
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors()[0]
        option = str(first["loc"][0]).replace("_", "-") if first["loc"] else "the options"
        message = first["msg"].removeprefix("Value error, ")
        raise UserError(f"--{option} {first.get('input')!r}: {message}") from error


def _override(data: dict[str, Any], text: str) -> None:
    key, equals, value = text.partition("=")
    if not equals:
        raise UserError(f"--set {text}: KEY=VALUE is expected, for example optimizer.lr=0.001")
    *parents, last = key.split(".")
    for parent in parents:
        data = data.setdefault(parent, {})
        if not isinstance(data, dict):
            raise UserError(f"--set {text}: '{parent}' is not a section")
    try:
        data[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UserError(f"--set {text}: the value is not valid YAML") from error


def _explain(
    path: Path,
    root: yaml.Node | None,
    prefix: list[str],
    model: type[BaseModel],
    error: ValidationError,
    overrides: Sequence[str],
) -> str:
    # A misspelt key comes first: that another key is missing follows from it.
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    message = first["msg"].removeprefix("Value error, ")
    location = first["loc"]
    # What looks at several keys at once is placed at their section; where it names the key, that is the place.
    named, colon, rest = message.partition(": ")
    if colon and named in _allowed(model, location):
        location, message = (*location, named), rest
    key = ".".join(str(part) for part in location) or "the file"
    source = _set_by(overrides, location)
    if not source:
        line = _line(root, [*prefix, *location]) if root else 0
        source = f"{path}{f' line {line}' if line else ''}"
    if first["type"] == "extra_forbidden":
        allowed = _allowed(model, first["loc"][:-1])
        close = difflib.get_close_matches(str(first["loc"][-1]), allowed, 1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        message = f"unknown key{hint}" + (f"; allowed: {', '.join(allowed)}" if allowed else "")
    elif "input" in first and isinstance(first["input"], str | int | float | bool):
        message += f" (is {first['input']!r})"
    more = f" (and {len(error.errors()) - 1} more)" if len(error.errors()) > 1 else ""
    return f"{source}: {key}: {message}{more}"


def _set_by(overrides: Sequence[str], location: Location) -> str:
    """The override that wrote the value at `location`, or something around or in it; or nothing."""
    parts = [str(part) for part in location]
    for override in overrides:
        key = override.partition("=")[0]
        path = key.split(".")
        if all(a == b for a, b in zip(path, parts, strict=False)):
            return f"--set {key}"
    return ""


def _line(node: yaml.Node, location: Location) -> int:
    """The line, from 1, of the deepest part of `location` that the file holds."""
    line = node.start_mark.line + 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = [(k, v) for k, v in node.value if k.value == str(part)]
            if not found:
                continue  # a union's tag: pydantic puts it into the location
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _allowed(model: Any, location: Location) -> list[str]:
    """The field names that may stand at `location` inside `model`."""
    models = _models(model)
    for part in location:
        if isinstance(part, str):
            # A part that is no field is a union's tag, or the key of a mapping.
            inner = [m.model_fields[part].annotation for m in models if part in m.model_fields]
            tagged = [m for m in models if any(part in get_args(f.annotation) for f in m.model_fields.values())]
            models = [found for annotation in inner for found in _models(annotation)] or tagged or models
    return sorted({name for m in models for name in m.model_fields})


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The configuration classes that an annotation names, in lists, tuples, mappings and unions too."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]
