"""`ocrdata select`: from a pack to a smaller or heavier one, every sample left out with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ..datasets.images import BadImage, decode
from ..datasets.records import Items, Refusal, Sample
from ..errors import UserError
from .choice import KEPT, REASONS, TRUSTED, Choice, Trust, choose
from .jobs import Planned
from .look import thumbnail
from .rules import SelectConfig, values_of
from .split import plan_copy
from .store import EXAMPLES_PER_REASON, Pack


@dataclass(frozen=True)
class ChosenSource:
    """The samples of a pack as it was decided about them."""

    pack: Pack
    choice: Choice
    trust: Trust
    height: int

    def items(self, start: int, stop: int) -> Items:
        """Copies of the samples `start` to `stop`, or why they are left out."""
        shown = Counter[str]()
        for index in range(start, stop):
            sample = self.pack[index]
            code = int(self.choice.codes[index])
            if code == KEPT:
                yield from [sample] * int(self.choice.copies[index])
                continue
            reason = REASONS[code]
            shown[reason] += 1
            refusal = Refusal(reason, sample.origin, text=sample.label)
            yield self._with_picture(refusal, sample, index) if shown[reason] <= EXAMPLES_PER_REASON else refusal
        self.pack.close()

    def _with_picture(self, refusal: Refusal, sample: Sample, index: int) -> Refusal:
        try:
            image = decode(sample.image)
        except BadImage as error:
            return replace(refusal, detail=error.detail)
        values = {str(name): value for name, value in values_of(sample.label, image, self.height).items()}
        named = refusal.reason.rpartition("_")[0]
        detail = f"{named.replace('_', ' ')} {values[named]:.3g}" if named in values else ""
        for reason, model in TRUSTED.items():
            if reason == refusal.reason:
                detail = f"the {model} model trusts the label by {self.trust[model][index]:.3f}"
        return replace(refusal, detail=detail, thumb=thumbnail(image))


def plan_select(
    source: Path,
    out: Path,
    config: SelectConfig,
    trust: Trust | None = None,
    models: Mapping[str, str] | None = None,
    workers: int = 0,
    progress: Callable[[int], None] = lambda samples: None,
) -> tuple[Planned, Choice]:
    """Decides about every sample of a pack; gives the job that writes `out`, and the decisions.

    models: names of the models behind `trust`, for the record. Raises UserError.
    """
    if out.resolve().is_relative_to(source.resolve()):
        raise UserError(f"{out} is inside {source}: the next run would read it as input; choose another folder")
    pack = Pack(source)
    if not len(pack):
        raise UserError(f"{source}: the pack holds no sample")
    choice = choose(pack, config, trust, workers, progress)
    pack.close()  # an LMDB can be open once in a process
    planned = plan_copy(source, out)
    rules = config.model_dump(mode="json", exclude_none=True)
    what = {**planned.job.config, "rules": rules, "models": dict(models or {}), "decisions": choice.digest}
    job = replace(planned.job, kind="select", config=what)
    chosen = ChosenSource(pack, choice, trust or {}, config.model_height)
    return replace(planned, job=job, source=chosen, items=choice.items), choice
