"""The engines that can be driven: where they come from and what they need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...errors import UserError

WORKERS = Path(__file__).parent / "workers"


@dataclass(frozen=True)
class Known:
    """An engine. requirements: what pip installs before the engine itself, which comes without its own list.

    pythons: the first and the last version that it and its requirements run on.
    """

    name: str
    repository: str
    commit: str
    licence: str
    worker: str
    pythons: tuple[tuple[int, int], tuple[int, int]]
    requirements: tuple[str, ...]

    @property
    def source(self) -> str:
        """What pip installs by default."""
        return f"git+{self.repository}@{self.commit}"

    @property
    def script(self) -> Path:
        """The program that runs in the engine's interpreter."""
        return WORKERS / self.worker


ENGINES = {
    known.name: known
    for known in (
        Known(
            "text_renderer",
            "https://github.com/oh-my-ocr/text_renderer",
            "a08835263289c9488ba8c24abacc321318c3f1e0",
            "MIT",
            "run_text_renderer.py",
            ((3, 10), (3, 13)),
            # Its own list brings OpenCV twice, once with window-system libraries; only the headless one is wanted.
            (
                "albumentations==1.4.24",
                "albucore==0.0.23",
                "fonttools>=4.50",
                "lmdb>=1.4",
                "loguru>=0.7",
                "numpy==2.2.6",
                "opencv-python-headless==5.0.0.93",
                "pillow==12.0.0",
                "scipy==1.15.3",
                "tenacity>=8",
                "tqdm>=4.60",
            ),
        ),
        Known(
            "trdg",
            "https://github.com/Belval/TextRecognitionDataGenerator",
            "dd9d7d3886fc2cf5a1e3228445c6651e3f53654c",
            "MIT",
            "run_trdg.py",
            ((3, 10), (3, 13)),
            # Its own list pins a withdrawn arabic-reshaper and brings OpenCV with window-system libraries.
            (
                "arabic-reshaper>=3",
                "numpy==2.2.6",
                "opencv-python-headless==5.0.0.93",
                "pillow==12.0.0",
                "python-bidi>=0.4.2",
            ),
        ),
    )
}


def known_engine(name: str) -> Known:
    """An engine by name. Raises UserError naming those that there are."""
    if name not in ENGINES:
        raise UserError(f"there is no engine '{name}'; there are: {', '.join(ENGINES)}")
    return ENGINES[name]
