"""The history of an article."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from pipelines.identify.revisions import observe
from schemas.records import Article, ArticleContent, Observation
from tests.stores.conftest import Make

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def seen(hours: int, text: str) -> tuple[ArticleContent, Observation]:
    content = Make.content(1, digest=text, body=text)
    moment = NOON + timedelta(hours=hours)
    return content, Observation(fetched_at=moment, digest=text, archive_record=f"a.warc.gz@{hours}")


def history(*captures: tuple[ArticleContent, Observation]) -> Article:
    article: Article | None = None
    for content, observation in captures:
        article = observe(article, content, observation)
    assert article is not None
    return article


def test_the_order_in_which_captures_are_processed_does_not_matter() -> None:
    captures = [seen(0, "first"), seen(1, "second"), seen(2, "first")]
    (one,) = {history(*some) for some in permutations(captures)}
    assert (one.revision, one.content.body, one.first_seen) == (3, "first", NOON)


def test_a_capture_that_is_read_otherwise_by_a_replay_is_no_revision() -> None:
    before = history(seen(0, "text with residue"))
    again = history(seen(0, "text with residue"), seen(0, "text"))
    assert (again.revision, again.content.body, len(again.observations)) == (1, "text", 1)
    assert replace(again, content=before.content, observations=before.observations) == before
    older = history(seen(0, "residue"), seen(1, "late"), seen(0, "text"))
    assert (older.revision, older.content.body) == (2, "late")
    assert [one.digest for one in older.observations] == ["text", "late"]
