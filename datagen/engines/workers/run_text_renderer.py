"""The worker of text_renderer, by its own classes, around the faults that would make labels untrue.

Its `@retry` loops for ever on a font without a character, so its parts are called one by one. Photos are handed over
without alpha, because its effects would fade text on them to white. Strength of noise goes to albumentations itself,
because its `Noise` passes nothing on. Between spread letters spaces keep their width (`LineFont`).
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
from serve import Drawn, Refused, serve, versions  # beside this file

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask the network for news at import

LONG_SIDE = 640
LEAST_HEIGHT = 0.7  # em: a lone dash is not blown up to the picture's height
TOP_AND_BOTTOM = (0.5, 0.5, 0, 0, 0, 0, 0, 0, 0, 0)  # an upright line beside the text would read as a letter


def line_font(path: str, face: int, size: int) -> Any:
    """A Pillow font whose box of one character is its advance and the line's height, so that nothing is cut."""
    from PIL import ImageFont

    class LineFont(ImageFont.FreeTypeFont):
        line: tuple[float, float] | None = None

        def getbbox(self, text: Any, *arguments: Any, **options: Any) -> tuple[float, float, float, float]:
            box = super().getbbox(text, *arguments, **options)
            if self.line is None or len(text) != 1:
                return box
            return 0, self.line[0], max(round(self.getlength(text)), 1), self.line[1]

    return LineFont(path, size, face)


class TextRenderer:
    """One configured text_renderer."""

    def __init__(self, setup: dict[str, Any]) -> None:
        from PIL import features
        from text_renderer import render as module
        from text_renderer.config import RenderCfg, SimpleTextColorCfg, UniformPerspectiveTransformCfg

        options = setup["options"]
        self.options = options
        self.shapes = bool(features.check("raqm"))
        self.photos = [Path(p) for p in setup["photos"]]
        self.photo = lru_cache(maxsize=64)(self._photo)
        self.font = lru_cache(maxsize=256)(line_font)
        self.kept = 1.0
        colour = SimpleTextColorCfg(alpha=_below(options["alpha"]))
        self.corpus = SimpleNamespace(cfg=SimpleNamespace(text_color_cfg=colour, char_spacing=-1), sample=lambda: None)
        self.transforms: list[Any] = []
        perspective = options["perspective"]
        turning = UniformPerspectiveTransformCfg(**perspective) if any(perspective.values()) else None
        config = RenderCfg(
            corpus=self.corpus,
            corpus_effects=self._on_text(),
            render_effects=self._on_picture(),
            perspective_transform=turning,
            height=setup["height"],
            gray=False,
        )
        self.draw_text = module.draw_text_on_bg
        module.draw_text_on_bg = self._measured
        self.render = module.Render(config)

    def draw(self, line: dict[str, Any]) -> Drawn:
        """See serve.Renderer."""
        for number, transform in enumerate(self.transforms):
            transform.set_random_seed(line["seed"] + number)
        self.kept = 1.0
        self._take(line)
        kind = line["background"]
        self.render.bg_manager.bg_imgs = [_white() if kind == "white" else self.photo(kind)]
        image, _, _, mask = self.render.gen_single_corpus()
        if not image.width or not image.height:
            raise Refused("blank_picture", "text_renderer made a picture without pixels")
        effects = self.render.cfg.render_effects
        if effects is not None:
            from text_renderer.utils.bbox import BBox

            image, _ = effects.apply_effects(image, BBox.from_size(image.size))
        picture = cv2.cvtColor(np.array(image.convert("RGB")), cv2.COLOR_RGB2BGR)
        ink = np.array(mask)[:, :, 3]
        ink = (ink.astype(np.float32) * (255 / max(int(ink.max()), 1))).astype(np.uint8)
        return Drawn(self.render.norm(picture), self.render.norm(ink), self.kept)

    def _take(self, line: dict[str, Any]) -> None:
        """Choose the font and hand text and font to text_renderer."""
        from text_renderer.utils.font_text import FontText

        low, high = self.options["font_size"]
        font = self.font(line["font"], line["face"], int(np.random.randint(low, high + 1)))
        spacing = self.options["char_spacing"]
        spread = spacing is not None and not line["joined"] and len(line["text"]) > 1
        font.line = None
        if spread:
            box = font.getbbox(line["text"])
            font.line = (box[1], box[3])
        self.corpus.cfg.char_spacing = tuple(spacing) if spread else -1
        text = FontText(font, line["text"], line["font"], True)
        self.corpus.sample = lambda: text

    def _measured(self, font_text: Any, color: Any, char_spacing: Any = -1) -> Any:
        """text_renderer's drawing, and which share of the glyphs' ink it kept."""
        drawn = self.draw_text(font_text, color, char_spacing=char_spacing)
        pieces = [font_text.text] if char_spacing == -1 else list(font_text.text)
        whole = sum(_ink_of(font_text.font, piece) for piece in pieces)
        seen = float(np.array(drawn)[:, :, 3].sum()) * 255 / color[3]
        if not whole:
            raise Refused("blank_picture", "the text has no ink")
        self.kept = min(self.kept, seen / whole)
        return drawn

    def _on_text(self) -> Any:
        """Effects on the drawn text before it is laid on the background."""
        from text_renderer.effect import Curve, Effects

        curve = self.options["curve"]
        effects: list[Any] = [_Setting(self)]
        if curve["probability"]:
            amplitude = (curve["amplitude"][0], curve["amplitude"][1] + 1e-6)
            effects.append(_Kept(self, Curve(curve["probability"], curve["period"], amplitude)))
        return Effects(effects)

    def _on_picture(self) -> Any:
        """Effects on the whole picture; their own generators are seeded for each line."""
        import albumentations
        from text_renderer.effect import Effects
        from text_renderer.effect.albumentations_effect import AlbumentationsEffect, BrightnessContrast, GaussianBlur

        options, effects = self.options, []
        if options["tone"]["probability"]:
            tone = options["tone"]
            effects.append(BrightnessContrast(tone["probability"], tone["brightness"], tone["contrast"]))
        if options["blur"]["probability"]:
            effects.append(GaussianBlur(options["blur"]["probability"], tuple(options["blur"]["kernel"])))
        if options["motion"]["probability"]:
            kernel = tuple(options["motion"]["kernel"])
            moved = albumentations.MotionBlur(blur_limit=kernel, allow_shifted=False, p=1.0)
            effects.append(AlbumentationsEffect(options["motion"]["probability"], moved))
        if options["noise"]["probability"]:
            sigma = tuple(s / 255 for s in options["noise"]["sigma"])
            grain = albumentations.GaussNoise(std_range=sigma, p=1.0)
            effects.append(AlbumentationsEffect(options["noise"]["probability"], grain))
        self.transforms = [e.transform for e in effects]
        return Effects(effects) if effects else None

    def _photo(self, number: int) -> Any:
        from PIL import Image, ImageOps

        with Image.open(self.photos[number]) as opened:
            photo = ImageOps.exif_transpose(opened).convert("RGB")
        photo.thumbnail((LONG_SIDE, LONG_SIDE))
        return photo


class _Setting:
    """Room around the text and the line above or below it, by text_renderer's own effects in an order that is safe.

    Its line goes through the text where padding comes first, and beside a lone dash it would make another character.
    """

    def __init__(self, owner: TextRenderer) -> None:
        from text_renderer.effect import Line, Padding

        options, line = owner.options, owner.options["line"]
        self.owner = owner
        self.padding = Padding
        self.curve = options["curve"]["amplitude"][1] if options["curve"]["probability"] else 0
        self.wanted = Padding(1, tuple(options["padding"]["width"]), tuple(options["padding"]["height"]))
        # Its lines above the text cut as many rows off the text as `tb_out_offset` says: 0.
        ruled = Line(line["probability"], _below(line["thickness"]), tb_out_offset=(0, 1), line_pos_p=TOP_AND_BOTTOM)
        self.ruled = ruled if line["probability"] else None

    def __call__(self, image: Any, box: Any) -> Any:
        least = LEAST_HEIGHT * self.owner.corpus.sample().font.size
        if image.height < least:
            image, box = self._rows(image, box, least / image.height - 1)
        elif self.ruled is not None:
            image, box = self.ruled(image, box)
        if self.curve:
            image, box = self._rows(image, box, 2 * (self.curve + 1) / image.height)
        return self.wanted(image, box)

    def _rows(self, image: Any, box: Any, share: float) -> Any:
        return self.padding(1, (0, 0), (share, share), center=True)(image, box)


class _Kept:
    """An effect that only moves ink, measured: what is missing afterwards was cut off."""

    def __init__(self, owner: TextRenderer, effect: Any) -> None:
        self.owner, self.effect = owner, effect

    def __call__(self, image: Any, box: Any) -> Any:
        before = np.array(image)[:, :, 3].sum()
        image, box = self.effect(image, box)
        self.owner.kept = min(self.owner.kept, float(np.array(image)[:, :, 3].sum() / before))
        return image, box


def _below(limits: list[int]) -> tuple[int, int]:
    """numpy draws whole numbers below the upper limit; the options include it."""
    return limits[0], limits[1] + 1


def _ink_of(font: Any, text: str) -> float:
    mask = font.getmask(text, mode="L")
    return float(np.array(mask, np.float64).sum()) if mask.size[0] and mask.size[1] else 0.0


@lru_cache(maxsize=1)
def _white() -> Any:
    from PIL import Image

    return Image.new("RGB", (800, 600), (255, 255, 255))


def make(setup: dict[str, Any]) -> tuple[TextRenderer, dict[str, str]]:
    """See serve.serve."""
    import text_renderer

    pixels = ["numpy", "opencv-python-headless", "opencv-python", "Pillow", "albumentations", "scipy"]
    return TextRenderer(setup), versions(text_renderer, pixels)


if __name__ == "__main__":
    from loguru import logger

    logger.remove()
    serve("text_renderer", make)
