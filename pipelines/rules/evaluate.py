"""Whether a query matches an article, and where: positions in, places out."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from pipelines.rules.language.query import (
    And,
    AtLeast,
    InTitle,
    Language,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    Source,
    Term,
)
from pipelines.rules.patterns.patterns import leaf_of
from pipelines.rules.tokens.document import Document, sentence
from pipelines.rules.windows import Windows, find_leaf
from schemas.records import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.rules.fields import Matchable
    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.patterns.patterns import Leaf

MAX_PLACES = 200
"""Places reported for a rule in one article: an analyst reads a few; a hostile text repeats a word for ever."""
MAX_SPANS = 10_000
"""Pairs which NEAR builds before it stops looking for more."""

TITLE, BODY = "title", "body"
_FIELDS = (TITLE, BODY)


class TermSpan(NamedTuple):
    """A term's place in a field, in code points of its text."""

    field: str
    start: int
    end: int
    term: str


class _Span(NamedTuple):
    """From the first to the last place of something that matched, in code points of a field's text."""

    start: int
    end: int
    places: tuple[TermSpan, ...]


class Subject:
    """An article made ready for any number of queries. What one query finds out serves the next."""

    def __init__(self, article: Matchable, *, gazetteer: Gazetteer, composed: frozenset[str] | None = None) -> None:
        """Keep the texts; they are tokenised when a query asks.

        ``composed`` holds the ``composed_words`` of title and body, where they are known.
        """
        self._texts = {TITLE: article.title or "", BODY: article.body}
        self._source_text = article.source or ""
        self._language = (article.language or "").lower()
        self._gazetteer = gazetteer
        self._excerpts = {field: Windows(text, composed) for field, text in self._texts.items()}
        self._found: dict[tuple[str, Leaf], tuple[TermSpan, ...]] = {}

    def document(self, field: str) -> Document:
        """The tokenised field."""
        return self._excerpts[field].whole

    @cached_property
    def _source(self) -> Document:
        return Document(self._source_text)

    def places(self, query: Query) -> tuple[TermSpan, ...] | None:
        """Where a query's terms stand, ``None`` when it does not match.

        Empty for a query which names no term, such as ``lang:en``.
        """
        return self._evaluate(query.root, _FIELDS)

    def _evaluate(self, node: Node, fields: tuple[str, ...]) -> tuple[TermSpan, ...] | None:  # noqa: PLR0911 - one a kind
        match node:
            case Term() | Phrase():
                return _concatenated([self._leaf_places(node, field) for field in fields]) or None
            case And(parts):
                return self._all(parts, fields)
            case Or(parts):
                found = [self._evaluate(part, fields) for part in parts]
                return None if all(one is None for one in found) else _concatenated(found)
            case Not(part):
                return None if self._evaluate(part, fields) is not None else ()
            case InTitle(part):
                return self._evaluate(part, (TITLE,))
            case Source(part):
                leaf = leaf_of(_without_aliases(part), self._gazetteer)
                return () if find_leaf(self._source, leaf) else None
            case Language(code):
                return () if self._language == code else None
            case AtLeast(count, part):
                mentions = [self._spans(part, field) for field in fields]
                enough = sum(map(_apart, mentions)) >= count
                return _concatenated(span.places for one in mentions for span in one) if enough else None
            case Near():
                return _concatenated(span.places for field in fields for span in self._spans(node, field)) or None

    def _all(self, parts: tuple[Node, ...], fields: tuple[str, ...]) -> tuple[TermSpan, ...] | None:
        found: list[tuple[TermSpan, ...]] = []
        for part in sorted(parts, key=_effort):
            places = self._evaluate(part, fields)
            if places is None:
                return None
            found.append(places)
        return _concatenated(found)

    def _spans(self, node: Node, field: str) -> tuple[_Span, ...]:
        match node:
            case Term() | Phrase():
                return tuple([_Span(place.start, place.end, (place,)) for place in self._leaf_places(node, field)])
            case Or(parts):
                return tuple(sorted({span for part in parts for span in self._spans(part, field)}))
            case Near(left, right, distance, ordered):
                before = self._spans(left, field)
                behind = before and self._spans(right, field)
                return behind and self._near(before, behind, field, distance=distance, ordered=ordered)
            case _:
                raise AssertionError(node)  # the parser lets nothing else in here

    def _near(
        self, left: tuple[_Span, ...], right: tuple[_Span, ...], field: str, *, distance: int, ordered: bool
    ) -> tuple[_Span, ...]:
        fewer = min(left, right, key=len)
        excerpt = self._excerpts[field].reaching(fewer[0].start, max(span.end for span in fewer), distance)
        return _near(_numbered(left, excerpt), _numbered(right, excerpt), distance=distance, ordered=ordered)

    def _leaf_places(self, node: Term | Phrase, field: str) -> tuple[TermSpan, ...]:
        leaf = leaf_of(node, self._gazetteer)
        key = (field, leaf)
        known = self._found.get(key)
        if known is None:
            found = self._excerpts[field].places(leaf)
            if found and self._names_another_version(leaf):
                found = set()
            known = self._found[key] = tuple([TermSpan(field, *place, leaf.term) for place in _outermost(found)])
        return known

    def _names_another_version(self, leaf: Leaf) -> bool:
        """Whether the article names other versions of what a leaf names and not its own, in whatever field.

        Then the name of the system, further down, is that of the others.
        """
        others = leaf.other_versions
        return others is not None and self._stands(others) and not self._stands(leaf.own_version)

    def _stands(self, leaf: Leaf) -> bool:
        return any(excerpts.places(leaf) for excerpts in self._excerpts.values())

    def matches(self, places: Iterable[TermSpan]) -> tuple[Match, ...]:
        """Places as they are reported: title first, in order, each with its sentence."""
        unique = sorted(set(places), key=lambda place: (place.field != TITLE, place[1:]))
        out: list[Match] = []
        for field, start, end, term in unique[:MAX_PLACES]:
            text = self._texts[field]
            out.append(
                Match(
                    field=field,
                    sentence=sentence(text, start, end),
                    start=start,
                    end=end,
                    form=text[start:end],
                    term=term,
                )
            )
        return tuple(out)


def _without_aliases(node: Term | Phrase) -> Term | Phrase:
    return Phrase(node.text, exact=node.exact) if isinstance(node, Term) and not node.prefix else node


def _concatenated(found: Iterable[tuple[TermSpan, ...] | None]) -> tuple[TermSpan, ...]:
    return tuple([place for places in found if places for place in places])


def _outermost(found: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans which lie within no other: an alias inside a longer one is the same mention."""
    if len(found) < 2:  # noqa: PLR2004 - nothing to lie within
        return list(found)
    out: list[tuple[int, int]] = []
    furthest = -1
    for first, behind in sorted(found, key=lambda span: (span[0], -span[1])):
        if behind > furthest:
            out.append((first, behind))
            furthest = behind
    return out


def _effort(node: Node) -> int:
    """Which part of an AND is asked first: what needs no text, then the text, at last what counts its words."""
    return 0 if isinstance(node, Language) else 1 if isinstance(node, Source) else 3 if isinstance(node, Near) else 2


def _apart(spans: tuple[_Span, ...]) -> int:
    """The most spans which do not overlap (earliest end first is optimal)."""
    count, reached = 0, 0
    for span in sorted(spans, key=itemgetter(1)):
        if span.start >= reached:
            count, reached = count + 1, span.end
    return count


class _Numbered(NamedTuple):
    """A span and the numbers of its first and its last word."""

    first: int
    last: int
    span: _Span


def _numbered(spans: tuple[_Span, ...], document: Document) -> list[_Numbered]:
    return [_Numbered(document.word_at(span.start), document.word_at(span.end - 1), span) for span in spans]


def _near(left: list[_Numbered], right: list[_Numbered], *, distance: int, ordered: bool) -> tuple[_Span, ...]:
    """Every pair with at most ``distance`` words between its sides."""
    starts = [one.first for one in right]
    longest = max((one.last - one.first for one in right), default=0)
    out: set[_Span] = set()
    for begin, end, one in left:
        lowest = end if ordered else begin - distance - 1 - longest
        for index in range(bisect_left(starts, lowest), len(right)):
            first, last, other = right[index]
            if first - end - 1 > distance or len(out) >= MAX_SPANS:
                break
            if other.start >= one.end:
                between = first - end - 1
            elif not ordered and other.end <= one.start:
                between = begin - last - 1
            else:
                continue
            if between <= distance:
                out.add(
                    _Span(
                        min(one.start, other.start),
                        max(one.end, other.end),
                        tuple(sorted({*one.places, *other.places})),
                    )
                )
    return tuple(sorted(out))
