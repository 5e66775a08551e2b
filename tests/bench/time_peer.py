"""Times another renderer in its own interpreter, by its own classes as its users call them; started by bench_peers.py.

The first line on stdin is the setup (JSON), each further line a number of images to make; the answer to each is a JSON
line with CPU seconds, images made, images that the renderer refused, and their mean size.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import numpy as np

Draw = Callable[[], Any]
FONT_SIZE = (24, 32)


def text_renderer(setup: dict[str, Any]) -> Draw:
    """Photos, contrast by colour, a quarter outlined, perspective, blur, noise, brightness."""
    from loguru import logger
    from text_renderer.config import RenderCfg, UniformPerspectiveTransformCfg
    from text_renderer.corpus import EnumCorpus, EnumCorpusCfg
    from text_renderer.effect import Effects, TextBorder
    from text_renderer.effect.albumentations_effect import BrightnessContrast, GaussianBlur, Noise
    from text_renderer.render import Render

    logger.remove()
    corpus = EnumCorpus(EnumCorpusCfg(Path(setup["fonts"]), FONT_SIZE, items=setup["texts"]))
    config = RenderCfg(
        corpus=corpus,
        corpus_effects=Effects([TextBorder(p=0.25, fraction=1.0)]),
        bg_dir=Path(setup["photos"]),
        perspective_transform=UniformPerspectiveTransformCfg(10, 10, 1.5),
        render_effects=Effects([GaussianBlur(p=1, blur_limit=(3, 5)), Noise(p=1), BrightnessContrast(p=1)]),
        gray=False,
    )
    render = Render(config)
    return lambda: render()[0]


def trdg(setup: dict[str, Any]) -> Draw:
    """Photos, any colour that differs from them, skew, blur; it has no perspective, noise or brightness."""
    from trdg.data_generator import FakeTextDataGenerator  # what all of its generators call

    faces = [str(p) for p in sorted(Path(setup["fonts"]).glob("*.?tf"))]
    fixed = {
        **{"out_dir": None, "extension": None, "is_handwritten": False, "name_format": 0, "width": -1, "alignment": 1},
        **{"orientation": 0, "space_width": 1.0, "character_spacing": 0, "margins": (5, 5, 5, 5), "fit": False},
        **{"output_mask": False, "word_split": False, "image_dir": setup["photos"], "distorsion_type": 0},
        **{"distorsion_orientation": 0, "background_type": 3, "skewing_angle": 3, "random_skew": True},
        **{"blur": 1, "random_blur": True, "size": 32, "text_color": "#000000,#ffffff"},
    }

    def draw() -> Any:
        text, face = random.choice(setup["texts"]), random.choice(faces)
        image = FakeTextDataGenerator.generate(index=0, text=text, font=face, **fixed)
        return None if image is None else np.asarray(image)

    return draw


def synthtiger(setup: dict[str, Any]) -> Draw:
    """Photos as texture, colours, a quarter outlined or shadowed, perspective or trapezoid, blur, noise."""
    np.sctypes = getattr(np, "sctypes", {"float": [np.float32], "int": [int], "uint": [np.uint8], "others": []})
    from PIL import ImageFont

    if not hasattr(ImageFont.FreeTypeFont, "getsize"):  # gone since Pillow 10, and SynthTIGER calls it
        ImageFont.FreeTypeFont.getsize = lambda self, text, *a, **k: self.getbbox(text, *a, **k)[2:]
    from synthtiger import components as c
    from synthtiger import layers, utils

    font = c.BaseFont(paths=[setup["fonts"]], weights=[1], size=FONT_SIZE)
    colour = c.Gray(colorize=1)
    texture = c.BaseTexture(paths=[setup["photos"]], weights=[1], crop=1)
    layout = c.FlowLayout(space=(0, 2))
    border, shadow = c.TextBorder(size=(1, 2)), c.TextShadow(distance=(1, 3), alpha=(0.3, 0.7))
    style = c.Switch(c.Selector([border, shadow]), prob=0.5)
    shapes = [c.Perspective(percents=[[0.9, 1], [1, 1]], aligns=[[0, 0], [0, 0]]), c.Trapezoidate(percent=(0.9, 1))]
    bend, fit, pad = c.Selector(shapes), c.Fit(), c.Pad(pxs=[[1, 5], [1, 5], [1, 5], [1, 5]])
    finish = c.Iterator([c.AdditiveGaussianNoise(scale=(4, 8), per_channel=0), c.GaussianBlur(sigma=(0, 1))])

    def draw() -> Any:
        text = random.choice(setup["texts"])
        chosen = font.sample({"text": text, "vertical": False})
        letters = [layers.TextLayer(letter, **chosen) for letter in text]
        layout.apply(letters, {"meta": {"vertical": False}})
        line = layers.Group(letters).merge()
        for component in (colour, style, bend, fit, pad):
            component.apply([line])
        front = line.output()
        paper = layers.RectLayer(front.shape[:2][::-1])
        colour.apply([paper])
        texture.apply([paper])
        whole = layers.Layer(utils.blend_image(front, paper.output(), mode="normal"))
        finish.apply([whole])
        return whole.output()[..., :3]

    return draw


def main() -> None:
    """Answer requests until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # renderers print
    sys.stdout = sys.stderr
    import cv2

    cv2.setNumThreads(1)
    setup = json.loads(sys.stdin.readline())
    random.seed(1)
    np.random.seed(1)
    draw = {"text_renderer": text_renderer, "trdg": trdg, "synthtiger": synthtiger}[setup["name"]](setup)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        sizes, refused, start = [], 0, time.process_time()
        while len(sizes) < int(line):
            image = draw()
            if image is None:
                refused += 1
            else:
                sizes.append(image.shape[:2])
        seconds = time.process_time() - start
        height, width = np.mean(sizes, axis=0).tolist()
        answer = {"seconds": seconds, "images": len(sizes), "refused": refused, "width": width, "height": height}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
