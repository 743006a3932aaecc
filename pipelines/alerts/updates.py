"""What an alert says that it did not say before: what makes it worth another message, and what does not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.lineage.agencies import voice
from schemas.records import MessageKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from schemas.records import Alert, Article, Escalation, RuleHit

_NAMED = 5
"""Outlets or terms named in a reason; the alert has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMember:
    """What the decision on alerts must know of an article of a story."""

    order: Any
    """A key: the article with the smallest is the earliest."""
    canonical_id: str
    source: str | None
    title: str | None
    hits: tuple[RuleHit, ...]
    voice: str
    """Who answers for it: an agency, whoever carries its text, else the outlet, else the article itself."""
    edited: bool = False
    """Whether it is here because its outlet has changed a text which was known."""

    @classmethod
    def of(cls, article: Article, *, order: Any, canonical_id: str, edited: bool = False) -> StoryMember:  # noqa: ANN401 - any key
        """Of an article as it stands."""
        content = article.content
        return cls(
            order=order,
            canonical_id=canonical_id,
            source=content.source,
            voice=voice(content),
            title=content.title,
            hits=content.hits,
            edited=edited,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something to be said of an alert that stands already."""

    kind: MessageKind
    reason: str
    """For people."""
    about: tuple[str, ...]
    """The same news always has the same: it goes into the message's id."""
    article_ids: tuple[str, ...]
    """The articles that brought it, earliest first."""


Terms = dict[str, frozenset[str]]
"""By article, the terms of one rule that it matches."""


def terms_of(alerts: Iterable[Alert]) -> Terms:
    """What alerts of one rule say so far."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        found[alert.article_id]  # it matched, though a query such as lang:en names no term
        for match in alert.matches:
            found[match.article_id].add(match.term)
    return {article_id: frozenset(terms) for article_id, terms in found.items()}


def terms_found(found: Sequence[tuple[str, RuleHit]]) -> Terms:
    """What the articles of a story say of one rule now."""
    return {article_id: frozenset(match.term for match in hit.matches) for article_id, hit in found}


def updates_of(
    before: Terms, now: Terms, article_ids: Sequence[str], members: Mapping[str, StoryMember], escalation: Escalation
) -> list[Update]:
    """What has come to an alert since it was last decided, as far as it is to be said.

    Args:
        before: what the alerts which it follows said.
        now: what its story says now.
        article_ids: the articles of the story.
        members: of these articles.
        escalation: what of its growth the rule wants to be told.
    """
    told = [
        news
        for article_id in article_ids
        if members[article_id].edited
        for news in _edit(article_id, before.get(article_id, frozenset()), now.get(article_id, frozenset()), members)
    ]
    growth = _growth(before, now, members, escalation)
    return [growth, *told] if growth else told


def _edit(
    article_id: str, before: frozenset[str], now: frozenset[str], members: Mapping[str, StoryMember]
) -> list[Update]:
    added, removed = sorted(now - before), sorted(before - now)
    changes = [f"{verb} {_some(terms)}" for verb, terms in (("added", added), ("removed", removed)) if terms]
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
    """What articles that have joined make of the alert. Edits are told for themselves."""
    joined = [article_id for article_id in now if article_id not in before and not members[article_id].edited]
    if not joined:
        return None
    reasons: list[str] = []
    about: list[str] = []
    brought: set[str] = set()
    if "source" in escalation.by:
        outlets = sorted(_outlets(joined, before, members))
        if outlets:
            brought |= {one for one in joined if _outlet(members[one].canonical_id, members) in outlets}
            named = [_name(one, members) for one in outlets]
            reasons.append(f"new independent source{'s' * (len(outlets) > 1)}: {_some(named)}")
            about += ["source", *outlets]
    if "term" in escalation.by:
        known = frozenset[str]().union(*before.values())
        terms = sorted(frozenset[str]().union(*(now[article_id] for article_id in joined)) - known)
        if terms:
            brought |= {one for one in joined if now[one] - known}
            reasons.append(f"new term{'s' * (len(terms) > 1)}: {_some(terms)}")
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
        article_ids=tuple(sorted(brought, key=lambda one: (members[one].order, one))),
    )


def _outlets(joined: Sequence[str], before: Terms, members: Mapping[str, StoryMember]) -> set[str]:
    """Outlets and agencies that an alert has not named and that have not copied from one.

    Counted as ``independent_sources`` is.
    """
    known = {article_id for article_id in before if article_id in members}
    told = {members[article_id].canonical_id for article_id in known}
    fresh = {members[article_id].canonical_id for article_id in joined} - told
    named = {_outlet(one, members) for one in known | told}
    return {_outlet(one, members) for one in fresh} - named


def _outlet(article_id: str, members: Mapping[str, StoryMember]) -> str:
    return members[article_id].voice if article_id in members else article_id


def _name(outlet: str, members: Mapping[str, StoryMember]) -> str:
    return "an unnamed one" if outlet in members else outlet


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
