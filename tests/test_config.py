"""Every mistake in a configuration is named by file, line and key."""

import pytest
from pydantic import Field, model_validator

from ocrdata.config import Config, config_path, load, make, presets
from ocrdata.errors import UserError


class Inner(Config):
    size: int = Field(default=1, ge=1)
    blur: float = 0

    @model_validator(mode="after")
    def _together(self) -> "Inner":
        if self.blur > self.size:
            raise ValueError("blur: at most the size")
        return self


class Outer(Config):
    name: str
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()


def write(tmp_path, text):
    path = tmp_path / "c.yml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name: a\ninner:\n  blurr: 2\n",
            r"c\.yml line 3: inner\.blurr: unknown key \(did you mean 'blur'\?\); allowed",
        ),
        ("name: a\ninner:\n  size: 0\n", r"line 3: inner\.size: .*greater than or equal to 1 \(is 0\)"),
        ("name: a\nmany:\n  - size: 1\n  - sizes: 2\n", r"line 4: many\.1\.sizes: unknown key.*'size'"),
        ("name: a\ninner:\n  size: 2\n  blur: 3\n", r"line 4: inner\.blur: at most the size$"),
        ("inner: {}\n", r"name: Field required"),
        ("name: [\n", r"line 2: not valid YAML"),
        ("- a\n", r"a mapping of keys to values is expected"),
        ("other: {}\n", r"there is no section 'outer' in it"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        load(write(tmp_path, text), "outer", Outer)


def test_a_section_of_a_preset_is_taken_alone(tmp_path):
    path = write(tmp_path, "outer: {name: x}\ntrain: {anything: 1}\n")
    assert load(path, "outer", Outer).name == "x"


def test_overrides_change_nested_keys_and_are_checked(tmp_path):
    path = write(tmp_path, "name: a\n")
    assert load(path, "outer", Outer, ["inner.size=7"]).inner.size == 7
    with pytest.raises(UserError, match=r"^--set inner\.sise: inner\.sise: unknown key"):
        load(path, "outer", Outer, ["inner.sise=7"])
    with pytest.raises(UserError, match=r"^--set inner\.blur: inner\.blur: at most the size"):
        load(path, "outer", Outer, ["name=b", "inner.blur=3"])
    with pytest.raises(UserError, match="KEY=VALUE"):
        load(path, "outer", Outer, ["inner"])


def test_an_unknown_preset_or_file_names_what_there_is():
    assert "digits" in presets() and config_path("preset:digits").is_file()
    with pytest.raises(UserError, match=r"no preset 'digit'; there are: .*digits"):
        config_path("preset:digit")
    with pytest.raises(UserError, match=r"no such configuration file; shipped ones are .*preset:digits"):
        config_path("nowhere.yml")


def test_a_wrong_option_is_named_as_an_option():
    with pytest.raises(UserError, match=r"--size 0: .*greater than or equal to 1"):
        make(Inner, size=0)
