"""What train, export and eval do for detectors and direction classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .cli_photos import EngineName, open_reader
from .progress import progress
from .tables import counts, line, table, where

if TYPE_CHECKING:  # commands import what they need when they run: `--help` stays quick
    from .datasets.images import Image
    from .train.cls.config import ClsConfig
    from .train.det.config import DetConfig
    from .train.loop import Loop

DETECTION, DIRECTION = "detection", "direction"  # tasks of runs and bundles


def train_other(
    config: str, overrides: list[str], data: Path | None, val: Path | None, out: Path, resume: bool, dry_run: bool
) -> bool:
    """What `train` does for a configuration of another task than recognition; false for recognition."""
    from .config import load, value_of

    task = value_of(config, "train", "task")
    if task == DETECTION:
        from .train.det.config import DetConfig

        train_detector(load(config, "train", DetConfig, overrides), data, val, out, resume, dry_run)
    elif task == DIRECTION:
        from .train.cls.config import ClsConfig

        train_direction(load(config, "train", ClsConfig, overrides), data, val, out, resume, dry_run)
    return task in (DETECTION, DIRECTION)


def train_detector(
    settings: DetConfig, data: Path | None, val: Path | None, out: Path, resume: bool, dry_run: bool
) -> None:
    """What `train` does for a detector."""
    from .errors import UserError
    from .train.backend import require_paddle
    from .train.det.photos import open_photos, require_apart

    source, validation = data or settings.data, val or settings.val
    if source is None:
        raise UserError("no photos to train on: --data names scenes or labels (or the key 'data')")
    photos, held = open_photos(source), open_photos(validation) if validation else None
    if held:
        require_apart(photos, held)
    texts = {"photos": len(photos), **({"photos to validate on": len(held)} if held else {})}
    counts("to train on", texts | {f"left out, {k}": v for s in photos.sources for k, v in s.refused.items()})
    if dry_run:
        return
    require_paddle()
    from .train.det.fit import DetFit

    fit = DetFit(settings, photos, held, out, resume)
    _run(fit)
    outside = fit.detection.feed.outside
    counts("texts left out", {"beside their photo": sum(outside.values())} if outside else {})
    where(out)


def _run(fit: Loop) -> None:
    """Train, and show what came of it."""
    from .model_tables import show_left_out

    with progress("train", fit.steps) as done:
        result = fit.run(done, lambda row: line(row.line()))
    show_left_out("left out while training", result.refused - fit.refused, result.examples)
    table("trained", [("steps", f"{result.steps:,}"), ("seconds", f"{result.seconds:.0f}")])
    table("scores", [(name, f"{value:.4f}") for name, value in result.scores.items()], ("", "best"))


def check_other(
    config: str, overrides: list[str], data: Path | None, val: Path | None, out: Path, seconds: float
) -> bool:
    """What `check` does for a detector; false for recognition. Raises UserError for other tasks."""
    from .config import load, value_of
    from .errors import UserError

    task = value_of(config, "train", "task")
    if task == DIRECTION:
        raise UserError(f"{config} trains a direction classifier, for which there is no check")
    if task != DETECTION:
        return False
    from .model_tables import show_findings
    from .train.backend import require_paddle
    from .train.det.config import DetConfig
    from .train.det.photos import open_photos, require_apart

    settings = load(config, "train", DetConfig, overrides)
    source, validation = data or settings.data, val or settings.val
    if source is None:
        raise UserError("no photos to check: --data names scenes or labels (or the key 'data')")
    require_paddle()
    from .train.det.check import check_detector

    photos, held = open_photos(source), open_photos(validation) if validation else None
    if held:
        require_apart(photos, held)
    with progress("check", None) as done:
        found = check_detector(settings, photos, held, out, seconds, done)
    show_findings(found, all_of_them=True)
    return True


def export_detector_run(run: Path, out: Path, overwrite: bool, photos: Path | None, verify: bool) -> None:
    """What `export` does for a detector. photos: a folder, pattern or file of them, to compare on."""
    from .train.det.export import export_detector, verify_detector

    bundle = export_detector(run, out, overwrite)
    found = verify_detector(run, out, _photos(photos) if photos else ()) if verify else []
    rows = [(a.engine, a.photos, f"{a.difference:.1e}", a.changed) for a in found]
    table("against the training graph", rows, ("engine", "photos", "most apart", "other texts found"))
    counts("bytes", {name: there.size for name, there in bundle.files.items()})
    where(out)


def train_direction(
    settings: ClsConfig, data: Path | None, val: Path | None, out: Path, resume: bool, dry_run: bool
) -> None:
    """What `train` does for a direction classifier."""
    from .errors import UserError
    from .train.backend import require_paddle
    from .train.sources import open_data, open_source, require_apart

    source, validation = data or settings.data, val or settings.val
    if source is None:
        raise UserError("no lines to train on: --data names a pack of upright lines (or the key 'data')")
    if validation:
        require_apart(source, validation)
    lines, held = open_data(source), open_source(validation) if validation else None
    counts("to train on", {"lines": len(lines), **({"lines to validate on": len(held)} if held else {})})
    if dry_run:
        return
    require_paddle()
    from .train.cls.fit import ClsFit

    _run(ClsFit(settings, lines, held, out, resume))
    where(out)


def export_direction_run(run: Path, out: Path, overwrite: bool, verify: bool) -> None:
    """What `export` does for a direction classifier."""
    from .train.cls.export import export_direction, verify_direction

    bundle = export_direction(run, out, overwrite)
    found = verify_direction(run, out) if verify else []
    rows = [(a.engine, a.lines, f"{a.difference:.1e}") for a in found]
    table("against the training graph", rows, ("engine", "lines", "most apart"))
    counts("bytes", {name: there.size for name, there in bundle.files.items()})
    where(out)


def _photos(path: Path, most: int = 50) -> list[Image]:
    from itertools import islice

    from .errors import UserError
    from .train.reading.inputs import BadPage, Page, find_files, open_pages

    pages = list(islice(open_pages(find_files([str(path)])), most))
    for page in pages:
        if isinstance(page, BadPage):
            line(f"left out: {page.name}: {page.reason}: {page.detail}")
    found = [page.image for page in pages if isinstance(page, Page)]
    if not found:
        raise UserError(f"{path}: no photo to compare on")
    return found


def evaluate_detector_on(
    model: Path, data: Sequence[Path], out_file: Path | None, engine: EngineName, worst: int
) -> None:
    """What `eval` does for a detector. worst: photos on the page, at most."""
    from .errors import UserError
    from .files import write_json
    from .train.bundle import SPEC
    from .train.det.bundle import open_detector
    from .train.det.evaluate import evaluate_detector
    from .train.det.evaluation_page import write_det_evaluation
    from .train.det.photos import open_photos

    if out_file is not None and out_file.suffix.lower() not in (".html", ".htm", ".json"):
        raise UserError(f"{out_file}: a report is named .html or .json")
    if (model / SPEC).is_file():
        detector = open_detector(model, engine)
    else:
        from .train.backend import require_paddle

        require_paddle()
        from .train.det.export import run_detector

        detector = run_detector(model)
    sets = {str(path): open_photos(path) for path in data}
    with progress("eval", sum(len(photos) for photos in sets.values())) as done:
        found = evaluate_detector(detector, sets, done, worst)
    reports = {name: one.report() for name, one in found.items()}
    rows = [
        (n, r["photos"], r["texts"], *(f"{r[k]:.4f}" for k in ("precision", "recall", "hmean")), r["deteval"]["hmean"])
        for n, r in reports.items()
    ]
    table(str(model), rows, ("set", "photos", "texts", "precision", "recall", "hmean", "DetEval"))
    for name, r in reports.items():
        counts(f"{name}: left out, by reason", r["refused"])
    if out_file is None:
        return
    if out_file.suffix.lower() in (".html", ".htm"):
        write_det_evaluation(found, out_file, f"Texts found by {model}")
        where(out_file, out_file.with_suffix(".json"))
    else:
        write_json(out_file, reports)
        where(out_file)


def evaluate_reading(
    det: Path,
    rec: Path,
    cls: Path | None,
    data: Sequence[Path],
    how: tuple[str, EngineName],
    out_file: Path | None,
) -> None:
    """What `eval` does for a detector and a recogniser together. how: policy and engine."""
    from .datasets.dataset import find_labels, open_labels
    from .errors import UserError
    from .files import write_json
    from .train.metrics import find_policy
    from .train.reading.endtoend import end_to_end

    policy, engine = how
    if out_file is not None and out_file.suffix.lower() != ".json":
        raise UserError(f"{out_file}: what was read is reported as .json")
    form = find_policy(policy).form
    reader = open_reader(det, rec, cls, {}, (engine, 0, 32), 0.0)
    rows, reports = [], {}
    with progress("eval", None) as done:
        for path in data:
            photos = open_labels(*find_labels(path))
            found = end_to_end(reader, photos, lambda a, b: form(a) == form(b), done)
            reports[str(path)] = found.report()
            for name, score in (("found", found.found), ("found and read", found.read)):
                figures = (f"{v:.4f}" for v in (score.precision, score.recall, score.hmean))
                rows.append((str(path), name, found.photos, score.true, *figures))
            table("read wrongly", [(m.label, m.read, m.photo) for m in found.misread[:10]], ("label", "read", "where"))
            counts(f"{path}: left out, by reason", found.refused)
    table(f"{det} and {rec}, compared {policy}", rows, ("set", "", "photos", "texts", "precision", "recall", "hmean"))
    if out_file is not None:
        write_json(out_file, reports)
        where(out_file)
