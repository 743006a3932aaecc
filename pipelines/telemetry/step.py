"""A step that has ended, and its line in a log."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from schemas.serial import time_to_text

if TYPE_CHECKING:
    from datetime import datetime


class LogForm(StrEnum):
    """The form in which steps are logged on standard error."""

    NONE = "none"
    TEXT = "text"
    """``logfmt``: pairs ``name=value`` separated by blanks."""
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a run, or a window of a stream."""

    at: datetime
    """Time of its end."""
    run: str
    """Id of the run, as in its ``RunRecord``."""
    step: str
    """``collect``, ``process``, ``notify``, ``window``."""
    seconds: float
    error: str | None = None
    """Name of the exception that ended it; ``None`` if it succeeded."""
    counts: dict[str, int] = field(default_factory=dict)
    """Results by name, for example ``new`` and ``revised``."""


def line_of(step: Step, form: LogForm) -> str:
    """Return the log line of a step."""
    fields: dict[str, object] = {"at": time_to_text(step.at), "run": step.run, "step": step.step}
    fields |= {"seconds": step.seconds, **({"error": step.error} if step.error else {}), **step.counts}
    if form is LogForm.JSON:
        return json.dumps(fields)
    return " ".join(f"{name}={value}" for name, value in fields.items())
