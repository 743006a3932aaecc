"""Translation of the words of a query to patterns over normalised tokens.

A ``Leaf`` is a term or phrase with all its ways of writing, each a ``Pattern``. ``locate`` finds the positions of
patterns in a text. ``Pattern.needs`` lists the index entries that a pattern needs, for the full-text compilers and the
candidate search.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pipelines.rules.language.query import Phrase, Term
from pipelines.rules.tokens.normalise import Glue, Token, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.rules.patterns.gazetteer import Gazetteer

JOINS = frozenset({Glue.DIRECT, Glue.DASH, Glue.SPACE, Glue.LOOSE, Glue.QUOTED})
"""Glues accepted between the words of a phrase."""
NUMBER_JOINS = JOINS - {Glue.QUOTED}
"""Glues accepted between a word and its number: dashes and spaces, never a comma, quote or currency sign."""
MARKERS = frozenset({"block", "tranche", "flight", "batch", "increment", "baseline", "mark", "mk", "mod", "lot"})
"""Words that, with a number, name a version of the system before or after them: ``Block 70 F-16s``."""

MAX_VARIANT = 4
"""Letters of a variant at most: ``MiG-29SMT``, ``F-16ADF``."""


class ElementKind(IntEnum):
    """The kind of token that an element of a pattern accepts."""

    WORD = 0
    NUMBER = 1
    VARIANT = 2
    """The letters after a designator's number: the C of F-16C."""
    PREFIX = 3


class Element(NamedTuple):
    """One token of a pattern."""

    kind: ElementKind
    words: frozenset[str]
    """Normalised tokens that it accepts; for ``PREFIX``, the single prefix."""
    joins: frozenset[Glue]
    """Glues accepted before it."""
    raw: str
    """The spelling in the query."""
    designator: bool = False
    """True if a number forms a name with the word before it: the 16 of F-16."""
    marker: bool = False
    """True for a word of ``MARKERS`` before a number, and for that number."""
    bare: bool = False
    """True if no variant letters may follow the number, because the query asks for a particular variant."""


@dataclass(frozen=True, slots=True)
class Need:
    """A token that a text must have to match: one of ``words``, or any that begins with ``prefix``."""

    words: tuple[str, ...]
    prefix: str | None = None


class Pattern(NamedTuple):
    """A sequence of adjacent tokens."""

    elements: tuple[Element, ...]
    exact: bool = False
    """True if case is significant."""
    gap_at: int = 0
    """Index of the element that connecting words may precede (``F-16s of the Block 70 standard``); 0: no gap."""
    gap_words: frozenset[str] = frozenset()
    """Names accepted in the gap beside the general connecting words."""
    capital: bool = False
    """True if the first letter must be a capital because the name is also a common word."""
    context: tuple[Pattern, ...] = ()
    """Patterns of which at least one must occur nearby; empty: no context needed."""
    others: tuple[Pattern, ...] = ()
    """Patterns that must not be adjacent to the match: in M1A1 Abrams the name is not that of an M1A2."""

    @property
    def needs(self) -> tuple[Need, ...]:
        """The tokens that every text with this pattern has in its index text; at least one."""
        out = {
            Need((), prefix=min(element.words))
            if element.kind is ElementKind.PREFIX
            else Need(tuple(sorted(element.words)))
            for element in self.elements
        }
        return tuple(sorted(out, key=lambda need: (need.words, need.prefix or "")))


@dataclass(frozen=True, eq=False)
class Leaf:
    """A term or phrase of a query with its patterns. Cached by ``leaf_of``, and compared by identity."""

    term: str
    """The term as written in the query, without operators; the value of ``Match.term``."""
    patterns: tuple[Pattern, ...]

    @cached_property
    def other_versions(self) -> Leaf | None:
        """A leaf of the other versions of the system, if the term names a version: M1A1 if the term is M1A2."""
        others = self.patterns[-1].others
        return Leaf(self.term, others) if others else None

    @cached_property
    def own_version(self) -> Leaf:
        """A leaf without the names that all versions share."""
        return Leaf(self.term, tuple(pattern for pattern in self.patterns if not pattern.others))

    @cached_property
    def needs(self) -> tuple[tuple[Need, ...], ...]:
        """The distinct needs of the patterns."""
        return tuple(dict.fromkeys(pattern.needs for pattern in self.patterns))

    @cached_property
    def required(self) -> tuple[tuple[frozenset[str], ...], ...]:
        """The needs of each pattern without the prefixes: those that a set lookup can decide."""
        return tuple(
            tuple(frozenset(need.words) for need in pattern.needs if need.prefix is None) for pattern in self.patterns
        )


@lru_cache(maxsize=1 << 16)
def leaf_of(node: Term | Phrase, gazetteer: Gazetteer) -> Leaf:
    """Return a term or phrase with its patterns.

    A plain term is expanded with the other names of its weapon system; phrases, prefixes and exact terms are not.
    """
    prefix = isinstance(node, Term) and node.prefix
    patterns = list(_patterns(node.text, gazetteer, exact=node.exact, prefix=prefix))
    if isinstance(node, Term) and not (node.exact or node.prefix):
        patterns += _other_names(node.text, patterns[0].elements, gazetteer)
    unique = tuple(dict.fromkeys(patterns)) if len(patterns) > 1 else tuple(patterns)
    return Leaf(node.text, unique)


def _other_names(term: str, own: tuple[Element, ...], gazetteer: Gazetteer) -> Iterator[Pattern]:
    """Return patterns for the other names of a term's system, without the names of its other versions."""
    others: list[Pattern] = []
    names: list[Pattern] = []
    for alternative in gazetteer.expand(term):
        context = _contexts(alternative.context, gazetteer)
        for pattern in _patterns(alternative.text, gazetteer):
            other = _other_version(own, pattern.elements)
            if other:
                others.append(Pattern(other))
            else:
                elements = _without_variants(own, pattern.elements)
                names.append(pattern._replace(elements=elements, capital=bool(context), context=context))
    without = tuple(dict.fromkeys(others))
    return (name._replace(others=without) for name in names)


def _other_version(own: tuple[Element, ...], other: tuple[Element, ...]) -> tuple[Element, ...]:
    """Return the head of ``other`` up to the number or variant that makes it another version than ``own``.

    Examples: M1A1 and M1A2, Patriot PAC-2 and PAC-3, APG-85 and AN/APG-81. Empty if the versions do not differ.
    """
    for start, theirs in enumerate(other):
        for begin, ours in enumerate(own):
            if theirs.words == ours.words and theirs.kind is ours.kind is ElementKind.WORD:
                at = _shared_length(own[begin:], other[start:])
                if _versions_differ(own[begin + at : begin + at + 1], other[start + at : start + at + 1]):
                    return other[: start + at + 1]
    return ()


def _versions_differ(own: tuple[Element, ...], other: tuple[Element, ...]) -> bool:
    """Return whether two numbers, or two variants, differ. A longer number includes its head: CV9030 is a CV90."""
    for ours, theirs in zip(own, other, strict=False):
        if ours.kind is theirs.kind is ElementKind.NUMBER:
            return not any(a.startswith(b) or b.startswith(a) for a in ours.words for b in theirs.words)
        return ours.kind is theirs.kind is ElementKind.VARIANT and ours.words.isdisjoint(theirs.words)
    return False


def _without_variants(own: tuple[Element, ...], other: tuple[Element, ...]) -> tuple[Element, ...]:
    """Return the elements of a name, with its number bare if ``own`` has a variant of it.

    For the term AIM-9X, the name AIM-9 must not match AIM-9M.
    """
    shared = _shared_length(own, other)
    if not 0 < shared < len(own) or own[shared].kind is not ElementKind.VARIANT:
        return other
    return (*other[: shared - 1], other[shared - 1]._replace(bare=True), *other[shared:])


def _shared_length(own: tuple[Element, ...], other: tuple[Element, ...]) -> int:
    """Return the number of equal elements at the beginning of two names."""
    pairs = zip(own, other, strict=False)
    differing = (index for index, (mine, theirs) in enumerate(pairs) if mine.words != theirs.words)
    return next(differing, min(len(own), len(other)))


@lru_cache(maxsize=1 << 12)
def _contexts(words: tuple[str, ...], gazetteer: Gazetteer) -> tuple[Pattern, ...]:
    return tuple(pattern for word in words for pattern in _patterns(word, gazetteer))


@lru_cache(maxsize=1 << 14)
def _patterns(text: str, gazetteer: Gazetteer, *, exact: bool = False, prefix: bool = False) -> tuple[Pattern, ...]:
    """Return the patterns of a text: as written, and with the version in front or joined by connecting words."""
    elements = _elements(text, prefix=prefix)
    at = 0 if exact or prefix or len(elements) == 1 else _version_at(elements)
    if not at:
        return (Pattern(elements, exact=exact),)
    head, version, tail = elements[:at], elements[at : at + 2], elements[at + 2 :]
    names = gazetteer.name_words(" ".join(element.raw for element in head))
    turned = (*version, head[0]._replace(joins=JOINS), *head[1:], *tail)
    return (
        Pattern(elements, gap_at=at, gap_words=names),
        Pattern(turned, gap_at=2, gap_words=names),
    )


def _version_at(elements: tuple[Element, ...]) -> int:
    """Return the index of a version after the first element, such as Block in F-16 Block 70; 0 if there is none."""
    return next((i for i, e in enumerate(elements) if i and e.marker and e.kind is ElementKind.WORD), 0)


def _elements(text: str, *, prefix: bool) -> tuple[Element, ...]:
    parsed = tokens(text)
    out: list[Element] = []
    for index, token in enumerate(parsed):
        before = out[-1] if out else None
        element = _element(token, text[token.start : token.end], before)
        if token.glue is Glue.SLASH and before and element.kind is before.kind and before.kind in _LISTED:
            # 70/72 and C/D list alternatives: each of them matches.
            out[-1] = before._replace(words=before.words | element.words)
            continue
        if token.text.rstrip("s") in MARKERS and element.kind is ElementKind.WORD:
            followed_by_number = index + 1 < len(parsed) and parsed[index + 1].text.isdecimal()
            element = element._replace(marker=followed_by_number)
        out.append(element)
    if prefix:
        out[-1] = out[-1]._replace(kind=ElementKind.PREFIX, words=frozenset({parsed[-1].text}))
    return tuple(out)


_LISTED = frozenset({ElementKind.NUMBER, ElementKind.VARIANT})
_NAMED = frozenset({ElementKind.WORD, ElementKind.VARIANT})
"""Kinds of element that form a designator with a number."""
_VARIANT_JOINS = frozenset({Glue.DIRECT, Glue.DASH, Glue.SPACE})
_VARIANT_NUMBER_JOINS = frozenset({Glue.DIRECT, Glue.DASH})
_WRITTEN_BEFORE_WORDS = frozenset({Glue.SLASH, Glue.BREAK, Glue.DOT})
"""Glues accepted in a text only where the query has them: a comma or bracket inside a phrase."""


def _element(token: Token, raw: str, before: Element | None) -> Element:
    word, glue = token.text, token.glue
    if word.isdecimal():
        return _number_element(word, glue, raw, before)
    if before is not None and len(word) <= MAX_VARIANT:  # the Harris of L3Harris is a word
        after_number = glue is Glue.DIRECT and before.designator and before.kind is ElementKind.NUMBER
        if after_number or (glue is Glue.SLASH and before.kind is ElementKind.VARIANT):
            return Element(ElementKind.VARIANT, frozenset({word, f"{word}s"}), _VARIANT_JOINS, raw)  # KC-46As
    joins = JOINS | {glue} if glue in _WRITTEN_BEFORE_WORDS else JOINS
    return Element(ElementKind.WORD, frozenset(word_forms(word, raw)), joins, raw)


def _number_element(number: str, glue: Glue, raw: str, before: Element | None) -> Element:
    joins = NUMBER_JOINS
    if glue is Glue.POINT or glue is Glue.BREAK:
        joins = frozenset({glue})
    elif glue is Glue.DOT or glue is Glue.SLASH:
        joins = NUMBER_JOINS | {glue}
    if before is None:
        return Element(ElementKind.NUMBER, frozenset({number}), joins, raw)
    if before.kind is ElementKind.VARIANT:  # M1A2, C-130J-30
        joins = _VARIANT_NUMBER_JOINS
    named = before.kind in _NAMED and not before.marker
    return Element(ElementKind.NUMBER, frozenset({number}), joins, raw, named, before.marker)


_SIBILANTS = ("s", "x", "z", "ch", "sh")


def word_forms(word: str, raw: str) -> set[str]:
    """Return a word, its plural and, unless it is written in capitals (HIMARS is no plural), its singular.

    The rules are those of Harman's S-stemmer (How effective is suffixing?, JASIS 42, 1991), applied both ways.
    """
    forms = {word}
    if not (word.isascii() and word.isalpha()):
        return forms
    if word.endswith("y") and word[-2:-1] not in set("aeiou") and len(word) > 2:  # noqa: PLR2004
        forms.add(f"{word[:-1]}ies")
    elif word.endswith(_SIBILANTS):
        forms.add(f"{word}es")
    else:
        forms.add(f"{word}s")
    singular_length = 4
    if raw.isupper() or len(word) < singular_length or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return forms
    if word.endswith("ies"):
        forms.add(f"{word[:-3]}y")
    elif word.endswith("es") and word[:-2].endswith(_SIBILANTS):
        forms.add(word[:-2])
    forms.add(word[:-1])
    return forms
