"""All rules against one article, and one query against one article."""

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
from pipelines.rules.prefilter.word_set import rough
from schemas.records import DroppedHit, Match, RuleHit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.rules.fields import Matchable
    from pipelines.rules.language.query import Query
    from pipelines.rules.patterns.gazetteer import Gazetteer
    from schemas.records import ArticleContent, Rule


PARAGRAPH = "\n\n"
"""What joins the paragraphs of a body."""


class Matcher:
    """Finds the rules which an article matches.

    The rules that may match are found by their words (``candidates``); only those are decided, on token positions.
    It pickles as its rules and is built again where it arrives.
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
        """Pickle as the rules; the gazetteer that comes with wirepicket is loaded where it arrives."""
        own = None if self._gazetteer is default_gazetteer() else self._gazetteer
        return type(self), (self._rules, own)

    def match(self, article: Matchable) -> tuple[RuleHit, ...]:
        """Return the rules that an article matches, sorted by id, each with the offsets of its terms."""
        text = rough(article.title, article.body)
        candidates = self._candidates.find(text)
        if not candidates:
            return ()
        subject = Subject(article, gazetteer=self._gazetteer, composed=frozenset(map(bytes.decode, text.composed)))
        hits: list[RuleHit] = []
        for index in candidates:
            places = subject.places(self._queries[index])
            if places is not None:
                rule = self._rules[index]
                version = rule_version(rule, self._gazetteer)
                hits.append(RuleHit(rule_id=rule.id, rule_version=version, matches=subject.matches(places)))
        return tuple(hits)


def hits_in_dropped(matcher: Matcher, content: ArticleContent) -> tuple[DroppedHit, ...]:
    """What rules would match more of an article if its dropped lines counted: the first such place of each.

    They count for no alert: a teaser or a related link is another story.
    """
    if not content.dropped:
        return ()
    # As paragraphs behind the body: a term does not run from one into the next.
    start = len(content.body) + len(PARAGRAPH)
    ends = list(accumulate((len(one.line) + len(PARAGRAPH) for one in content.dropped), initial=start))[1:]
    whole = PARAGRAPH.join([content.body, *(one.line for one in content.dropped)])
    alerting = {hit.rule_id for hit in content.hits}
    found: list[DroppedHit] = []
    for hit in matcher.match(replace(content, body=whole)):
        match = next((one for one in hit.matches if one.field == "body" and one.start >= start), None)
        if hit.rule_id not in alerting and match:
            dropped = content.dropped[bisect(ends, match.start)]
            found.append(
                DroppedHit(
                    rule_id=hit.rule_id, form=match.form, term=match.term, line=dropped.line, reason=dropped.reason
                )
            )
    return tuple(found)


def confirm(query: Query, article: Matchable, *, gazetteer: Gazetteer | None = None) -> tuple[Match, ...] | None:
    """Return the offsets of a query's terms in an article, or ``None`` when the query does not match it.

    Empty for a query which matches without naming a term, such as ``lang:en``.
    """
    subject = Subject(article, gazetteer=gazetteer or default_gazetteer())
    places = subject.places(query)
    return None if places is None else subject.matches(places)
