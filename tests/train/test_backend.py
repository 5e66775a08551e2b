"""Paddle beside the program's own ways."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from ocrdata.train.backend import require_paddle

pytest.importorskip("paddle")

ENDS = """
import os, signal, sys, time
from ocrdata.train.backend import require_paddle
def stop(number, frame):
    raise SystemExit(143)
signal.signal(signal.SIGTERM, stop)
require_paddle()
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)
finally:
    print("cleaned up")
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_sigterm_ends_in_good_order_with_paddle_loaded():
    ran = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert (ran.returncode, ran.stdout) == (143, "cleaned up\n") and "Traceback" not in ran.stderr


def test_paddle_may_be_asked_for_in_another_thread():
    before = signal.getsignal(signal.SIGTERM)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(require_paddle).result().__name__ == "paddle"
    assert signal.getsignal(signal.SIGTERM) is before
