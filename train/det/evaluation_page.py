"""A detector's evaluation as one page that opens anywhere, offline: scores, curve, photos with hits and faults."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...datasets.images import BadImage, Image, encode_jpeg, read_image
from ...files import whole_file, write_json
from ...prep.page import page, picture, pictures, section, table
from ...prep.text import safe
from .evaluate import DetEvaluation, PhotoResult

LONGEST = 720  # px of a photo on the page
HIT, MISS, ALARM, IGNORED = (60, 170, 60), (40, 40, 220), (220, 120, 20), (160, 160, 160)  # BGR


def write_det_evaluation(found: Mapping[str, DetEvaluation], path: Path, title: str) -> None:
    """Write the page to `path` (.html) and the figures beside it (.json)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    reports = {name: one.report() for name, one in found.items()}
    write_json(path.with_suffix(".json"), reports)
    body = [f"<h1>{safe(title)}</h1>", section("scores", "Scores", _scores(reports))]
    for number, (name, one) in enumerate(found.items()):
        note = "Green: found. Red: missed. Blue: false alarm. Grey: ignored."
        shown = f'<p class="soft">{note}</p>' + pictures(_shown(one.worst))
        body.append(section(f"curve{number}", f"{name}: precision and recall", _curve(one)))
        body.append(section(f"worst{number}", f"{name}: photos with most faults", shown))
    with whole_file(path) as file:
        file.write(page(title, body))


def _scores(reports: Mapping[str, dict[str, Any]]) -> str:
    heads = ("set", "#photos", "#texts", "#precision", "#recall", "#hmean", "#DetEval's hmean", "refused")
    rows = [
        (
            name,
            r["photos"],
            r["texts"],
            f"{r['precision']:.4f}",
            f"{r['recall']:.4f}",
            f"{r['hmean']:.4f}",
            f"{r['deteval']['hmean']:.4f}",
            ", ".join(f"{reason}: {n}" for reason, n in r["refused"].items()),
        )
        for name, r in reports.items()
    ]
    note = "Precision, recall, hmean: ICDAR2015's protocol, IoU above 0.5, ignored texts left out, over all photos."
    return f'<p class="soft">{note}</p>' + table(heads, rows)


def _curve(one: DetEvaluation) -> str:
    from matplotlib.figure import Figure  # without pyplot: no state, no display

    figure = Figure(figsize=(9, 3), layout="constrained")
    by_limit, together = figure.subplots(1, 2, width_ratios=(3, 2), sharey=True)
    limits, scores = list(one.curve), list(one.curve.values())
    for name in ("precision", "recall", "hmean"):
        by_limit.plot(limits, [getattr(s, name) for s in scores], marker=".", label=name)
    by_limit.axvline(one.least, color="0.5", linestyle=":", label="in use")
    by_limit.set(xlabel="least score", ylim=(0, 1.02))
    shown = [s for s in scores if s.found]
    together.plot([s.recall for s in shown], [s.precision for s in shown], marker=".", color="0.3")
    together.plot([one.score.recall], [one.score.precision], "o", markerfacecolor="none", color="0.3")
    together.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02))
    by_limit.legend(fontsize="small")
    for axes in (by_limit, together):
        axes.grid(alpha=0.3)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return picture(file.getvalue(), "precision, recall and hmean over the least score; precision over recall")


def _shown(results: Iterable[PhotoResult]) -> Iterable[str]:
    for result in results:
        try:
            image = read_image(result.texts.path)
        except BadImage:
            yield picture(None, result.texts.name)
            continue
        notes = f"{len(result.match.pairs)} found, {len(result.match.misses)} missed"
        yield picture(
            encode_jpeg(draw_result(image, result), 80),
            result.texts.name,
            f"{notes}, {len(result.match.false_alarms)} false alarms",
        )


def draw_result(image: Image, result: PhotoResult) -> Image:
    """The photo, at most 720 px, with what was found (green), missed (red), and found wrongly (blue)."""
    factor = min(1.0, LONGEST / max(image.shape[:2]))
    drawn = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    texts, found = result.texts, result.found
    outlines = [(texts.polygons[i], IGNORED) for i, ignore in enumerate(texts.ignored) if ignore]
    outlines += [(found[f].points, HIT) for _, f in result.match.pairs]
    outlines += [(texts.polygons[t], MISS) for t in result.match.misses]
    outlines += [(found[f].points, ALARM) for f in result.match.false_alarms]
    for points, colour in outlines:
        cv2.polylines(drawn, [np.rint(points * factor).astype(np.int32)], True, colour, 2, cv2.LINE_AA)
    return drawn
