"""The supported Beam runners and the options that each needs. Does not import Beam."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.beam.flink.install import installed
from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Settings

INPROCESS, PRISM, FLINK, DATAFLOW = "inprocess", "PrismRunner", "FlinkRunner", "DataflowRunner"
RUNNERS = (INPROCESS, PRISM, FLINK, "PortableRunner", DATAFLOW)
"""Names of the Beam runners; the first is the default and needs no installation."""
PRISM_VERSION = "2.77.0"
"""Release of Prism, the same as that of Beam."""
CHECKPOINT_MILLISECONDS = 2_000
"""Time between two checkpoints of a stream on Flink. After a crash, the work since the last checkpoint is repeated."""
BUNDLE_MILLISECONDS = 30
"""Longest time for which Flink waits for a bundle to fill. Each stage adds it to the latency of an alert."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A runner, with the options with which Beam finds and uses it."""

    name: str
    options: tuple[str, ...] = ()


def prism_path(home: Path) -> Path:
    """Return the path of the program that ``make prism`` builds."""
    return home / "runners" / f"prism-{PRISM_VERSION}"


def find_runner(given: str, settings: Settings) -> Runner:
    """Return the runner of a name, full or short: ``flink`` is ``FlinkRunner``.

    Options of the settings come last, so that they take precedence.

    Raises:
        ConfigurationError: the runner is unknown or not installed; the message names the remedy.
    """
    short = given.lower()
    name = next((name for name in RUNNERS if short in {name.lower(), name.lower().removesuffix("runner")}), None)
    if name is None:
        raise ConfigurationError(f"--runner {given}: unknown; known are {', '.join(RUNNERS)}")
    needed = {PRISM: _prism, FLINK: _flink}.get(name, lambda _: ())(settings)
    environment = () if name in {INPROCESS, DATAFLOW} else ("--environment_type=LOOPBACK",)
    return Runner(name, (*environment, *needed, *settings.beam_options))


def _prism(settings: Settings) -> tuple[str, ...]:
    if _is_set(settings, "--prism_location"):
        return ()
    program = prism_path(settings.home)
    location = str(program) if program.exists() else shutil.which("prism")
    if not location:
        raise ConfigurationError(
            f"--runner {PRISM}: there is no prism in {program.parent} or on PATH. `make prism` builds it, "
            "or name one with WIREPICKET_BEAM_OPTIONS=--prism_location=FILE"
        )
    return (f"--prism_location={location}",)


def _flink(settings: Settings) -> tuple[str, ...]:
    """Return options for Flink in the job server; settings may name a cluster with ``--flink_master=HOST:PORT``."""
    options = (
        "--flink_master=[local]",
        f"--checkpointing_interval={CHECKPOINT_MILLISECONDS}",
        f"--max_bundle_time_mills={BUNDLE_MILLISECONDS}",
    )
    if _is_set(settings, "--flink_job_server_jar"):
        return options
    flink = installed(settings.home)
    if not flink.complete:
        raise ConfigurationError(
            f"--runner {FLINK}: there is no Flink in {flink.folder.parent}. `make flink` fetches it, or name a job "
            "server of Beam with WIREPICKET_BEAM_OPTIONS=--flink_job_server_jar=FILE (and Java 11 or 17 on PATH)"
        )
    return (
        *options,
        f"--flink_job_server_jar={flink.job_server}",
        f"--job_server_java_launcher={flink.java}",
        "--job_server_jvm_properties=-Xmx512m",
        "--job_server_jvm_properties=-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    )


def _is_set(settings: Settings, name: str) -> bool:
    return any(option.partition("=")[0] == name for option in settings.beam_options)
