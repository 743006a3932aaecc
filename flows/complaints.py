"""Messages on standard error about inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.inputs import Inputs
    from flows.progress import Reporter
    from schemas.records import Quarantined

SHOWN = 20
"""Inputs that are named; the rest is counted."""


def say_quarantined(items: Sequence[Quarantined], reporter: Reporter) -> None:
    """Name the first inputs that went to quarantine, and count the rest."""
    for item in items[:SHOWN]:
        reporter.say(f"wirepicket: {item.url}: {item.stage}: {item.reason}: {item.detail}")
    if len(items) > SHOWN:
        reporter.say(f"wirepicket: … and {len(items) - SHOWN} more; see wirepicket export quarantine")


def say_left_out(inputs: Inputs, reporter: Reporter) -> None:
    """Count the files in seed folders that no reader takes, and say if there are no others."""
    if inputs.left_out:
        kinds = ", ".join(f"{count} {kind}" for kind, count in inputs.left_out)
        reporter.say(f"wirepicket: left out: {kinds}")
    if inputs.nothing_read:
        reporter.say("wirepicket: there is no seed file in what --seeds names")
