"""The demo from end to end, made small, and again over what is there."""

import numpy as np
from rich.console import Console

from ocrdata import demo

SMALL = ["make.lines=64", "evaluate.lines=16", "steps=2", "batch_size=8", "eval_every=0"]


def test_the_demo_makes_everything_and_a_second_run_makes_nothing_anew(tmp_path, capsys):
    console = Console(width=100)
    demo.run(tmp_path / "out", console, SMALL)
    made = {"lines", "unseen", "report.html", "run", "bundle", "evaluation.html"}
    assert {p.name for p in (tmp_path / "out").iterdir()} >= made
    bundle = (tmp_path / "out" / "bundle" / "bundle.yml").stat().st_mtime_ns
    demo.run(tmp_path / "out", console, SMALL)
    assert (tmp_path / "out" / "bundle" / "bundle.yml").stat().st_mtime_ns == bundle
    assert "line accuracy on unseen synthetic lines" in capsys.readouterr().out


def test_a_line_is_drawn_in_the_terminal_with_and_without_colours():
    image = np.full((32, 64, 3), 255, np.uint8)
    image[8:24, 16:48] = 0
    plain = demo.as_text(image, Console(width=80, color_system=None)).plain.split("\n")
    assert plain[0].strip() == "" and "@@@@" in plain[4]
    assert demo.as_text(image, Console(width=80, color_system="truecolor", force_terminal=True)).spans
