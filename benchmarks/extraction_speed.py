"""How fast pages are read, against a bare single-process Trafilatura loop in the same mode over the same pages.

    python -m benchmarks.extraction_speed [--pages N] [--workers N] [--folder FOLDER] [--rounds N]

The pages are generated ones (``benchmarks.generated``), or those of a folder in the form of
``benchmarks.extraction``. Prints pages a second of the bare loop, of the loop with Trafilatura's metadata (ours are
part of extraction), of extraction and cleaning in worker processes, and of the whole step of the pipeline
(``pipelines.ingest.pool``: also identity, language, fingerprint, rules), each as a ratio to both loops; the ratio of
extraction and cleaning by the processor time of the workers, as if each had a core for itself; and, in one process and
by processor time, what extraction costs beside the loops and cleaning beside extraction. The rounds
alternate, and the median counts, since other work on the machine comes and goes; under load only processor time tells.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import trafilatura

from benchmarks.extraction import read_pages
from benchmarks.generated import pages as generated_pages
from pipelines.clean import clean
from pipelines.collector import collector_paused
from pipelines.errors import ExtractionError
from pipelines.extract import extract_html
from pipelines.ingest.pool import RefinePool
from schemas.records import Capture, Extracted, MediaKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGES = 600
WORKERS = 2
ROUNDS = 3
FETCHED = datetime(2026, 7, 1, tzinfo=UTC)
_CHUNK = 16
_MEASURES = ("bare", "metadata", "read", "refine", "read_cpu", "bare_cpu", "metadata_cpu", "extract", "clean")


def bare_loop(captures: Sequence[Capture], *, metadata: bool = False) -> None:
    """Trafilatura alone, in the mode which ``pipelines.extract.body`` uses."""
    for capture in captures:
        trafilatura.extract(
            capture.body, url=capture.url, include_comments=False, include_formatting=False, with_metadata=metadata
        )


def extracted(capture: Capture) -> Extracted | None:
    """A page read; ``None`` for one that is refused."""
    try:
        return extract_html(capture.body, url=capture.url, reference=FETCHED)
    except ExtractionError:
        return None


def extracted_and_cleaned(capture: Capture) -> float:
    """The work of a worker, with its precautions (``pipelines.ingest.pool``); the processor time it took."""
    begun = time.process_time()
    with collector_paused():
        page = extracted(capture)
        if page:
            clean(page)
    return time.process_time() - begun


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long it takes by a clock."""
    started = clock()
    work()
    return clock() - started


def measure(captures: Sequence[Capture], workers: int, rounds: int) -> None:
    """Print the figures."""
    times: dict[str, list[float]] = {name: [] for name in _MEASURES}
    context = multiprocessing.get_context("fork")
    with context.Pool(workers, gc.freeze) as processes, RefinePool((), workers=workers) as pool:
        for number in range(rounds + 1):  # the first round loads everything, and is not counted
            used: list[float] = []
            taken = {
                "bare": seconds(lambda: bare_loop(captures)),
                "metadata": seconds(lambda: bare_loop(captures, metadata=True)),
                "read": seconds(lambda: used.extend(processes.map(extracted_and_cleaned, captures, chunksize=_CHUNK))),  # noqa: B023 - called at once
                "refine": seconds(lambda: pool.refine_all(captures)),
                "read_cpu": sum(used),
            }
            read: list[Extracted | None] = []
            taken["bare_cpu"] = seconds(lambda: bare_loop(captures), time.process_time)
            taken["metadata_cpu"] = seconds(lambda: bare_loop(captures, metadata=True), time.process_time)
            taken["extract"] = seconds(lambda: read.extend(map(extracted, captures)), time.process_time)  # noqa: B023 - called at once
            taken["clean"] = seconds(lambda: [clean(page) for page in read if page], time.process_time)  # noqa: B023 - likewise
            for name, value in taken.items():
                if number:
                    times[name].append(value)
    middle = {name: statistics.median(values) for name, values in times.items()}
    count = len(captures)
    print(f"{count} pages, {workers} workers, median of {rounds} rounds")
    for name, label in (
        ("bare", "bare Trafilatura loop"),
        ("metadata", "the same with metadata"),
        ("read", "extraction and cleaning"),
        ("refine", "whole refine step"),
    ):
        ratios = (middle[beside] / middle[name] for beside in ("bare", "metadata"))
        print(f"{label:<26}{count / middle[name]:>8.0f} pages/s" + "".join(f"{ratio:>8.2f} x" for ratio in ratios))
    ratios = (workers * middle[beside] / middle["read_cpu"] for beside in ("bare_cpu", "metadata_cpu"))
    print("{:<26}{:>18.2f} x{:>8.2f} x".format("the same by processor time", *ratios))
    print(f"one process, by its own time: extraction {1000 * middle['extract'] / count:.2f} ms a page, ", end="")
    beside = (middle["extract"] / middle[name] for name in ("bare_cpu", "metadata_cpu"))
    print("{:.2f} x the bare loop, {:.2f} x with metadata; ".format(*beside), end="")
    print(f"cleaning {1000 * middle['clean'] / count:.2f} ms, {middle['clean'] / middle['extract']:.1%} of it")


def main() -> None:
    """Read the arguments and measure."""
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description="Measure the speed of extraction beside Trafilatura alone.")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, help="pages in the form of benchmarks.extraction")
    arguments = parser.parse_args()
    if arguments.folder:
        bodies = [(page.url, page.html) for page in read_pages(arguments.folder)]
    else:
        bodies = [(url, html.encode()) for url, _, html in generated_pages(arguments.pages)]
    captures = [Capture(url=url, fetched_at=FETCHED, kind=MediaKind.HTML, body=body) for url, body in bodies]
    measure(captures, arguments.workers, arguments.rounds)


if __name__ == "__main__":
    main()
