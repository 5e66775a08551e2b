"""Times another renderer in its own interpreter, by its own classes as its users call them; started by bench_peers.py.

The first line on stdin is the setup (JSON), each further line the name of a way to draw and a number of images to make;
the answer to each is a JSON line with CPU seconds, images made, images that the renderer refused, and their mean size.

Ways: `plain` is letters on a photo and nothing else. `typical` has the effects of the built-in engine's lines as far as
the renderer knows them. `shipped` is how its authors set it up: their example, or the defaults of their program.
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
Ways = dict[str, Draw]
FONT_SIZE = (24, 32)


def text_renderer(setup: dict[str, Any]) -> Ways:
    """typical: spacing, contrast by colour, a quarter outlined, perspective, blur, noise, brightness. It has no shadow.

    shipped: what its example draws for Chinese: wide spacing, lines across the text, letters with dots or stripes
    missing, strong perspective, grey.
    """
    from loguru import logger
    from text_renderer.config import (
        FixedTextColorCfg,
        NormPerspectiveTransformCfg,
        RenderCfg,
        UniformPerspectiveTransformCfg,
    )
    from text_renderer.corpus import EnumCorpus, EnumCorpusCfg
    from text_renderer.effect import DropoutRand, DropoutVertical, Effects, Line, OneOf, TextBorder
    from text_renderer.effect.albumentations_effect import BrightnessContrast, GaussianBlur, Noise
    from text_renderer.render import Render

    logger.remove()
    tilted, photos = UniformPerspectiveTransformCfg(10, 10, 1.5), Path(setup["photos"])
    seen = Effects([GaussianBlur(p=1, blur_limit=(3, 5)), Noise(p=1), BrightnessContrast(p=1)])

    def way(size: tuple[int, int], spacing: Any, **more: Any) -> Draw:
        letters = EnumCorpusCfg(Path(setup["fonts"]), size, items=setup["texts"], char_spacing=spacing)
        render = Render(RenderCfg(corpus=EnumCorpus(letters), bg_dir=photos, **more))
        return lambda: render()[0]

    outlined = Effects([TextBorder(p=0.25, fraction=1.0)])
    worn = Effects([Line(0.5, color_cfg=FixedTextColorCfg()), OneOf([DropoutRand(), DropoutVertical()])])
    typical = {"corpus_effects": outlined, "perspective_transform": tilted, "render_effects": seen}
    return {
        "plain": way(FONT_SIZE, -1, gray=False),
        "typical": way(FONT_SIZE, (0, 0.05), gray=False, **typical),
        "shipped": way(
            (30, 31), (-0.3, 1.3), corpus_effects=worn, perspective_transform=NormPerspectiveTransformCfg(20, 20, 1.5)
        ),
    }


def trdg(setup: dict[str, Any]) -> Ways:
    """typical: any colour that differs from the photo, skew, blur; it has no perspective, noise, brightness, shadow.

    shipped: dark grey on noise, straight and sharp.
    """
    from trdg.data_generator import FakeTextDataGenerator  # what all of its generators call

    faces = [str(p) for p in sorted(Path(setup["fonts"]).glob("*.?tf"))]
    fixed = {
        **{"out_dir": None, "extension": None, "is_handwritten": False, "name_format": 0, "width": -1, "alignment": 1},
        **{"orientation": 0, "space_width": 1.0, "character_spacing": 0, "margins": (5, 5, 5, 5), "fit": False},
        **{"output_mask": False, "word_split": False, "image_dir": setup["photos"], "distorsion_type": 0},
        **{"distorsion_orientation": 0, "size": 32, "random_blur": True, "random_skew": True},
    }

    def way(**more: Any) -> Draw:
        def draw() -> Any:
            text, face = random.choice(setup["texts"]), random.choice(faces)
            image = FakeTextDataGenerator.generate(index=0, text=text, font=face, **fixed, **more)
            return None if image is None else np.asarray(image)

        return draw

    return {
        "plain": way(background_type=3, skewing_angle=0, blur=0, text_color="#000000"),
        "typical": way(background_type=3, skewing_angle=3, blur=1, text_color="#000000,#ffffff"),
        "shipped": way(background_type=0, skewing_angle=0, blur=0, text_color="#282828"),
    }


def synthtiger(setup: dict[str, Any]) -> Ways:
    """typical: its template for lines of text, set to photos as texture, colours, a quarter outlined, a quarter
    shadowed, perspective or trapezoid, blur, noise, and without its check whether text is visible.

    shipped: the same template as its authors set it up. lean: the same effects as typical, its components called one
    after the other without the template, which its users would have to write.
    """
    np.sctypes = getattr(np, "sctypes", {"float": [np.float32], "int": [int], "uint": [np.uint8], "others": []})
    from PIL import ImageFont

    if not hasattr(ImageFont.FreeTypeFont, "getsize"):  # gone since Pillow 10, and SynthTIGER calls it
        ImageFont.FreeTypeFont.getsize = lambda self, text, *a, **k: self.getbbox(text, *a, **k)[2:]
    ways = {"lean": synthtiger_lean(setup)}
    if setup["synthtiger_source"]:
        ways |= synthtiger_template(setup, Path(setup["synthtiger_source"]))
    return ways


def synthtiger_template(setup: dict[str, Any], source: Path) -> Ways:
    """Ways to draw with the template in the source."""
    import yaml

    sys.path.insert(0, str(source / "examples" / "synthtiger"))
    from template import SynthTiger

    corpus = Path(setup["fonts"]) / "texts"
    corpus.write_text("\n".join(setup["texts"]), encoding="utf-8")
    shipped = yaml.safe_load((source / "examples/synthtiger/config_horizontal.yaml").read_text(encoding="utf-8"))
    shipped["corpus"]["args"][0] |= {"paths": [str(corpus)], "weights": [1], "textcase": None, "augmentation": 0}
    shipped["font"]["paths"], shipped["texture"]["args"]["paths"] = [setup["fonts"]], [setup["photos"]]
    for name in ("colormap2", "colormap3"):
        shipped[name]["paths"] = [str(source / path) for path in shipped[name]["paths"]]

    def way(config: dict[str, Any]) -> Draw:
        template = SynthTiger(config)

        def draw() -> Any:
            try:
                return template.generate()["image"][..., :3]
            except RuntimeError:  # the text is not visible, it says; its program tries again, too
                return None

        return draw

    typical, plain = (template_config(shipped, share) for share in (1, 0))
    return {"plain": way(plain), "typical": way(typical), "shipped": way(shipped)}


def template_config(shipped: dict[str, Any], share: int) -> dict[str, Any]:
    """The template's configuration with all effects (share 1) or none (0)."""
    narrowed, upright = {"percents": [[0.9, 1], [1, 1]], "aligns": [[0, 0], [0, 0]]}, {"percent": [0.9, 1]}
    lowered = {"percents": [[1, 1], [0.9, 1]], "aligns": [[0, 0], [0, 0]]}
    sides = [{"weights": [1, 0, 1, 0], **upright}, {"weights": [0, 1, 0, 1], **upright}]
    kept = ("corpus", "font", "texture", "colormap2", "colormap3", "color")
    return {
        **{name: shipped[name] for name in kept},
        **{"midground": 0, "visibility_check": False, "quality": [90, 95]},
        "font": {**shipped["font"], "size": list(FONT_SIZE), "bold": 0},
        "texture": {"prob": 1, "args": {**shipped["texture"]["args"], "alpha": [1, 1]}},
        "shape": {**shipped["shape"], "prob": 0},
        "layout": {"weights": [1, 0], "args": [{"space": [0, 2]}, {}]},
        "style": {
            "prob": 0.5 * share,
            "args": {"weights": [1, 1, 0], "args": [{"size": [1, 2]}, {"distance": [1, 3], "alpha": [0.3, 0.7]}, {}]},
        },
        "transform": {
            "prob": share,
            "args": {"weights": [1, 1, 1, 1, 0, 0, 0], "args": [narrowed, lowered, *sides, {}, {}, {}]},
        },
        "pad": {"prob": 1, "args": {"pxs": [[1, 5]] * 4}},
        "postprocess": {
            "args": [
                {"prob": share, "args": {"scale": [4, 8], "per_channel": 0}},
                {"prob": share, "args": {"sigma": [0, 1]}},
                {"prob": 0},
                {"prob": 0},
            ]
        },
    }


def synthtiger_lean(setup: dict[str, Any]) -> Draw:
    """As few calls as its components allow for these effects."""
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
    ways = {"text_renderer": text_renderer, "trdg": trdg, "synthtiger": synthtiger}[setup["name"]](setup)
    print(json.dumps(list(ways)), file=answers, flush=True)
    for line in sys.stdin:
        way, wanted = line.split()
        sizes, refused, start = [], 0, time.process_time()
        while len(sizes) < int(wanted):
            image = ways[way]()
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
