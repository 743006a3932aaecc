"""Home folders of their own for benchmarks, with the runners that this checkout has built and fetched."""

from __future__ import annotations

from pathlib import Path


def link_runners(home: Path) -> None:
    """Let a home use Prism and Flink of this checkout, which it need not build or fetch again. Makes the folder."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "runners").symlink_to(Path("var/runners").resolve())
