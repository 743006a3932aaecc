"""The compose file, as far as it can be judged without a container engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from flows.cli import app
from pipelines.config import Settings
from pipelines.stores.local_node.jars import VERSION

ROOT = Path(__file__).parent.parent.parent
COMPOSE = ROOT / "infra" / "compose.yaml"
TEXT = COMPOSE.read_text(encoding="utf-8")
TOLD: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES = TOLD["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_pinned_on_loopback_and_waits_for_what_can_be_waited_for(name: str) -> None:
    service = SERVICES[name]
    assert service["image"].rpartition(":")[2].count(".") == 2
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    for other, how in service.get("depends_on", {}).items():
        healthy = how["condition"] == "service_healthy" and "healthcheck" in SERVICES[other]
        assert healthy or (how["condition"] == "service_completed_successfully" and SERVICES[other]["restart"] == "no")
    for mount in service.get("volumes", ()):
        where = mount.partition(":")[0]
        assert (COMPOSE.parent / where).exists() if where.startswith(".") else where in TOLD["volumes"], mount


def test_versions_are_those_that_are_tested() -> None:
    elastic = {service["image"].rpartition(":")[2] for service in SERVICES.values() if "elastic.co" in service["image"]}
    assert elastic == {VERSION}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert SERVICES["schedules"]["image"] == f"wirepicket:{version}"


def test_every_setting_and_command_is_one_of_ours() -> None:
    group: Any = typer.main.get_command(app)
    known = {f"WIREPICKET_{name.upper()}" for name in Settings.model_fields}
    for service in SERVICES.values():
        if service["image"].startswith("wirepicket:"):
            assert service["command"][0] == "prefect" or service["command"][1] in group.commands
            assert {name for name in service["environment"] if name.startswith("WIREPICKET_")} <= known


def test_security_is_on_and_no_password_stands_in_the_file() -> None:
    assert SERVICES["elasticsearch"]["environment"]["xpack.security.enabled"] == "true"
    named = set(re.findall(r"\$\{(\w+)", TEXT))
    example = (COMPOSE.parent / "compose.env.example").read_text(encoding="utf-8")
    assert named == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("PASSWORD|KEY", name) or value.startswith("${"), name
    assert "infra/.env" in (ROOT / ".gitignore").read_text(encoding="utf-8")


def test_the_image_is_built_of_files_that_exist() -> None:
    told = (ROOT / "infra" / "Dockerfile").read_text(encoding="utf-8")
    copied = [path for line in re.findall(r"^COPY (.*) \S+$", told, re.MULTILINE) for path in line.split()]
    assert copied
    assert all((ROOT / path).exists() for path in copied)
