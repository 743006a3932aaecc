"""A short soak; ``benchmarks.soak`` does it for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.soak import Plan, soak

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan(rate=5, seconds=40, horizon=5, every=4)


def test_state_and_memory_do_not_grow_once_the_horizon_has_passed(tmp_path: Path) -> None:
    samples = soak(tmp_path, PLAN, lambda _: None)
    last = samples[-1]
    assert last.processed > 50
    assert last.remembered < last.processed / 2
    assert last.memory < 1.5 * max(one.memory for one in samples[: len(samples) // 2])
