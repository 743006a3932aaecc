"""How fetching behaves: the settings of politeness in one record, and what says who we are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.config import Network, Settings

ROBOTS_TOKEN = "wirepicket"  # noqa: S105 - a product token
"""The name that robots.txt files know us by."""
HOST_INTERVAL = 1.0
"""Seconds between the starts of two requests to one host, where its robots.txt asks for no other pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """How fetching behaves."""

    allowed_networks: tuple[Network, ...] = ()
    """Private networks that may be fetched from. They are taken for our own: no pause is kept there of itself."""
    contact: str | None = None
    """Where a publisher reaches whoever runs this: an address of a page or ``mailto:``. Sent with each request."""
    host_interval: float = HOST_INTERVAL
    """Seconds between two requests to one public host."""
    deadline: float = math.inf
    """Seconds after which no request is begun any more in one run."""
    host_pages: int = 500
    """Pages of one host that are fetched in one run."""
    run_pages: int = 20_000
    """Pages that are fetched in one run."""
    cache: Path | None = None
    """Folder in which robots.txt files are remembered from run to run; only in memory without one."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The policy that the settings ask for."""
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
        """The ``User-Agent`` header: who we are, and where to complain (RFC 9110, 10.1.5)."""
        contact = f"; +{self.contact}" if self.contact else ""
        return f"{ROBOTS_TOKEN}/{version('wirepicket')} (news monitoring{contact})"
