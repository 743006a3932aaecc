"""``python -m pipelines.beam.flink``: fetch the files of Flink unless they exist."""

from __future__ import annotations

import sys

from pipelines.beam.flink.install import install, installed
from pipelines.config import load_settings
from pipelines.errors import WirepicketError


def main() -> int:
    """Install Flink if it is missing."""
    home = load_settings().home
    try:
        if not installed(home).complete:
            print("Fetching Flink (210 MB, about a minute) …", file=sys.stderr)
            install(home)
    except WirepicketError as error:
        print(f"wirepicket: {error}", file=sys.stderr)
        return 2
    print(installed(home).folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
