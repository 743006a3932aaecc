"""Where alerts go: a JSON-lines file, standard output, and targets elsewhere (``targets``, ``webhook``, ``mail``).

A channel's ``send`` returns when the receiver has taken the notice and raises when it has not.
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
"""A rule that notifies ``stdout`` has its alerts printed."""


class Channel(Protocol):
    """A receiver of notices."""

    def send(self, notice: Notice) -> None:
        """Hand a notice over; raises when it was not taken."""


class JsonLinesChannel:
    """One JSON object a line for each alert, appended to a file and on the disk before ``send`` returns."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before the first notice."""
        self._path = path

    def send(self, notice: Notice) -> None:
        """Append a line for each alert."""
        told = [{"message_id": notice.message_id} | item.as_dict() for item in notice.items]
        lines = b"".join(json.dumps(one, ensure_ascii=False).encode("utf-8", "replace") + b"\n" for one in told)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash cut the last line short; it must not spoil this one
                    lines = b"\n" + lines
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())


class StandardOutputChannel:
    """Prints notices for people."""

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
    """The channels of a configuration: the configured ones, the log in ``home`` and standard output.

    Args:
        configured: addresses of targets, by the name of the channel.
        home: folder of the log.
        templates: folder of templates of one's own.
        printed: where what is for standard output goes, when that is taken.

    Raises:
        ConfigurationError: a channel has a reserved name or no target, a target's address is malformed, or the
            templates are of no use.
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
