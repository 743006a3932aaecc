"""Notifications of failed jobs, which are no alerts and thus have no outbox and no templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr


def send_failure(addresses: Sequence[SecretStr], title: str, text: str) -> int:
    """Send a failure to Apprise addresses; return the number of addresses that did not accept it."""
    import apprise  # noqa: PLC0415 - takes 0.3 s, which successful jobs do not need

    refused = 0
    for address in addresses:
        target = apprise.Apprise()
        if not (
            target.add(address.get_secret_value())
            and target.notify(title=title, body=text, notify_type=apprise.NotifyType.FAILURE)
        ):
            refused += 1
    return refused
