"""The whole pipeline against a bare Trafilatura loop over the same generated pages, in the same run.

    .venv/bin/python -m benchmarks.end_to_end [--pages 2000] [--workers 2] [--store URL]

Prints pages a second of both, their ratio, and the peak memory of the pipeline's processes together (PSS: memory
that processes share is counted once).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import trafilatura

from benchmarks.generated import pages

PROGRAM = Path(sys.executable).parent / "wirepicket"
_SAMPLE_SECONDS = 0.25


def bare_loop(bodies: list[str]) -> float:
    """Seconds which Trafilatura alone takes in the mode that the pipeline uses, with metadata as there."""
    trafilatura.extract(bodies[0])  # what is loaded at the first call is not counted
    start = time.perf_counter()
    for body in bodies:
        trafilatura.extract(body, include_comments=False, include_formatting=False, with_metadata=True)
    return time.perf_counter() - start


def family_memory(process: psutil.Process) -> int:
    """Memory of a process and its descendants (PSS), in bytes."""
    total = 0
    try:
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for one in family:
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


class PeakMemory:
    """Samples the memory of a process and its descendants, in bytes."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._process = psutil.Process(pid)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, family_memory(self._process))

    def end(self) -> int:
        """Stop; the peak."""
        self._stop.set()
        self._thread.join()
        return self.peak


def pipeline(seeds: Path, home: Path, workers: int, store: str | None) -> tuple[float, int, dict[str, object]]:
    """Seconds, peak memory and summary of ``wirepicket run`` over the pages."""
    environment = os.environ | {"WIREPICKET_HOME": str(home), "WIREPICKET_WORKERS": str(workers)}
    start = time.perf_counter()
    command: list[str] = [str(PROGRAM), "run", "--seeds", str(seeds), "--json", *(["--store", store] if store else [])]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        memory = PeakMemory(child.pid)
        out, _ = child.communicate()
    seconds = time.perf_counter() - start
    return seconds, memory.end(), json.loads(out)


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--store", help="default: an SQLite file of its own")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = list(pages(options.pages))
        seeds = folder / "pages.jsonl"
        lines = (
            json.dumps({"url": url, "source": outlet, "published": None, "html": html}) for url, outlet, html in made
        )
        seeds.write_text("\n".join(lines), encoding="utf-8")
        bare = bare_loop([html for _, _, html in made])
        whole, peak, summary = pipeline(seeds, folder / "home", options.workers, options.store)
        again, _, _ = pipeline(seeds, folder / "home", options.workers, options.store)
    size = sum(len(html) for _, _, html in made) / len(made)
    print(
        f"{options.pages} pages of {size / 1000:.1f} KB, {options.workers} extraction processes, {os.cpu_count()} cores"
    )
    print(f"bare Trafilatura loop, one process   {options.pages / bare:8.0f} pages/s   {bare:7.2f} s")
    print(f"wirepicket run, everything           {options.pages / whole:8.0f} pages/s   {whole:7.2f} s")
    print(f"ratio                                {bare / whole:8.2f}")
    print(f"peak memory of all its processes     {peak / 2**20:8.0f} MB")
    print(f"the same again, nothing new          {again:8.2f} s")
    print(json.dumps(summary))


if __name__ == "__main__":
    main()
