"""The lines that `jobs launch` prints start two launchers that train one network; what differs between them is told."""

import os
import shlex
import socket
import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from ocrdata.cli import app
from ocrdata.train import checkpoint
from ocrdata.train.launch import Machines, check_machines

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Paddle's launcher with gloo is for Linux")
HOSTS = ["127.0.0.1", "localhost"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def printed(tmp_path, small, make_pack, monkeypatch):
    """The line of each host, and the file of the configuration."""
    monkeypatch.chdir(tmp_path)
    make_pack(tmp_path / "p", 64).close()
    values = small(steps=4, eval_every=2, holdout=0.1, batch_size=8).model_dump(mode="json")
    path = tmp_path / "train.yml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    hosts = [word for host in HOSTS for word in ("--host", host)]
    train = ["train", str(path), "--data", "p", "-o", "run"]
    ran = CliRunner().invoke(app, ["jobs", "launch", *hosts, "--port", str(free_port()), "--", *train])
    assert ran.exit_code == 0, ran.output
    lines = ran.output.splitlines()
    return [lines[lines.index(f"on {host}:") + 1] for host in HOSTS], path


def run_both(lines):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(
            shlex.split(line), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for line in lines
    ]
    return [(process.communicate(timeout=300)[0], process.returncode) for process in both]


def test_the_printed_lines_train_one_network(printed, tmp_path):
    lines, _ = printed
    for output, code in run_both(lines):
        assert code == 0, output[-3000:]
    about, _, _ = checkpoint.read(tmp_path / "run" / "last.npz")
    assert about.step == 4 and about.data["processes"] == 2
    assert (tmp_path / "logs" / "machine-1" / "workerlog.0").is_file()


def test_another_configuration_on_one_machine_is_told_before_the_first_step(printed, tmp_path):
    (first, second), path = printed
    changed = path.with_name("other.yml")
    changed.write_text(path.read_text(encoding="utf-8").replace("steps: 4", "steps: 5"), encoding="utf-8")
    for _, code in run_both([first, second.replace(str(path), str(changed))]):
        assert code != 0
    logs = [tmp_path / "logs" / f"machine-{rank}" / "workerlog.0" for rank in (0, 1)]
    told = [log.read_text(encoding="utf-8", errors="replace") for log in logs]
    assert "the configuration in another process is not the first's" in told[0]
    assert "the configuration here is not the first's" in told[1]
    assert not (tmp_path / "run" / "last.npz").exists()


@pytest.mark.parametrize(
    ("hosts", "told"), [(("no-such-host.invalid", "b"), "has no address here"), (("127.0.0.1", "localhost"), "--port")]
)
def test_what_cannot_start_is_told_at_once(hosts, told):
    from ocrdata.errors import UserError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UserError, match=told):
            check_machines(Machines(hosts, port=taken.getsockname()[1]))


def test_a_training_that_would_not_start_prints_no_lines(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train = ["train", "preset:digits", "--data", "nowhere", "-o", "run"]
    hosts = ["--host", "localhost", "--port", str(free_port())]
    ran = CliRunner().invoke(app, ["jobs", "launch", *hosts, "--", *train])
    assert ran.exit_code == 2 and "nowhere" in ran.output and "paddle.distributed" not in ran.output


def test_a_batch_file_for_slurm(tmp_path, make_pack, small, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_pack(tmp_path / "p", 32).close()
    path = tmp_path / "it's.yml"
    path.write_text(yaml.safe_dump(small(steps=4, holdout=0.1).model_dump(mode="json")), encoding="utf-8")
    train = ["--", "train", path.name, "--data", "p", "-o", "run"]
    ran = CliRunner().invoke(app, ["jobs", "launch", "--slurm", "job.sbatch", "--machines", "3", *train])
    assert ran.exit_code == 0, ran.output
    text = (tmp_path / "job.sbatch").read_text(encoding="utf-8")
    assert "#SBATCH --nodes=3\n" in text and "#SBATCH --ntasks-per-node=1\n" in text
    # What Slurm's commands would be asked, each machine's shell being ours.
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, does in {
        "scontrol": "echo one; echo two",
        "srun": 'shift; "$@"',
        "python": 'printf "%s\\n" "$@"',
    }.items():
        (tools / name).write_text(f"#!/bin/bash\n{does}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    (tmp_path / "job.sbatch").write_text(text.replace(sys.executable, str(tools / "python")), encoding="utf-8")
    node = {"SLURM_JOB_NODELIST": "x", "SLURM_NODEID": "2", "SLURMD_NODENAME": "three"}
    environment = {**os.environ, **node, "PATH": f"{tools}:{os.environ['PATH']}"}
    words = subprocess.run(["bash", "job.sbatch"], env=environment, capture_output=True, text=True, check=True).stdout
    told = words.splitlines()
    asked = {name: told[told.index(f"--{name}") + 1] for name in ("master", "nnodes", "rank", "host")}
    assert asked == {"master": "one:6170", "nnodes": "3", "rank": "2", "host": "three"}
    assert told[-7:] == ["train", "it's.yml", "--data", "p", "-o", "run", "--resume"]
    both = CliRunner().invoke(app, ["jobs", "launch", "--slurm", "x", "--host", "a", *train])
    assert both.exit_code == 2 and "--slurm FILE" in both.output
