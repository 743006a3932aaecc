"""Every case ends within its limit and for a reason of its own; memory stays bounded, other feeds unharmed."""

from __future__ import annotations

import gzip
import os
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from pipelines.fetch import client
from tests.hostile.server import HOSTILE, KIND, HostileServer, answer, redirect
from tests.hostile.taking import take

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEMORY_LIMIT = 160 * 2**20
"""Growth of this process, in bytes, while all bombs go off at once: each is allowed its 8 MB document and a few
copies. One bomb unpacked would be 64 MB and, with its copies, past the limit by itself many times over."""


@pytest.fixture
def hostile() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TOTAL_SECONDS", 3.0)


class Peak:
    """Samples this process's memory."""

    def __init__(self) -> None:
        self._process = psutil.Process(os.getpid())
        self.before = self.most = self._process.memory_info().rss
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, self._process.memory_info().rss)

    def growth(self) -> int:
        self._stop.set()
        self._thread.join()
        return int(self.most - self.before)


@pytest.mark.parametrize("path", sorted(HOSTILE))
def test_each_case_has_its_reason_and_harms_no_other_feed(hostile: HostileServer, tmp_path: Path, path: str) -> None:
    good, bad = f"{hostile.url}/good", f"{hostile.url}{path}"
    taken, intake = take(tmp_path, [bad, good])
    reasons = {one.reason for one in (*taken.failed, *intake.quarantined) if one.url == bad}
    assert reasons & HOSTILE[path][1], reasons
    assert reasons <= HOSTILE[path][1]
    states = {state.url: state for state in taken.states}
    assert states[good].failures == 0
    assert [ref.file for ref in intake.pending.refs], "the page of the good feed is taken in"
    assert hostile.requests["/page/good"] == 1


def test_all_at_once_stay_within_memory(hostile: HostileServer, tmp_path: Path) -> None:
    urls = [f"{hostile.url}{path}" for path in (*HOSTILE, *KIND) if path != "/robots.txt"]
    take(tmp_path / "warm", [f"{hostile.url}/good"])
    peak = Peak()
    taken, _ = take(tmp_path / "run", urls)
    grown = peak.growth()
    assert grown < MEMORY_LIMIT, f"{grown / 2**20:.0f} MB"
    assert {one.url for one in taken.failed} >= {
        f"{hostile.url}{path}" for path, (_, reasons) in HOSTILE.items() if "degraded" not in reasons
    }
    assert {state.url for state in taken.states} == set(urls)


@pytest.mark.parametrize("path", ["/good", "/html-type", "/mixed", "/broken-xml"])
def test_oddities_cost_no_entry(hostile: HostileServer, tmp_path: Path, path: str) -> None:
    taken, intake = take(tmp_path, [f"{hostile.url}{path}"])
    assert not taken.failed
    assert len(intake.pending.refs) == 1
    (state,) = taken.states
    assert bool(state.degraded) is (path == "/broken-xml")
    assert state.title == ("Café" if path == "/mixed" else "Hostile")


def test_a_flapping_server_is_asked_again_and_recovers(hostile: HostileServer, tmp_path: Path) -> None:
    url = f"{hostile.url}/flapping"
    first, _ = take(tmp_path, [url])
    assert [one.reason for one in first.failed] == ["http_503"]
    second, intake = take(tmp_path, [url])
    assert not second.failed
    assert len(intake.pending.refs) == 1
    assert [event.change for event in second.states[0].events] == ["failed", "recovered"]


def test_retry_after_is_kept(hostile: HostileServer, tmp_path: Path) -> None:
    url = f"{hostile.url}/busy"
    taken, _ = take(tmp_path, [url])
    (state,) = taken.states
    assert state.not_before is not None
    assert state.last_attempt is not None
    assert 1195 <= (state.not_before - state.last_attempt).total_seconds() <= 1200
    again, _ = take(tmp_path, [url])
    assert hostile.requests["/busy"] == 1
    assert [feed for feed, _ in again.passed_over] == [url]


def test_a_feed_that_is_gone_is_never_asked_again(hostile: HostileServer, tmp_path: Path) -> None:
    url = f"{hostile.url}/gone"
    for _ in range(3):
        take(tmp_path, [url])
    assert hostile.requests["/gone"] == 1


def test_a_feed_that_keeps_failing_is_asked_less_and_less(hostile: HostileServer, tmp_path: Path) -> None:
    url = f"{hostile.url}/broken-gzip"
    for _ in range(5):
        take(tmp_path, [url])
    assert hostile.requests["/broken-gzip"] == 2


@pytest.mark.parametrize(
    ("status", "runs", "moved"),
    [("301 Moved", 3, True), ("308 Moved", 3, True)]
    + [(status, 5, False) for status in ("302 Found", "303 See", "307 Temporary")],
)
def test_only_permanent_redirects_move_a_feed_and_only_when_they_hold(
    hostile: HostileServer,
    tmp_path: Path,
    status: str,
    runs: int,
    moved: bool,  # noqa: FBT001
) -> None:
    hostile.routes["/old"] = redirect("/good", status)
    url = f"{hostile.url}/old"
    for run in range(runs):
        taken, _ = take(tmp_path, [url])
        (state,) = taken.states
        assert bool(state.address) is (moved and run == runs - 1)
    before = hostile.requests["/old"]
    take(tmp_path, [url])
    assert hostile.requests["/old"] - before == (0 if moved else 1)
    assert [event.change for event in state.events] == (["moved"] if moved else [])


def test_credentials_and_cookies_do_not_cross_to_another_origin(hostile: HostileServer, tmp_path: Path) -> None:
    with HostileServer() as other:
        hostile.routes["/private"] = lambda _: iter(
            [answer(status="302 Found", Location="/inside", Set_Cookie="own=1")]
        )
        hostile.routes["/inside"] = redirect(f"{other.url.replace('http://', 'http://name:word@')}/good")
        url = f"{hostile.url}/private".replace("http://", "http://reader:se%3Acret@")
        taken, _ = take(tmp_path, [url])
        assert not taken.failed
        told = dict(hostile.received)
        assert told["/private"]["authorization"] == "Basic cmVhZGVyOnNlOmNyZXQ="
        assert told["/inside"]["authorization"] == told["/private"]["authorization"]
        assert told["/inside"]["cookie"] == "own=1"
        assert all("authorization" not in headers for _, headers in other.received)
    assert taken.states[0].url == f"{hostile.url}/private"
    for path in (tmp_path / "archive").iterdir():
        if path.is_file() and path.suffix == ".gz":
            unpacked = gzip.decompress(path.read_bytes())
            assert b"Basic" not in unpacked
            assert b"se%3Acret" not in unpacked
