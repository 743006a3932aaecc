"""Channels of alerts: a JSON-lines file, standard output, and targets (``targets``, ``webhook``, ``mail``).

A channel's ``send`` returns if the receiver has accepted the notice, and raises otherwise.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Protocol, TextIO

from pipelines.alerts.policy import LOG_CHANNEL
from pipelines.errors import ConfigurationError
from pipelines.notify.render import Renderer
from pipelines.notify.targets import TargetsChannel, open_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic import SecretStr

    from pipelines.notify.notice import Notice

LOG_NAME = "alerts.jsonl"
STANDARD_OUTPUT = "stdout"
"""Name of the channel that prints alerts."""


class Channel(Protocol):
    """A receiver of notices."""

    def send(self, notice: Notice) -> None:
        """Send a notice; raise an error if it was not accepted."""


class JsonLinesChannel:
    """A channel that appends alerts to a file, one JSON object per line, and syncs it to disk before it returns."""

    def __init__(self, path: Path) -> None:
        """Keep the path; the file is opened with the first notice."""
        self._path = path

    def send(self, notice: Notice) -> None:
        """Append a line for each alert."""
        alerts = [{"message_id": notice.message_id} | item.as_dict() for item in notice.items]
        lines = b"".join(json.dumps(alert, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for alert in alerts)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash cut the last line short; the next line must stay intact
                    lines = b"\n" + lines
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


class StandardOutputChannel:
    """A channel that prints notices for people."""

    def __init__(self, renderer: Renderer, stream: TextIO | None = None) -> None:
        """Print to ``stream``, standard output by default."""
        self._renderer = renderer
        self._stream = stream

    def send(self, notice: Notice) -> None:
        """Print a notice."""
        printed = f"{self._renderer.title(notice)}\n{self._renderer.text(notice)}\n"
        print(printed, file=self._stream or sys.stdout, flush=True)


def open_channels(
    configured: Mapping[str, Sequence[SecretStr]],
    home: Path,
    *,
    templates: Path | None = None,
    printed: TextIO | None = None,
) -> dict[str, Channel]:
    """Open all channels: the configured ones, the log in ``home``, and standard output.

    Args:
        configured: addresses of targets, by the name of the channel.
        home: folder of the log.
        templates: folder of the user's templates.
        printed: stream for the channel ``stdout`` if standard output has another use.

    Raises:
        ConfigurationError: a channel has a reserved name or no target, a target's address is malformed, or the
            templates are invalid.
    """
    renderer = Renderer(templates)
    channels: dict[str, Channel] = {
        LOG_CHANNEL: JsonLinesChannel(home / LOG_NAME),
        STANDARD_OUTPUT: StandardOutputChannel(renderer, printed),
    }
    for name, urls in configured.items():
        if name in channels:
            raise ConfigurationError(f"the channel name '{name}' is taken by wirepicket itself; choose another")
        if not urls:
            raise ConfigurationError(f"channel '{name}' has no target; expected at least one address")
        targets = []
        for number, url in enumerate(urls, start=1):
            try:
                targets.append(open_target(url.get_secret_value(), renderer))
            except ValueError as error:
                raise ConfigurationError(f"channel '{name}', target {number}: {error}") from error
        channels[name] = TargetsChannel(name, targets)
    return channels
