"""kill -9 at random moments of a fetch: after the next run nothing is missing and nothing is double."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from warcio.archiveiterator import ArchiveIterator

from pipelines.archive.captures import read_captures, scan_captures
from pipelines.archive.index import ArchiveIndex
from schemas.records import MediaKind
from tests.hostile.server import HostileServer, answer, rss
from tests.hostile.taking import take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.hostile.server import Exchange

KILLS = 100
FEEDS, ENTRIES = 8, 12
ROOT = Path(__file__).parent.parent.parent


def kill_many(home: Path, urls: list[str], kills: int) -> Counter[str]:
    """Runs over one home, each killed after a random time, until ``kills`` of them died in the middle."""
    chance = random.Random(20260601)
    ended: Counter[str] = Counter()
    longest = 0.6
    with subprocess.Popen(
        [sys.executable, "-m", "tests.hostile.killed_runs", home, *urls],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as runs:
        assert runs.stdin is not None
        assert runs.stdout is not None
        while ended["killed"] < kills and ended.total() < 5 * kills:
            runs.stdin.write(f"{chance.uniform(0, longest)}\n")
            runs.stdin.flush()
            word = runs.stdout.readline().strip()
            ended[word] += 1
            # A run that had the time to end was not hit in the middle.
            longest = longest * 0.8 if word == "ended" else longest
        runs.stdin.close()
    assert runs.returncode == 0
    return ended


def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    with HostileServer() as server:
        # New entries appear while runs die: at every request each feed has one more, up to all of them.
        names = {f"/feed{feed}": [f"{feed}-{entry}" for entry in range(ENTRIES)] for feed in range(FEEDS)}

        def feed(exchange: Exchange) -> Iterator[bytes]:
            whole = names[exchange.path]
            there = whole[: 1 + exchange.count // 6]
            etag = f'"{len(there)}"'
            if exchange.headers.get("if-none-match") == etag:
                yield answer(status="304 Not Modified", ETag=etag)
            else:
                yield answer(rss(server.url, *there), ETag=etag)

        server.routes |= dict.fromkeys(names, feed)
        urls = [f"{server.url}{path}" for path in names]
        ended = kill_many(tmp_path, urls, KILLS)
        assert ended["killed"] >= KILLS
        for path in names:
            server.requests[path] += 6 * ENTRIES
        _, intake = take(tmp_path, urls)

    expected = {f"{server.url}/page/{name}" for listed in names.values() for name in listed}
    archive = tmp_path / "archive"
    held = [
        (ref, capture)
        for path in sorted(archive.glob("*.warc.gz"))
        for ref, capture in scan_captures(archive, path.name)
        if capture.kind is not MediaKind.FEED
    ]
    # Nothing missing, nothing double: in the files, in the index, in what waits for the store.
    assert Counter(capture.url for _, capture in held) == dict.fromkeys(expected, 1)
    with ArchiveIndex(archive) as index:
        indexed = [one.ref for one in index.span() if one.kind is not MediaKind.FEED]
    assert sorted(indexed) == sorted(ref for ref, _ in held)
    waiting = Counter(str(ref) for ref in intake.pending.refs)
    assert waiting == {str(ref): 1 for ref, _ in held}
    assert {capture.url for _, capture in read_captures(archive, intake.pending.refs)} == expected
    assert all(b"</html>" in capture.body for _, capture in held)


def test_a_run_s_file_is_read_by_other_tools(tmp_path: Path) -> None:
    with HostileServer() as server:
        urls = [f"{server.url}/good"]
        take(tmp_path, urls)
    (path,) = (tmp_path / "archive").glob("*.warc.gz")
    with path.open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream)]
    assert kinds == ["warcinfo", *["metadata", "request", "response"] * 2]
