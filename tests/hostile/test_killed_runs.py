"""kill -9 of batch runs, on both stores; ``benchmarks.killed_runs`` does it 300 times."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

KILLS = 4
ROOT = Path(__file__).parent.parent.parent


def test_a_run_after_killed_ones_makes_what_an_undisturbed_one_makes(elasticsearch_url: str) -> None:
    # In a process of its own: it forks, and must have no threads.
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.killed_runs", "--kills", str(KILLS)),
            *("--store", "sqlite", elasticsearch_url),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(rf": {KILLS} runs killed .*; 0 differences", done.stdout)) == 2
