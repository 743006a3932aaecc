"""View of the revisions of an article for the terminal, with the changes that each made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from flows.console import counted, plain, rows_table
from flows.story_tables import minute
from pipelines.identify.changes import change_of, other_changes, word_diff

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.identify.changes import Revision
    from schemas.records import Article, RevisionChange

_AROUND = 8
"""Words shown on each side of a change in a rewritten paragraph."""


def changes_view(article: Article, revisions: Sequence[Revision]) -> Group:
    """Return the view of the revisions of an article, oldest first."""
    title = Text(plain(article.content.title or "(no title)"), style="bold")
    if not revisions:
        return Group(title, "The text has not changed since it was first seen.")
    changes = [change_of(revision) for revision in revisions]
    grave = sum(not change.cosmetic for change in changes)
    summary = f"{counted(len(changes), 'change')} since it was first seen, {grave} of substance"
    views = (part for pair in zip(revisions, changes, strict=True) for part in _revision(*pair))
    return Group(title, Text(summary, style="dim"), *views)


def _revision(revision: Revision, change: RevisionChange) -> Iterator[Text | Group]:
    rows = list(_rows(revision, change))
    if not rows:
        rows = [("paragraphs", Text("the same, in another order or otherwise divided"))]
    start, end = minute(change.not_before), minute(change.seen_at)
    day, _, clock = end.partition(" ")
    between = f", between {start} and {clock if start.startswith(day) else end} UTC"
    kind = "cosmetic" if change.cosmetic else "of substance"
    yield Text.assemble((f"\nRevision {change.revision}: {kind}", "bold"), (between, "dim"))
    table = rows_table("", "")
    table.show_header = False
    for name, change_text in rows:
        table.add_row(Text(f"  {name}", style="dim", no_wrap=True), change_text)
    yield Group(table)


def _rows(revision: Revision, change: RevisionChange) -> Iterator[tuple[str, Text]]:
    if change.title:
        yield "headline", _inline(change.title.before, change.title.after)
    for name, removed, added in (
        ("numbers", change.numbers_removed, change.numbers_added),
        ("names", change.names_removed, change.names_added),
    ):
        if removed or added:
            yield name, _exchanged(removed, added)
    for name, field in other_changes(revision).items():
        yield name, _inline(field.before, field.after)
    for paragraph in change.removed:
        yield "removed", Text(f"[-{plain(paragraph)}-]", style="red")
    for paragraph in change.added:
        yield "added", Text(f"{{+{plain(paragraph)}+}}", style="green")
    for rewritten in change.rewritten:
        yield "rewritten", _inline(rewritten.before, rewritten.after, around=_AROUND)


def _exchanged(removed: Sequence[str], added: Sequence[str]) -> Text:
    parts = [Text(f"[-{', '.join(removed)}-]", style="red")] if removed else []
    parts += [Text(f"{{+{', '.join(added)}+}}", style="green")] if added else []
    return Text(" ").join(parts)


def _inline(before: str, after: str, around: int | None = None) -> Text:
    """Return a text with the removed and added words marked, also without colours.

    ``around`` limits the unchanged words shown on each side of a change.
    """
    pieces = list(word_diff(plain(before) if before else "", plain(after) if after else ""))
    parts = []
    for number, (kind, piece) in enumerate(pieces):
        if kind == "removed":
            parts.append(Text(f"[-{piece}-]", style="red"))
        elif kind == "added":
            parts.append(Text(f"{{+{piece}+}}", style="green"))
        else:
            parts.append(Text(_near(piece, around, first=number == 0, last=number == len(pieces) - 1)))
    return Text(" ").join(parts)


def _near(text: str, around: int | None, *, first: bool, last: bool) -> str:
    """Return the part of an unchanged text that is next to changes; ``first`` and ``last`` are its position."""
    words = text.split()
    before, behind = (0 if first else around or 0), (0 if last else around or 0)
    if around is None or len(words) <= before + behind + 1:
        return text
    return " ".join((*words[:before], "…", *(words[len(words) - behind :] if behind else ())))
