"""Jobs on a Flink cluster, over its REST interface.

A job server does not report the end of a stream to the cluster, and a killed client cannot. Flink would restart such a
job forever. So the jobs of a stream have a name by which they are found and cancelled.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EMBEDDED = {"[local]", "[auto]"}
"""Values of ``--flink_master`` for a Flink within the job server: it ends with the job server."""
ENDED = {"FINISHED", "FAILED", "CANCELED"}
_PATIENCE = 10.0
_POLL = 0.2


def master_of(options: Sequence[str]) -> str | None:
    """Return the URL of the cluster in options of Beam; ``None`` without a cluster."""
    masters = [value for name, _, value in (option.partition("=") for option in options) if name == "--flink_master"]
    if not masters or masters[-1] in EMBEDDED:
        return None
    return masters[-1] if "://" in masters[-1] else f"http://{masters[-1]}"


def cancel_jobs(master: str, name: str) -> int:
    """Cancel all jobs of a name that have not ended, wait for their end, and return their number.

    Raises:
        ConfigurationError: no Flink responds at ``master``.
    """
    try:
        with httpx.Client(base_url=master, timeout=_PATIENCE) as client:
            running = _ids(client, name)
            for job_id in running:
                client.patch(f"/jobs/{job_id}", params={"mode": "cancel"})
            deadline = time.monotonic() + _PATIENCE
            while _ids(client, name) and time.monotonic() < deadline:
                time.sleep(_POLL)
            return len(running)
    except httpx.HTTPError as error:
        raise ConfigurationError(
            f"--flink_master={master}: no Flink responds there ({type(error).__name__}); check the address"
        ) from error


def _ids(client: httpx.Client, name: str) -> list[str]:
    jobs: Iterable[dict[str, Any]] = client.get("/jobs/overview").raise_for_status().json()["jobs"]
    return [job["jid"] for job in jobs if job["name"] == name and job["state"] not in ENDED]
