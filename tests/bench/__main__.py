"""Speed of rendering lines and scenes, cropping and packing on one core, each against its floor.

    taskset -c 0 python tests/bench

Not run here, because they take long: bench_synth.py --memory 1000000, and bench_vertical.py, which trains.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = ("bench_synth.py", "bench_scenes.py", "bench_prep.py")

if __name__ == "__main__":
    codes = [subprocess.run([sys.executable, HERE / name]).returncode for name in NAMES]
    sys.exit(max(codes))
