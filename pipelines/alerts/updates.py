"""Updates of an existing alert: escalations and edits that cause another message."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.lineage.agencies import credited_party
from schemas.records import MessageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schemas.records import Alert, Article, Escalation, RuleHit

_MAX_LISTED = 5
"""Outlets or terms listed in a reason at most; the alert has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """An article of a story, reduced to what the decision on alerts needs."""

    order: Any
    """A sort key: the article with the smallest key is the earliest."""
    canonical_id: str
    source: str | None
    title: str | None
    hits: tuple[RuleHit, ...]
    credited_party: str
    """The agency that wrote the text, regardless of the outlet; else the outlet; else the article's id."""
    edited: bool = False
    """True if the article is processed because its outlet has changed a known text."""

    @classmethod
    def of(cls, article: Article, *, order: Any, canonical_id: str, edited: bool = False) -> StoryMember:  # noqa: ANN401 - any key
        """Return the member of an article in its present state."""
        content = article.content
        return cls(
            order=order,
            canonical_id=canonical_id,
            source=content.source,
            credited_party=credited_party(content),
            title=content.title,
            hits=content.hits,
            edited=edited,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """A change of an existing alert that causes a message."""

    kind: MessageKind
    reason: str
    """The reason of the message, for people."""
    about: tuple[str, ...]
    """The parts of the message's id that identify the update: the same for the same update."""
    article_ids: tuple[str, ...]
    """The articles that caused it, earliest first."""


Terms = dict[str, frozenset[str]]
"""The terms of one rule that each article matches, by article id."""


def alerted_terms(alerts: Iterable[Alert]) -> Terms:
    """Return the matched terms by article in existing alerts of one rule."""
    terms_by_article: defaultdict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        terms_by_article[alert.article_id]  # it matched, although a query such as lang:en has no term
        for match in alert.matches:
            terms_by_article[match.article_id].add(match.term)
    return {article_id: frozenset(terms) for article_id, terms in terms_by_article.items()}


def matched_terms(hits: Sequence[tuple[str, RuleHit]]) -> Terms:
    """Return the matched terms by article in the present hits of one rule."""
    return {article_id: frozenset(match.term for match in hit.matches) for article_id, hit in hits}


def updates_of(
    before: Terms, now: Terms, article_ids: Sequence[str], members: Mapping[str, StoryMember], escalation: Escalation
) -> list[Update]:
    """Return the updates of an alert since it was last decided that cause messages.

    Args:
        before: terms of the earlier alerts that it continues.
        now: terms of its story now.
        article_ids: the articles of the story.
        members: these articles, by id.
        escalation: the growth that causes a message by the rule.
    """
    edits = [
        update
        for article_id in article_ids
        if members[article_id].edited
        for update in _edit(article_id, before.get(article_id, frozenset()), now.get(article_id, frozenset()), members)
    ]
    growth = _growth(before, now, members, escalation)
    return [growth, *edits] if growth else edits


def _edit(
    article_id: str, before: frozenset[str], now: frozenset[str], members: Mapping[str, StoryMember]
) -> list[Update]:
    added, removed = sorted(now - before), sorted(before - now)
    changes = [f"{verb} {_shortlist(terms)}" for verb, terms in (("added", added), ("removed", removed)) if terms]
    if not changes:
        return []
    member = members[article_id]
    text = f"“{' '.join((member.title or article_id).split())}”{f' ({member.source})' if member.source else ''}"
    return [
        Update(
            kind=MessageKind.EDITED,
            reason=f"an edit of {text} {' and '.join(changes)}",
            about=(article_id, "+", *added, "-", *removed),
            article_ids=(article_id,),
        )
    ]


def _growth(before: Terms, now: Terms, members: Mapping[str, StoryMember], escalation: Escalation) -> Update | None:
    """Return the escalation of an alert by articles that have joined, if any. Edits have updates of their own."""
    joined = [article_id for article_id in now if article_id not in before and not members[article_id].edited]
    if not joined:
        return None
    reasons: list[str] = []
    about: list[str] = []
    brought: set[str] = set()
    if "source" in escalation.by:
        outlets = sorted(_new_outlets(joined, before, members))
        if outlets:
            of_joined = {article_id: _outlet_of(members[article_id].canonical_id, members) for article_id in joined}
            brought |= {article_id for article_id, outlet in of_joined.items() if outlet in outlets}
            named = [_name(outlet, members) for outlet in outlets]
            reasons.append(f"new independent source{'s' * (len(outlets) > 1)}: {_shortlist(named)}")
            about += ["source", *outlets]
    if "term" in escalation.by:
        known = frozenset[str]().union(*before.values())
        terms = sorted(frozenset[str]().union(*(now[article_id] for article_id in joined)) - known)
        if terms:
            brought |= {article_id for article_id in joined if now[article_id] - known}
            reasons.append(f"new term{'s' * (len(terms) > 1)}: {_shortlist(terms)}")
            about += ["term", *terms]
    if escalation.articles and len(before) < escalation.articles <= len(before.keys() | now.keys()):
        reasons.append(f"{escalation.articles} articles match")
        about += ["articles", str(escalation.articles)]
        brought = brought or set(joined)
    if not reasons:
        return None
    return Update(
        kind=MessageKind.ESCALATED,
        reason="; ".join(reasons),
        about=tuple(about),
        article_ids=tuple(sorted(brought, key=lambda article_id: (members[article_id].order, article_id))),
    )


def _new_outlets(joined: Sequence[str], before: Terms, members: Mapping[str, StoryMember]) -> set[str]:
    """Return the outlets and agencies that are new to an alert and did not copy from one it has.

    They are counted in the same way as ``independent_sources``.
    """
    known = {article_id for article_id in before if article_id in members}
    canonical = {members[article_id].canonical_id for article_id in known}
    new = {members[article_id].canonical_id for article_id in joined} - canonical
    named = {_outlet_of(article_id, members) for article_id in known | canonical}
    return {_outlet_of(article_id, members) for article_id in new} - named


def _outlet_of(article_id: str, members: Mapping[str, StoryMember]) -> str:
    return members[article_id].credited_party if article_id in members else article_id


def _name(outlet: str, members: Mapping[str, StoryMember]) -> str:
    return "an unnamed outlet" if outlet in members else outlet


def _shortlist(names: Sequence[str]) -> str:
    more = len(names) - _MAX_LISTED
    return ", ".join(names[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")
