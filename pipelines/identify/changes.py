"""Changes between two revisions of an article.

A change is *cosmetic* if the words stay: it affects punctuation, capitals, spaces or the division into paragraphs. Any
other change is substantial, including signs of quantities ("$", "%"); the changed headline, numbers, names and
paragraphs are listed separately. Changes are not stored but computed on request from the stored revisions.
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
"""Text before a word at the beginning of a sentence, whose capital marks no name."""
_BELOW_ZERO = re.compile(r"(?<![\w.,)])[-\u2212](?=\d)")
_SIGNS = frozenset("%‰°±")
_MAX_COMPARED = 60
"""Paragraphs compared with a paragraph at most, which bounds the work for a completely rewritten page."""
_LONG_PARAGRAPH = 1_000
"""Words of a paragraph from which only its rarer words are matched, as for a page without paragraphs."""
SAME_PARAGRAPH = 0.5
"""Similarity (``difflib`` ratio of words) from which two paragraphs count as one rewritten paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A revision of an article with the previous revision."""

    number: int
    """Number of the revision: 2 for the first change."""
    before: ArticleContent
    after: ArticleContent
    not_before: datetime
    """Time of the last capture of the old text."""
    seen_at: datetime
    """Time of the first capture of the new text."""


def revisions_of(article: Article, contents: Mapping[str, ArticleContent]) -> Iterator[Revision]:
    """Yield the revisions of an article, oldest first; ``contents`` are the stored ones by digest.

    A revision that is not stored is skipped; the store may have been rebuilt from a part of the archive.
    """
    texts = [list(run) for _, run in groupby(article.observations, key=lambda observation: observation.digest)]
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
    """Return the changes of each revision of an article, oldest first."""
    return map(change_of, revisions_of(article, contents))


def change_of(revision: Revision) -> RevisionChange:
    """Return the changes of a revision."""
    before, after = revision.before, revision.after
    removed, added, rewritten = _paragraphs(before.body.split("\n\n"), after.body.split("\n\n"))
    numbers_removed, numbers_added = _removed_and_added(before, after, rewritten, _NUMBER.findall)
    names_removed, names_added = _removed_and_added(before, after, rewritten, names)
    return RevisionChange(
        article_id=after.article_id,
        url=after.url,
        revision=revision.number,
        seen_at=revision.seen_at,
        not_before=revision.not_before,
        cosmetic=_content_tokens(before) == _content_tokens(after),
        title=Rewritten(before=before.title or "", after=after.title or "") if before.title != after.title else None,
        numbers_removed=numbers_removed,
        numbers_added=numbers_added,
        names_removed=_merge_adjacent(names_removed, _text(before)),
        names_added=_merge_adjacent(names_added, _text(after)),
        removed=removed,
        added=added,
        rewritten=rewritten,
    )


def other_changes(revision: Revision) -> dict[str, Rewritten]:
    """Return the changes of other fields by name; a revision may have changed only these."""
    before, after = revision.before, revision.after
    fields = {
        "description": (before.description, after.description),
        "author": (before.author, after.author),
        "published": tuple(content.published and time_to_text(content.published) for content in (before, after)),
    }
    return {name: Rewritten(before=old or "", after=new or "") for name, (old, new) in fields.items() if old != new}


def _text(content: ArticleContent) -> str:
    return "\n".join((content.title or "", content.description or "", content.body))


def _content_tokens(content: ArticleContent) -> tuple[list[str], list[str]]:
    """Return the words of a text, and the signs that change the meaning of a number."""
    text = _text(content)
    signs = [character for character in text if character in _SIGNS or unicodedata.category(character) == "Sc"]
    return words(text), signs + _BELOW_ZERO.findall(text)


def _removed_and_added(
    before: ArticleContent,
    after: ArticleContent,
    rewritten: Iterable[Rewritten],
    find: Callable[[str], Sequence[str]],
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the numbers or names removed and added, in order, without repeats.

    An item counts as removed if the whole new text lacks it, or if a rewritten paragraph lacks it and no other
    paragraph has gained it; added items likewise.
    """
    old, new = Counter(find(_text(before))), Counter(find(_text(after)))
    lost, gained = Counter[str](), Counter[str]()
    for pair in rewritten:
        old_counts, new_counts = Counter(find(pair.before)), Counter(find(pair.after))
        lost, gained = lost + (old_counts - new_counts), gained + (new_counts - old_counts)
    return (
        tuple(item for item in old if item not in new or (item in lost and old[item] > new[item])),
        tuple(item for item in new if item not in old or (item in gained and new[item] > old[item])),
    )


def names(text: str) -> list[str]:
    """Return the words with a capital in mid-sentence, in order; they are mostly names in scripts with capitals."""
    return [
        word[0]
        for word in _WORD.finditer(text)
        if word[0][0].isupper() and not _SENTENCE_STARTS.search(text, max(0, word.start() - 8), word.start())
    ]


def _merge_adjacent(parts: Iterable[str], text: str) -> tuple[str, ...]:
    """Return names in order, with adjacent ones merged: a first name and a surname."""
    joined: list[str] = []
    for word in parts:
        if joined and f"{joined[-1]} {word}" in text:
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return tuple(joined)


def _paragraphs(
    before: Sequence[str], after: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Rewritten, ...]]:
    """Return the paragraphs removed, added and rewritten, without those that only moved or were divided differently."""
    removed, added = _missing(before, after), _missing(after, before)
    _drop_divided(removed, added)
    _drop_divided(added, removed)
    rewritten = []
    for old in tuple(removed):
        scored = [(_similarity(old, other), other) for other in added[:_MAX_COMPARED]]
        best = max(scored, key=lambda pair: pair[0], default=(0.0, ""))
        if best[0] >= SAME_PARAGRAPH:
            rewritten.append(Rewritten(before=old, after=best[1]))
            removed.remove(old)
            added.remove(best[1])
    return tuple(removed), tuple(added), tuple(rewritten)


def _missing(items: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the items of a list that another list lacks, in order, without repeats."""
    known = set(other)
    return list(dict.fromkeys(item for item in items if item not in known))


def _drop_divided(wholes: list[str], parts: list[str]) -> None:
    """Remove paragraphs of one list that consist of several adjacent ones of the other, and remove those too."""
    part_words = [words(part) for part in parts[:_MAX_COMPARED]]
    for whole in wholes[:_MAX_COMPARED]:
        whole_words = words(whole)
        for start in range(len(part_words)):
            end, joined = start, list[str]()
            while end < len(part_words) and len(joined) < len(whole_words):
                joined, end = joined + part_words[end], end + 1
            if joined == whole_words and end - start > 1:
                wholes.remove(whole)
                del parts[start:end], part_words[start:end]
                break


def _similarity(a: str, b: str) -> float:
    return _matcher(words(a), words(b)).ratio()


def _matcher(before: list[str], after: list[str]) -> SequenceMatcher[str]:
    """Return a matcher of two lists of words; for long lists it ignores frequent words, which would take too long."""
    return SequenceMatcher(None, before, after, autojunk=len(after) > _LONG_PARAGRAPH)


def word_diff(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield a rewritten text in pieces: (``same``, ``removed`` or ``added``, words)."""
    old, new = before.split(), after.split()
    for step, a, b, c, d in _matcher(old, new).get_opcodes():
        if step == "equal":
            yield "same", " ".join(old[a:b])
            continue
        if a < b:
            yield "removed", " ".join(old[a:b])
        if c < d:
            yield "added", " ".join(new[c:d])
