"""What Prefect costs a run: importing it, and starting its temporary server, which it does when none is configured.

    .venv/bin/python -m benchmarks.prefect_start

Each in a process and a Prefect home of its own, three times; prints the median seconds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

CASES = {
    "python alone": "pass",
    "import flows.commands.run": "import flows.commands.run",
    "import prefect": "import prefect",
    "an empty flow with Prefect's temporary server": "from prefect import flow\n@flow\ndef nothing(): pass\nnothing()",
}
RUNS = 3


def seconds(code: str, home: str) -> float:
    """Wall time of a Python process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"PREFECT_HOME": home, "PREFECT_LOGGING_LEVEL": "CRITICAL"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as home:
        for name, code in CASES.items():
            seconds(code, home)  # the first run also makes the database
            print(f"{name:48}{statistics.median(seconds(code, home) for _ in range(RUNS)):6.2f} s")


if __name__ == "__main__":
    main()
