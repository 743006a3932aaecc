"""Beam runners: which there are, and what each needs to be told. Does not import Beam."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Settings

INPROCESS, PRISM = "inprocess", "PrismRunner"
RUNNERS = (INPROCESS, PRISM, "FlinkRunner", "PortableRunner", "DataflowRunner")
"""Beam runners by name; the first is the default and needs nothing installed."""
PRISM_VERSION = "2.77.0"
"""Release of Prism, which is that of Beam."""


def prism_path(home: Path) -> Path:
    """Where ``make prism`` puts the program."""
    return home / "runners" / f"prism-{PRISM_VERSION}"


def runner_options(runner: str, settings: Settings) -> tuple[str, ...]:
    """The options that Beam needs for a runner, those of the settings last, so that they prevail.

    Raises:
        ConfigurationError: the runner is unknown, or is not here; the message says how to get it.
    """
    if runner not in RUNNERS:
        raise ConfigurationError(f"--runner {runner}: unknown; known are {', '.join(RUNNERS)}")
    options: tuple[str, ...] = ()
    if runner == PRISM and not any(one.startswith("--prism_location") for one in settings.beam_options):
        program = prism_path(settings.home)
        found = str(program) if program.exists() else shutil.which("prism")
        if not found:
            raise ConfigurationError(
                f"--runner {runner}: there is no prism in {program.parent} or on PATH. `make prism` builds it, "
                "or name one with WIREPICKET_BEAM_OPTIONS=--prism_location=FILE"
            )
        options = (f"--prism_location={found}",)
    if runner not in (INPROCESS, "DataflowRunner"):
        options = ("--environment_type=LOOPBACK", *options)
    return (*options, *settings.beam_options)
