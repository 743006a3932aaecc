"""How long a stream takes from a capture to its alert, and what it needs, beside a steady rate of captures.

    .venv/bin/python -m benchmarks.streaming [--runner NAME] [--rate 5] [--seconds 60] [--remote]

Each capture is a page with the term of a rule. Measured is the time from the moment when the capture is safe in the
archive to the moment when its alert can be read in the store (SQLite), looked at every 20 ms; and the memory of the
stream's processes together (PSS). With ``--remote`` captures come into another archive, and by a remote one (a folder)
to the stream's. Prism and Flink are those of the checkout (``make prism``, ``make flink``).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from benchmarks.end_to_end import PROGRAM, PeakMemory
from benchmarks.generated import pages
from benchmarks.homes import link_runners
from pipelines.archive.copy_process import Copying
from pipelines.archive.index import ArchiveIndex
from pipelines.archive.warc import ArchiveWriter
from pipelines.config import load_settings
from pipelines.identify.url import article_id
from pipelines.stores import open_store
from schemas.records import Capture, MediaKind, now_utc

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.stores.protocol import Store

LOOK = 0.02
RULES = "- {id: rockets, query: HIMARS}\n"
PATIENCE = 120.0
"""Seconds after the last capture for the last alert."""


class Feed:
    """Puts generated pages into an archive, one after the other, the term of a rule in one of so many of them.

    Use as a context manager.
    """

    def __init__(self, archive: Path, count: int, one_in: int = 1) -> None:
        archive.mkdir(parents=True, exist_ok=True)
        self._opened = ExitStack()
        self._archive = archive
        self._one_in = one_in
        self._pages = enumerate(pages(count))

    def __enter__(self) -> Self:
        self._index = self._opened.enter_context(ArchiveIndex(self._archive))
        self._writer = self._opened.enter_context(ArchiveWriter(self._archive))
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def add(self, fetched_at: datetime | None = None) -> str:
        """Write the next page, on disk when this returns; the id of its article. ``fetched_at``: now."""
        number, (url, _, body) = next(self._pages)
        # A title of its own makes it a story of its own.
        told = (
            f"<p>The {number}th HIMARS launcher has been handed over today.</p>" if number % self._one_in == 0 else ""
        )
        body = body.replace("</h1>", f" {number}</h1>{told}")
        made = Capture(
            url=url,
            fetched_at=fetched_at or now_utc(),
            kind=MediaKind.HTML,
            body=body.encode(),
            content_type="text/html",
            status=200,
        )
        ref = self._writer.write(made)
        self._writer.flush()
        self._index.add([(ref, made)], self._writer.position)
        return article_id(url)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner", default="inprocess")
    parser.add_argument("--rate", type=float, default=5.0, help="captures a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--remote", action="store_true", help="by way of a remote archive")
    arguments = parser.parse_args()
    count = int(arguments.rate * arguments.seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
        environment = os.environ | {"WIREPICKET_HOME": str(folder / "var")}
        store = open_store(f"sqlite:///{folder / 'var' / 'wirepicket.db'}")
        link_runners(folder / "var")
        store.setup()
        command = [str(PROGRAM), "stream", "--rules", "rules.yaml", "--runner", arguments.runner]
        archive, between = folder / "var" / "archive", ExitStack()
        if arguments.remote:
            there = load_settings(home=folder / "there")
            archive = there.archive
            between.enter_context(Copying(there, str(folder / "remote"), sends=True))
            command += ["--from", str(folder / "remote")]
        with between, subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.DEVNULL) as stream:
            try:
                latencies = measure(archive, store, count, arguments.rate, stream)
            finally:
                stream.terminate()
                stream.wait()
    print(f"{arguments.runner}: {count} captures at {arguments.rate:g} a second, {len(latencies)} alerts")
    if latencies:
        ranked = sorted(latencies)
        at = {share: ranked[min(len(ranked) - 1, int(share * len(ranked)))] for share in (0.5, 0.9, 0.99)}
        print("seconds from capture to alert: " + ", ".join(f"p{share * 100:.0f} {at[share]:.2f}" for share in at))
        print(f"mean {statistics.fmean(ranked):.2f}, longest {ranked[-1]:.2f}")


def measure(archive: Path, store: Store, count: int, rate: float, stream: subprocess.Popen[bytes]) -> list[float]:
    """Seconds from each capture to its alert; the first capture, which waits for the start, does not count."""
    written: dict[str, float] = {}
    seen: dict[str, float] = {}
    memory = PeakMemory(stream.pid)
    with Feed(archive, count + 1) as feed:
        start, number, last = 0.0, 0, 0.0
        while len(seen) < len(written) or number <= count:
            now = time.monotonic()
            ready = number == 0 or (start and now >= start + number / rate)
            if number <= count and ready:
                written[feed.add()] = last = time.monotonic()
                number += 1
            for one in store.iter_alerts():
                for match in one.matches:
                    if match.article_id not in seen:
                        seen[match.article_id] = time.monotonic()
            if seen and not start:
                start = time.monotonic()
            if last and time.monotonic() - last > PATIENCE:
                break
            time.sleep(LOOK)
        first = next(iter(written))
        print(f"peak memory {memory.end() / 2**20:,.0f} MiB")
    return [seen[one] - at for one, at in written.items() if one in seen and one != first]


if __name__ == "__main__":
    main()
