"""Evaluation of a query on an article: whether it matches, and the spans of its terms."""

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
from pipelines.rules.windows import Windows, leaf_spans
from schemas.records import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.rules.fields import Matchable
    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.patterns.patterns import Leaf

MAX_MATCHES = 200
"""Matches reported for a rule in one article. An analyst reads a few; a hostile text may repeat a word endlessly."""
MAX_PAIRS = 10_000
"""Pairs of mentions that NEAR builds at most."""

TITLE, BODY = "title", "body"
_FIELDS = (TITLE, BODY)


class TermSpan(NamedTuple):
    """The span of a term in a field, in code points of its text; ``end`` is exclusive."""

    field: str
    start: int
    end: int
    term: str


class _Mention(NamedTuple):
    """The span of a term, or of terms near each other, in code points of a field's text."""

    start: int
    end: int
    spans: tuple[TermSpan, ...]


class Subject:
    """An article prepared for any number of queries, which share their intermediate results."""

    def __init__(self, article: Matchable, *, gazetteer: Gazetteer, composed: frozenset[str] | None = None) -> None:
        """Keep the texts; they are tokenised on demand.

        ``composed`` holds the ``composed_words`` of title and body if they are known.
        """
        self._texts = {TITLE: article.title or "", BODY: article.body}
        self._source_text = article.source or ""
        self._language = (article.language or "").lower()
        self._gazetteer = gazetteer
        self._windows = {field: Windows(text, composed) for field, text in self._texts.items()}
        self._leaf_cache: dict[tuple[str, Leaf], tuple[TermSpan, ...]] = {}

    def document(self, field: str) -> Document:
        """Return a field, tokenised."""
        return self._windows[field].whole

    @cached_property
    def _source(self) -> Document:
        return Document(self._source_text)

    def spans(self, query: Query) -> tuple[TermSpan, ...] | None:
        """Return the spans of a query's terms, or ``None`` if the query does not match.

        Empty for a query without terms, such as ``lang:en``.
        """
        return self._evaluate(query.root, _FIELDS)

    def _evaluate(self, node: Node, fields: tuple[str, ...]) -> tuple[TermSpan, ...] | None:  # noqa: PLR0911 - one per kind
        match node:
            case Term() | Phrase():
                return _concatenated([self._leaf_spans(node, field) for field in fields]) or None
            case And(parts):
                return self._all(parts, fields)
            case Or(parts):
                results = [self._evaluate(part, fields) for part in parts]
                return None if all(result is None for result in results) else _concatenated(results)
            case Not(part):
                return None if self._evaluate(part, fields) is not None else ()
            case InTitle(part):
                return self._evaluate(part, (TITLE,))
            case Source(part):
                leaf = leaf_of(_without_aliases(part), self._gazetteer)
                return () if leaf_spans(self._source, leaf) else None
            case Language(code):
                return () if self._language == code else None
            case AtLeast(count, part):
                mentions = [self._mentions(part, field) for field in fields]
                enough = sum(map(_count_disjoint, mentions)) >= count
                return _concatenated(mention.spans for group in mentions for mention in group) if enough else None
            case Near():
                mentions = [self._mentions(node, field) for field in fields]
                return _concatenated(mention.spans for group in mentions for mention in group) or None

    def _all(self, parts: tuple[Node, ...], fields: tuple[str, ...]) -> tuple[TermSpan, ...] | None:
        results: list[tuple[TermSpan, ...]] = []
        for part in sorted(parts, key=_effort):
            spans = self._evaluate(part, fields)
            if spans is None:
                return None
            results.append(spans)
        return _concatenated(results)

    def _mentions(self, node: Node, field: str) -> tuple[_Mention, ...]:
        match node:
            case Term() | Phrase():
                return tuple([_Mention(span.start, span.end, (span,)) for span in self._leaf_spans(node, field)])
            case Or(parts):
                return tuple(sorted({mention for part in parts for mention in self._mentions(part, field)}))
            case Near(left, right, distance, ordered):
                left_mentions = self._mentions(left, field)
                right_mentions = left_mentions and self._mentions(right, field)
                return right_mentions and self._near_mentions(
                    left_mentions, right_mentions, field, distance=distance, ordered=ordered
                )
            case _:
                raise AssertionError(node)  # the parser rejects other nodes here

    def _near_mentions(
        self, left: tuple[_Mention, ...], right: tuple[_Mention, ...], field: str, *, distance: int, ordered: bool
    ) -> tuple[_Mention, ...]:
        fewer = min(left, right, key=len)
        window = self._windows[field].window_around(fewer[0].start, max(mention.end for mention in fewer), distance)
        return _near(_numbered(left, window), _numbered(right, window), distance=distance, ordered=ordered)

    def _leaf_spans(self, node: Term | Phrase, field: str) -> tuple[TermSpan, ...]:
        leaf = leaf_of(node, self._gazetteer)
        key = (field, leaf)
        known = self._leaf_cache.get(key)
        if known is None:
            spans = self._windows[field].spans(leaf)
            if spans and self._names_another_version(leaf):
                spans = set()
            known = self._leaf_cache[key] = tuple([TermSpan(field, *span, leaf.term) for span in _outermost(spans)])
        return known

    def _names_another_version(self, leaf: Leaf) -> bool:
        """Return whether the article, in any field, names other versions of a leaf's system but not the leaf's own.

        Then the bare name of the system refers to those other versions.
        """
        others = leaf.other_versions
        return others is not None and self._occurs(others) and not self._occurs(leaf.own_version)

    def _occurs(self, leaf: Leaf) -> bool:
        return any(windows.spans(leaf) for windows in self._windows.values())

    def matches(self, spans: Iterable[TermSpan]) -> tuple[Match, ...]:
        """Return the matches to report for spans: title first, in order, each with its sentence."""
        unique = sorted(set(spans), key=lambda span: (span.field != TITLE, span[1:]))
        out: list[Match] = []
        for field, start, end, term in unique[:MAX_MATCHES]:
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


def _concatenated(results: Iterable[tuple[TermSpan, ...] | None]) -> tuple[TermSpan, ...]:
    return tuple([span for spans in results if spans for span in spans])


def _outermost(spans: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans that are inside no other span: an alias inside a longer one is the same mention."""
    if len(spans) < 2:  # noqa: PLR2004 - no other span
        return list(spans)
    out: list[tuple[int, int]] = []
    furthest = -1
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end > furthest:
            out.append((start, end))
            furthest = end
    return out


def _effort(node: Node) -> int:
    """Return the rank of a part of an AND in order of cost: metadata first, then text, then distances."""
    return 0 if isinstance(node, Language) else 1 if isinstance(node, Source) else 3 if isinstance(node, Near) else 2


def _count_disjoint(mentions: tuple[_Mention, ...]) -> int:
    """Return the largest number of mentions that do not overlap (earliest end first is optimal)."""
    count, reached = 0, 0
    for mention in sorted(mentions, key=itemgetter(1)):
        if mention.start >= reached:
            count, reached = count + 1, mention.end
    return count


class _Numbered(NamedTuple):
    """A mention with the numbers of its first and last word."""

    first: int
    last: int
    mention: _Mention


def _numbered(mentions: tuple[_Mention, ...], document: Document) -> list[_Numbered]:
    word_at = document.word_at
    return [_Numbered(word_at(mention.start), word_at(mention.end - 1), mention) for mention in mentions]


def _near(left: list[_Numbered], right: list[_Numbered], *, distance: int, ordered: bool) -> tuple[_Mention, ...]:
    """Return the pairs with at most ``distance`` words between their sides."""
    starts = [numbered.first for numbered in right]
    longest = max((numbered.last - numbered.first for numbered in right), default=0)
    out: set[_Mention] = set()
    for begin, end, mention in left:
        lowest = end if ordered else begin - distance - 1 - longest
        for index in range(bisect_left(starts, lowest), len(right)):
            first, last, other = right[index]
            if first - end - 1 > distance or len(out) >= MAX_PAIRS:
                break
            if other.start >= mention.end:
                between = first - end - 1
            elif not ordered and other.end <= mention.start:
                between = begin - last - 1
            else:
                continue
            if between <= distance:
                out.add(
                    _Mention(
                        min(mention.start, other.start),
                        max(mention.end, other.end),
                        tuple(sorted({*mention.spans, *other.spans})),
                    )
                )
    return tuple(sorted(out))
