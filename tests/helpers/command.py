"""Runs the program as a user does."""

import os
import subprocess
import sys


def ocrdata(*arguments, cwd=None):
    """Run the program; the result has returncode, stdout, stderr."""
    command = [sys.executable, "-m", "ocrdata", *map(str, arguments)]
    environment = {**os.environ, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", env=environment, timeout=300)


def failed(result, code, *words):
    """The command failed with this code, said so in one sentence, and showed no traceback."""
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr.replace("\n", " ")
    return True
