"""Targets of a channel, each an address: signed webhooks and mail by ourselves, everything else by Apprise.

Addresses hold passwords and tokens; they are never part of a message, an error or a ``repr``.
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

_REMEMBERED = 10_000
"""Messages of which a channel remembers which of its targets have them."""


class DeliveryError(WirepicketError):
    """A receiver did not take a notice. It will be sent again."""


class Target(Protocol):
    """One receiver of a channel."""

    kind: str
    """What it is, as the beginning of its address says it."""

    def send(self, notice: Notice) -> str | None:
        """Hand a notice over; what went wrong, without the address."""


class TargetsChannel:
    """A notice counts as sent when all targets have taken it.

    A repeat goes only to those which have not, as long as the process lives.
    """

    def __init__(self, name: str, targets: Sequence[Target]) -> None:
        self._name = name
        self._targets = tuple(targets)
        self._taken: OrderedDict[str, set[int]] = OrderedDict()

    def __repr__(self) -> str:
        return f"TargetsChannel({self._name!r}, {len(self._targets)} targets)"

    def send(self, notice: Notice) -> None:
        """Send to every target which has not taken this notice yet."""
        taken = self._taken.setdefault(notice.message_id, set())
        refused: list[str] = []
        for number, target in enumerate(self._targets, start=1):
            if number in taken:
                continue
            try:
                problem = target.send(notice)
            except Exception as error:  # noqa: BLE001 - its text may hold the address, so only its name goes on
                problem = f"failed with {type(error).__name__}"
            if problem is None:
                taken.add(number)
            else:
                refused.append(f"target {number} ({target.kind}) {problem}")
        while len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)
        if refused:
            raise DeliveryError(f"channel '{self._name}': {'; '.join(refused)}")


class AppriseTarget:
    """A target addressed by an Apprise URL (https://github.com/caronc/apprise/wiki): mail, chat, web hooks."""

    def __init__(self, url: str, renderer: Renderer) -> None:
        """Keep the URL; Apprise is loaded (0.3 s) when the first notice is sent."""
        self.kind = url.partition(":")[0]
        self._url = url
        self._renderer = renderer

    def send(self, notice: Notice) -> str | None:
        """Send a notice."""
        import apprise  # noqa: PLC0415 - 0.3 s which runs without alerts need not pay

        kinds = {"high": apprise.NotifyType.WARNING, "critical": apprise.NotifyType.FAILURE}
        target = apprise.Apprise()
        if not target.add(self._url):
            return "is not an Apprise URL; check the configuration"
        taken = target.notify(
            title=self._renderer.title(notice),
            body=self._renderer.text(notice),
            notify_type=kinds.get(notice.severity, apprise.NotifyType.INFO),
        )
        return None if taken else "did not take the message"


def open_target(url: str, renderer: Renderer) -> Target:
    """The target of an address.

    Raises:
        ValueError: the address is malformed; says what was expected, without the address.
    """
    scheme = url.partition("://")[0].lower()
    if scheme in webhook.SCHEMES:
        return webhook.WebhookTarget(url, renderer)
    if scheme in mail.SCHEMES:
        return mail.MailTarget(url, renderer)
    return AppriseTarget(url, renderer)
