"""Which labels a network can learn: in its dictionary, and no longer than it can spell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..corpora.charset import Charset
from ..errors import UserError
from .config import TrainConfig
from .preprocess import padded_width
from .sources import EXAMPLES, Lines, left_out, where

LISTED = 20


@dataclass
class LabelCheck:
    """What the labels of a source are like.

    good: indices to learn from. refused: the others by reason, `not_in_dict`, `empty_label`, `label_too_long`, and what
    was left out when the lines were opened; examples: places of the first of each.
    strange: characters outside the dictionary, counted.
    """

    good: list[int] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    strange: Counter[str] = field(default_factory=Counter)

    def refuse(self, reason: str, place: str) -> None:
        """Count one, and keep the place of the first few."""
        self.refused[reason] += 1
        if len(self.examples[reason]) < EXAMPLES:
            self.examples[reason].append(place)


def look_at_labels(lines: Lines, charset: Charset, config: TrainConfig) -> LabelCheck:
    """Each label against dictionary and longest input; pictures are not touched."""
    before, examples = left_out(lines)
    rule, decoder = config.input_rule(), config.decoder(charset)
    room = decoder.room(padded_width(rule.max_width, rule))
    found = LabelCheck(refused=Counter(before))
    found.examples.update(examples)
    for index, label in enumerate(map(config.label, lines.labels())):
        outside = charset.unknown(label)
        reason = "not_in_dict" if outside else "empty_label" if not label else ""
        if not reason and decoder.needed(label) > room:
            reason = "label_too_long"
        if reason:
            found.strange.update(outside)
            found.refuse(reason, f"{where(lines, index)} {label[:60]!r}")
        else:
            found.good.append(index)
    return found


def usable(lines: Lines, charset: Charset, config: TrainConfig) -> LabelCheck:
    """The same, once it is good enough to train on.

    Raises UserError for characters outside the dictionary unless `unknown: refuse`, and where nothing is left.
    """
    found = look_at_labels(lines, charset, config)
    if found.strange and config.unknown == "error":
        raise UserError(
            f"{lines.root}: {found.refused['not_in_dict']} labels hold characters outside the charset: "
            f"{listed(found.strange)}; first {found.examples['not_in_dict'][0]}; "
            + _hint(found.examples["not_in_dict"], lines)
        )
    if not found.good:
        first = [places[0] for places in found.examples.values()]
        raise UserError(
            f"{lines.root}: no sample can be used: {dict(found.refused) or 'there is none'}"
            + (f"; for example {first[0]}" if first else "")
        )
    return found


def _hint(examples: Sequence[str], lines: Lines) -> str:
    """What to do about labels with unknown characters."""
    if all("{" in example and '": "' in example for example in examples):
        return f"they seem to be JSON: `ocrdata pack {lines.root} -o NEW` makes plain labels of them"
    return "add them, or set unknown: refuse to leave such samples out"


def listed(characters: Counter[str], most: int = LISTED) -> str:
    """The most frequent characters with how often they come."""
    shown = ", ".join(f"{c!r} ({n} times)" for c, n in characters.most_common(most))
    return shown + (f" and {len(characters) - most} more" if len(characters) > most else "")


def places(lines: Lines, indices: Sequence[int], most: int = EXAMPLES) -> str:
    """Where samples are, with their labels, for messages."""
    shown = [f"{where(lines, index)}, label {lines[index].label!r}" for index in indices[:most]]
    return "; ".join(shown) + (f"; and {len(indices) - most} more" if len(indices) > most else "")
