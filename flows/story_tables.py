"""Views of stories and copy groups for the terminal: a timeline, and the changes that copies made to a text."""

from __future__ import annotations

from collections import defaultdict
from string import ascii_uppercase
from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from flows.console import Stacked, Words, counted, facts, headed, plain, rows_table
from pipelines.lineage.agencies import agency, credited_party, own_publication
from pipelines.lineage.copies import derivation, origin_of
from pipelines.lineage.first import Trust, earliest, only_day, out_by, trust, when_out
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from schemas.records import Article, ArticleContent, Story

_TITLE_LINES = 2
_OUTLETS = 4
"""Largest number of outlets named in a list; the view of a story has them all."""
_INDENT = 4
_LEGEND = (
    "A, B, …: texts that several articles carry. For a copy: the share of its origin that it kept, and the shares "
    "of the copy that are changed or added."
)


def stories_table(stories: Iterable[Story], title: str) -> Table:
    """Return a table of stories, with a row for each."""
    table = rows_table("published", "articles", "outlets", "independent", "title and id", right=_COUNTS)
    table.title, table.title_justify, table.title_style = title, "left", "bold"
    for story in stories:
        first, last = (day(time) for time in (story.first_published, story.last_published))
        table.add_row(
            Stacked(Words(first), "" if first == last else f"to {last}"),
            str(len(story.article_ids)),
            str(len(story.sources)),
            str(story.independent_sources),
            Stacked(Words(story.title or "(no title)", _TITLE_LINES), story.id),
        )
    return table


_COUNTS = ("articles", "outlets", "independent")


_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow"}


def listed(severity: str | None, when: str, summary: Text) -> Table:
    """Return the head of a list entry: severity and time, beside its text."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=len("critical"))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(severity or "–", _STYLES.get(severity or "", "dim")), when, summary)
    return table


def carriers(story: Story) -> str:
    """Return the outlets of a story: ``Coast Courier, North Star: 2 outlets, 1 independent``."""
    named = ", ".join(story.sources[:_OUTLETS])
    more = f" and {len(story.sources) - _OUTLETS} more" if len(story.sources) > _OUTLETS else ""
    counts = f"{counted(len(story.sources), 'outlet')}, {story.independent_sources} independent"
    return f"{named}{more}: {counts}" if named else counts


def story_block(story: Story, severity: str | None, first: Article | None) -> Group:
    """Return the block of a story: the severity of its alerts, time, title, outlets and address.

    ``first`` is its first article.
    """
    when, last = (_moment(time) if time else "undated" for time in (story.first_published, story.last_published))
    span = f"; until {last}" if when != last else ""
    head = listed(severity, when, Text(plain(story.title or "(no title)"), "bold"))
    lines = [
        f"{carriers(story)}; {counted(len(story.article_ids), 'article')}{span}",
        *([first.content.url] if first else []),
    ]
    return Group(
        head,
        *(Padding.indent(Text(plain(line), overflow="fold"), _INDENT) for line in lines),
        Padding.indent(Text(f"story {story.id}", style="dim"), _INDENT),
    )


def story_view(story: Story, articles: Sequence[Article]) -> Group:
    """Return the view of a story: key facts, independent outlets, first paragraph, and a timeline of its articles."""
    ordered = sorted(articles, key=_when)
    first, last = (day(time) for time in (story.first_published, story.last_published))
    about: dict[str, RenderableType | None] = {
        "story": story.id,
        "published": first if first == last else f"{first} to {last}",
        "articles": f"{len(story.article_ids)}, by {counted(len(story.sources), 'outlet')}",
        "independent": f"{story.independent_sources}: {_voices(ordered)}",
        "first": first_line(ordered),
        "rules": ", ".join(sorted({hit.rule_id for article in ordered for hit in article.content.hits})),
    }
    return Group(
        Text(plain(story.title or "(no title)"), style="bold"),
        facts(about),
        *_lead(ordered),
        headed("Timeline (UTC)", carried_table(ordered)),
    )


def _voices(articles: Sequence[Article]) -> str:
    """Return the independent outlets of a story, earliest first, with the number of outlets that carry its text."""
    groups = _groups(articles)
    carried: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups.values():
        canonical = next((article for article in group if article.canonical_id in {None, article.id}), group[0])
        carried[credited_party(canonical.content)] |= {_outlet(article) for article in group}
    names = {article.id: _outlet(article) for article in articles}
    return ", ".join(
        plain(names.get(name, name)) + (f" (in {counted(len(outlets), 'outlet')})" if len(outlets) > 1 else "")
        for name, outlets in carried.items()
    )


def _lead(articles: Sequence[Article]) -> Iterator[Text]:
    """Yield the first paragraph of the first article with a body."""
    content = next((article.content for article in articles if article.content.body), None)
    if content:
        yield Text("\n" + plain(content.body.partition("\n\n")[0]))


def carried_table(articles: Sequence[Article]) -> Group:
    """Return a table of articles in order of time; copies with their changes to the origin."""
    ordered = sorted(articles, key=_when)
    letters = dict(zip(_shared(ordered), _letters(), strict=False))
    groups = _groups(ordered)
    table = rows_table("published", "text", "outlet, title and id")
    for article in ordered:
        group = groups[article.canonical_id or article.id]
        origin = origin_of([member.content for member in group])
        letter = letters.get(article.canonical_id or article.id)
        is_origin = article.content is origin
        named = is_origin or article.content.title != origin.title
        table.add_row(
            Text.assemble(time_of(article), "\n", (str(trust(article)), "dim")),
            Text("" if letter is None else f"{letter}  origin" if is_origin else f"{letter}  {_made(origin, article)}"),
            Group(
                Words(_credited(article), 2),
                *([Words(article.content.title or "(no title)", _TITLE_LINES)] if named else []),
                Text(article.id, style="dim", no_wrap=True),
            ),
        )
    return Group(table, *([Text(_LEGEND, style="dim")] if letters else []))


def _made(origin: ArticleContent, copy: Article) -> str:
    """Return the shares of a copy that are kept from its origin, changed and added."""
    made = derivation(origin, copy.content)
    shares = {"kept": made.kept, "changed": made.changed, "added": made.added}
    parts = [f"{share:.0%} {kind}" for kind, share in shares.items() if kind == "kept" or round(share, 2)]
    return "\n   ".join(parts)


def first_line(articles: Iterable[Article]) -> str:
    """Return the first outlet, or the reason why it is unknown."""
    first, rivals = earliest(articles)
    if first is None:
        return "unknown: no article declares a plausible time"
    if not rivals:
        return f"{_outlet(first)}, {time_of(first)} as declared"
    doubts = ", ".join(dict.fromkeys(f"{_outlet(rival)} ({trust(rival)})" for rival in rivals))
    return f"unknown: {_outlet(first)} declares {time_of(first)}, but {doubts} may have been earlier"


def time_of(article: Article) -> str:
    """Return the time of publication, as precise as it is known; else the time by which the article was out."""
    published, grade = article.content.published, trust(article)
    if published is None:
        return minute(out_by(article))
    return day(published) if grade is Trust.DAY else minute(published)


def minute(time: datetime) -> str:
    """Return a time to the minute, in UTC."""
    return time_to_text(time)[:16].replace("T", " ")


def _moment(time: datetime) -> str:
    """Return a time to the minute, or only the day if the time may be just a date."""
    return day(time) if only_day(time) else minute(time)


def _credited(article: Article) -> str:
    """Return the outlet, with the agency whose text it carries."""
    credit = None if own_publication(article.content) else agency(article.content)
    return _outlet(article) + (f" ({credit})" if credit else "")


def _outlet(article: Article) -> str:
    return article.content.source or article.content.url


def _groups(articles: Sequence[Article]) -> Mapping[str, list[Article]]:
    """Return copy groups by the id of the canonical article."""
    groups: defaultdict[str, list[Article]] = defaultdict(list)
    for article in articles:
        groups[article.canonical_id or article.id].append(article)
    return groups


def _shared(articles: Sequence[Article]) -> list[str]:
    """Return the ids of copy groups with several articles, in order of their first articles."""
    return [name for name, group in _groups(articles).items() if len(group) > 1]


def _letters() -> Iterator[str]:
    """Yield A, B, …, Z, AA, AB, … ZZ."""
    yield from ascii_uppercase
    yield from (first + second for first in ascii_uppercase for second in ascii_uppercase)


def day(time: datetime | None) -> str:
    """Return the day of a time, in UTC; a dash if there is no time."""
    return time.date().isoformat() if time else "–"


def _when(article: Article) -> tuple[datetime, str]:
    return when_out(article), article.id
