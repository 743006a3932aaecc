"""Targets of a channel, one per address: signed webhooks and mail are built in, all others are sent by Apprise.

Addresses contain passwords and tokens; they are never part of a message, an error or a ``repr``.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Protocol

from pipelines.errors import WirepicketError
from pipelines.notify import mail, webhook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.notify.notice import Notice
    from pipelines.notify.render import Renderer

_MAX_REMEMBERED = 10_000
"""Messages whose accepting targets a channel remembers."""


class DeliveryError(WirepicketError):
    """A receiver did not accept a notice. It will be sent again."""


class Target(Protocol):
    """A receiver of a channel."""

    kind: str
    """The scheme of its address."""

    def send(self, notice: Notice) -> str | None:
        """Send a notice; return the problem without the address, or ``None``."""


class TargetsChannel:
    """A channel with several targets. A notice counts as sent when all targets have accepted it.

    Within a process, a repeat is sent only to targets that have not accepted the notice.
    """

    def __init__(self, name: str, targets: Sequence[Target]) -> None:
        self._name = name
        self._targets = tuple(targets)
        self._accepted_by: OrderedDict[str, set[int]] = OrderedDict()

    def __repr__(self) -> str:
        return f"TargetsChannel({self._name!r}, {len(self._targets)} targets)"

    def send(self, notice: Notice) -> None:
        """Send to all targets that have not accepted this notice yet."""
        accepted = self._accepted_by.setdefault(notice.message_id, set())
        refused: list[str] = []
        for number, target in enumerate(self._targets, start=1):
            if number in accepted:
                continue
            try:
                problem = target.send(notice)
            except Exception as error:  # noqa: BLE001 - its text may contain the address, so only its name is reported
                problem = f"failed with {type(error).__name__}"
            if problem is None:
                accepted.add(number)
            else:
                refused.append(f"target {number} ({target.kind}) {problem}")
        while len(self._accepted_by) > _MAX_REMEMBERED:
            self._accepted_by.popitem(last=False)
        if refused:
            raise DeliveryError(f"channel '{self._name}': {'; '.join(refused)}")


class AppriseTarget:
    """A target with an Apprise URL (https://github.com/caronc/apprise/wiki): mail, chat, webhooks."""

    def __init__(self, url: str, renderer: Renderer) -> None:
        """Keep the URL; Apprise is loaded (0.3 s) when the first notice is sent."""
        self.kind = url.partition(":")[0]
        self._url = url
        self._renderer = renderer

    def send(self, notice: Notice) -> str | None:
        """Send a notice; return the problem, or ``None``."""
        import apprise  # noqa: PLC0415 - takes 0.3 s, which runs without alerts do not need

        kinds = {"high": apprise.NotifyType.WARNING, "critical": apprise.NotifyType.FAILURE}
        target = apprise.Apprise()
        if not target.add(self._url):
            return "is not an Apprise URL; check the configuration"
        accepted = target.notify(
            title=self._renderer.title(notice),
            body=self._renderer.text(notice),
            notify_type=kinds.get(notice.severity, apprise.NotifyType.INFO),
        )
        return None if accepted else "did not take the message"


def open_target(url: str, renderer: Renderer) -> Target:
    """Return the target of an address.

    Raises:
        ValueError: the address is malformed; the message states the expected form, without the address.
    """
    scheme = url.partition("://")[0].lower()
    if scheme in webhook.SCHEMES:
        return webhook.WebhookTarget(url, renderer)
    if scheme in mail.SCHEMES:
        return mail.MailTarget(url, renderer)
    return AppriseTarget(url, renderer)
