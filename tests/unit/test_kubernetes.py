"""The Kubernetes manifests, as far as they can be judged without a cluster."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from flows.cli import app
from pipelines.config import Settings

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "infra" / "kubernetes"
REMOTE = "WIREPICKET_ARCHIVE_REMOTE"
PLAN: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
OBJECTS: list[dict[str, Any]] = list(
    chain.from_iterable(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")) for name in PLAN["resources"])
)


def template(workload: dict[str, Any]) -> dict[str, Any]:
    """The template of a workload's pods."""
    spec = workload["spec"]
    found: dict[str, Any] = (spec["jobTemplate"]["spec"] if workload["kind"] == "CronJob" else spec)["template"]
    return found


WORKLOADS = {one["metadata"]["name"]: template(one) for one in OBJECTS if one["kind"] in {"CronJob", "Deployment"}}


def parses(command: list[str]) -> bool:
    """Whether the command line takes these words; raises ``click.UsageError`` where it does not."""
    program, *words = command
    group: Any = typer.main.get_command(app)
    context = group.make_context(program, words)
    name, found, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    found.make_context(name, rest, parent=context)
    return program == "wirepicket"


def test_every_file_is_in_the_plan_and_every_object_in_it() -> None:
    assert {path.name for path in FOLDER.glob("*.yaml")} == {*PLAN["resources"], "kustomization.yaml"}
    names = [(one["kind"], one["metadata"]["name"]) for one in OBJECTS]
    assert len(names) == len(set(names))
    assert set(WORKLOADS) == {"stream", "fetch", "report", "status", "replay"}


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_is_ours_to_the_letter(name: str) -> None:
    pod = WORKLOADS[name]["spec"]
    (container,) = pod["containers"]
    assert parses(container["command"])
    known = {f"WIREPICKET_{field.upper()}" for field in Settings.model_fields}
    example = (FOLDER / "store.env.example").read_text(encoding="utf-8").split()
    assert {one["name"] for one in container["env"]} | {line.partition("=")[0] for line in example} <= known
    assert container["envFrom"] == [{"secretRef": {"name": PLAN["secretGenerator"][0]["name"]}}]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_is_mounted_is_there(name: str) -> None:
    pod = WORKLOADS[name]["spec"]
    claims = {one["metadata"]["name"] for one in OBJECTS if one["kind"] == "PersistentVolumeClaim"}
    configs = {one["name"] for one in PLAN["configMapGenerator"]}
    for volume in pod["volumes"]:
        assert (
            volume.get("persistentVolumeClaim", {}).get("claimName") in claims or volume["configMap"]["name"] in configs
        )
    mounts = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod["volumes"]}
    files = PLAN["configMapGenerator"][0]["files"]
    for one in pod["containers"][0]["env"]:
        where = Path(one["value"])
        assert where.parent != Path(mounts["config"]) or where.name in files
        assert one["name"] != "WIREPICKET_HOME" or one["value"] == mounts["data"]


def test_there_is_one_writer_of_the_cursor_and_all_share_its_node() -> None:
    (stream,) = (one for one in OBJECTS if one["kind"] == "Deployment")
    assert (stream["spec"]["replicas"], stream["spec"]["strategy"]) == (1, {"type": "Recreate"})
    assert stream["spec"]["selector"]["matchLabels"] == WORKLOADS["stream"]["metadata"]["labels"]
    for name in WORKLOADS.keys() - {"stream"}:
        (term,) = WORKLOADS[name]["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["labelSelector"]["matchLabels"] == WORKLOADS["stream"]["metadata"]["labels"]


def test_the_image_is_that_of_this_version_and_secrets_stay_out() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert [(one["newName"], one["newTag"]) for one in PLAN["images"]] == [("wirepicket", version)]
    assert all(line.endswith("=") for line in (FOLDER / "store.env.example").read_text(encoding="utf-8").split())
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert "infra/kubernetes/store.env" in ignored


APART: dict[str, Any] = yaml.safe_load((FOLDER / "apart" / "kustomization.yaml").read_text(encoding="utf-8"))


def patched(workload: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    """A workload after a JSON patch (RFC 6902), of which the operations are known that are used here."""
    made = deepcopy(workload)
    for one in operations:
        *steps, last = one["path"].removeprefix("/").split("/")
        place: Any = made
        for step in steps:
            place = place[int(step) if isinstance(place, list) else step]
        if one["op"] == "add":
            assert last == "-"
            place.append(one["value"])
        elif one["op"] == "replace":
            assert last in place
            place[last] = one["value"]
        else:
            assert one["op"] == "remove"
            del place[last]
    return made


def test_apart_fetching_shares_nothing_with_the_stream_but_the_object_store() -> None:
    claim = yaml.safe_load((FOLDER / "apart" / "fetch-data.yaml").read_text(encoding="utf-8"))
    assert APART["resources"] == ["..", "fetch-data.yaml"]
    assert {path.name for path in (FOLDER / "apart").glob("*.yaml")} == {"kustomization.yaml", "fetch-data.yaml"}
    pods = {}
    for patch in APART["patches"]:
        (workload,) = (
            one
            for one in OBJECTS
            if (one["kind"], one["metadata"]["name"]) == (patch["target"]["kind"], patch["target"]["name"])
        )
        pods[patch["target"]["name"]] = template(patched(workload, yaml.safe_load(patch["patch"])))["spec"]
    remotes = {one["value"] for pod in pods.values() for one in pod["containers"][0]["env"] if one["name"] == REMOTE}
    assert set(pods) == {"fetch", "stream"}
    assert REMOTE in {f"WIREPICKET_{field.upper()}" for field in Settings.model_fields}
    assert len(remotes) == 1, "what is sent there is brought from there"
    assert "affinity" not in pods["fetch"]
    claims = {name: pod["volumes"][0]["persistentVolumeClaim"]["claimName"] for name, pod in pods.items()}
    assert claims == {"fetch": claim["metadata"]["name"], "stream": "data"}
