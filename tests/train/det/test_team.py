"""Two real processes train one detector: the same weights in both, and together they see every photo once an epoch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ocrdata.train import checkpoint

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from ocrdata.train.backend import require_paddle
require_paddle()
from ocrdata.train.det.config import DetConfig
from ocrdata.train.det.fit import DetFit
from ocrdata.train.det.photos import open_photos

config, photos, out = DetConfig.model_validate_json(sys.argv[1]), open_photos(Path(sys.argv[2])), Path(sys.argv[3])
fit = DetFit(config, photos, None, out / "run")
steps = list(fit.detection.feed.steps(0, fit.detection.feed.steps_per_epoch))
fit.run()
weights = {n: v.numpy() for n, v in fit.network.named_parameters() if not v.stop_gradient}
np.savez(out / f"rank-{fit.team.rank}.npz", seen=[i for step in steps for i in step.indices], **weights)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Paddle's launcher with gloo is for Linux")
def test_two_processes_train_one_detector(tmp_path: Path, small, scenes) -> None:
    config = small(steps=6, eval_every=3, batch_size=2, holdout=0.2, optimizer={"lr": 0.01, "warmup": 2, "ema": 0.5})
    folder = scenes(10)
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8", newline="\n")
    launch = ["-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--backend", "gloo"]
    ran = subprocess.run(
        [sys.executable, *launch, "--log_dir", "logs", "script.py", config.model_dump_json(), folder, tmp_path],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        cwd=tmp_path,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    one, two = (dict(np.load(tmp_path / f"rank-{rank}.npz")) for rank in (0, 1))
    seen = [*one.pop("seen"), *two.pop("seen")]
    assert len(seen) == len(set(seen)) == 8  # two of ten are held out
    assert one and all(np.array_equal(one[name], two[name]) for name in one)
    about, _, _ = checkpoint.read(tmp_path / "run" / "last.npz")
    assert about.step == 6 and about.data["processes"] == 2 and "hmean" in about.scores
