"""What people see of an article's history and origin: its changes, its copies, who was first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from pipelines.identify.changes import word_diff
from pipelines.lineage.agencies import agency
from pipelines.lineage.copies import derivation, origin_of
from pipelines.lineage.first import Trust, first_to_publish, out_by, trust
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.lineage.excerpts import Excerpt
    from pipelines.lineage.trail import Trail
    from schemas.records import Article, RevisionChange

_STYLES = {"same": "", "removed": "red strike", "added": "green"}


def lineage_view(group: Sequence[Article]) -> Group:
    """A copy group: its origin, and what each of the others made of it."""
    ordered = sorted(group, key=_when)
    origin = origin_of([one.content for one in ordered])
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("published (UTC)", "outlet and id", "credits", "kept", "added"):
        table.add_column(column, justify="right" if column in {"kept", "added"} else "left", no_wrap=True)
    for one in ordered:
        made = derivation(origin, one.content)
        is_origin = one.content is origin
        table.add_row(
            graded_time(one),
            Text.assemble(one.content.source or one.content.url, "\n", (one.id, "dim")),
            agency(one.content) or "",
            "origin" if is_origin else f"{made.kept:.0%}",
            "" if is_origin else f"{made.changed + made.added:.0%}",
        )
    return Group(Text("\nWho carries this text", style="bold"), table, first_line(ordered))


def excerpts_view(found: Sequence[Excerpt], articles: Mapping[str, Article]) -> Group:
    """What stands in the article, and what it stands in."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in ("", "outlet and id", "title", "of the shorter"):
        table.add_column(column, justify="right" if column == "of the shorter" else "left")
    for one in found:
        if one.article_id not in articles:
            continue  # it has been removed since
        content = articles[one.article_id].content
        table.add_row(
            "stands in" if one.contains else "contains",
            Text.assemble(content.source or content.url, "\n", (one.article_id, "dim")),
            content.title or "",
            f"{one.held:.0%}",
        )
    return Group(Text("\nWhat it shares text with", style="bold"), table)


def graded_time(article: Article) -> Text:
    """When an article was published as it says, and how far that can be trusted; else by when it was out."""
    grade = trust(article)
    told = _minute(out_by(article)) if grade is Trust.SEEN else _time(article)
    return Text.assemble(told, "\n", (str(grade), "dim"))


def first_line(articles: Iterable[Article]) -> Text:
    """Who was first, or that it cannot be said."""
    first = first_to_publish(articles)
    if first is None:
        return Text("Who was first cannot be said from the times declared.", style="dim")
    return Text(f"First: {first.content.source or first.content.url}, {_time(first)} UTC as declared.", style="dim")


def trail_view(trail: Trail) -> Group:
    """The way of an article, a line each: feed entry, captures, groups, alerts, messages."""
    lines = [Text(f"The way of {trail.article_id}", style="bold")]
    for one in trail.captures:
        if one.origin:
            declared = f"declared {time_to_text(one.origin.published)}" if one.origin.published else "without a date"
            listed = f", listed since {time_to_text(one.origin.listed_at)}" if one.origin.listed_at else ""
            lines.append(Text(f"feed entry  {one.origin.entry_id} of {one.origin.feed_url}, {declared}{listed}"))
        answer = "".join(f", {part}" for part in (one.status, one.final_url and f"answered by {one.final_url}") if part)
        lines.append(Text(f"captured    {time_to_text(one.fetched_at)}  {one.url or '–'} ({one.kind or '–'}{answer})"))
        lines.append(Text(f"            {one.missing or one.archive_record}, text {one.revision_digest}", style="dim"))
    lines.append(Text(f"article     revision {trail.revision}"))
    lines.append(Text(f"copy group  {trail.canonical_id or 'not yet'}"))
    lines.append(Text(f"story       {trail.story_id or 'not yet'}"))
    for alert in trail.alerts:
        who = "" if alert.by_this_article else ", by others of the story"
        lines.append(Text(f"alert       {time_to_text(alert.matched_at)}  {alert.rule_id} {alert.alert_id}{who}"))
        for told in alert.told:
            end = time_to_text(told.delivered_at) if told.delivered_at else "not delivered yet"
            why = f"; {told.last_error}" if told.last_error else ""
            lines.append(Text(f"message     {end}  {told.kind} to {told.channel}{why}"))
    return Group(*lines)


def changes_view(changes: Sequence[RevisionChange]) -> Group:
    """The revisions of an article, oldest first."""
    if not changes:
        return Group(Text("The text has not changed since it was first seen."))
    return Group(*(part for change in changes for part in _change(change)))


def _change(change: RevisionChange) -> Iterator[Text]:
    kind = "cosmetic" if change.cosmetic else "of substance"
    yield Text(f"Revision {change.revision}: {kind}", style="bold")
    between = f"{time_to_text(change.not_before)} and {time_to_text(change.seen_at)}"
    yield Text(f"  changed between {between}", style="dim")
    if change.title:
        yield _inline("headline", change.title.before, change.title.after)
    for name, removed, added in (
        ("numbers", change.numbers_removed, change.numbers_added),
        ("names", change.names_removed, change.names_added),
    ):
        if removed or added:
            told = Text(f"  {name}: ")
            told.append(" ".join(f"-{one}" for one in removed), style="red")
            told.append(" " if removed else "")
            told.append(" ".join(f"+{one}" for one in added), style="green")
            yield told
    for paragraph in change.removed:
        yield Text(f"  - {paragraph}", style="red")
    for paragraph in change.added:
        yield Text(f"  + {paragraph}", style="green")
    for rewritten in change.rewritten:
        yield _inline("rewritten", rewritten.before, rewritten.after)
    yield Text("")


def _inline(name: str, before: str, after: str) -> Text:
    """A text with what was taken out and put in, marked also where there are no colours."""
    told = Text(f"  {name}:", style="")
    for kind, piece in word_diff(before, after):
        marked = {"same": piece, "removed": f"[-{piece}-]", "added": f"{{+{piece}+}}"}[kind]
        told.append(" ").append(marked, style=_STYLES[kind])
    return told


def _when(article: Article) -> tuple[bool, str, str]:
    published = article.content.published
    return (published is None, published.isoformat() if published else "", article.id)


def _time(article: Article) -> str:
    published = article.content.published
    return _minute(published) if published else "–"


def _minute(time: datetime) -> str:
    return time_to_text(time)[:16].replace("T", " ")
