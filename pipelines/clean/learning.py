"""Boilerplate lines of a source, learned from its articles.

A single page does not show whether its last line is a standard closing line or the end of the story; several articles
do. A line is learned when enough articles that are not copies of each other have it near an edge, and when these are a
sufficient share of the source's articles.
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
"""Reason word of a dropped line that was learned."""
MIN_ARTICLES = 5
"""Fewest articles that must have a line, no two of them near-duplicates."""
MIN_SHARE = 0.1
"""Smallest share of a source's articles that must have a line: some sentences of stories recur in a few articles."""
ABOVE = 2
"""Lines from the beginning that count as near the edge. Most lines above the story are already dropped."""
BELOW = 4
"""Lines from the end that count as near the edge."""

Learned = dict[str, frozenset[str]]
"""Lines in use, by source."""


def edges(count: int) -> list[int]:
    """Return the indices near the edges of a list of ``count`` lines."""
    return [number for number in range(count) if number < ABOVE or number >= count - BELOW]


def drop_learned(lines: Sequence[str], learned: frozenset[str]) -> tuple[tuple[str, ...], tuple[DroppedLine, ...]]:
    """Split lines into those to keep and the learned ones near the edges, which are dropped.

    If this would drop every line, all are kept.
    """
    if not learned:
        return tuple(lines), ()
    matches = {number for number in edges(len(lines)) if comparable(lines[number]) in learned}
    if len(matches) == len(lines):
        return tuple(lines), ()
    kept = tuple(line for number, line in enumerate(lines) if number not in matches)
    return kept, tuple(DroppedLine(lines[number], REASON) for number in sorted(matches))


def learn(articles: Iterable[Article], known: Sequence[LearnedLine], now: datetime) -> list[LearnedLine]:
    """Return the lines that the articles of a period show and that are not known yet, ordered by source and line.

    Each group of copies counts as a single article. The result depends only on the set of articles. Lines that were
    dropped as learned count as well, so that the replacement of a line is learned while the old line still occurs.
    """
    groups: defaultdict[str, set[str]] = defaultdict(set)
    occurrences: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for article in articles:
        source, group = article.content.source, article.canonical_id or article.id
        if source is None:
            continue
        groups[source].add(group)
        for line in _edge_lines(article):
            occurrences[source, line].add(group)
    settled = {(line.source, line.line) for line in known}
    return [
        LearnedLine(source=source, line=line, articles=len(having), learned_at=now)
        for (source, line), having in sorted(occurrences.items())
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
    yield from (comparable(dropped.line) for dropped in article.content.dropped if dropped.reason == REASON)


def in_use(lines: Iterable[LearnedLine]) -> Learned:
    """Return the lines to drop, by source: those that were not refused."""
    by_source: defaultdict[str, set[str]] = defaultdict(set)
    for line in lines:
        if line.refused_at is None:
            by_source[line.source].add(line.line)
    return {source: frozenset(texts) for source, texts in by_source.items()}


def of_source(learned: Mapping[str, frozenset[str]], source: str | None) -> frozenset[str]:
    """Return the lines in use for a source."""
    return learned.get(source, frozenset()) if source else frozenset()
