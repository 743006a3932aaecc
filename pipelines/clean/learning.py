"""Lines which a source prints with its articles, learned across them.

One page cannot tell a house style's closing line from the end of its story; several stories can. A line is learned when
enough articles that are not copies of each other have it near an edge, and they are a good part of the source's.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pipelines.text.lines import MAX_CUE_LENGTH, MAX_CUE_WORDS, comparable, word_count
from schemas.records import DroppedLine, LearnedLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from schemas.records import Article

REASON = "learned"
"""Why a learned line was dropped."""
MIN_ARTICLES = 5
"""Articles, no two of them near-duplicates, that must have a line."""
MIN_SHARE = 0.1
"""And their share of the source's articles: an outlet may write "The company declined to comment." in many a story."""
ABOVE = 2
"""Lines from the beginning that count as near the edge: what stands above the story is mostly dropped already."""
BELOW = 4
"""Lines from the end that count as near the edge."""

Learned = dict[str, frozenset[str]]
"""Lines in use by source."""


def edges(count: int) -> list[int]:
    """The places near the edges of so many lines."""
    return [number for number in range(count) if number < ABOVE or number >= count - BELOW]


def drop_learned(lines: Sequence[str], learned: frozenset[str]) -> tuple[tuple[str, ...], tuple[DroppedLine, ...]]:
    """Lines without the learned ones near their edges, and those. Never all of them."""
    if not learned:
        return tuple(lines), ()
    found = {number for number in edges(len(lines)) if comparable(lines[number]) in learned}
    if len(found) == len(lines):
        return tuple(lines), ()
    kept = tuple(line for number, line in enumerate(lines) if number not in found)
    return kept, tuple(DroppedLine(lines[number], REASON) for number in sorted(found))


def learn(articles: Iterable[Article], known: Sequence[LearnedLine], now: datetime) -> list[LearnedLine]:
    """The lines that articles of one time show and that were not known, by source and line.

    Articles count once for each group of copies. The result depends on the set of articles alone; lines that were
    dropped as learned count as well, so that what replaces a line is found beside it.
    """
    groups: defaultdict[str, set[str]] = defaultdict(set)
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for article in articles:
        source, group = article.content.source, article.canonical_id or article.id
        if source is None:
            continue
        groups[source].add(group)
        for line in _edge_lines(article):
            found[source, line].add(group)
    settled = {(line.source, line.line) for line in known}
    return [
        LearnedLine(source=source, line=line, articles=len(having), learned_at=now)
        for (source, line), having in sorted(found.items())
        if (source, line) not in settled
        and len(having) >= MIN_ARTICLES
        and len(having) >= MIN_SHARE * len(groups[source])
    ]


def _edge_lines(article: Article) -> Iterator[str]:
    paragraphs = article.content.body.split("\n\n")
    for number in edges(len(paragraphs)):
        line = paragraphs[number]
        if len(line) <= MAX_CUE_LENGTH and 0 < word_count(line) <= MAX_CUE_WORDS:
            yield comparable(line)
    yield from (comparable(one.line) for one in article.content.dropped if one.reason == REASON)


def in_use(lines: Iterable[LearnedLine]) -> Learned:
    """The lines that are to be dropped, by source."""
    by_source: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.refused_at is None:
            by_source[line.source].add(line.line)
    return {source: frozenset(found) for source, found in by_source.items()}


def of_source(learned: Mapping[str, frozenset[str]], source: str | None) -> frozenset[str]:
    """The lines in use for a source."""
    return learned.get(source, frozenset()) if source else frozenset()
