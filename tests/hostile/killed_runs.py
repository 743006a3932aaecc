"""A process which starts runs and kills them: ``python -m tests.hostile.killed_runs HOME URL…``, one delay a line.

Each line of its input is a number of seconds; it forks a run (everything is imported already, so a run is under way
at once), kills it with SIGKILL after that time, and answers ``killed`` or ``ended``. It has no threads of its own,
which is what makes forking safe.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.killing import killed_after
from tests.hostile.taking import take


def main() -> None:
    home, urls = Path(sys.argv[1]), sys.argv[2:]
    for line in sys.stdin:
        ended = killed_after(float(line), lambda: take(home, urls))
        print("ended" if ended else "killed", flush=True)


if __name__ == "__main__":
    main()
