"""Views of an article for the terminal: its text, the text it shares with others, and its lineage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from flows.console import Words, counted, facts, headed, paragraphs, plain, rows_table
from flows.story_tables import carried_table, first_line, minute, time_of
from pipelines.lineage.agencies import agency
from pipelines.lineage.first import Trust, trust

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from pipelines.lineage.excerpts import Excerpt
    from pipelines.lineage.trail import Origin, Trail, TrailCapture
    from schemas.records import Article, Observation, Story

_CAPTURES = 3
"""Number of captures listed for an article; if it has more, only the first and the last are listed."""


def article_view(article: Article, story: Story | None, copy_since: datetime | None = None) -> Group:
    """Return the view of a whole article; ``copy_since`` is the time at which it became a copy."""
    content = article.content
    undated = f"a date is declared, but not believed ({content.date_doubt})" if content.date_doubt else None
    unsent = [f"{hit.rule_id}: “{hit.form}” only in a dropped line [{hit.reason}]" for hit in content.dropped_hits]
    rows: dict[str, RenderableType | None] = {
        "id": article.id,
        "url": content.url,
        "source": content.source,
        "author": content.author,
        "byline": content.byline,
        "credits": agency(content),
        "published": _published(article) or undated,
        "modified": _declared(content.modified, f"from {content.modified_from}"),
        "section": content.section,
        "image": content.image,
        "in a feed": _declared(article.first_listed, "first listed"),
        "first seen": f"{minute(article.first_seen)} UTC",
        "language": content.language,
        "revision": f"{article.revision} (--diff)" if article.revision > 1 else "1",
        "copy of": _copy_of(article, copy_since) if article.canonical_id != article.id else None,
        "story": article.story_id and _of_story(article.story_id, story),
        "rules": ", ".join(hit.rule_id for hit in content.hits),
        "no alert": "\n".join(unsent),
        "archive": "\n".join(_captures(article.observations)),
    }
    dropped = [Text(plain(f"  [{line.reason}] {line.line}"), style="dim") for line in content.dropped]
    return Group(
        Text(plain(content.title or "(no title)"), style="bold"),
        facts(rows),
        *([Text(f"\n{plain(content.description)}", style="italic")] if content.description else []),
        "",
        *paragraphs(content.body),
        *([headed("Dropped lines", *dropped)] if dropped else []),
    )


def _published(article: Article) -> str | None:
    if article.content.published is None:
        return None
    grade = trust(article)
    zone = "" if grade is Trust.DAY else " UTC"
    return f"{time_of(article)}{zone} ({grade}, from {article.content.published_from})"


def _declared(time: datetime | None, how: str) -> str | None:
    return f"{minute(time)} UTC ({how})" if time else None


def _copy_of(article: Article, since: datetime | None) -> str | None:
    """Return the id of the article that an article is a copy of, and since when."""
    return f"{article.canonical_id}, since {minute(since)} UTC" if since else article.canonical_id


def _of_story(story_id: str, story: Story | None) -> str:
    return f"{story_id} ({counted(len(story.article_ids), 'article')})" if story else story_id


def _captures(observations: Sequence[Observation]) -> list[str]:
    lines = [f"{minute(observation.fetched_at)} UTC  {observation.archive_record}" for observation in observations]
    return lines if len(lines) <= _CAPTURES else [lines[0], f"… {len(lines) - 2} more (--lineage)", lines[-1]]


def carriers_view(group: Sequence[Article]) -> Group:
    """Return the view of a copy group: its origin, and how each copy differs from it."""
    return headed("Outlets that carry this text (UTC)", carried_table(group), facts({"first": first_line(group)}))


def excerpts_view(shared: Sequence[Excerpt], articles: Mapping[str, Article]) -> Group:
    """Return the view of the excerpts of an article: the texts it contains and those that contain it."""
    table = rows_table("", "outlet, title and id", "of the shorter", right=["of the shorter"])
    for excerpt in shared:
        if excerpt.article_id not in articles:
            continue  # removed from the store in the meantime
        content = articles[excerpt.article_id].content
        table.add_row(
            "is part of" if excerpt.contains else "contains",
            Group(
                Words(content.source or content.url),
                Words(content.title or "(no title)", 2),
                Text(excerpt.article_id, style="dim", no_wrap=True),
            ),
            f"{excerpt.share:.0%}",
        )
    return headed("Articles that share text with it", table)


def trail_view(article: Article, trail: Trail, story: Story | None) -> Group:
    """Return the lineage of an article: feed entry, captures, groups, alerts, messages, each with its time (UTC)."""
    table = rows_table("", "", "")
    table.show_header = False
    text = None
    for capture in trail.captures:
        if capture.origin:
            listed = minute(capture.origin.listed_at) if capture.origin.listed_at else ""
            table.add_row("feed entry", listed, Text(plain(_entry(capture.origin))))
        table.add_row("captured", minute(capture.fetched_at), _captured(capture, known=capture.revision_digest == text))
        text = capture.revision_digest
    origin = "its own text" if trail.canonical_id == article.id else "a copy"
    table.add_row("article", "", f"revision {trail.revision}")
    table.add_row("copy group", "", f"{trail.canonical_id}, {origin}" if trail.canonical_id else "not yet")
    table.add_row("story", "", _of_story(trail.story_id, story) if trail.story_id else "not yet")
    for alert in trail.alerts:
        who = "" if alert.by_this_article else ", by others of the story"
        table.add_row("alert", minute(alert.matched_at), f"{alert.rule_id}, {alert.alert_id}{who}")
        for message in alert.messages:
            why = f"; {message.last_error}" if message.last_error else ""
            sent = minute(message.delivered_at) if message.delivered_at else ""
            waits = "" if sent else ", not delivered yet"
            table.add_row("message", sent, Text(plain(f"{message.kind} to {message.channel}{waits}{why}")))
    return Group(Words(f"Lineage of {trail.article_id}: {article.content.title or '(no title)'}", 2, "bold"), table)


def _entry(origin: Origin) -> str:
    declared = f"declared {minute(origin.published)}" if origin.published else "without a date"
    return f"{origin.entry_id} of {origin.feed_url}, {declared}"


def _captured(capture: TrailCapture, *, known: bool) -> Text:
    answer = (
        capture.kind,
        capture.status and str(capture.status),
        capture.final_url and f"answered by {capture.final_url}",
    )
    response = ", ".join(part for part in answer if part)
    digest = "the same text" if known else f"text {capture.revision_digest}"
    where = f"{capture.missing or capture.archive_record}\n{digest}"
    return Text.assemble(plain(capture.url) + (f" ({response})" if response else ""), "\n", (plain(where), "dim"))
