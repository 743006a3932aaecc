"""Whether a query matches an article, and where: positions in, places out."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from pipelines.alerts.document import Document, sentence
from pipelines.alerts.excerpts import Excerpts, anchors
from pipelines.alerts.locate import find
from pipelines.alerts.patterns import leaf_of
from pipelines.alerts.query import (
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
from schemas.records import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.alerts.gazetteer import Gazetteer

MAX_PLACES = 200
"""Places reported for a rule in one article: an analyst reads a few; a hostile text repeats a word for ever."""
MAX_SPANS = 10_000
"""Pairs which NEAR builds before it stops looking for more."""

TITLE, BODY = "title", "body"
_FIELDS = (TITLE, BODY)


class Place(NamedTuple):
    """A term's place in a field, in code points of its text."""

    field: str
    start: int
    end: int
    term: str


class _Span(NamedTuple):
    """From the first to the last place of something that matched, in tokens."""

    first: int
    behind: int
    places: tuple[Place, ...]


class Subject:
    """An article made ready for any number of queries. What one query finds out serves the next."""

    def __init__(
        self, *, title: str | None, body: str, source: str | None, language: str | None, gazetteer: Gazetteer
    ) -> None:
        """Keep the texts; they are tokenised when a query asks."""
        self._texts = {TITLE: title or "", BODY: body}
        self._source_text = source or ""
        self._language = (language or "").lower()
        self._gazetteer = gazetteer
        self._documents: dict[str, Document] = {}
        self._excerpts = {field: Excerpts(text) for field, text in self._texts.items()}
        self._found: dict[tuple[str, Term | Phrase], tuple[_Span, ...]] = {}
        self._stands: dict[tuple[str, Term | Phrase], tuple[Place, ...]] = {}

    def document(self, field: str) -> Document:
        """The tokenised field."""
        if field not in self._documents:
            self._documents[field] = self._excerpts[field].whole()
        return self._documents[field]

    @cached_property
    def _source(self) -> Document:
        return Document(self._source_text)

    def places(self, query: Query) -> tuple[Place, ...] | None:
        """Where a query's terms stand, ``None`` when it does not match.

        Empty for a query which names no term, such as ``lang:en``.
        """
        return self._evaluate(query.root, _FIELDS)

    def _evaluate(self, node: Node, fields: tuple[str, ...]) -> tuple[Place, ...] | None:  # noqa: PLR0911 - one a kind
        match node:
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
                return () if any(find(self._source, pattern) for pattern in leaf.patterns) else None
            case Language(code):
                return () if self._language == code else None
            case AtLeast(count, part):
                mentions = [self._mentions(part, field) for field in fields]
                enough = sum(map(_apart, mentions)) >= count
                return _concatenated(span.places for one in mentions for span in one) if enough else None
            case Term() | Phrase():
                return _concatenated(self._leaf_places(node, field) for field in fields) or None
            case Near():
                return _concatenated(span.places for field in fields for span in self._spans(node, field)) or None

    def _all(self, parts: tuple[Node, ...], fields: tuple[str, ...]) -> tuple[Place, ...] | None:
        found: list[tuple[Place, ...]] = []
        for part in sorted(parts, key=_is_dear):
            places = self._evaluate(part, fields)
            if places is None:
                return None
            found.append(places)
        return _concatenated(found)

    def _spans(self, node: Node, field: str) -> tuple[_Span, ...]:
        match node:
            case Term() | Phrase():
                return self._leaf_spans(node, field)
            case Or(parts):
                return tuple(sorted({span for part in parts for span in self._spans(part, field)}))
            case Near(left, right, distance, ordered):
                before = self._spans(left, field)
                return before and _near(
                    before,
                    self._spans(right, field),
                    self.document(field).word_numbers,
                    distance=distance,
                    ordered=ordered,
                )
            case _:
                raise AssertionError(node)  # the parser lets nothing else in here

    def _mentions(self, node: Node, field: str) -> tuple[_Span, ...]:
        """``_spans`` in characters: only what counts words takes more of a text apart than its places ask for."""
        match node:
            case Term() | Phrase():
                return tuple(_Span(place.start, place.end, (place,)) for place in self._leaf_places(node, field))
            case Or(parts):
                return tuple(sorted({span for part in parts for span in self._mentions(part, field)}))
            case _:
                return tuple(
                    _Span(*_offsets(self.document(field), span.first, span.behind), span.places)
                    for span in self._spans(node, field)
                )

    def _leaf_places(self, node: Term | Phrase, field: str) -> tuple[Place, ...]:
        """Where a leaf stands; of a long text only what it takes is tokenised."""
        key = (field, node)
        known = self._stands.get(key)
        if known is None:
            known = self._places_in_excerpts(node, field) if field not in self._documents else None
            if known is None:
                known = _concatenated(span.places for span in self._leaf_spans(node, field))
            self._stands[key] = known
        return known

    def _places_in_excerpts(self, node: Term | Phrase, field: str) -> tuple[Place, ...] | None:
        leaf = leaf_of(node, self._gazetteer)
        found: set[tuple[int, int]] = set()
        for pattern, anchor in zip(leaf.patterns, anchors(node, self._gazetteer), strict=True):
            excerpts = self._excerpts[field].around(anchor)
            if excerpts is None:
                return None
            for excerpt in excerpts:
                found.update(_offsets(excerpt, *span) for span in find(excerpt, pattern))
        return tuple(Place(field, *place, leaf.term) for place in _outermost(found))

    def _leaf_spans(self, node: Term | Phrase, field: str) -> tuple[_Span, ...]:
        key = (field, node)
        known = self._found.get(key)
        if known is not None:
            return known
        document = self.document(field)
        leaf = leaf_of(node, self._gazetteer)
        known_words = document.words
        found: set[tuple[int, int]] = set()
        for pattern, required in zip(leaf.patterns, leaf.required, strict=True):
            if not any(known_words.isdisjoint(words) for words in required):
                found.update(find(document, pattern))
        spans = tuple(
            _Span(*span, (Place(field, *_offsets(document, *span), leaf.term),)) for span in _outermost(found)
        )
        self._found[key] = spans
        return spans

    def matches(self, places: Iterable[Place]) -> tuple[Match, ...]:
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


def _offsets(document: Document, first: int, behind: int) -> tuple[int, int]:
    """Where the tokens from ``first`` to before ``behind`` stand in the text."""
    return document.tokens[first].start, document.tokens[behind - 1].end


def _without_aliases(node: Term | Phrase) -> Term | Phrase:
    return Phrase(node.text, exact=node.exact) if isinstance(node, Term) and not node.prefix else node


def _concatenated(found: Iterable[tuple[Place, ...] | None]) -> tuple[Place, ...]:
    return tuple(place for places in found if places for place in places)


def _outermost(found: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans which lie within no other: an alias inside a longer one is the same mention."""
    out: list[tuple[int, int]] = []
    furthest = -1
    for first, behind in sorted(found, key=lambda span: (span[0], -span[1])):
        if behind > furthest:
            out.append((first, behind))
            furthest = behind
    return out


def _is_dear(node: Node) -> bool:
    """Whether a node takes a whole text apart, and so is better asked last."""
    return isinstance(node, Near | AtLeast)


def _apart(spans: tuple[_Span, ...]) -> int:
    """The most spans which do not overlap (earliest end first is optimal)."""
    count, reached = 0, 0
    for first, behind in sorted(((span.first, span.behind) for span in spans), key=lambda pair: pair[1]):
        if first >= reached:
            count, reached = count + 1, behind
    return count


def _near(
    left: tuple[_Span, ...], right: tuple[_Span, ...], words: list[int], *, distance: int, ordered: bool
) -> tuple[_Span, ...]:
    """Every pair with at most ``distance`` words between its sides."""
    starts = [words[span.first] for span in right]
    longest = max((words[span.behind - 1] - words[span.first] for span in right), default=0)
    out: set[_Span] = set()
    for one in left:
        begin, end = words[one.first], words[one.behind - 1]
        lowest = end if ordered else begin - distance - 1 - longest
        for index in range(bisect_left(starts, lowest), len(right)):
            other = right[index]
            if starts[index] - end - 1 > distance or len(out) >= MAX_SPANS:
                break
            if other.first >= one.behind:
                between = starts[index] - end - 1
            elif not ordered and other.behind <= one.first:
                between = begin - words[other.behind - 1] - 1
            else:
                continue
            if between <= distance:
                out.add(
                    _Span(
                        min(one.first, other.first),
                        max(one.behind, other.behind),
                        tuple(sorted({*one.places, *other.places})),
                    )
                )
    return tuple(sorted(out))
