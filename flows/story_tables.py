"""What people see of stories and copy groups: a timeline, and who made what of whose text."""

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
"""Outlets named in a list; the story has them all."""
_INDENT = 4
_LEGEND = (
    "A, B, …: texts that several carry. Of a copy: how much of its origin it kept, and how much of the copy is changed "
    "from it or added."
)


def stories_table(stories: Iterable[Story], title: str) -> Table:
    """Stories, a row each."""
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


def listed(severity: str | None, when: str, told: Text) -> Table:
    """Return the head of something in a list: how urgent it is and when it was, beside what is told of it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=len("critical"))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(severity or "–", _STYLES.get(severity or "", "dim")), when, told)
    return table


def carriers(story: Story) -> str:
    """Return who carries a story: ``Coast Courier, North Star: 2 outlets, 1 independent``."""
    named = ", ".join(story.sources[:_OUTLETS])
    more = f" and {len(story.sources) - _OUTLETS} more" if len(story.sources) > _OUTLETS else ""
    told = f"{counted(len(story.sources), 'outlet')}, {story.independent_sources} independent"
    return f"{named}{more}: {told}" if named else told


def story_block(story: Story, severity: str | None, first: Article | None) -> Group:
    """Return a story in a list: the severity of its alerts, time, title, who carries it and where.

    ``first`` is its first article.
    """
    when, last = (_moment(time) if time else "undated" for time in (story.first_published, story.last_published))
    span = f"; until {last}" if when != last else ""
    head = listed(severity, when, Text(plain(story.title or "(no title)"), "bold"))
    told = [
        f"{carriers(story)}; {counted(len(story.article_ids), 'article')}{span}",
        *([first.content.url] if first else []),
    ]
    return Group(
        head,
        *(Padding.indent(Text(plain(one), overflow="fold"), _INDENT) for one in told),
        Padding.indent(Text(f"story {story.id}", style="dim"), _INDENT),
    )


def story_view(story: Story, articles: Sequence[Article]) -> Group:
    """One story: what it is, who has it on its own, how it begins, and a timeline of who carried it."""
    ordered = sorted(articles, key=_when)
    first, last = (day(time) for time in (story.first_published, story.last_published))
    about: dict[str, RenderableType | None] = {
        "story": story.id,
        "published": first if first == last else f"{first} to {last}",
        "articles": f"{len(story.article_ids)}, by {counted(len(story.sources), 'outlet')}",
        "independent": f"{story.independent_sources}: {_voices(ordered)}",
        "first": first_line(ordered),
        "rules": ", ".join(sorted({hit.rule_id for one in ordered for hit in one.content.hits})),
    }
    return Group(
        Text(plain(story.title or "(no title)"), style="bold"),
        facts(about),
        *_lead(ordered),
        headed("Timeline (UTC)", carried_table(ordered)),
    )


def _voices(articles: Sequence[Article]) -> str:
    """Those who have a story on their own, the first first, with how many carry a text of theirs."""
    groups = _groups(articles)
    carried: defaultdict[str, set[str]] = defaultdict(set)
    for group in groups.values():
        canonical = next((one for one in group if one.canonical_id in {None, one.id}), group[0])
        carried[credited_party(canonical.content)] |= {_outlet(one) for one in group}
    names = {one.id: _outlet(one) for one in articles}
    return ", ".join(
        plain(names.get(name, name)) + (f" (in {counted(len(outlets), 'outlet')})" if len(outlets) > 1 else "")
        for name, outlets in carried.items()
    )


def _lead(articles: Sequence[Article]) -> Iterator[Text]:
    """The first paragraph of the first article that has one."""
    told = next((one.content for one in articles if one.content.body), None)
    if told:
        yield Text("\n" + plain(told.body.partition("\n\n")[0]))


def carried_table(articles: Sequence[Article]) -> Group:
    """Articles in order of time; copies with what they made of their origin."""
    ordered = sorted(articles, key=_when)
    letters = dict(zip(_shared(ordered), _letters(), strict=False))
    groups = _groups(ordered)
    table = rows_table("published", "text", "outlet, title and id")
    for one in ordered:
        group = groups[one.canonical_id or one.id]
        origin = origin_of([each.content for each in group])
        letter = letters.get(one.canonical_id or one.id)
        is_origin = one.content is origin
        named = is_origin or one.content.title != origin.title
        table.add_row(
            Text.assemble(time_of(one), "\n", (str(trust(one)), "dim")),
            Text("" if letter is None else f"{letter}  origin" if is_origin else f"{letter}  {_made(origin, one)}"),
            Group(
                Words(_credited(one), 2),
                *([Words(one.content.title or "(no title)", _TITLE_LINES)] if named else []),
                Text(one.id, style="dim", no_wrap=True),
            ),
        )
    return Group(table, *([Text(_LEGEND, style="dim")] if letters else []))


def _made(origin: ArticleContent, copy: Article) -> str:
    """What a copy made of its origin."""
    made = derivation(origin, copy.content)
    shares = {"kept": made.kept, "changed": made.changed, "added": made.added}
    told = [f"{share:.0%} {what}" for what, share in shares.items() if what == "kept" or round(share, 2)]
    return "\n   ".join(told)


def first_line(articles: Iterable[Article]) -> str:
    """Who was first, or why it cannot be said."""
    first, rivals = earliest(articles)
    if first is None:
        return "cannot be said: nobody declares a plausible time"
    if not rivals:
        return f"{_outlet(first)}, {time_of(first)} as declared"
    doubts = ", ".join(dict.fromkeys(f"{_outlet(one)} ({trust(one)})" for one in rivals))
    return f"cannot be said: {_outlet(first)} declares {time_of(first)}, but {doubts} may have been before"


def time_of(article: Article) -> str:
    """When an article was published, as far as that is known; else by when it was out."""
    published, grade = article.content.published, trust(article)
    if published is None:
        return minute(out_by(article))
    return day(published) if grade is Trust.DAY else minute(published)


def minute(time: datetime) -> str:
    """A time to the minute, in UTC."""
    return time_to_text(time)[:16].replace("T", " ")


def _moment(time: datetime) -> str:
    """A time to the minute, or the day where it may be no more than that."""
    return day(time) if only_day(time) else minute(time)


def _credited(article: Article) -> str:
    """The outlet, with the agency whose text it carries."""
    credit = None if own_publication(article.content) else agency(article.content)
    return _outlet(article) + (f" ({credit})" if credit else "")


def _outlet(article: Article) -> str:
    return article.content.source or article.content.url


def _groups(articles: Sequence[Article]) -> Mapping[str, list[Article]]:
    """Copy groups, by the id of the canonical article."""
    groups: defaultdict[str, list[Article]] = defaultdict(list)
    for article in articles:
        groups[article.canonical_id or article.id].append(article)
    return groups


def _shared(articles: Sequence[Article]) -> list[str]:
    """The copy groups of more than one, the first first."""
    return [name for name, group in _groups(articles).items() if len(group) > 1]


def _letters() -> Iterator[str]:
    """A, B, …, Z, AA, AB, …."""
    yield from ascii_uppercase
    yield from (first + second for first in ascii_uppercase for second in ascii_uppercase)


def day(time: datetime | None) -> str:
    """A time to the day, in UTC; a dash where there is none."""
    return time.date().isoformat() if time else "–"


def _when(article: Article) -> tuple[datetime, str]:
    return when_out(article), article.id
