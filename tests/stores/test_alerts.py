"""Contract: stories, alerts and the outbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from schemas.records import AlertState

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make, Place


def test_stories(store: Store, make: type[Make]) -> None:
    stories = [make.story(number) for number in range(3)]
    undated = make.story(9, title=None, first_published=None, last_published=None, sources=())
    for _ in range(2):
        store.write_stories([*stories, undated])
    assert list(store.iter_stories()) == [*stories, undated]
    assert store.stories(["story-001", "unknown"]) == {"story-001": stories[1]}
    changed = replace(stories[2], title="Other")
    store.write_stories([changed], gone=["story-000", "unknown"])
    assert list(store.iter_stories()) == [stories[1], changed, undated]
    store.write_stories([])


def test_a_story_written_and_gone_at_once_stays(store: Store, make: type[Make]) -> None:
    store.write_stories([make.story(1)], gone=["story-001"])
    assert list(store.iter_stories()) == [make.story(1)]


def test_group_changes(store: Store, make: type[Make]) -> None:
    changes = [make.group_change(number) for number in range(3)]
    for _ in range(2):
        store.write_changes(changes[::-1])
    store.write_changes([replace(changes[1], at=make.day + timedelta(days=9))])  # done again after a crash
    store.refresh()
    assert list(store.iter_changes()) == changes
    store.write_changes([])


def test_group_changes_by_what_they_name(place: Place, make: type[Make]) -> None:
    store = place.open(page_size=2)
    store.setup()
    changes = [make.group_change(number) for number in range(3)]
    parted = replace(
        changes[0], id="parted", at=make.day + timedelta(days=1), before=("a",), after=("a", "d"), article_ids=("d",)
    )
    store.write_changes([parted, *changes])
    assert store.changes_of(["a"]) == [*changes, parted]
    assert store.changes_of(["d", "story-1", "unknown"]) == [changes[1], parted]
    assert store.changes_of(["c"]) == changes
    assert store.changes_of(["story-"]) == []
    assert store.changes_of([]) == []


def test_alerts(store: Store, make: type[Make]) -> None:
    alerts = [make.alert(number) for number in range(4)]
    for _ in range(2):
        store.write_alerts(alerts)
    assert list(store.iter_alerts()) == alerts
    assert store.alerts(["alert-002", "unknown"]) == {"alert-002": alerts[2]}
    assert store.alerts_of_stories(["story-003", "story-001", "unknown"]) == [alerts[1], alerts[3]]
    assert store.alerts_of_stories([]) == []
    acknowledged = replace(alerts[1], state=AlertState.ACKNOWLEDGED, matches=())
    store.write_alerts([acknowledged], gone=["alert-000"])
    assert list(store.iter_alerts()) == [acknowledged, alerts[2], alerts[3]]


def test_the_outbox_gives_what_is_due_oldest_first(store: Store, make: type[Make]) -> None:
    first = make.message(1, next_attempt=make.day + timedelta(minutes=30))
    second, third = make.message(2), make.message(3)
    tie = make.message(0, created_at=third.created_at, next_attempt=make.day)
    store.write_alerts([], outbox=[third, second, first, tie])
    assert store.outbox_pending(make.day + timedelta(minutes=10)) == [second, tie, third]
    assert store.outbox_pending(make.day + timedelta(minutes=30)) == [first, second, tie, third]
    assert store.outbox_pending(make.day - timedelta(minutes=1)) == []


def test_a_message_is_written_once_however_often_its_alert_is(store: Store, make: type[Make]) -> None:
    message = make.message(1)
    store.write_alerts([make.alert(1)], outbox=[message])
    delivered = replace(message, attempts=1, delivered_at=make.day + timedelta(hours=1), last_error="slow")
    for _ in range(2):
        store.write_outbox([delivered])
    store.write_alerts([make.alert(1)], outbox=[message])
    assert store.outbox_pending(make.day + timedelta(days=9)) == []


def test_a_failed_attempt_waits(store: Store, make: type[Make]) -> None:
    store.write_alerts([], outbox=[make.message(1)])
    failed = make.message(1, attempts=1, last_error="refused", next_attempt=make.day + timedelta(hours=2))
    store.write_outbox([failed])
    assert store.outbox_pending(make.day + timedelta(hours=1)) == []
    assert store.outbox_pending(make.day + timedelta(hours=2)) == [failed]


def test_more_messages_than_a_page(place: Place, make: type[Make]) -> None:
    store = place.open(page_size=7)
    store.setup()
    messages = [make.message(number) for number in range(20)]
    store.write_alerts([make.alert(number) for number in range(20)], outbox=messages)
    assert store.outbox_pending(make.day + timedelta(days=1)) == messages
    assert len(list(store.iter_alerts())) == 20


def test_the_messages_of_alerts(store: Store, make: type[Make]) -> None:
    first, second, other = make.message(1), make.message(2), make.message(3)
    late = replace(first, id="later", created_at=make.day + timedelta(days=1), reason="more", topic="t")
    delivered = replace(second, delivered_at=make.day)
    store.write_alerts([], outbox=[late, first, delivered, other])
    assert store.outbox_of_alerts([first.alert_id, second.alert_id, "unknown"]) == [first, delivered, late]
    assert store.outbox_of_alerts([]) == []


def test_messages_go_with_their_alert_to_another(store: Store, make: type[Make]) -> None:
    message, other = make.message(1), make.message(2)
    store.write_alerts([make.alert(1), make.alert(2)], outbox=[message, other])
    moved = replace(message, alert_id="alert-003", delivered_at=make.day, last_error="not sent")
    for _ in range(2):
        store.write_alerts([make.alert(3)], gone=["alert-001"], outbox=[message], moved=[moved])
    assert store.outbox([message.id, other.id, "unknown"]) == {message.id: moved, other.id: other}
    assert store.outbox_of_alerts(["alert-001", "alert-003"]) == [moved]
    assert list(store.iter_alerts()) == [make.alert(2), make.alert(3)]
    assert store.outbox([]) == {}


def test_when_a_topic_was_last_spoken_of(store: Store, make: type[Make]) -> None:
    hour = timedelta(hours=1)
    messages = [
        replace(make.message(1), topic="a", delivered_at=make.day),
        replace(make.message(2), topic="a", delivered_at=make.day + hour),
        replace(make.message(3), topic="a"),
        replace(make.message(4), topic="a", delivered_at=make.day + 2 * hour, last_error="not sent: muted"),
        replace(make.message(5), topic="b", delivered_at=make.day),
        replace(make.message(6), delivered_at=make.day),
    ]
    store.write_alerts([], outbox=messages)
    before = make.day - hour
    assert store.last_sent(["a", "b", "c"], before) == {"a": make.day + hour, "b": make.day}
    assert store.last_sent(["b"], make.day) == {}
    assert store.last_sent([], before) == {}
