"""From the words of a query to patterns over normalised tokens.

A ``Leaf`` is a term or phrase with everything it stands for: each ``Pattern`` is one way to say it. Where the
patterns stand in a text is decided by ``locate``; which index entries they need, for the full-text compilers
and the candidate search, is ``Pattern.needs``.
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
"""What may stand between the words of a phrase."""
NUMBER_JOINS = JOINS - {Glue.QUOTED}
"""What may stand between a word and its number: dashes and spaces, never a comma, quote or currency sign."""
MARKERS = frozenset({"block", "tranche", "flight", "batch", "increment", "baseline", "mark", "mk", "mod", "lot"})
"""Words which with a number name a version of what stands before or behind them: ``Block 70 F-16s``."""


MAX_VARIANT = 4
"""Letters of a variant: ``MiG-29SMT``, ``F-16ADF``."""


class ElementKind(IntEnum):
    """What an element of a pattern accepts."""

    WORD = 0
    NUMBER = 1
    VARIANT = 2
    """The letters behind a designator's number: the C of F-16C."""
    PREFIX = 3


class Element(NamedTuple):
    """One token of a pattern."""

    kind: ElementKind
    words: frozenset[str]
    """Normalised tokens which it accepts; for ``PREFIX``, the one beginning."""
    joins: frozenset[Glue]
    """Glues accepted before it."""
    raw: str
    """As the query has it."""
    designator: bool = False
    """A number that is one name with the word before it: the 16 of F-16."""
    marker: bool = False
    """A word of ``MARKERS`` before a number, or that number."""
    bare: bool = False
    """No variant letters may stand behind the number: the query asks for a variant of its own."""


@dataclass(frozen=True, slots=True)
class Need:
    """A token which a text must have to match: one of ``words``, or one beginning with ``prefix``."""

    words: tuple[str, ...]
    prefix: str | None = None


class Pattern(NamedTuple):
    """Tokens in a row."""

    elements: tuple[Element, ...]
    exact: bool = False
    """The case counts."""
    gap_at: int = 0
    """Before this element connecting words may stand (``F-16s of the Block 70 standard``); 0: nowhere."""
    gap_words: frozenset[str] = frozenset()
    """Names which may stand in the gap beside the general connecting words."""
    capital: bool = False
    """The first letter must be a capital: the name is also a common word."""
    context: tuple[Pattern, ...] = ()
    """One of these must stand near; empty: none needs to."""
    others: tuple[Pattern, ...] = ()
    """None of these may stand right beside it: in M1A1 Abrams the name is not that of an M1A2."""

    @property
    def needs(self) -> tuple[Need, ...]:
        """Tokens which every text with this pattern has, in both fields' index text. At least one."""
        out = {
            Need((), prefix=min(element.words))
            if element.kind is ElementKind.PREFIX
            else Need(tuple(sorted(element.words)))
            for element in self.elements
        }
        return tuple(sorted(out, key=lambda need: (need.words, need.prefix or "")))


@dataclass(frozen=True, eq=False)
class Leaf:
    """A term or phrase of a query and everything it stands for. Made once, so that it is known by being the same."""

    term: str
    """As written in the query, without operators: what ``Match.term`` says."""
    patterns: tuple[Pattern, ...]

    @cached_property
    def other_versions(self) -> Leaf | None:
        """The versions that the term is not, where it names one: an M1A1 to an M1A2."""
        others = self.patterns[-1].others
        return Leaf(self.term, others) if others else None

    @cached_property
    def own_version(self) -> Leaf:
        """The leaf without the names that all versions share."""
        return Leaf(self.term, tuple(pattern for pattern in self.patterns if not pattern.others))

    @cached_property
    def needs(self) -> tuple[tuple[Need, ...], ...]:
        """What the patterns need, each once."""
        return tuple(dict.fromkeys(pattern.needs for pattern in self.patterns))

    @cached_property
    def required(self) -> tuple[tuple[frozenset[str], ...], ...]:
        """For each pattern its needs without the prefixes: what can be looked up at once."""
        return tuple(
            tuple(frozenset(need.words) for need in pattern.needs if need.prefix is None) for pattern in self.patterns
        )


@lru_cache(maxsize=1 << 16)
def leaf_of(node: Term | Phrase, gazetteer: Gazetteer) -> Leaf:
    """The patterns of a term or phrase.

    A plain term gets the other names of the system it names; phrases, prefixes and exact terms do not.
    """
    prefix = isinstance(node, Term) and node.prefix
    patterns = list(_patterns(node.text, gazetteer, exact=node.exact, prefix=prefix))
    if isinstance(node, Term) and not (node.exact or node.prefix):
        patterns += _other_names(node.text, patterns[0].elements, gazetteer)
    unique = tuple(dict.fromkeys(patterns)) if len(patterns) > 1 else tuple(patterns)
    return Leaf(node.text, unique)


def _other_names(term: str, own: tuple[Element, ...], gazetteer: Gazetteer) -> Iterator[Pattern]:
    """The patterns of the other names of what a term names, but for those of its other versions."""
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
    """The beginning of a name that is another version's, if it is: its number or variant is not that of ``own``.

    M1A1 to M1A2, Patriot PAC-2 to PAC-3, APG-85 to AN/APG-81.
    """
    for start, one in enumerate(other):
        for begin, mine in enumerate(own):
            if one.words == mine.words and one.kind is mine.kind is ElementKind.WORD:
                at = _shared(own[begin:], other[start:])
                if _differ(own[begin + at : begin + at + 1], other[start + at : start + at + 1]):
                    return other[: start + at + 1]
    return ()


def _differ(one: tuple[Element, ...], other: tuple[Element, ...]) -> bool:
    """Whether two numbers, or the letters behind one, are not the same; that of CV9030 goes on from that of CV90."""
    for mine, yours in zip(one, other, strict=False):
        if mine.kind is yours.kind is ElementKind.NUMBER:
            return not any(a.startswith(b) or b.startswith(a) for a in mine.words for b in yours.words)
        return mine.kind is yours.kind is ElementKind.VARIANT and mine.words.isdisjoint(yours.words)
    return False


def _without_variants(own: tuple[Element, ...], other: tuple[Element, ...]) -> tuple[Element, ...]:
    """The elements of a name; its number bare where the term has a variant of it: AIM-9 is no AIM-9M to an AIM-9X."""
    at = _shared(own, other)
    if not 0 < at < len(own) or own[at].kind is not ElementKind.VARIANT:
        return other
    return (*other[: at - 1], other[at - 1]._replace(bare=True), *other[at:])


def _shared(own: tuple[Element, ...], other: tuple[Element, ...]) -> int:
    """With how many equal elements two names begin."""
    pairs = zip(own, other, strict=False)
    return next((at for at, (one, two) in enumerate(pairs) if one.words != two.words), min(len(own), len(other)))


@lru_cache(maxsize=1 << 12)
def _contexts(words: tuple[str, ...], gazetteer: Gazetteer) -> tuple[Pattern, ...]:
    return tuple(pattern for word in words for pattern in _patterns(word, gazetteer))


@lru_cache(maxsize=1 << 14)
def _patterns(text: str, gazetteer: Gazetteer, *, exact: bool = False, prefix: bool = False) -> tuple[Pattern, ...]:
    """The ways to write a text: as it is, and with the version in front or connected by words."""
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
    """Where a version stands behind the first element: the Block of F-16 Block 70; 0 when none does."""
    return next((i for i, e in enumerate(elements) if i and e.marker and e.kind is ElementKind.WORD), 0)


def _elements(text: str, *, prefix: bool) -> tuple[Element, ...]:
    found = tokens(text)
    out: list[Element] = []
    for index, token in enumerate(found):
        before = out[-1] if out else None
        element = _element(token, text[token.start : token.end], before)
        if token.glue is Glue.SLASH and before and element.kind is before.kind and before.kind in _LISTED:
            # 70/72 and C/D name alternatives: any of them will do.
            out[-1] = before._replace(words=before.words | element.words)
            continue
        if token.text.rstrip("s") in MARKERS and element.kind is ElementKind.WORD:
            followed_by_number = index + 1 < len(found) and found[index + 1].text.isdecimal()
            element = element._replace(marker=followed_by_number)
        out.append(element)
    if prefix:
        out[-1] = out[-1]._replace(kind=ElementKind.PREFIX, words=frozenset({found[-1].text}))
    return tuple(out)


_LISTED = frozenset({ElementKind.NUMBER, ElementKind.VARIANT})
_NAMED = frozenset({ElementKind.WORD, ElementKind.VARIANT})
"""What a number makes a designator with."""
_VARIANT_JOINS = frozenset({Glue.DIRECT, Glue.DASH, Glue.SPACE})
_VARIANT_NUMBER_JOINS = frozenset({Glue.DIRECT, Glue.DASH})
_WRITTEN_BEFORE_WORDS = frozenset({Glue.SLASH, Glue.BREAK, Glue.DOT})
"""A comma or bracket which the user wrote into a phrase may stand in the text as well."""


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
    """A word, its plural and, unless it is written in capitals (HIMARS is no plural), its singular.

    The rules are Harman's S-stemmer (How effective is suffixing?, JASIS 42, 1991) read in both directions.
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
