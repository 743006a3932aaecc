"""Jobs on a Flink cluster, over its REST interface.

A job server does not tell the cluster that a stream has ended, and a killed client cannot: Flink would try such a job
again and again. So the jobs of a stream have a name by which they are found and cancelled.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WITHIN = {"[local]", "[auto]"}
"""Masters that are no cluster: they end with the job server."""
ENDED = {"FINISHED", "FAILED", "CANCELED"}
_PATIENCE = 10.0
_POLL = 0.2


def master_of(options: Sequence[str]) -> str | None:
    """The URL of the cluster that options for Beam name; ``None`` where they name none."""
    masters = [value for name, _, value in (one.partition("=") for one in options) if name == "--flink_master"]
    if not masters or masters[-1] in WITHIN:
        return None
    return masters[-1] if "://" in masters[-1] else f"http://{masters[-1]}"


def cancel_jobs(master: str, name: str) -> int:
    """Cancel all jobs of a name that have not ended, and wait until they have; how many there were.

    Raises:
        ConfigurationError: no Flink answers at ``master``.
    """
    try:
        with httpx.Client(base_url=master, timeout=_PATIENCE) as client:
            left = _ids(client, name)
            for one in left:
                client.patch(f"/jobs/{one}", params={"mode": "cancel"})
            deadline = time.monotonic() + _PATIENCE
            while _ids(client, name) and time.monotonic() < deadline:
                time.sleep(_POLL)
            return len(left)
    except httpx.HTTPError as error:
        raise ConfigurationError(f"--flink_master={master}: no Flink answers there ({type(error).__name__})") from error


def _ids(client: httpx.Client, name: str) -> list[str]:
    told: Iterable[dict[str, Any]] = client.get("/jobs/overview").raise_for_status().json()["jobs"]
    return [job["jid"] for job in told if job["name"] == name and job["state"] not in ENDED]
