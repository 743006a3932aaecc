"""kill -9 between match and delivery; ``benchmarks.killed_alerts`` does it 200 times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.killed_alerts import kill_many

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 20


def test_every_alert_is_delivered_at_least_once_and_recorded_exactly_once(tmp_path: Path) -> None:
    outcome = kill_many(tmp_path, KILLS)
    assert outcome.faults == ()
    assert outcome.kills == KILLS
    assert outcome.alerts > KILLS // 2
    assert outcome.deliveries - outcome.repeated >= outcome.alerts
