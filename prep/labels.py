"""What makes a label unfit for learning, whatever its picture."""

from __future__ import annotations


def label_problem(label: str, max_length: int | None = None) -> str | None:
    """The refusal's name: empty_label, too_long, label_not_unicode (half a surrogate pair); None for a good label."""
    if not label.strip():
        return "empty_label"
    if max_length is not None and len(label) > max_length:
        return "too_long"
    try:
        label.encode()
    except UnicodeEncodeError:
        return "label_not_unicode"
    return None
