"""The commands that choose and exchange data: convert, split, leaks, select, audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from .cli_run import Run, long_command
from .tables import counts

ShardSize = Annotated[int, typer.Option(help="Samples looked at for one shard.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(convert)


@long_command
def convert(
    source: Annotated[
        Path, typer.Argument(help="A pack, LMDBs, label lines, tar or Parquet files; or photos with text regions.")
    ],
    to: Annotated[
        Literal["paddleocr", "mmocr", "webdataset", "parquet"],
        typer.Option(help="Photos with regions go to paddleocr and mmocr."),
    ],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    images: Annotated[list[Path], typer.Option(help="Folder that picture paths start from.")] = [],  # noqa: B006
    shard_size: ShardSize = 10_000,
    *,
    run: Run,
) -> None:
    """Write a pack in the format of another tool. `ocrdata pack DIR -o PACK` reads each of them back.

    paddleocr: folders of pictures and rec_gt.txt (photos: Label.txt). mmocr: annotations.json of MMOCR 1.x.
    webdataset: shard-N.tar with KEY.jpg, KEY.txt, KEY.json. parquet: shard-N.parquet with image, label, origin,
    polygons. Pictures keep their bytes, labels every character, samples their order and origin.
    """
    from .config import make
    from .prep.admit import PackConfig
    from .prep.exports.convert import plan_convert

    plan = plan_convert(source, to, out_dir, make(PackConfig, shard_size=shard_size), tuple(images))
    manifest = run("convert", {"": plan})[""]
    counts("written", {"samples": manifest["count"], "bytes": manifest["image_bytes"]})
    counts("refused, by reason", manifest["refusals"])
    run.where(out_dir)
