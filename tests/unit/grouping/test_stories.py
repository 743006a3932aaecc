"""The record of a story: whose words count as a source of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.grouping.stories import build_story
from pipelines.identify.article import fingerprint
from pipelines.lineage.agencies import credited_party
from schemas.records import Article, MemoryEntry, Observation
from tests.synthetic import DAY, content, prose

if TYPE_CHECKING:
    from schemas.records import ArticleContent, Story

NOON = DAY + timedelta(hours=12)


def story(*told: tuple[ArticleContent, ArticleContent | None]) -> Story:
    """Of contents, each with what it is a copy of."""
    members = []
    for one, canonical in told:
        print_ = fingerprint(one, NOON)
        seen = Observation(fetched_at=DAY + timedelta(days=1), digest=one.digest, archive_record="a@0")
        article = Article(content=one, observations=(seen,), revision=1, first_seen=seen.fetched_at)
        entry = MemoryEntry(
            fingerprint=print_, canonical_id=(canonical or one).article_id, story_id=told[0][0].article_id
        )
        members.append((entry, article))
    return build_story(told[0][0].article_id, members, {one.article_id: credited_party(one) for one, _ in told})


def told_by(source: str | None, seed: int, credit: str = "") -> ArticleContent:
    return content(
        f"{source}-{seed}", f"{prose(seed, 60)}{credit}", source=source, published=NOON + timedelta(hours=seed)
    )


def test_an_agency_counts_once_whoever_carries_its_text_and_however_reworded() -> None:
    own, copy = told_by("Reuters", 1), told_by("Daily", 2)
    reworded = told_by("Evening Post", 3, " (Reuters)")
    report = told_by("Harbour News", 4)
    assert story((own, None), (copy, own), (reworded, None)).independent_sources == 1
    made = story((own, None), (copy, own), (reworded, None), (report, None))
    assert made.independent_sources == 2
    assert made.sources == ("Daily", "Evening Post", "Harbour News", "Reuters")
    assert made.first_source == "Reuters"


def test_outlets_without_a_name_are_as_many_as_their_texts() -> None:
    first, second = told_by(None, 1), told_by(None, 2)
    copy = replace(told_by(None, 3), body=first.body)
    assert story((first, None), (second, None), (copy, first)).independent_sources == 2
