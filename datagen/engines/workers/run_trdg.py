"""The worker of TRDG, called as a library, around the faults that would make labels untrue.

Fonts are opened once and by face (its command line skips .otf and .ttc; its library knows face 0 only). The mask that
it carries along shows how much ink lies where, instead of numbers that a blur wipes out. What drawing and distortion
cut off is measured. Photos are cut out by seed from the file that was asked for.
"""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from serve import Drawn, Refused, serve, versions  # beside this file

LONG_SIDE = 640
BACKGROUNDS = {"noise": 0, "white": 1, "quasicrystal": 2, "photo": 3}
DISTORTIONS = {"none": 0, "sine": 1, "cosine": 2, "random": 3}
AXES = {"vertical": 0, "horizontal": 1, "both": 2}


class Trdg:
    """One configured TRDG."""

    shapes = False  # it draws letter by letter

    def __init__(self, setup: dict[str, Any]) -> None:
        from PIL import ImageFont
        from trdg import background_generator, computer_text_generator, data_generator, distorsion_generator

        self.options = setup["options"]
        self.height = setup["height"]
        self.photos = [Path(p) for p in setup["photos"]]
        self.photo = lru_cache(maxsize=64)(self._photo)
        self.kept = 1.0
        self.generate = data_generator.FakeTextDataGenerator.generate
        self.text = computer_text_generator.generate
        data_generator.computer_text_generator = SimpleNamespace(generate=self._measured)
        open_font = lru_cache(maxsize=256)(ImageFont.truetype)
        self.font = lambda name, size: open_font(name[0], size, index=name[1])
        computer_text_generator.ImageFont = SimpleNamespace(truetype=lambda font, size: self.font(font, size))
        background_generator.image = self._cut_out
        for name in ("sin", "cos", "random"):
            setattr(distorsion_generator, name, self._watched(getattr(distorsion_generator, name)))

    def draw(self, line: dict[str, Any]) -> Drawn:
        """See serve.Renderer."""
        options, kind = self.options, line["background"]
        weights = options["distortion"]
        distortion = random.choices(list(weights), list(weights.values()))[0]
        self.kept = 1.0
        made = self.generate(
            index=0,
            text=line["text"],
            font=(line["font"], line["face"]),
            out_dir=None,
            size=self.height,
            extension=None,
            skewing_angle=options["skew"],
            random_skew=True,
            blur=options["blur"],
            random_blur=True,
            background_type=BACKGROUNDS[kind if isinstance(kind, str) else "photo"],
            distorsion_type=DISTORTIONS[distortion],
            distorsion_orientation=AXES[options["distortion_axis"]],
            is_handwritten=False,
            name_format=2,
            width=-1,
            alignment=1,
            text_color=",".join(options["colours"]),
            orientation=0,
            space_width=options["space_width"],
            character_spacing=_pixels(options["character_spacing"]),
            margins=tuple(map(_pixels, options["margins"])),
            fit=False,
            output_mask=True,
            word_split=False,
            image_dir=kind,
            stroke_width=options["stroke_width"],
            stroke_fill=",".join(options["stroke_colours"]),
        )
        if made is None:
            raise Refused("low_contrast", "TRDG finds text and background too much alike")
        image, mask = (np.array(m.convert("RGB")) for m in made)
        return Drawn(cv2.cvtColor(image, cv2.COLOR_RGB2BGR), mask[:, :, 2], self.kept)

    def _measured(self, text: str, font: Any, color: str, size: int, *rest: Any) -> Any:
        """TRDG's drawing, its mask made of ink, and which share of the letters' ink it kept."""
        from PIL import Image

        image, _ = self.text(text, font, color, size, *rest)
        opened, stroke = self.font(font, size), self.options["stroke_width"]
        whole = sum(_ink_of(opened, c, stroke) for c in text)
        if not whole:
            raise Refused("blank_picture", "the text has no ink")
        ink = image.getchannel("A")
        self.kept = min(self.kept, float(np.array(ink, np.float64).sum()) / whole)
        return image, Image.merge("RGB", (ink, ink, ink))

    def _watched(self, distort: Any) -> Any:
        """A distortion only moves ink: what is missing afterwards was cut off."""

        def watched(image: Any, mask: Any, **axes: bool) -> Any:
            made = distort(image, mask, **axes)
            before, after = (np.array(i.getchannel("A"), np.float64).sum() for i in (image, made[0]))
            self.kept = min(self.kept, float(after / before) if before else 0.0)
            return made

        return watched

    def _cut_out(self, height: int, width: int, number: int) -> Any:
        from PIL import Image

        photo = self.photo(number)
        scale = max(width / photo.width, height / photo.height, 1)
        if scale > 1:
            size = (max(round(photo.width * scale), width), max(round(photo.height * scale), height))
            photo = photo.resize(size, Image.Resampling.BICUBIC)
        x, y = random.randint(0, photo.width - width), random.randint(0, photo.height - height)
        return photo.crop((x, y, x + width, y + height))

    def _photo(self, number: int) -> Any:
        from PIL import Image, ImageOps

        with Image.open(self.photos[number]) as opened:
            photo = ImageOps.exif_transpose(opened).convert("RGB")
        photo.thumbnail((LONG_SIDE, LONG_SIDE))
        return photo


def _pixels(option: Any) -> int:
    """A number, or one out of a range."""
    return option if isinstance(option, int) else random.randint(*option)


def _ink_of(font: Any, text: str, stroke: int) -> float:
    mask = font.getmask(text, mode="L", stroke_width=stroke)
    return float(np.array(mask, np.float64).sum()) if mask.size[0] and mask.size[1] else 0.0


def make(setup: dict[str, Any]) -> tuple[Trdg, dict[str, str]]:
    """See serve.serve."""
    import trdg

    if not hasattr(__import__("trdg.utils", fromlist=["utils"]), "get_text_width"):
        raise ImportError(
            "this is TRDG from the package index, which needs Pillow 9; the one of its repository is wanted"
        )
    return Trdg(setup), versions(trdg, ["numpy", "opencv-python-headless", "opencv-python", "Pillow"])


if __name__ == "__main__":
    serve("trdg", make)
