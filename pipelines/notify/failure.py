"""Telling people that a job of ours has failed: not an alert, and so without outbox and templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr


def tell_failure(addresses: Sequence[SecretStr], title: str, text: str) -> int:
    """Send to Apprise addresses; how many of them did not take it."""
    import apprise  # noqa: PLC0415 - 0.3 s which jobs that go well need not pay

    refused = 0
    for address in addresses:
        target = apprise.Apprise()
        if not (
            target.add(address.get_secret_value())
            and target.notify(title=title, body=text, notify_type=apprise.NotifyType.FAILURE)
        ):
            refused += 1
    return refused
