"""What an installation holds."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_every_package_is_installed():
    import tomllib

    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    folders = [p.parent.relative_to(ROOT) for p in ROOT.rglob("__init__.py")]
    inside = [f for f in folders if not {"tests", ".venv", "build"} & set(f.parts)]
    assert sorted(listed) == sorted(".".join(("ocrdata", *folder.parts)) for folder in inside)
