"""Beam runners: which there are, and what each needs to be told. Does not import Beam."""

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
"""Beam runners by name; the first is the default and needs nothing installed."""
PRISM_VERSION = "2.77.0"
"""Release of Prism, which is that of Beam."""
CHECKPOINT_MILLISECONDS = 2_000
"""Between two checkpoints of a stream on Flink: what a death costs on top of noticing it and starting again."""
BUNDLE_MILLISECONDS = 30
"""Longest wait of Flink for a bundle to fill: it adds to the time until an alert at each of its stages."""


@dataclass(frozen=True, slots=True)
class Runner:
    """A runner, and what Beam must be told to find and use it."""

    name: str
    options: tuple[str, ...] = ()


def prism_path(home: Path) -> Path:
    """Where ``make prism`` puts the program."""
    return home / "runners" / f"prism-{PRISM_VERSION}"


def find_runner(told: str, settings: Settings) -> Runner:
    """The runner that is meant: ``flink`` is ``FlinkRunner``. Options of the settings come last, so that they prevail.

    Raises:
        ConfigurationError: the runner is unknown, or is not here; the message says how to get it.
    """
    name = next((one for one in RUNNERS if told.lower() in {one.lower(), one.lower().removesuffix("runner")}), None)
    if name is None:
        raise ConfigurationError(f"--runner {told}: unknown; known are {', '.join(RUNNERS)}")
    needed = {PRISM: _prism, FLINK: _flink}.get(name, lambda _: ())(settings)
    where = () if name in {INPROCESS, DATAFLOW} else ("--environment_type=LOOPBACK",)
    return Runner(name, (*where, *needed, *settings.beam_options))


def _prism(settings: Settings) -> tuple[str, ...]:
    if _named(settings, "--prism_location"):
        return ()
    program = prism_path(settings.home)
    found = str(program) if program.exists() else shutil.which("prism")
    if not found:
        raise ConfigurationError(
            f"--runner {PRISM}: there is no prism in {program.parent} or on PATH. `make prism` builds it, "
            "or name one with WIREPICKET_BEAM_OPTIONS=--prism_location=FILE"
        )
    return (f"--prism_location={found}",)


def _flink(settings: Settings) -> tuple[str, ...]:
    """A Flink within the job server, unless the settings name a cluster with ``--flink_master=HOST:PORT``."""
    options = (
        "--flink_master=[local]",
        f"--checkpointing_interval={CHECKPOINT_MILLISECONDS}",
        f"--max_bundle_time_mills={BUNDLE_MILLISECONDS}",
    )
    if _named(settings, "--flink_job_server_jar"):
        return options
    found = installed(settings.home)
    if not found.complete:
        raise ConfigurationError(
            f"--runner {FLINK}: there is no Flink in {found.folder.parent}. `make flink` fetches it, or name a job "
            "server of Beam with WIREPICKET_BEAM_OPTIONS=--flink_job_server_jar=FILE (and Java 11 or 17 on PATH)"
        )
    return (
        *options,
        f"--flink_job_server_jar={found.job_server}",
        f"--job_server_java_launcher={found.java}",
        "--job_server_jvm_properties=-Xmx512m",
        "--job_server_jvm_properties=-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    )


def _named(settings: Settings, option: str) -> bool:
    return any(one.partition("=")[0] == option for one in settings.beam_options)
