"""Training a recogniser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import paddle

from .checkpoint import BEST, LAST
from .config import TrainConfig
from .feed import Feed, Step
from .labels import LabelCheck, places, usable
from .log import Row
from .loop import Loop, Report, Result
from .networks import build
from .reader import LineReader
from .run import GraphEngine
from .schedule import learning_rate
from .sources import Lines, identity
from .start import start_from
from .team import Team, join_team
from .validation import Validation, hold_out
from .vocabulary import Change

__all__ = ["BEST", "LAST", "Fit", "Report", "Result", "Row", "learning_rate"]

Val = Lines | Mapping[str, Lines] | None


class Recognition:
    """Lines, a network that reads them, and its scores on other lines: the task of a recogniser's training.

    val: lines to validate on, or several sets by name; None holds some of `data` out. Of a set, refused counts what is
    left out under `val NAME: reason`. Raises UserError for data that does not fit the configuration.
    """

    def __init__(self, config: TrainConfig, data: Lines, val: Val, team: Team) -> None:
        self.config, self.lines, self.charset = config, data, config.characters()
        self.characters = "".join(self.charset.characters)
        found = usable(data, self.charset, config)
        self.refused: Counter[str] = found.refused
        self.examples = dict(found.examples)
        indices, sets = self._sets(found, val)
        self.validation = Validation(config, sets)
        self.scored = self.validation.scored
        self.feed = Feed(config, data, indices, self.charset, (team.rank, team.size))
        self.network = build(config, len(self.charset))
        self.data: dict[str, Any] = {"train": identity(data), "val": _identities(val)}
        engine = GraphEngine(self.network)
        self.reader = LineReader(engine, config.input_rule(), self.charset, decoder=config.decoder(self.charset))

    def _sets(self, found: LabelCheck, val: Val) -> tuple[list[int], dict[str, tuple[Lines, list[int]]]]:
        """Indices to train on, and the lines of each validation set."""
        if not val:
            held, indices = hold_out(found.good, self.config)
            return indices, {"": (self.lines, held)}
        named = val if isinstance(val, Mapping) else {"": val}
        sets = {name: usable(lines, self.charset, self.config) for name, lines in named.items()}
        for name, there in sets.items():
            said = f"val {name}".strip()
            self.refused += Counter({f"{said}: {reason}": n for reason, n in there.refused.items()})
            self.examples |= {f"{said}: {reason}": places for reason, places in there.examples.items()}
        return found.good, {name: (lines, sets[name].good) for name, lines in named.items()}

    def losses(self, batch: Step) -> paddle.Tensor:
        """(N,) losses per character."""
        labels, lengths = paddle.to_tensor(batch.labels), paddle.to_tensor(batch.lengths)
        outputs = self.network(paddle.to_tensor(batch.images), labels)
        with paddle.amp.auto_cast(enable=False):
            single = [o.astype("float32") for o in (outputs if isinstance(outputs, tuple) else (outputs,))]
            return self.network.losses(tuple(single) if isinstance(outputs, tuple) else single[0], labels, lengths)

    def scores(self) -> dict[str, float]:
        """accuracy and similarity, and those of named sets."""
        return self.validation.scores(self.reader)

    def better(self, one: dict[str, float], other: dict[str, float]) -> bool:
        """Whether scores are better by `best`."""
        return self.validation.better(one, other)

    def places(self, indices: Sequence[int]) -> str:
        """Where samples are, with their labels."""
        return places(self.lines, indices)

    def start_from(self, path: Path) -> Change:
        """Fill the network with other weights, character by character."""
        return start_from(self.network, self.config, path)

    def same_config(self, there: dict[str, Any]) -> dict[str, Any]:
        """A configuration of an older version with today's keys."""
        return TrainConfig.model_validate(there).model_dump(mode="json")


class Fit(Loop):
    """A recogniser's training run in the folder `out`.

    val: lines to validate on, or several sets by name. Raises UserError for data that does not fit the
    configuration, and what Loop raises.
    """

    def __init__(self, config: TrainConfig, data: Lines, val: Val, out: Path, resume: bool = False) -> None:
        team = join_team()
        recognition = Recognition(config, data, val, team)
        super().__init__(recognition, team, out, resume)
        self.charset, self.validation, self.reader = recognition.charset, recognition.validation, recognition.reader


def _identities(val: Lines | Mapping[str, Lines] | None) -> dict[str, Any] | None:
    if not isinstance(val, Mapping):
        return identity(val) if val else None
    if list(val) == [""]:
        return identity(val[""])
    return {name: identity(lines) for name, lines in val.items()}
