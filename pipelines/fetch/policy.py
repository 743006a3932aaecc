"""Policy of fetching: limits, pauses and the identification of the client."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Network, Settings

ROBOTS_TOKEN = "wirepicket"  # noqa: S105 - a product token
"""Product token of the client in robots.txt files."""
HOST_INTERVAL = 1.0
"""Seconds between the starts of two requests to a host whose robots.txt asks for no other pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """Settings of fetching."""

    allowed_networks: tuple[Network, ...] = ()
    """Private networks that may be fetched from. They count as internal: no default pause is kept there."""
    contact: str | None = None
    """Address of a page, or ``mailto:``, at which publishers reach the operator. Sent with each request."""
    host_interval: float = HOST_INTERVAL
    """Seconds between two requests to a public host."""
    deadline: float = math.inf
    """Seconds after which a run starts no more requests."""
    host_pages: int = 500
    """Maximum number of pages of a host fetched in a run."""
    run_pages: int = 20_000
    """Maximum number of pages fetched in a run."""
    cache: Path | None = None
    """Folder in which robots.txt files are cached between runs; without it they are kept in memory only."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Create the policy from the settings."""
        return cls(
            allowed_networks=settings.allow_nets,
            contact=settings.contact,
            host_interval=settings.host_interval,
            deadline=settings.deadline * 60,
            host_pages=settings.host_pages,
            run_pages=settings.run_pages,
            cache=settings.home / "cache",
        )

    @property
    def user_agent(self) -> str:
        """The ``User-Agent`` header: product, version and contact (RFC 9110, 10.1.5)."""
        contact = f"; +{self.contact}" if self.contact else ""
        return f"{ROBOTS_TOKEN}/{version('wirepicket')} (news monitoring{contact})"
