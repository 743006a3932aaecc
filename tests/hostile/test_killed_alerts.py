"""kill -9 between match and delivery; ``benchmarks.killed_alerts`` does it 200 times."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.killed_alerts import kill_many, place_of

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 20
KILLS_ELASTICSEARCH = 6
"""Each waits out the lease of the one before."""


def test_every_alert_is_delivered_at_least_once_and_recorded_exactly_once(tmp_path: Path) -> None:
    outcome = kill_many(place_of(tmp_path), KILLS)
    assert outcome.faults == ()
    assert outcome.kills == KILLS
    assert outcome.alerts > KILLS // 2
    assert outcome.deliveries - outcome.repeated >= outcome.alerts


def test_kills_while_elasticsearch_regroups_lose_and_double_nothing(tmp_path: Path, elasticsearch_url: str) -> None:
    outcome = kill_many(place_of(tmp_path, elasticsearch_url), KILLS_ELASTICSEARCH)
    assert outcome.faults == ()
    assert outcome.while_grouping > 0
    assert outcome.alerts > KILLS_ELASTICSEARCH // 2
    assert outcome.deliveries - outcome.repeated >= outcome.alerts
