"""What ``show`` says of stories, copies, revisions and the way of an article."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.article_tables import article_view, trail_view
from flows.change_tables import changes_view
from flows.console import Output
from flows.history_tables import history_view, moved_line
from flows.story_tables import story_view
from pipelines.grouping.order import order_key
from pipelines.identify.changes import Revision
from pipelines.lineage.history import GroupEvent, GroupEventKind, Successors
from pipelines.lineage.trail import Trail, TrailAlert, TrailCapture
from schemas.records import Article, Grouping, Observation, Story
from tests.synthetic import DAY, content, prose

if TYPE_CHECKING:
    from rich.console import RenderableType

    from schemas.records import ArticleContent

NOON = DAY + timedelta(hours=12)
TEXT = f"{prose(1, 60)}\n\n{prose(2, 60)}\n\n{prose(3, 60)}"


def said(view: RenderableType) -> str:
    console = Output()
    with console.capture() as told:
        console.print(view)
    return told.get()


def article(told: ArticleContent, canonical: ArticleContent | None = None, seen: datetime = NOON) -> Article:
    observation = Observation(fetched_at=seen + timedelta(days=1), digest=told.digest, archive_record="a@1")
    return Article(
        content=told,
        observations=(observation,),
        revision=1,
        first_seen=observation.fetched_at,
        canonical_id=(canonical or told).article_id,
        story_id="s",
    )


def story(articles: list[Article], independent: int) -> Story:
    first = min(articles, key=lambda one: order_key(one.content))
    return Story(
        id=first.id,
        title=first.content.title,
        first_published=DAY,
        last_published=DAY + timedelta(days=2),
        article_ids=tuple(one.id for one in articles),
        sources=tuple(sorted({one.content.source or "" for one in articles})),
        independent_sources=independent,
        first_source=None,
    )


def carried() -> list[Article]:
    """An agency's text, two copies of it, and another desk's report."""
    own = content("own", TEXT, title="Bridges laid at night", source="Reuters", published=NOON)
    cut = replace(
        content("cut", "\n\n".join(TEXT.split("\n\n")[:2]), title="Bridges laid at night", source="Coast Courier"),
        published=NOON + timedelta(hours=1),
    )
    led = content("led", f"{prose(7, 60)}\n\n{TEXT} (Reuters)", title="Night of the bridges", source="North Star")
    led = replace(led, published=NOON + timedelta(hours=2))
    other = content("other", prose(9, 90), title="Ambassador summoned", source="Tolmia Today")
    other = replace(other, published=NOON + timedelta(days=1))
    return [article(own), article(cut, own), article(led, own), article(other)]


def test_a_story_is_told_by_who_carried_it_and_not_by_its_text() -> None:
    articles = carried()
    told = said(story_view(story(articles, 2), articles[::-1]))
    lines = told.splitlines()
    assert lines[0] == "Bridges laid at night"
    assert "4, by 4 outlets" in told
    assert "2: Reuters (in 3 outlets), Tolmia Today" in told
    assert "first        Reuters, 2026-06-01 12:00 as declared" in lines
    assert prose(1, 60) in lines
    assert prose(2, 60) not in told
    assert [name for line in lines for name in ("Coast Courier", "North Star (Reuters)") if name in line] == [
        "Coast Courier",
        "North Star (Reuters)",
    ]
    positions = [told.index(f"{one.content.article_id}\n", told.index("Timeline")) for one in articles]
    assert positions == sorted(positions)
    rows = [line for line in lines if line.startswith("2026-06-0")]
    assert "A  origin" in rows[0]
    assert "A  66% kept" in rows[1]
    assert "A  100% kept" in rows[2]
    assert re.search("2[4-6]% added", told)
    assert "A" not in rows[3].split()
    assert told.count("Bridges laid at night") == 2


def test_why_it_cannot_be_said_who_was_first() -> None:
    articles = carried()
    day = article(content("day", prose(11, 80), source="Evening Post", published=DAY))
    undated = replace(articles[3], content=replace(articles[3].content, published=None))
    told = said(story_view(story([*articles, day], 3), [*articles[:3], undated, day]))
    assert "unknown: Reuters declares 2026-06-01 12:00, but Evening Post (day only) may have been earlier" in told
    assert "only seen" in told
    assert "2026-06-01  " in told
    alone = said(story_view(story([undated], 1), [undated]))
    assert "no article declares a plausible time" in alone


def revision(before: ArticleContent, after: ArticleContent) -> Revision:
    return Revision(number=2, before=before, after=after, not_before=DAY, seen_at=DAY + timedelta(hours=3))


def test_a_diff_tells_what_each_revision_changed_and_leaves_out_what_stands_far_from_it() -> None:
    far = prose(4, 90).rstrip(".")
    body = f"{far}, where 12 soldiers under Colonel Velk were hurt.\n\n{prose(5, 40)}"
    before = content("a", body, title="Fire hurts 12")
    changed = body.replace("12 soldiers", "17 soldiers").replace("Velk", "Brandl").replace(prose(5, 40), prose(6, 40))
    after = replace(before, title="Fire hurts 17", author="Ann Lee", body=changed, digest="b")
    told = said(changes_view(article(after), [revision(before, after)]))
    for expected in (
        "1 change since it was first seen, 1 of substance",
        "Revision 2: of substance, between 2026-06-01 00:00 and 03:00 UTC",
        "Fire hurts [-12-] {+17+}",
        "[-Velk-] {+Brandl+}",
        "{+Ann Lee+}",
        f"[-{prose(5, 40)}-]",
        f"{{+{prose(6, 40)}+}}",
    ):
        assert expected in told
    rewritten = next(line for line in told.splitlines() if "rewritten" in line)
    assert "… " in rewritten
    assert " ".join(far.split()[:20]) not in rewritten
    assert "[-12-] {+17+} soldiers under Colonel [-Velk-] {+Brandl+} were hurt." in rewritten


def test_a_revision_that_only_moves_paragraphs_says_so_and_none_that_there_is_none() -> None:
    before = content("a", TEXT)
    after = replace(before, body="\n\n".join(TEXT.split("\n\n")[::-1]), digest="b")
    assert "in another order" in said(changes_view(article(after), [revision(before, after)]))
    assert "has not changed" in said(changes_view(article(before), []))


def test_an_article_is_told_whole_with_what_was_dropped_and_whom_it_credits() -> None:
    told = replace(carried()[2].content, byline="Jane Doe, Reuters", description="In short.")
    shown = said(article_view(article(told), None))
    assert all(paragraph in shown for paragraph in told.body.split("\n\n"))
    for name, value in (("credits", "Reuters"), ("byline", "Jane Doe, Reuters"), ("published", "2026-06-01 14:00 UTC")):
        assert re.search(f"^{name} +{value}", shown, re.MULTILINE)
    assert "In short." in shown
    day = said(article_view(article(replace(told, published=DAY)), None))
    assert re.search("^published +2026-06-01 \\(day only, from", day, re.MULTILINE)


def test_the_way_of_an_article_has_each_step_with_its_time() -> None:
    captures = tuple(
        TrailCapture(
            fetched_at=DAY + timedelta(hours=hour), archive_record=f"a@{hour}", revision_digest="d" * 32, url="u"
        )
        for hour in (1, 2)
    )
    raised = TrailAlert(
        alert_id="alert",
        rule_id="rockets",
        rule_version="1",
        matched_at=DAY + timedelta(hours=3),
        origin="live",
        state="new",
        by_this_article=False,
        messages=(),
    )
    one = carried()[0]
    way = Trail(article_id=one.id, captures=captures, revision=1, canonical_id=one.id, story_id=None, alerts=(raised,))
    told = said(trail_view(one, way, None))
    assert told.splitlines()[0] == f"Lineage of {one.id}: Bridges laid at night"
    for expected in ("the same text", "2026-06-01 01:00", "2026-06-01 03:00", "not yet"):
        assert told.count(expected) == 1
    assert "by others of the story" in told


def test_the_history_of_a_story_names_the_others_by_their_first_articles() -> None:
    known, at = carried()[0], DAY + timedelta(hours=3)
    turn = GroupEvent(
        at=at, grouping=Grouping.STORIES, kind=GroupEventKind.JOINED_BY, others=(known.id, "lost"), articles=4
    )
    told = said(history_view([turn], {known.id: known})).splitlines()
    assert told[1] == "History of the story (UTC)"
    assert re.fullmatch("2026-06-01 03:00  joined by +4  Bridges laid at night", told[3])
    assert [line.strip() for line in told[4:]] == [known.id, "(no title)", "lost"]


def test_an_old_id_leads_to_where_its_articles_are() -> None:
    at = DAY + timedelta(hours=3)
    assert "now part of a, since 2026-06-01 03:00 UTC: wirepicket show a" in said(
        moved_line("s", Successors(since=at, now=("a",)))
    )
    several = said(moved_line("s", Successors(since=at, now=("a", "b"))))
    assert "now parts of 2 others, since 2026-06-01 03:00 UTC: wirepicket show a, wirepicket show b" in several
