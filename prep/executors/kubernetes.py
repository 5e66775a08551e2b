"""A Kubernetes Job whose pods make the shards of a job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from ...errors import UserError

RESTARTS = 3  # of each pod on the average, before the whole is given up


@dataclass(frozen=True)
class Pods:
    """How a command is spread over pods.

    image: with ocrdata in it; cpus: of each pod, one process for each; at_once: how many run together; claims:
    persistent volume claims as NAME:PATH; secrets: their keys become environment variables (of an object store).
    """

    tasks: int
    image: str
    cpus: int = 1
    memory: str = "2Gi"
    at_once: int = 0
    claims: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def manifest(command: Sequence[str], pods: Pods) -> str:
    """The YAML of an indexed Job. command: of ocrdata, its name left out. Raises UserError for a bad claim."""
    volumes = [_volume(claim) for claim in pods.claims]
    line = [part.replace("$(", "$$(") for part in command]
    share = ["--rank", "$(JOB_COMPLETION_INDEX)", "--size", str(pods.tasks), "--workers", str(pods.cpus)]
    resources = {"cpu": str(pods.cpus), "memory": pods.memory}
    container: dict[str, Any] = {
        "name": "ocrdata",
        "image": pods.image,
        "command": ["ocrdata", *line, *share],
        "resources": {"requests": resources, "limits": {"memory": pods.memory}},
        "volumeMounts": [{"name": name, "mountPath": path} for name, path in volumes],
        "envFrom": [{"secretRef": {"name": name}} for name in pods.secrets],
    }
    spec = {
        "restartPolicy": "Never",
        "containers": [{key: value for key, value in container.items() if value}],
        "volumes": [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name, _ in volumes],
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"ocrdata-{command[0]}"},
        "spec": {
            "completionMode": "Indexed",
            "completions": pods.tasks,
            "parallelism": pods.at_once or pods.tasks,
            "backoffLimit": RESTARTS * pods.tasks,
            "template": {"spec": {key: value for key, value in spec.items() if value}},
        },
    }
    return yaml.safe_dump(job, sort_keys=False, width=120)


def _volume(claim: str) -> tuple[str, str]:
    name, _, path = claim.partition(":")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name) or not path.startswith("/"):
        raise UserError(f"'{claim}' is no volume: CLAIM:/PATH is, the claim in small letters, digits and hyphens")
    return name, path
