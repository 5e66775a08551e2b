"""Long commands in parts, on clusters, into object stores; how far they are; files that start them."""

import os
import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from ocrdata.cli import app
from ocrdata.cli_run import repeatable
from ocrdata.datasets.images import encode_jpeg
from ocrdata.errors import UserError
from ocrdata.prep.executors.slurm import own_part


@pytest.fixture
def lines(tmp_path):
    """A label file of forty pictures."""
    import numpy as np

    with (tmp_path / "lines.txt").open("w", encoding="utf-8", newline="\n") as file:
        for i in range(40):
            (tmp_path / f"{i}.jpg").write_bytes(encode_jpeg(np.full((16, 40), 5 * i, np.uint8)))
            file.write(f"{i}.jpg\ttext {i}\n")
    return tmp_path / "lines.txt"


def ocrdata(*arguments):
    given = [str(a) for a in arguments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ocrdata", *given])  # what a job remembers as its command
        return CliRunner().invoke(app, given)


def digest(folder):
    return yaml.safe_load((folder / "manifest.json").read_text(encoding="utf-8"))["digest"]


def test_parts_and_how_far_they_are(lines, tmp_path):
    pack = ["pack", lines, "--shard-size", "10", "--workers", "1", "-o"]
    assert ocrdata(*pack, tmp_path / "whole").exit_code == 0
    out = tmp_path / "out"
    first = ocrdata(*pack, out, "--rank", "1", "--size", "2")
    assert first.exit_code == 0 and "part 1 of 2 is done" in first.output
    told = ocrdata("jobs", out)
    assert told.exit_code == 0 and "pack: 2 of 4 shards, 20 of 40 (50.0%)" in told.output and "to go" in told.output
    assert ocrdata(*pack, out, "--rank", "0", "--size", "2").exit_code == 0
    assert "finished" in ocrdata("jobs", out, "--watch").output
    assert digest(out) == digest(tmp_path / "whole")
    assert ocrdata("jobs", tmp_path / "nowhere").exit_code == 2


def test_rerun_repeats_the_command_that_began(lines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = [sys.executable, "-m", "ocrdata", "pack", lines.name, "--shard-size", "10", "-o", "out"]
    subprocess.run([*command, "--rank", "1", "--size", "2", "--workers", "1"], check=True, capture_output=True)
    (tmp_path / "out" / "failed-00002.json").write_text('{"shard": 2, "error": "why", "host": "there"}')
    told = ocrdata("jobs", "out")
    assert told.exit_code == 1 and "why" in told.output and "ocrdata jobs rerun out" in told.output
    again = subprocess.run(
        [sys.executable, "-m", "ocrdata", "jobs", "rerun", "out", "--workers", "1"], capture_output=True, text=True
    )
    assert again.returncode == 0 and "ocrdata pack lines.txt --shard-size 10 -o out --workers 1" in again.stdout
    assert "finished" in ocrdata("jobs", "out").output
    assert sorted(p.name for p in (tmp_path / "out").glob("*.json") if "shard" not in p.name) == [
        "job.json",
        "manifest.json",
    ]
    assert ocrdata("jobs", "rerun", "out").exit_code == 2


@pytest.mark.skipif(sys.platform == "win32", reason="batch files are for bash")
def test_the_batch_file_runs_without_slurm(lines, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["pack", "lines.txt", "--shard-size", "10", "-o", "out", "--workers=3", "--executor", "slurm"]
    ran = ocrdata("jobs", "slurm", "--tasks", "2", "--time", "1:00:00", "-o", "job.sbatch", "--", *command)
    assert ran.exit_code == 0, ran.output
    text = (tmp_path / "job.sbatch").read_text(encoding="utf-8")
    assert "#SBATCH --array=0-1\n" in text and "#SBATCH --time=1:00:00\n" in text and "--executor" not in text
    assert subprocess.run(["bash", "job.sbatch"], capture_output=True, text=True).stderr.count("which part: 0 to 1")
    for rank in "01":
        subprocess.run(["bash", "job.sbatch", rank], check=True, capture_output=True)
    assert digest(tmp_path / "out")
    environment = {**os.environ, "SLURM_ARRAY_TASK_ID": "1"}
    done = subprocess.run(["bash", "job.sbatch"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0 and "packed" in done.stdout  # all is there, so this part finds the whole


def test_a_task_of_an_array_knows_its_part(monkeypatch):
    for name, value in {"ID": 7, "MIN": 5, "MAX": 8, "COUNT": 4}.items():
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", str(value))
    assert own_part() == (2, 4)
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "3")
    with pytest.raises(UserError, match="--rank and --size"):
        own_part()
    monkeypatch.delenv("SLURM_ARRAY_TASK_ID")
    assert own_part() is None


def test_without_slurm_the_batch_file_is_left_to_be_handed_in(lines, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = ocrdata("pack", lines, "-o", tmp_path / "out", "--executor", "slurm", "--size", "3")
    assert ran.exit_code == 2 and "sbatch" in ran.output
    assert "--size 3" in (tmp_path / "out" / "slurm" / "job.sbatch").read_text(encoding="utf-8")


def test_the_kubernetes_job_is_indexed(tmp_path):
    out = tmp_path / "job.yaml"
    command = ["synth", "preset:digits", "-o", "/data/out", "--set", "texts=$(echo)"]
    ran = ocrdata(
        "jobs", "kubernetes", "--image", "registry/ocrdata:1", "--tasks", "5", "--claim", "disk:/data", "-o", out, "--",
        *command,
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output
    job = yaml.safe_load(out.read_text(encoding="utf-8"))
    assert job["kind"] == "Job" and job["spec"]["completionMode"] == "Indexed" and job["spec"]["completions"] == 5
    pod = job["spec"]["template"]["spec"]
    words = pod["containers"][0]["command"]
    assert words[:3] == ["ocrdata", "synth", "preset:digits"] and "texts=$$(echo)" in words
    assert words[words.index("--rank") + 1] == "$(JOB_COMPLETION_INDEX)" and words[words.index("--size") + 1] == "5"
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == pod["containers"][0]["volumeMounts"][0]["name"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["slurm", "--", "train", "x.yml"], "'train' does not make shards"),
        (["kubernetes", "--image", "i", "--claim", "Disk", "--", "synth", "x"], "is no volume"),
    ],
)
def test_what_cannot_be_spread_is_refused(arguments, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = ocrdata("jobs", *arguments)
    assert ran.exit_code == 2 and told in ran.output


def test_an_object_store_as_the_result(lines, tmp_path):
    pytest.importorskip("fsspec")
    url = f"file://{tmp_path}/bucket"
    ran = ocrdata("pack", lines, "-o", tmp_path / "work", "--shard-size", "10", "--workers", "1", "--store", url)
    assert ran.exit_code == 0 and url in ran.output and not (tmp_path / "work").exists()
    assert "finished" in ocrdata("jobs", url).output
    assert ocrdata("jobs", "download", url, "-o", tmp_path / "here").exit_code == 0
    assert ocrdata("pack", "--verify", tmp_path / "here", "--workers", "1").exit_code == 0


def test_commands_are_kept_without_who_works():
    line = ["crop", "a", "--workers", "2", "--store=s3://b", "--executor=ray", "--address", "auto", "-o", "x"]
    assert repeatable(line) == ["crop", "a", "--store=s3://b", "-o", "x"]
