"""Fetching: feeds and pages from a server on loopback, cold, and then with nothing new.

    .venv/bin/python -m benchmarks.fetching [--feeds 1000] [--entries 20] [--collect-only]

Runs ``wirepicket run`` twice (with ``--collect-only`` only the taking in, without what comes after the archive).
Prints the seconds of both, their ratio, and the requests of each kind. The server is a process of its own.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.generated import pages
from pipelines.archive.index import ArchiveIndex
from pipelines.archive.pending import Pending
from pipelines.archive.warc import ArchiveWriter
from pipelines.collect.feeds import take_feeds
from pipelines.collect.intake import Intake
from pipelines.fetch.policy import FetchPolicy
from pipelines.fetch.sources import feed_source
from pipelines.stores import open_store

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

PROGRAM = Path(sys.executable).parent / "wirepicket"


def serve(feeds: int, entries: int, pipe: Connection) -> None:
    """Serve until told to stop; answer each message with the requests counted since the last."""
    bodies = [html.encode() for _, _, html in pages(feeds * entries)]
    counted: Counter[str] = Counter()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            kind, _, number = self.path[1:].partition("/")
            body = b""
            status, kind_told = 200, "text/html"
            if kind == "feed":
                conditional = self.headers.get("If-None-Match") == '"1"'
                status, kind_told = (304 if conditional else 200), "application/rss+xml"
                kind = "feed, conditional" if conditional else "feed"
                body = b"" if conditional else _feed(int(number), entries, self.headers["Host"])
            elif kind == "page":
                body = bodies[int(number)]
            else:
                status = 404
            counted[kind] += 1
            self.send_response(status)
            self.send_header("Content-Type", kind_told)
            self.send_header("Content-Length", str(len(body)))
            if kind.startswith("feed"):
                self.send_header("ETag", '"1"')
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pipe.send([f"http://127.0.0.1:{server.server_port}/feed/{number}" for number in range(feeds)])
    server.timeout = 0.05
    while True:
        server.handle_request()
        while pipe.poll():
            if pipe.recv() == "stop":
                return
            pipe.send(dict(counted))
            counted.clear()


def _feed(number: int, entries: int, host: str) -> bytes:
    items = "".join(
        f"<item><title>Report {place}</title><link>http://{host}/page/{place}</link>"
        "<pubDate>Mon, 01 Jun 2026 08:00:00 GMT</pubDate><description>In short.</description></item>"
        for place in range(number * entries, (number + 1) * entries)
    )
    return f'<rss version="2.0"><channel><title>Feed {number}</title>{items}</channel></rss>'.encode()


def whole_run(home: Path, listed: Path) -> float:
    """Seconds of ``wirepicket run``."""
    environment = os.environ | {"WIREPICKET_HOME": str(home), "WIREPICKET_ALLOW_NETS": "127.0.0.0/8"}
    start = time.perf_counter()
    done = subprocess.run(
        [PROGRAM, "run", "--feeds", listed, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    print(json.loads(done.stdout), flush=True)
    return seconds


def taking_in(home: Path, listed: Path) -> float:
    """Seconds of the taking in alone: everything up to the archive, and the states of the feeds."""
    archive = home / "archive"
    policy = FetchPolicy(allowed_networks=(ipaddress.ip_network("127.0.0.0/8"),), cache=home / "cache")
    start = time.perf_counter()
    with (
        open_store(f"sqlite:///{home / 'store.db'}") as store,
        ArchiveIndex(archive) as index,
        Pending(archive, "benchmark") as pending,
        ArchiveWriter(archive) as writer,
    ):
        store.setup()
        intake = Intake(index=index, writer=writer, pending=pending, store=store)
        sources = [feed_source(line) for line in listed.read_text(encoding="utf-8").split()]
        taken = take_feeds(sources, [], intake, policy, lambda _: None)
        store.put_feed_states(taken.states)
        print(f"{taken.entries} entries, {taken.unchanged} feeds unchanged, {len(taken.failed)} failed")
    return time.perf_counter() - start


def main() -> None:
    """Serve, run twice, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--entries", type=int, default=20)
    parser.add_argument("--collect-only", action="store_true")
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(options.feeds, options.entries, theirs), daemon=True)
    server.start()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        listed = home / "feeds.txt"
        listed.write_text("\n".join(ours.recv()), encoding="utf-8")
        measured = {}
        for run in ("cold", "nothing new"):
            seconds = (taking_in if options.collect_only else whole_run)(home, listed)
            ours.send("count")
            measured[run] = seconds
            print(f"{run:12} {seconds:8.2f} s   requests: {ours.recv()}", flush=True)
    print(f"ratio, nothing new to cold: {measured['nothing new'] / measured['cold']:.3f}")
    ours.send("stop")
    server.join()


if __name__ == "__main__":
    main()
