"""Matching of all rules, or of one query, against an article."""

from __future__ import annotations

from bisect import bisect
from dataclasses import replace
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING

from pipelines.collector import collector_paused
from pipelines.rules.checks import rule_version
from pipelines.rules.evaluate import Subject
from pipelines.rules.language.query import parse
from pipelines.rules.patterns.gazetteer import default_gazetteer
from pipelines.rules.prefilter.candidates import CandidateIndex
from pipelines.rules.prefilter.word_set import word_set_of
from schemas.records import DroppedHit, Match, RuleHit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.rules.fields import Matchable
    from pipelines.rules.language.query import Query
    from pipelines.rules.patterns.gazetteer import Gazetteer
    from schemas.records import ArticleContent, Rule


PARAGRAPH = "\n\n"
"""Separator of the paragraphs of a body."""


class Matcher:
    """A compiled set of rules.

    ``CandidateIndex`` selects by words the rules that may match; only those are evaluated on token positions.
    A matcher pickles as its rules and is rebuilt on loading.
    """

    def __init__(self, rules: Sequence[Rule], gazetteer: Gazetteer | None = None) -> None:
        """Compile the rules.

        Raises:
            RuleSyntaxError: a query is wrong.
        """
        self._rules = tuple(sorted(rules, key=attrgetter("id")))
        self._gazetteer = gazetteer or default_gazetteer()
        with collector_paused(lasting=True):
            self._queries = [parse(rule.query) for rule in self._rules]
            self._candidates = CandidateIndex(self._queries, self._gazetteer)

    def __reduce__(self) -> tuple[type[Matcher], tuple[tuple[Rule, ...], Gazetteer | None]]:
        """Pickle the rules; the default gazetteer is not pickled but loaded again."""
        own = None if self._gazetteer is default_gazetteer() else self._gazetteer
        return type(self), (self._rules, own)

    def match(self, article: Matchable) -> tuple[RuleHit, ...]:
        """Return the rules that an article matches, sorted by id, each with the offsets of its terms."""
        text = word_set_of(article.title, article.body)
        candidates = self._candidates.find(text)
        if not candidates:
            return ()
        subject = Subject(article, gazetteer=self._gazetteer, composed=frozenset(map(bytes.decode, text.composed)))
        hits: list[RuleHit] = []
        for index in candidates:
            spans = subject.spans(self._queries[index])
            if spans is not None:
                rule = self._rules[index]
                version = rule_version(rule, self._gazetteer)
                hits.append(RuleHit(rule_id=rule.id, rule_version=version, matches=subject.matches(spans)))
        return tuple(hits)


def hits_in_dropped(matcher: Matcher, content: ArticleContent) -> tuple[DroppedHit, ...]:
    """Return the first match in the dropped lines of an article for each rule that matches only with those lines.

    Such matches raise no alert: a teaser or a related link belongs to another story.
    """
    if not content.dropped:
        return ()
    # The lines follow the body as paragraphs, since no term continues across paragraphs.
    start = len(content.body) + len(PARAGRAPH)
    ends = list(accumulate((len(dropped.line) + len(PARAGRAPH) for dropped in content.dropped), initial=start))[1:]
    whole = PARAGRAPH.join([content.body, *(dropped.line for dropped in content.dropped)])
    alerting = {hit.rule_id for hit in content.hits}
    dropped_hits: list[DroppedHit] = []
    for hit in matcher.match(replace(content, body=whole)):
        later = (match for match in hit.matches if match.field == "body" and match.start >= start)
        match = next(later, None)
        if hit.rule_id not in alerting and match:
            dropped = content.dropped[bisect(ends, match.start)]
            dropped_hits.append(
                DroppedHit(
                    rule_id=hit.rule_id, form=match.form, term=match.term, line=dropped.line, reason=dropped.reason
                )
            )
    return tuple(dropped_hits)


def confirm(query: Query, article: Matchable, *, gazetteer: Gazetteer | None = None) -> tuple[Match, ...] | None:
    """Return the matches of a query in an article, or ``None`` if the query does not match it.

    Empty for a query without terms, such as ``lang:en``.
    """
    subject = Subject(article, gazetteer=gazetteer or default_gazetteer())
    spans = subject.spans(query)
    return None if spans is None else subject.matches(spans)
