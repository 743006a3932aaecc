"""Where alerts go: Apprise targets, standard output, JSON-lines files.

A channel's ``send`` returns when the receiver has taken the notice and raises when it has not. Apprise URLs hold
passwords and tokens; they are never part of a message, an error or a ``repr``.
"""

from __future__ import annotations

import json
import os
import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol, TextIO

from pipelines.alerts.alerting import LOG_CHANNEL
from pipelines.errors import ConfigurationError, WirepicketError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from apprise import NotifyType
    from pydantic import SecretStr

    from pipelines.notify.notice import Notice

LOG_NAME = "alerts.jsonl"
STANDARD_OUTPUT = "stdout"
"""A rule that notifies ``stdout`` has its alerts printed."""
_REMEMBERED = 10_000
"""Messages of which an Apprise channel remembers which of its targets have them."""


class DeliveryError(WirepicketError):
    """A receiver did not take a notice. It will be sent again."""


class Channel(Protocol):
    """A receiver of notices."""

    def send(self, notice: Notice) -> None:
        """Hand a notice over; raises when it was not taken."""


class JsonLinesChannel:
    """One JSON object a line, appended to a file and on the disk before ``send`` returns."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened before the first notice."""
        self._path = path

    def send(self, notice: Notice) -> None:
        """Append a line."""
        line = json.dumps(notice.as_dict(), ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash cut the last line short; it must not spoil this one
                    line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())


class StandardOutputChannel:
    """Prints notices for people."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Print to ``stream``, standard output by default."""
        self._stream = stream

    def send(self, notice: Notice) -> None:
        """Print a notice."""
        print(f"{notice.title}\n{notice.text}\n", file=self._stream or sys.stdout, flush=True)


class AppriseChannel:
    """Targets addressed by Apprise URLs (https://github.com/caronc/apprise/wiki): mail, chat, web hooks.

    A notice counts as sent when all targets have taken it; a repeat goes only to those which have not, as long as the
    process lives.
    """

    def __init__(self, name: str, urls: Sequence[str]) -> None:
        """Keep the URLs; Apprise is loaded (0.3 s) when the first notice is sent."""
        self._name = name
        self._urls = tuple(urls)
        self._taken: OrderedDict[str, set[int]] = OrderedDict()

    def __repr__(self) -> str:
        return f"AppriseChannel({self._name!r}, {len(self._urls)} targets)"

    def send(self, notice: Notice) -> None:
        """Send to every target which has not taken this notice yet."""
        import apprise  # noqa: PLC0415 - 0.3 s which runs without alerts need not pay

        kinds = {"high": apprise.NotifyType.WARNING, "critical": apprise.NotifyType.FAILURE}
        taken = self._taken.setdefault(notice.message_id, set())
        refused: list[str] = []
        for number, url in enumerate(self._urls, start=1):
            if number in taken:
                continue
            problem = self._send_one(url, notice, kinds.get(notice.severity, apprise.NotifyType.INFO))
            if problem is None:
                taken.add(number)
            else:
                refused.append(f"target {number} {problem}")
        while len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        if refused:
            raise DeliveryError(f"channel '{self._name}': {'; '.join(refused)}")

    @staticmethod
    def _send_one(url: str, notice: Notice, kind: NotifyType) -> str | None:
        """Send to one target; what went wrong, without the URL."""
        import apprise  # noqa: PLC0415 - as above

        target = apprise.Apprise()
        if not target.add(url):
            return "is not an Apprise URL; check the configuration"
        try:
            taken = target.notify(title=notice.title, body=notice.text, notify_type=kind)
        except Exception as error:  # noqa: BLE001 - its text may hold the URL, so only its name goes on
            return f"({url.partition(':')[0]}) failed with {type(error).__name__}"
        return None if taken else f"({url.partition(':')[0]}) did not take the message"


def open_channels(configured: Mapping[str, Sequence[SecretStr]], home: Path) -> dict[str, Channel]:
    """The channels of a configuration: the configured ones, the log in ``home`` and standard output.

    Raises:
        ConfigurationError: a channel has a reserved name or no target.
    """
    channels: dict[str, Channel] = {
        LOG_CHANNEL: JsonLinesChannel(home / LOG_NAME),
        STANDARD_OUTPUT: StandardOutputChannel(),
    }
    for name, urls in configured.items():
        if name in channels:
            raise ConfigurationError(f"the channel name '{name}' is taken by wirepicket itself; choose another")
        if not urls:
            raise ConfigurationError(f"channel '{name}' has no target; expected at least one Apprise URL")
        channels[name] = AppriseChannel(name, [url.get_secret_value() for url in urls])
    return channels
