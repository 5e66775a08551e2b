"""Where the texts of synthetic lines come from: files and labels, random characters, patterns."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, PositiveFloat, model_validator

from ..config import Config
from ..errors import UserError
from .charset import Charset
from .fields import Characters, Piece
from .lines import Lines, Stream
from .mapped import MappedText
from .patterns import check_names, parse_pattern
from .protocols import Integers, Numbers, Texts
from .texts import form_of


def _ordered(limits: tuple[int, int]) -> tuple[int, int]:
    if not 1 <= limits[0] <= limits[1]:
        raise ValueError("two whole numbers [shortest, longest] are expected, 1 or more, the smaller first")
    return limits


Span = Annotated[tuple[int, int], AfterValidator(_ordered)]


class Windows(Config):
    """How texts are taken from lines.

    unit: "line" takes a line, or with `length` a window of that many characters where it is longer. "char" and
    "word" take windows of `length` characters or words from all lines as one running text, whatever its line ends;
    "char" keeps words whole where it can. Where the recipe has `lengths`, those hold and `length` does not.
    """

    unit: Literal["line", "char", "word"] = "line"
    length: Span | None = None
    weight: PositiveFloat = 1.0

    @model_validator(mode="after")
    def _some_length(self) -> Windows:
        if self.unit != "line" and self.length is None:
            raise ValueError(f"unit '{self.unit}' needs 'length': [fewest, most] {self.unit}s of a window")
        return self


class FileText(Windows):
    """Lines of a UTF-8 file, or windows over it."""

    kind: Literal["file"]
    path: str

    def open(self, base: Path, charset: Charset | None, measured: bool = False) -> Texts:
        """measured: lengths will be wanted. Raises UserError naming file, line and byte where it is not UTF-8."""
        text = MappedText(find_file(self.path, base))
        if (form := form_of(text.first_line())) != "text":
            raise UserError(f"{text.path}: its first line is of a file of {form}: use 'kind: labels' for it")
        if self.unit == "line" or self.length is None:
            return Lines(text, self.length, measured)
        return Stream(text, self.length, self.unit == "word")


class LabelInput(Config):
    """Labels of a fetched dataset, a pack or a label file. split: of a dataset; None takes all of them."""

    path: str
    split: str | None = None


class LabelText(Windows, LabelInput):
    """The legible texts of labels, as often as they stand there. They are opened as a file that holds them."""

    kind: Literal["labels"]

    def as_file(self, path: Path) -> FileText:
        """The same source where `path` holds the texts, one a line."""
        return FileText(kind="file", path=str(path), unit=self.unit, length=self.length, weight=self.weight)


class RandomText(Config):
    """Random characters: of `characters` (a dictionary file or the characters themselves), else of the charset.

    frequency: how often some of them come compared with the others, which count 1; 0 leaves one out.
    """

    kind: Literal["random"]
    characters: str | None = None
    frequency: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    length: Span = (1, 10)
    weight: PositiveFloat = 1.0

    def open(self, base: Path, charset: Charset | None, measured: bool = False) -> Texts:
        """Raises UserError where no characters are given, or a frequency is of another character."""
        chosen = read_charset(self.characters, base) if self.characters else charset
        if chosen is None:
            raise UserError("texts: a 'random' source needs 'characters', or a 'charset' in the recipe")
        others = [c for c in self.frequency if c not in chosen]
        if others:
            raise UserError(
                f"texts: frequency: {others[0]!r} is not one of the {len(chosen)} characters to choose from"
            )
        weights = [self.frequency.get(c, 1.0) for c in chosen.characters] if self.frequency else None
        if weights is not None and not sum(weights):
            raise UserError("texts: frequency: 0 for every character leaves nothing to choose from")
        kept = [c for c in chosen.characters if self.frequency.get(c, 1.0)]
        return RandomTexts(Characters(kept, *self.length, [w for w in weights if w] if weights else None))


class PatternText(Config):
    """A pattern as `patterns` describes them; define: patterns of its own by name, for use as `{name}`."""

    kind: Literal["pattern"]
    pattern: str
    define: dict[str, str] = Field(default_factory=dict)
    weight: PositiveFloat = 1.0

    @model_validator(mode="after")
    def _readable(self) -> PatternText:
        check_names(self.define)
        parse_pattern(self.pattern, self.define)
        return self

    def open(self, base: Path, charset: Charset | None, measured: bool = False) -> Texts:
        """Never fails: the pattern was checked on reading."""
        return PatternTexts(parse_pattern(self.pattern, self.define))


TextSource = Annotated[FileText | RandomText | PatternText, Field(discriminator="kind")]
"""What can be opened."""
TextInput = Annotated[FileText | RandomText | PatternText | LabelText, Field(discriminator="kind")]
"""What a recipe may name."""


class RandomTexts:
    """Random characters; any length can be wanted."""

    flexible = True

    def __init__(self, characters: Characters) -> None:
        self.characters = characters

    def draw(self, numbers: Numbers, wanted: Integers | None = None) -> list[str]:
        """One text for each of the batch."""
        return self.characters.draw(numbers, "text", wanted)

    def alphabet(self) -> set[str]:
        """The characters."""
        return self.characters.alphabet()


class PatternTexts:
    """Texts of a pattern, which keep the lengths that it gives them."""

    flexible = False

    def __init__(self, piece: Piece) -> None:
        self.piece = piece

    def draw(self, numbers: Numbers, wanted: Integers | None = None) -> list[str]:
        """One text for each of the batch."""
        return self.piece.draw(numbers, "text")

    def alphabet(self) -> set[str]:
        """Every character that can be drawn."""
        return self.piece.alphabet()


def find_file(name: str, base: Path) -> Path:
    """`name` as written in a recipe: absolute, else beside the recipe, else from the current folder.

    Raises UserError naming both places.
    """
    places = list(dict.fromkeys((base, Path.cwd())))
    for place in places:
        if (place / name).exists():
            return place / name
    where = "" if Path(name).is_absolute() else f" in {' or in '.join(map(str, places))}"
    raise UserError(f"{name}: no such file or folder{where}")


def read_charset(value: str, base: Path) -> Charset:
    """A dictionary file (a name that ends in .txt), else the characters of `value` themselves."""
    return Charset.read(find_file(value, base)) if value.endswith(".txt") else Charset(value)
