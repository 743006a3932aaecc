"""Both stores, and synthetic records to put into them."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import elasticsearch
import pytest

from pipelines.stores.address import SqliteAddress, parse_store_url
from pipelines.stores.elastic import ElasticsearchStore
from pipelines.stores.sqlite import SqliteStore
from schemas.records import (
    Alert,
    AlertMatch,
    Article,
    ArticleContent,
    DroppedLine,
    FeedState,
    Fingerprint,
    GroupChange,
    Grouping,
    Match,
    MediaKind,
    MemoryEntry,
    Observation,
    OutboxMessage,
    PublishedFrom,
    Quarantined,
    Regrouped,
    RuleHit,
    RunRecord,
    SeenCapture,
    Story,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.stores.protocol import Store

DAY = datetime(2026, 3, 1, tzinfo=UTC)


class Make:
    """Synthetic records. Every field has a value, so that a field lost on the way is seen."""

    day = DAY

    @staticmethod
    def content(number: int, **changes: Any) -> ArticleContent:
        text = f"The ministry confirmed delivery number {number}.\n\nTwelve launchers were “handed over” in Łódź."
        content = ArticleContent(
            article_id=f"{number:040x}",
            digest=f"digest-{number}",
            url=f"https://news.example/{number}?a=1&b=ü",
            external_id=f"seed-{number}",
            source=f"Outlet {number % 3}",
            title=f"Delivery {number} of launchers",
            description="What was delivered, and when",
            author="R. Writer",
            published=DAY + timedelta(minutes=number),
            published_from=PublishedFrom.META,
            language="en",
            body=text,
            dropped=(DroppedLine("Share this", "share-bar"), DroppedLine('A "quoted" line', "related")),
            word_count=17,
            hits=(
                RuleHit(
                    rule_id="launchers",
                    rule_version="1",
                    matches=(
                        Match(
                            field="body",
                            sentence="Twelve launchers were “handed over” in Łódź.",
                            start=53,
                            end=62,
                            form="launchers",
                            term="launcher",
                        ),
                    ),
                ),
            ),
        )
        return replace(content, **changes)

    @classmethod
    def article(cls, number: int, **changes: Any) -> Article:
        content = cls.content(number, **changes.pop("content", {}))
        seen = DAY + timedelta(hours=1, minutes=number)
        observed = Observation(fetched_at=seen, digest=content.digest, archive_record=f"a.warc.gz@{number}")
        article = Article(
            content=content,
            observations=(observed,),
            revision=1,
            first_seen=seen,
            canonical_id=content.article_id,
            copies=("copy-1", "copy-2"),
            story_id=f"story-{number}",
        )
        return replace(article, **changes)

    @staticmethod
    def entry(number: int, **changes: Any) -> MemoryEntry:
        one = f"{number:040x}"
        fingerprint = Fingerprint(
            article_id=one,
            digest=f"digest-{number}",
            source="Outlet",
            title_key=2**63 - 1 - number,
            published=None,
            first_seen=DAY + timedelta(minutes=number),
            word_count=400,
            shingles=bytes(range(256)),
            numbers=b"\x00\xff",
            copy_keys=(number, 10_000 + number // 2, 2**63 - 1),
            story_features=b"\x80packed\x00",
            story_keys=(number, 20_000 + number // 3),
        )
        fingerprint = replace(fingerprint, **changes.pop("fingerprint", {}))
        entry = MemoryEntry(
            fingerprint=fingerprint, canonical_id=f"copy-{number // 2}", story_id=f"story-{number // 3}"
        )
        return replace(entry, **changes)

    @staticmethod
    def story(number: int, **changes: Any) -> Story:
        story = Story(
            id=f"story-{number:03}",
            title=f"Story {number}",
            first_published=DAY,
            last_published=DAY + timedelta(hours=number),
            article_ids=("a", "b"),
            sources=("Outlet 1", "Outlet 2"),
            independent_sources=2,
            first_source="Outlet 2",
        )
        return replace(story, **changes)

    @staticmethod
    def group_change(number: int) -> GroupChange:
        return GroupChange(
            id=f"change-{9 - number}",
            at=DAY + timedelta(minutes=number),
            grouping=Grouping.STORIES,
            change=Regrouped.MERGED,
            before=("a", f"story-{number}"),
            after=("a",),
            article_ids=("b", "c"),
        )

    @staticmethod
    def alert(number: int, **changes: Any) -> Alert:
        matched = AlertMatch(
            article_id="a", field="title", sentence="A sentence", start=2, end=10, form="sentence", term="sentence"
        )
        alert = Alert(
            id=f"alert-{number:03}",
            rule_id="rule",
            rule_version="v1",
            story_id=f"story-{number:03}",
            article_id="a",
            matched_at=DAY + timedelta(minutes=number),
            matches=(matched, replace(matched, article_id="b")),
            severity="high",
            former_ids=(f"former-{number:03}",),
        )
        return replace(alert, **changes)

    @staticmethod
    def message(number: int, **changes: Any) -> OutboxMessage:
        message = OutboxMessage(
            id=f"message-{number:03}",
            alert_id=f"alert-{number:03}",
            channel="analysts",
            created_at=DAY + timedelta(minutes=number),
            next_attempt=DAY + timedelta(minutes=number),
            article_ids=("b", "a"),
        )
        return replace(message, **changes)

    @staticmethod
    def quarantined(number: int, **changes: Any) -> Quarantined:
        item = Quarantined(
            url=f"https://news.example/bad/{number:03}",
            stage="extract",
            reason="empty",
            detail="no text",
            archive_record=f"a.warc.gz@{number:05}",
            captured_at=DAY + timedelta(minutes=number),
            kind=MediaKind.HTML,
            first_seen=DAY + timedelta(hours=1),
            last_seen=DAY + timedelta(hours=2),
        )
        return replace(item, **changes)

    @staticmethod
    def seen(number: int, **changes: Any) -> SeenCapture:
        capture = SeenCapture(
            url=f"https://news.example/{number}",
            payload_digest=f"{number:064x}",
            fetched_at=DAY,
            archive_record="a.warc.gz@100",
            article_id=f"{number:040x}",
            succeeded_at=DAY,
        )
        return replace(capture, **changes)

    @staticmethod
    def feed(number: int, **changes: Any) -> FeedState:
        state = FeedState(
            url=f"https://news.example/feed/{number}",
            etag='W/"abc"',
            last_modified="Sun, 01 Mar 2026 00:00:00 GMT",
            last_success=DAY,
            last_attempt=DAY,
            failures=2,
            last_error="timed out",
            title="A feed",
            entries=20,
        )
        return replace(state, **changes)

    @staticmethod
    def run(number: int, **changes: Any) -> RunRecord:
        run = RunRecord(
            id=f"run-{number:03}",
            started_at=DAY + timedelta(hours=number),
            articles=5,
            new=4,
            revised=1,
            duplicates=2,
            stories=3,
            alerts=1,
            quarantined=1,
            seconds=1.25,
        )
        return replace(run, **changes)


@pytest.fixture
def make() -> type[Make]:
    return Make


@dataclass(frozen=True)
class Place:
    """Somewhere to keep things: one file, or one prefix in the Elasticsearch."""

    url: str
    prefix: str
    opened: ExitStack = field(default_factory=ExitStack)

    def open(self, **options: Any) -> Store:
        """A further store over the same data."""
        address = parse_store_url(self.url)
        store: Store
        if isinstance(address, SqliteAddress):
            store = SqliteStore(address.path, **options)
        else:
            store = ElasticsearchStore.open(address, prefix=self.prefix, **options)
        self.opened.enter_context(store)
        return store


def clean(url: str, prefix: str) -> None:
    """Remove everything of a prefix."""
    with elasticsearch.Elasticsearch(url) as client:
        indices = [*client.indices.get(index=f"{prefix}-*")]
        if indices:
            client.indices.delete(index=indices)
        lenient = client.options(ignore_status=404)
        lenient.indices.delete_index_template(name=f"{prefix}-*")
        lenient.cluster.delete_component_template(name=f"{prefix}-*")


@pytest.fixture
def elastic_place(elasticsearch_url: str) -> Iterator[Place]:
    place = Place(elasticsearch_url, f"test-{uuid.uuid4().hex[:12]}")
    with place.opened:
        yield place
    clean(elasticsearch_url, place.prefix)


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Iterator[Place]:
    place = Place(f"sqlite:///{tmp_path / 'folder' / 'store.db'}", "wirepicket")
    with place.opened:
        yield place


@pytest.fixture(params=["sqlite", "elasticsearch"])
def place(request: pytest.FixtureRequest) -> Place:
    name = "sqlite_place" if request.param == "sqlite" else "elastic_place"
    found: Place = request.getfixturevalue(name)
    return found


@pytest.fixture
def store(place: Place) -> Store:
    """A store of either kind, set up and empty."""
    store = place.open()
    store.setup()
    return store
