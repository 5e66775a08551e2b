"""Labels as a corpus: the texts of datasets and packs for synthesis, and those that must stay out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from ..corpora.leaks import HeldOut, Leaks, leaks
from ..corpora.sources import FileText, LabelInput, LabelText, TextInput, TextSource
from ..corpora.texts import Text, counted, form_of, read_lines, read_texts
from ..errors import UserError
from ..files import whole_file
from .texts import lists_words, read_input


def text_input(path: Path, split: str | None = None) -> TextInput:
    """The source that a path stands for: labels (a dataset, pack or label file), else a file of lines."""
    if split is None and path.is_file() and path.suffix.lower() != ".json":
        first = next(read_lines(path), (0, ""))[1]
        if form_of(first) == "text" and not lists_words(first):
            return FileText(kind="file", path=str(path))
    return LabelText(kind="labels", path=str(path), split=split)


def open_labels_as_files(
    sources: Sequence[TextInput], folder: Path, progress: Callable[[int], None] = lambda texts: None
) -> list[TextSource]:
    """The sources, each `labels` source as a file in `folder` with its legible texts, one a line, in order.

    What is written depends on the labels alone. Raises UserError where labels hold no legible text.
    """
    opened: list[TextSource] = []
    for number, source in enumerate(sources):
        if isinstance(source, LabelText):
            path = folder / f"texts-{number}.txt"
            _write(source, path, progress)
            opened.append(source.as_file(path))
        else:
            opened.append(source)
    return opened


def _write(source: LabelText, path: Path, progress: Callable[[int], None]) -> None:
    read = written = 0
    with whole_file(path) as file:
        for text in counted(read_input(Path(source.path), source.split), progress):
            read += 1
            # A line end inside a label would make two texts of it.
            line = " ".join(text.text.splitlines()).strip()
            if line and not text.ignored:
                file.write(line + "\n")
                written += 1
        if not written:
            raise UserError(f"{source.path}: no legible text among {read} labels")


def read_held_out(inputs: Sequence[LabelInput]) -> HeldOut:
    """The texts of validation labels, for a mix to refuse."""
    return HeldOut(_labels(inputs))


def find_leaks(
    sources: Sequence[TextInput], inputs: Sequence[LabelInput], progress: Callable[[int], None] = lambda texts: None
) -> Leaks:
    """Which texts of validation labels stand in the files and labels that a recipe draws from."""
    return leaks(_corpus(sources), _labels(inputs), progress)


def _corpus(sources: Sequence[TextInput]) -> Iterator[Text]:
    for source in sources:
        if isinstance(source, FileText):
            yield from read_texts(Path(source.path), "text")
        elif isinstance(source, LabelText):
            yield from _labels([source])


def _labels(inputs: Iterable[LabelInput]) -> Iterator[Text]:
    for labels in inputs:
        yield from read_input(Path(labels.path), labels.split)
