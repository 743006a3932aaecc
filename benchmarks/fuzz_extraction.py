"""Extraction and cleaning on inputs that nobody meant to be read.

    python -m benchmarks.fuzz_extraction [--inputs N] [--start N] [--seed N] [--pages FOLDER]

``N`` inputs (100,000 unless told), half of them mutated pages and half made of pieces of pages and random bytes,
read in worker processes as in a run. The pages mutated are those of ``benchmarks.wrapping``; with ``--pages``
also the files of a folder (``.html``, ``.html.gz``). Every input must give an article or a typed reason: a crash, a
fault of ours (reason ``unexpected``), or time or memory running out is printed with its seed and number (``--start``
begins there again), and the exit status is 1. Where time runs out, the input is read once more by itself: it is a fault
if that takes more processor time than a worker is given, and the machine was busy if not.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import time
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.mutating import inputs
from benchmarks.wrapping import wrapped_pages
from pipelines.errors import InputError
from pipelines.ingest.pool import SECONDS, RefinePool
from pipelines.ingest.refine import refine
from pipelines.rules.matcher import Matcher
from schemas.records import Capture, MediaKind

INPUTS = 100_000
BATCH = 500
FAULTS = frozenset({"unexpected", "crashed", "timeout", "memory"})
FETCHED = datetime(2026, 6, 10, tzinfo=UTC)
_MAX_PAGE = 20_000
"""Bytes of a page that are mutated: what matters is how many ways there are, not how long they are."""
PIECES = (
    b"<", b">", b"</", b"/>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<!DOCTYPE html>", b"<html lang=",
    b"<body>", b"<p>", b"</p>",
    b"<div class='ad'>", b"</div>", b"<table><tr><td>", b"</table>", b"<svg>", b"<math>", b"<template>",
    b"<noscript>", b"<iframe>",
    b"<script type='application/ld+json'>", b'{"@type":"NewsArticle","author":', b"[[[[", b"{}", b"</script>",
    b"<style>",
    b"<meta charset=utf-7>", b"<meta name=author content=", b"<base href='//['>",
    b"<link rel=canonical href='http://[x'>", b"<h1>", b"<h2>",
    b"<a href='", b"javascript:", b"' title=\"", b"&#0;", b"&#xD800;", b"&#1114112;", b"&nbsp", b"&lt", b"\x00",
    b"\xff\xfe", b"\xef\xbb\xbf",
    b"\xc3\x28", b"\xf0\x9f\x98\x80", b"\r", b"\x0c", b"\x1b$B", b"By Jane Roe", b"3 June 2026",
    b"2026-13-45T99:99:99Z", b"Advertisement",
    b"The regiment moved its last bridge across the river before the ice could reach the pontoons. ",
    b"\xe2\x80\xae", b"\xcc\x81" * 40,
    b"<time datetime='", b"<li>", b"<ul>", b"<button>", b"<form><input>", b"<blockquote>", b"<br>" * 20,
    b"<span>" * 300, b"lorry " * 200,
)  # fmt: skip


def read_folder(folder: Path) -> list[bytes]:
    """The pages of a folder, each cut to a size that can be mutated quickly."""
    files = sorted(path for path in folder.rglob("*") if path.name.endswith((".html", ".html.gz")))
    bodies = (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes() for path in files)
    return [body[:_MAX_PAGE] for body in bodies]


def processor_seconds(capture: Capture) -> float:
    """The processor time that a capture takes in a process of its own."""
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            refine(capture, Matcher(()))
        os._exit(0)
    used = os.wait4(child, 0)[2]
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Read the arguments and run; the number of faults decides the exit status."""
    parser = argparse.ArgumentParser(description="Feed extraction with inputs that nobody meant to be read.")
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages", type=Path, help="a folder with pages to mutate beside the generated ones")
    arguments = parser.parse_args()
    pages = [page.html.encode() for page in wrapped_pages(60, "build")]
    pages += read_folder(arguments.pages) if arguments.pages else []
    kinds = [MediaKind.HTML] * 6 + [MediaKind.TEXT, MediaKind.JSON_ARTICLE, MediaKind.FEED_ENTRY]
    reasons: Counter[str] = Counter()
    started = time.monotonic()
    with RefinePool(()) as pool:
        batch: list[Capture] = []
        drawn = inputs(arguments.inputs, arguments.seed, pages, PIECES, arguments.start)
        last = arguments.start + arguments.inputs - 1
        for number, body in enumerate(drawn, arguments.start):
            url = f"https://fuzz.example/{number}"
            batch.append(Capture(url=url, fetched_at=FETCHED, kind=kinds[number % len(kinds)], body=body))
            if len(batch) == BATCH or number == last:
                for capture, result in zip(batch, pool.refine_all(batch), strict=True):
                    reason = result.reason if isinstance(result, InputError) else "article"
                    if isinstance(result, InputError) and reason in FAULTS:
                        used = processor_seconds(capture) if reason == "timeout" else None
                        if used is not None and used < SECONDS:
                            reason = "starved"
                        print(
                            f"seed {arguments.seed}, input {capture.url.rsplit('/', 1)[1]}, {capture.kind}: {result}"
                            + (f"; alone it takes {used:.1f} s of the processor" if used is not None else ""),
                            flush=True,
                        )
                    reasons[reason] += 1
                batch = []
    faults = sum(reasons[reason] for reason in FAULTS)
    print(f"{arguments.inputs} inputs in {time.monotonic() - started:.0f} s, {faults} faults: ", end="")
    print(", ".join(f"{reason} {number}" for reason, number in reasons.most_common()))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
