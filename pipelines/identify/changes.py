"""What was changed between two revisions of an article, and whether it matters.

A change is *cosmetic* when the words stay: punctuation, capitals, spaces, the division into paragraphs. Anything else
is one of substance, signs that count things ("$", "%") among it, and what kind of thing it touched is told apart:
headline, numbers, names, paragraphs. Both revisions are in the store, so nothing of this is kept: it is told when asked
for.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from pipelines.likeness.fingerprint import words
from schemas.records import RevisionChange, Rewritten
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from schemas.records import Article, ArticleContent

_NUMBER = re.compile(r"\d(?:[\d.,:/-]*\d)?")
_WORD = re.compile(r"[^\W\d_][\w'’-]+")
_SENTENCE_STARTS = re.compile(r"(?:^|[.!?…:\n])[\s\"“”„«»‘’'(\[–-]*$")
"""What stands before a word whose capital says nothing."""
_BELOW_ZERO = re.compile(r"(?<![\w.,)])[-\u2212](?=\d)")
_SIGNS = frozenset("%‰°±")
_COMPARED = 60
"""Paragraphs that one is held against: a page rewritten throughout need not be taken apart."""
_LONG = 1_000
"""Words of a paragraph beyond which only its rarer words are looked for: a page without paragraphs."""
SAME_PARAGRAPH = 0.5
"""Share of words (``difflib`` ratio) from which two paragraphs are one that was rewritten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One revision of an article and the one before it."""

    number: int
    """2 for the first change."""
    before: ArticleContent
    after: ArticleContent
    not_before: datetime
    """When the old text was last captured."""
    seen_at: datetime
    """When the new text was first captured."""


def revisions_of(article: Article, contents: Mapping[str, ArticleContent]) -> Iterator[Revision]:
    """The revisions of an article, oldest first; ``contents`` are its kept ones by digest.

    A revision that is not kept (the store was rebuilt from a part of the archive) is passed over.
    """
    texts = [list(run) for _, run in groupby(article.observations, key=lambda one: one.digest)]
    for number, (old, new) in enumerate(pairwise(texts), 2):
        before, after = contents.get(old[0].digest), contents.get(new[0].digest)
        if before and after:
            yield Revision(
                number=number,
                before=before,
                after=after,
                not_before=old[-1].fetched_at,
                seen_at=new[0].fetched_at,
            )


def revision_changes(article: Article, contents: Mapping[str, ArticleContent]) -> Iterator[RevisionChange]:
    """What the revisions of an article changed, oldest first."""
    return map(change_of, revisions_of(article, contents))


def change_of(revision: Revision) -> RevisionChange:
    """What a revision changed."""
    before, after = revision.before, revision.after
    removed, added, rewritten = _paragraphs(before.body.split("\n\n"), after.body.split("\n\n"))
    numbers_removed, numbers_added = _exchanged(before, after, rewritten, _NUMBER.findall)
    names_removed, names_added = _exchanged(before, after, rewritten, names)
    return RevisionChange(
        article_id=after.article_id,
        url=after.url,
        revision=revision.number,
        seen_at=revision.seen_at,
        not_before=revision.not_before,
        cosmetic=_told(before) == _told(after),
        title=Rewritten(before=before.title or "", after=after.title or "") if before.title != after.title else None,
        numbers_removed=numbers_removed,
        numbers_added=numbers_added,
        names_removed=_joined(names_removed, _text(before)),
        names_added=_joined(names_added, _text(after)),
        removed=removed,
        added=added,
        rewritten=rewritten,
    )


def other_changes(revision: Revision) -> dict[str, Rewritten]:
    """What else is not as it was, by the name of the field: a revision may have changed nothing but these."""
    before, after = revision.before, revision.after
    fields = {
        "description": (before.description, after.description),
        "author": (before.author, after.author),
        "published": tuple(one.published and time_to_text(one.published) for one in (before, after)),
    }
    return {name: Rewritten(before=old or "", after=new or "") for name, (old, new) in fields.items() if old != new}


def _text(content: ArticleContent) -> str:
    return "\n".join((content.title or "", content.description or "", content.body))


def _told(content: ArticleContent) -> tuple[list[str], list[str]]:
    """What a text says: its words, and the signs that make another thing of a number."""
    text = _text(content)
    signs = [one for one in text if one in _SIGNS or unicodedata.category(one) == "Sc"]
    return words(text), signs + _BELOW_ZERO.findall(text)


def _exchanged(
    before: ArticleContent,
    after: ArticleContent,
    rewritten: Iterable[Rewritten],
    found: Callable[[str], Sequence[str]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The numbers or names removed and added, in order, each once.

    What the whole text lacks; and what a rewritten paragraph lacks and no other has got instead.
    """
    old, new = Counter(found(_text(before))), Counter(found(_text(after)))
    lost, got = Counter[str](), Counter[str]()
    for one in rewritten:
        was, now = Counter(found(one.before)), Counter(found(one.after))
        lost, got = lost + (was - now), got + (now - was)
    return (
        tuple(item for item in old if item not in new or (item in lost and old[item] > new[item])),
        tuple(item for item in new if item not in old or (item in got and new[item] > old[item])),
    )


def names(text: str) -> list[str]:
    """Words written with a capital in mid-sentence, in order: names, as far as a script has capitals."""
    return [
        word[0]
        for word in _WORD.finditer(text)
        if word[0][0].isupper() and not _SENTENCE_STARTS.search(text, max(0, word.start() - 8), word.start())
    ]


def _joined(found: Iterable[str], text: str) -> tuple[str, ...]:
    """Names in order, where those that stand side by side in a text are one: a first name and a surname."""
    joined: list[str] = []
    for word in found:
        if joined and f"{joined[-1]} {word}" in text:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return tuple(joined)


def _paragraphs(
    before: Sequence[str], after: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Rewritten, ...]]:
    """Paragraphs removed, added and rewritten. What only moved, or was only divided otherwise, is neither."""
    gone, new = _missing(before, after), _missing(after, before)
    _drop_divided(gone, new)
    _drop_divided(new, gone)
    rewritten = []
    for old in tuple(gone):
        near = [(_likeness(old, other), other) for other in new[:_COMPARED]]
        best = max(near, key=lambda one: one[0], default=(0.0, ""))
        if best[0] >= SAME_PARAGRAPH:
            rewritten.append(Rewritten(before=old, after=best[1]))
            gone.remove(old)
            new.remove(best[1])
    return tuple(gone), tuple(new), tuple(rewritten)


def _missing(of: Sequence[str], there: Sequence[str]) -> list[str]:
    """What of one list the other lacks, in order, each once."""
    known = set(there)
    return list(dict.fromkeys(one for one in of if one not in known))


def _drop_divided(wholes: list[str], parts: list[str]) -> None:
    """Take out paragraphs of one list which say what several in a row of the other say, and those."""
    said = [words(part) for part in parts[:_COMPARED]]
    for whole in wholes[:_COMPARED]:
        wanted = words(whole)
        for start in range(len(said)):
            end, told = start, list[str]()
            while end < len(said) and len(told) < len(wanted):
                told, end = told + said[end], end + 1
            if told == wanted and end - start > 1:
                wholes.remove(whole)
                del parts[start:end], said[start:end]
                break


def _likeness(a: str, b: str) -> float:
    return _matched(words(a), words(b)).ratio()


def _matched(before: list[str], after: list[str]) -> SequenceMatcher[str]:
    """The two compared, to the last word unless they are long: words that recur would make it quadratic."""
    return SequenceMatcher(None, before, after, autojunk=len(after) > _LONG)


def word_diff(before: str, after: str) -> Iterator[tuple[str, str]]:
    """A rewritten text in pieces: (``same``, ``removed`` or ``added``, words)."""
    old, new = before.split(), after.split()
    for step, a, b, c, d in _matched(old, new).get_opcodes():
        if step == "equal":
            yield "same", " ".join(old[a:b])
            continue
        if a < b:
            yield "removed", " ".join(old[a:b])
        if c < d:
            yield "added", " ".join(new[c:d])
