"""Two real processes train one network: the same weights in both, stopped and resumed together."""

import os
import subprocess
import sys

import numpy as np
import pytest

from ocrdata.train import checkpoint

SCRIPT = """
import os, signal, sys
from pathlib import Path
import numpy as np
from ocrdata.errors import Stopped
from ocrdata.prep.store import Pack
from ocrdata.train.backend import require_paddle
require_paddle()
from ocrdata.train.config import TrainConfig
from ocrdata.train.fit import Fit

config, pack, out = TrainConfig.model_validate_json(sys.argv[1]), Pack(Path(sys.argv[2])), Path(sys.argv[3])
whole = Fit(config, pack, None, out / "whole")
whole.run()
np.savez(out / f"rank-{whole.team.rank}.npz", **{n: v.numpy() for n, v in whole.network.named_parameters()
                                                 if not v.stop_gradient})
cut = Fit(config, pack, None, out / "cut")
def stop(steps):
    if cut.about.step == 7 and cut.team.rank == 1:
        os.kill(os.getpid(), signal.SIGTERM)
try:
    cut.run(stop)
except Stopped as error:
    (out / f"stopped-{cut.team.rank}").write_text(str(error))
Fit(config, pack, None, out / "cut", resume=True).run()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Paddle's launcher with gloo is for Linux")
def test_two_processes_train_one_network_and_stop_together(tmp_path, small, make_pack):
    make_pack(tmp_path / "p", 96).close()
    config = small(steps=12, eval_every=5, holdout=0.1, batch_size=8, optimizer={"lr": 0.01, "warmup": 2, "ema": 0.5})
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    launch = ["-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--backend", "gloo"]
    command = [sys.executable, *launch, "--log_dir", str(tmp_path / "logs"), str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(
        [*command, config.model_dump_json(), str(tmp_path / "p"), str(tmp_path)],
        env=environment, capture_output=True, text=True, timeout=300, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    one, two = (np.load(tmp_path / f"rank-{rank}.npz") for rank in (0, 1))
    assert one.files and all(np.array_equal(one[name], two[name]) for name in one.files)
    assert "stopped by SIGTERM after step" in (tmp_path / "stopped-1").read_text()
    assert "stopped by another process after step" in (tmp_path / "stopped-0").read_text()
    (there, whole, more), (here, cut, rest) = (checkpoint.read(tmp_path / n / "last.npz") for n in ("whole", "cut"))
    assert there.data["processes"] == 2 and here.step == there.step == 12
    learnt = set(one.files)
    assert all(np.array_equal(whole[name], cut[name]) for name in learnt)
    assert all(np.array_equal(more[name], rest[name]) for name in more if not name.startswith("average/"))
