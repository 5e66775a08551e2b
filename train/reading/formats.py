"""What was read, written down: JSON lines, and PaddleOCR's label and result lines."""

from __future__ import annotations

import json

from .photo_reader import ReadPage, Text


def json_line(page: ReadPage) -> str:
    """One JSON object: image, width, height, texts with points, text, confidence and score, and what was dropped."""
    height, width = page.image.shape[:2]
    texts = [
        {
            "text": t.text,
            "confidence": round(t.confidence, 4),
            "score": round(t.score, 4),
            "points": _points(t),
            **({"turned": True} if t.turned else {}),
        }
        for t in page.texts
    ]
    value = {"image": page.name, "width": width, "height": height, "texts": texts, "dropped": dict(page.dropped)}
    return json.dumps(value, ensure_ascii=False)


def paddle_line(page: ReadPage) -> str:
    """`name<TAB>[{"transcription", "points", "score"}, …]`: what PaddleOCR writes and PPOCRLabel opens."""
    texts = [
        {
            "transcription": t.text,
            "points": [[round(x), round(y)] for x, y in _points(t)],
            "difficult": False,
            "score": round(t.confidence, 4),
        }
        for t in page.texts
    ]
    return f"{page.name}\t{json.dumps(texts, ensure_ascii=False)}"


def _points(text: Text) -> list[list[float]]:
    return [[round(float(x), 1), round(float(y), 1)] for x, y in text.points]
