from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.alerts.health import RuleHealth, rule_health, silence_cause
from pipelines.rules.checks import check_rules
from schemas.records import Alert, AlertOrigin, FeedState, Rule, RuleTests

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HIMARS = Rule(id="himars", query="HIMARS")


def alert(age: timedelta, **more: Any) -> Alert:
    given = {"id": "i", "rule_id": "himars", "rule_version": "v", "story_id": "s", "article_id": "a", "matches": ()}
    return Alert(**(given | {"matched_at": NOW - age} | more))


def health(*alerts: Alert, rule: Rule = HIMARS) -> RuleHealth:
    (one,) = rule_health([rule], check_rules([rule]), alerts, channels={"desk"}, cause="because", now=NOW)
    return one


def test_a_rule_is_silent_by_its_own_rhythm() -> None:
    daily = [alert(days * DAY) for days in range(4, 14)]
    assert health(*daily).silence is None
    assert health(*daily[1:]).silence == "no himars alert for 5 days: because"
    weekly = [alert(days * DAY) for days in (6, 13, 20)]
    assert health(*weekly).silence is None
    hourly = [alert(timedelta(hours=hours)) for hours in range(23, 60)]
    assert health(*hourly).silence is None
    assert health(*hourly[2:]).silence == "no himars alert for 25 hours: because"
    assert health(alert(3 * DAY)).silence is None
    assert health(alert(4 * DAY)).silence == "no himars alert for 4 days: because"


def test_alerts_of_backfills_and_other_rules_do_not_count() -> None:
    found = health(alert(9 * DAY), alert(DAY, origin=AlertOrigin.BACKFILL), alert(DAY, rule_id="other"))
    assert (found.alerts, found.last_alert) == (1, NOW - 9 * DAY)
    assert found.silence
    assert health() == RuleHealth(rule_id="himars", alerts=0, last_alert=None, problems=(), silence=None)


def test_problems_name_examples_and_channels() -> None:
    rule = Rule(id="r", query="HIMARS", notify=("desk", "log", "soc"), tests=RuleTests(match=("nothing", "M142")))
    assert health(rule=rule).problems == ("1 of its own examples fail", "its channel 'soc' is not configured")


def feed(name: str, failures: int = 0, last: datetime | None = NOW) -> FeedState:
    return FeedState(url=f"https://{name}.example/feed", failures=failures, last_success=last)


def test_the_cause_of_silence() -> None:
    good = [feed("a"), feed("b")]
    bad = [feed("c", 3, NOW - 2 * DAY), feed("d", 1, NOW - DAY), feed("e", 9, None)]
    assert silence_cause(good, NOW, NOW) == "all 2 feeds are well, and nothing in them matches"
    assert silence_cause([*good, *bad], NOW, NOW) == "3 of 5 feeds failing since 2026-06-08T12:00:00Z"
    assert silence_cause([*good, bad[2]], NOW, NOW) == "1 of 3 feeds failing, none of which ever answered"
    assert silence_cause(bad, NOW - 2 * DAY, NOW) == "no run since 2026-06-08T12:00:00Z"
    assert silence_cause([], None, NOW) == "no run yet"
    assert silence_cause([], NOW, NOW) == "nothing that came in matches"
