"""Rendering of a report as an HTML page.

The page loads no resources and runs no scripts: its content security policy allows only its own style sheet, by hash,
and no script, image, frame or form. Jinja2 escapes texts; control characters that HTML does not allow are removed.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.lineage.first import only_day

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.report.model import Report

_FOLDER = Path(__file__).parent
# Control characters except tab and line ends, halves of surrogate pairs, and controls of the writing direction, with
# which a headline could rearrange the page around it.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
SHADES = 5
"""Levels of colour in the table of outlets by time."""


def render(report: Report) -> str:
    """Return a report as an HTML page."""
    style = (_FOLDER / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment().get_template("report.html.j2")
    return template.render(report=report, style=style, style_digest=digest)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_without_unfit,
    )
    environment.filters |= {"day": _day, "time": _time, "iso": _iso, "shade": _shade, "bucket": _bucket}
    return environment


def _without_unfit(value: Any) -> Any:  # noqa: ANN401 - a template may output any value
    return _UNFIT.sub("", value) if type(value) is str else value


def _day(time: datetime | None) -> str:
    return f"{time.day} {time:%b %Y}" if time else "undated"


def _time(time: datetime | None) -> str:
    return _day(time) if time is None or only_day(time) else f"{time.day} {time:%b %Y, %H:%M}"


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _bucket(start: datetime, unit: str) -> str:
    match unit:
        case "hour":
            return f"{start.day} {start:%b, %H}h"
        case "month":
            return f"{start:%b %Y}"
        case "week":
            return f"week of {start.day} {start:%b}"
        case _:
            return f"{start.day} {start:%b}"


def _shade(count: int, maximum: int) -> int:
    """Return the level of colour for a number: 0 for zero, else 1 to ``SHADES``."""
    return min(SHADES, 1 + (count - 1) * SHADES // maximum) if count else 0
