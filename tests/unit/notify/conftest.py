"""A store with alerts to deliver, and receivers that can fail."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.alerts.decide import alert_id
from pipelines.alerts.messages import message_id
from pipelines.alerts.policy import AlertPolicy
from pipelines.stores import open_store
from schemas.records import (
    Alert,
    AlertMatch,
    Article,
    ArticleContent,
    MessageKind,
    Observation,
    OutboxMessage,
    Rule,
    Story,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.stores.protocol import Store

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def make_article(name: str) -> Article:
    content = ArticleContent(
        article_id=name,
        digest="d",
        url=f"https://news.example/{name}",
        external_id=None,
        source="Example News",
        title=f"Title of {name}",
        description=None,
        author=None,
        published=None,
        published_from=None,
        language="en",
        body="Two M142s fired.",
        dropped=(),
        word_count=3,
    )
    seen = Observation(fetched_at=NOW, digest="d", archive_record="a.warc.gz@0")
    return Article(content=content, observations=(seen,), revision=1, first_seen=NOW, story_id=name)


def make_story(name: str) -> Story:
    return Story(
        id=name,
        title=f"Story of\n{name}",
        first_published=None,
        last_published=None,
        article_ids=(name,),
        sources=("Example News",),
        independent_sources=1,
    )


def make_alert(name: str, rule: str = "himars") -> Alert:
    place = AlertMatch(
        article_id=name, field="body", sentence="Two M142s fired.", start=4, end=9, form="M142s", term="HIMARS"
    )
    return Alert(
        id=alert_id(rule, name),
        rule_id=rule,
        rule_version="v",
        story_id=name,
        article_id=name,
        matched_at=NOW,
        matches=(place,),
    )


POLICY = AlertPolicy.of([Rule(id="himars", query="HIMARS", severity="high")])


def make_message(
    alert: Alert,
    channel: str,
    created_at: datetime = NOW,
    *,
    kind: MessageKind = MessageKind.NEW,
    reason: str | None = None,
    topic: str | None = None,
) -> OutboxMessage:
    return OutboxMessage(
        id=message_id(alert.id, channel, kind, [reason] if reason else ()),
        alert_id=alert.id,
        channel=channel,
        kind=kind,
        reason=reason,
        topic=topic,
        created_at=created_at,
        next_attempt=created_at,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        opened.setup()
        yield opened


@pytest.fixture
def raise_alerts(store: Store) -> Callable[..., list[Alert]]:
    """Put alerts about so many stories in the store, with messages to the channels."""

    def put(count: int, *channels: str) -> list[Alert]:
        names = [f"article{number}" for number in range(count)]
        store.update_articles(names, lambda _: [make_article(name) for name in names])
        store.write_stories([make_story(name) for name in names])
        alerts = [make_alert(name) for name in names]
        store.write_alerts(
            alerts,
            outbox=[
                make_message(alert, channel, NOW - timedelta(seconds=count - number))
                for number, alert in enumerate(alerts)
                for channel in channels
            ],
        )
        return alerts

    return put


class Hook:
    """A web hook on loopback: keeps the JSON posted to it with its headers, answers with ``status``."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[dict[str, Any]] = []
        self.posted: list[tuple[dict[str, str], bytes]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.posted.append((dict(self.headers), body))
                    hook.got.append(json.loads(body))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                if hook.status == 302:
                    self.send_header("Location", f"http://{hook.address}/elsewhere")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    made.thread.start()
    yield made
    made.close()
