from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.beam.flink.install import MAIN_CLASS, OPENED, installed, manifest
from pipelines.beam.flink.jars import JARS
from pipelines.beam.flink.jobs import master_of
from pipelines.beam.runners import FLINK, INPROCESS, PRISM, find_runner
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def test_runners_are_called_as_by_beam_or_shortly(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, beam_options=("--prism_location=p", "--flink_job_server_jar=j"))
    assert [find_runner(told, settings).name for told in ("Flink", "flinkrunner", "FlinkRunner")] == [FLINK] * 3
    assert find_runner("prism", settings).name == PRISM
    assert find_runner(INPROCESS, settings).name == INPROCESS
    for told in ("runner", "", "steam"):
        with pytest.raises(ConfigurationError, match="known are inprocess, PrismRunner"):
            find_runner(told, settings)


def test_options_of_the_settings_prevail(tmp_path: Path) -> None:
    found = installed(tmp_path)
    found.folder.mkdir(parents=True)
    found.job_server.touch()
    settings = load_settings(home=tmp_path, beam_options=("--flink_master=flink.example:8081",))
    options = find_runner("flink", settings).options
    assert options[-1] == "--flink_master=flink.example:8081"
    assert f"--job_server_java_launcher={found.java}" in options
    assert master_of(options) == "http://flink.example:8081"


@pytest.mark.parametrize(
    ("options", "master"),
    [
        ([], None),
        (["--flink_master=[local]"], None),
        (["--flink_master=[local]", "--flink_master=https://a.example"], "https://a.example"),
        (["--flink_master=a:1", "--flink_master=[auto]"], None),
    ],
)
def test_a_cluster_is_told_from_a_flink_within(options: list[str], master: str | None) -> None:
    assert master_of(options) == master


def test_a_manifest_is_wrapped_as_java_reads_it() -> None:
    names = [jar.file_name for jar in JARS.locked()]
    lines = manifest(names).split("\r\n")
    assert max(map(len, lines)) <= 72
    assert lines[-1] == ""
    whole = "\n".join(lines).replace("\n ", "").splitlines()
    told = dict(line.split(": ", 1) for line in whole)
    assert told["Main-Class"] == MAIN_CLASS
    assert told["Class-Path"].split() == [f"lib/{name}" for name in names]
    assert tuple(told["Add-Opens"].split()) == OPENED
