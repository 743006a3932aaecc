"""What was changed between two revisions of an article, and whether it matters.

A change is *cosmetic* when the words stay: punctuation, capitals, spaces, accents, the division into paragraphs.
Anything else is one of substance, and what kind of thing it touched is told apart: headline, numbers, names,
paragraphs. Both revisions are in the store, so nothing of this is kept: it is told when asked for.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from pipelines.dedup.fingerprint import words
from pipelines.stories.features import names
from schemas.records import RevisionChange, Rewritten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from schemas.records import Article, ArticleContent

_NUMBER = re.compile(r"\d(?:[\d.,:/-]*\d)?")
_COMPARED = 60
"""Paragraphs that one is held against: a page rewritten throughout need not be taken apart."""
SAME_PARAGRAPH = 0.5
"""Share of words (``difflib`` ratio) from which two paragraphs are one that was rewritten."""


def revision_changes(article: Article, revisions: Mapping[str, ArticleContent]) -> Iterator[RevisionChange]:
    """The changes of an article, oldest first; ``revisions`` are its kept contents by digest.

    A revision that is not kept (the store was rebuilt from a part of the archive) is passed over.
    """
    texts = [list(run) for _, run in groupby(article.observations, key=lambda one: one.digest)]
    for number, (old, new) in enumerate(pairwise(texts), 2):
        before, after = revisions.get(old[0].digest), revisions.get(new[0].digest)
        if before and after:
            yield _change(before, after, number, old[-1].fetched_at, new[0].fetched_at)


def _change(
    before: ArticleContent, after: ArticleContent, revision: int, not_before: datetime, seen_at: datetime
) -> RevisionChange:
    removed, added, rewritten = _paragraphs(before.body.split("\n\n"), after.body.split("\n\n"))
    figures = [_NUMBER.findall(_told(one)) for one in (before, after)]
    named = [sorted(names(_told(one))) for one in (before, after)]
    return RevisionChange(
        article_id=after.article_id,
        url=after.url,
        revision=revision,
        seen_at=seen_at,
        not_before=not_before,
        cosmetic=words(_told(before)) == words(_told(after)),
        title=Rewritten(before=before.title or "", after=after.title or "") if before.title != after.title else None,
        numbers_removed=_missing(figures[0], figures[1]),
        numbers_added=_missing(figures[1], figures[0]),
        names_removed=_missing(named[0], named[1]),
        names_added=_missing(named[1], named[0]),
        removed=removed,
        added=added,
        rewritten=rewritten,
    )


def _told(content: ArticleContent) -> str:
    return "\n".join((content.title or "", content.description or "", content.body))


def _missing(of: Sequence[str], there: Sequence[str]) -> tuple[str, ...]:
    """What of one list the other lacks, in order, each once."""
    return tuple(dict.fromkeys(one for one in of if one not in set(there)))


def _paragraphs(
    before: Sequence[str], after: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Rewritten, ...]]:
    """Paragraphs removed, added and rewritten. What only moved is neither."""
    gone, new = list(_missing(before, after)), list(_missing(after, before))
    rewritten = []
    for old in tuple(gone):
        near = [(_likeness(old, other), other) for other in new[:_COMPARED]]
        best = max(near, key=lambda one: one[0], default=(0.0, ""))
        if best[0] >= SAME_PARAGRAPH:
            rewritten.append(Rewritten(before=old, after=best[1]))
            gone.remove(old)
            new.remove(best[1])
    return tuple(gone), tuple(new), tuple(rewritten)


def _likeness(a: str, b: str) -> float:
    return SequenceMatcher(None, words(a), words(b), autojunk=False).ratio()


def word_diff(before: str, after: str) -> Iterator[tuple[str, str]]:
    """A rewritten text in pieces: (``same``, ``removed`` or ``added``, words)."""
    old, new = before.split(), after.split()
    for step, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if step == "equal":
            yield "same", " ".join(old[a:b])
            continue
        if a < b:
            yield "removed", " ".join(old[a:b])
        if c < d:
            yield "added", " ".join(new[c:d])
