"""Search for patterns in the tokens of a text.

``docs/rules.md`` defines what joins the words of a match. In short: only dashes and spaces join; a match is never part
of a longer designator or number; variant letters may follow a designator.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from pipelines.rules.patterns.patterns import JOINS, Element, ElementKind, Pattern
from pipelines.rules.patterns.variants import MAX_LIST, has_case, match_variant, same_case, skip_variant
from pipelines.rules.patterns.wordlists import (
    CONNECTING,
    MEASURES,
    ORDINALS,
    PREFIXES,
    SHORTHAND,
    STANDARDS,
    STATES,
    UPGRADING,
    WEAK,
)
from pipelines.rules.tokens.normalise import Glue

if TYPE_CHECKING:
    from pipelines.rules.tokens.document import Document

CONTEXT_WORDS = 4
"""Words between an ambiguous name and its context at most: ``Sparrow air-to-air missiles`` needs 2."""
CONTEXT_REACH = 4 * CONTEXT_WORDS
"""The same distance in tokens: a word may consist of several (MIM-104), rarely of more than four."""
MAX_GAP = 6
"""Connecting words between a designator and its version at most."""

_LETTERS_AND_NUMBER = 2
"""Elements of a designator without a variant."""
_SHORT = 3
"""Letters at most of a word that, before a number, can be an ordinary word (aim 7) instead of a name."""


def find_spans(document: Document, pattern: Pattern) -> list[tuple[int, int]]:
    """Return the token ranges ``(first, stop)`` of all matches of a pattern, in order; ``stop`` is exclusive."""
    first = pattern.elements[0]
    words = first.words
    if first.kind is ElementKind.PREFIX:
        words = frozenset(document.completions(min(first.words)))
    out: list[tuple[int, int]] = []
    for position in document.positions(words):
        stop = _match_at(document, pattern, position)
        if stop is not None and _accepted(document, pattern, position, stop):
            out.append((position, stop))
    return out


def _accepted(document: Document, pattern: Pattern, start: int, stop: int) -> bool:
    if len(pattern.elements) == _LETTERS_AND_NUMBER and _is_shorthand(document, start, stop):
        return False
    if pattern.capital and not document.text[document.tokens[start].start].isupper():
        return False
    if any(_occurs_beside(document, other, start, stop) for other in pattern.others):
        return False
    if not pattern.context:
        return True
    return any(_occurs_near(document, context, start, stop) for context in pattern.context)


def _is_shorthand(document: Document, start: int, stop: int) -> bool:
    """Return whether a letter, a number and the supposed variant are another trade's shorthand, such as B2B."""
    if stop - start != _LETTERS_AND_NUMBER + 1:
        return False
    return document.text[document.tokens[start].start : document.tokens[stop - 1].end].lower() in SHORTHAND


def _occurs_near(document: Document, context: Pattern, start: int, stop: int) -> bool:
    """Return whether a context word is within ``CONTEXT_WORDS`` words of the tokens ``start`` to ``stop - 1``."""
    numbers = document.word_numbers
    positions = document.positions(context.elements[0].words)
    for index in range(bisect_left(positions, start - CONTEXT_REACH), bisect_right(positions, stop + CONTEXT_REACH)):
        position = positions[index]
        end = _match_at(document, context, position) if position < start or position >= stop else None
        if end is None:
            continue
        after = position >= stop
        distance = numbers[position] - numbers[stop - 1] if after else numbers[start] - numbers[end - 1]
        if distance <= CONTEXT_WORDS + 1:
            return True
    return False


def _occurs_beside(document: Document, other: Pattern, start: int, stop: int) -> bool:
    """Return whether another pattern ends directly before ``start`` or begins at ``stop``."""
    tokens = document.tokens
    positions = document.positions(other.elements[0].words)
    for index in range(bisect_left(positions, start - CONTEXT_REACH), bisect_right(positions, stop)):
        position = positions[index]
        end = _match_at(document, other, position) if position < start or position == stop else None
        if end is not None and (
            (end == start and tokens[start].glue in JOINS) or (position == stop and tokens[stop].glue in JOINS)
        ):
            return True
    return False


def _match_at(document: Document, pattern: Pattern, start: int) -> int | None:
    """Return the end of a match that begins at ``start``, or ``None`` if there is no match."""
    elements = pattern.elements
    if not _starts_independently(document, elements, start):
        return None
    position = start
    weak_gap = False
    for index, element in enumerate(elements):
        if index:
            if index == pattern.gap_at:
                position, weak_gap = _skip_gap(document, pattern, position)
            if position >= len(document.tokens) or document.tokens[position].glue not in element.joins:
                return None
        following = elements[index + 1] if index + 1 < len(elements) else None
        stop = _match_element(document, pattern, index, position, following)
        if stop is None:
            return None
        position = stop
    if elements[-1].kind is not ElementKind.PREFIX and not _ends_independently(document, elements[-1], position):
        return None
    if weak_gap and not (
        position < len(document.tokens)
        and document.tokens[position].text in STANDARDS
        and document.tokens[position].glue in JOINS
    ):
        return None
    return position


def _match_element(
    document: Document, pattern: Pattern, index: int, position: int, following: Element | None
) -> int | None:
    element = pattern.elements[index]
    token = document.tokens[position]
    if element.kind is ElementKind.PREFIX:
        return position + 1 if token.text.startswith(min(element.words)) else None
    if element.kind is ElementKind.VARIANT:
        return match_variant(document, element, position, exact=pattern.exact)
    if element.kind is ElementKind.WORD:
        if token.text not in element.words or (pattern.exact and not same_case(document, element, position)):
            return None
        return position + 1
    if index and token.glue in {Glue.SPACE, Glue.LOOSE} and not _reads_as_name(document, pattern, index, position):
        return None
    return _number(document, element, position, following)


def _skip_gap(document: Document, pattern: Pattern, position: int) -> tuple[int, bool]:
    """Skip connecting words; return the next position, and whether all of the connection is weak."""
    tokens = document.tokens
    wanted = pattern.elements[pattern.gap_at]
    words: set[str] = set()
    at = position
    while at < len(tokens) and at - position <= MAX_GAP:
        token = tokens[at]
        if token.glue not in JOINS:
            break
        if wanted.kind is not ElementKind.NUMBER and token.text in wanted.words:
            return at, bool(words & WEAK) and not words & UPGRADING
        weak = token.text in WEAK or token.text in UPGRADING
        if not (token.text in CONNECTING or token.text in pattern.gap_words or weak):
            break
        words.add(token.text)
        at += 1
    return position, False


def _reads_as_name(document: Document, pattern: Pattern, index: int, position: int) -> bool:
    """Return whether a word and a number joined only by spaces are a designator, not two words of a sentence."""
    element = pattern.elements[index]
    if not element.designator or pattern.elements[index - 1].kind is not ElementKind.WORD:
        return True
    tokens = document.tokens
    if position + 1 < len(tokens):
        following = tokens[position + 1]
        if following.glue in {Glue.SPACE, Glue.DASH, Glue.DIRECT} and following.text in MEASURES:
            return False
    if len(pattern.elements) > 2:  # noqa: PLR2004 - the other words of the phrase are enough context
        return True
    before = tokens[position - 1]
    written = document.text[before.start : before.end]
    if len(before.text) == 1 and before.text in {"a", "i"}:  # the words, not the letters
        return written.isupper() and not document.starts_sentence(position - 1)
    if len(before.text) > _SHORT or not before.text.isascii():
        return True
    queried = pattern.elements[index - 1].raw
    return written.isupper() or (not written.islower() and (written == queried or not queried.isupper()))


def _number(document: Document, element: Element, position: int, following: Element | None) -> int | None:
    """Match a number, the list that contains it (70/72) and, after a designator, variant letters."""
    tokens = document.tokens
    if not tokens[position].text.isdecimal():
        return None
    listed = False
    at = position
    listing = {Glue.SLASH, Glue.DASH} if element.marker else {Glue.SLASH}
    while at < len(tokens) and at - position < MAX_LIST and tokens[at].text.isdecimal():
        if at > position and tokens[at].glue not in listing:
            break
        listed = listed or tokens[at].text in element.words
        at += 1
    if not listed or (tokens[position].glue is Glue.POINT and Glue.POINT not in element.joins):
        return None
    expects_point = following is not None and Glue.POINT in following.joins
    if at < len(tokens) and tokens[at].glue is Glue.POINT and not expects_point:
        return None
    if following is not None and (
        following.kind is ElementKind.VARIANT
        or (at < len(tokens) and tokens[at].text in following.words and tokens[at].glue in following.joins)
    ):
        return at
    stop = skip_variant(document, at) if element.designator else at
    return None if element.bare and stop != at else stop


def _starts_independently(  # noqa: PLR0911 - a return per kind of neighbour
    document: Document, elements: tuple[Element, ...], start: int
) -> bool:
    """Return whether no token before ``start`` makes the match part of a longer name or number."""
    if start == 0:
        return True
    tokens = document.tokens
    token, before = tokens[start], tokens[start - 1]
    if token.glue is Glue.POINT:
        return False
    if token.glue is Glue.DIRECT:
        return not (before.text.isdecimal() or (token.text.isdecimal() and has_case(document, start - 1)))
    if token.glue is not Glue.DASH:
        return True
    designator = len(elements) > 1 and elements[1].designator
    if before.text.isdecimal():
        return not (designator or token.text.isdecimal() or len(token.text) < _SHORT)
    if elements[0].kind is ElementKind.NUMBER and not elements[0].marker:
        return len(before.text) > _SHORT or before.text in PREFIXES
    if not designator:
        return True
    written = document.text[before.start : before.end]
    return len(written) > _SHORT or not written.isupper() or before.text in STATES


def _ends_independently(  # noqa: PLR0911 - a return per kind of neighbour
    document: Document, last: Element, stop: int
) -> bool:
    """Return whether no token from ``stop`` on makes the match part of a longer name or number."""
    tokens = document.tokens
    end = tokens[stop - 1].end
    if tokens[stop - 1].text.isdecimal() and document.text[end : end + 1] == "%":
        return False
    if stop >= len(tokens):
        return True
    token = tokens[stop]
    if token.text.isdecimal():
        if token.glue in {Glue.DIRECT, Glue.POINT}:
            return token.glue is Glue.DIRECT and not has_case(document, stop - 1)
        ends_in_number = tokens[stop - 1].text.isdecimal()
        return token.glue is not Glue.DASH or not (ends_in_number or len(tokens[stop - 1].text) < _SHORT)
    if token.glue is not Glue.DIRECT or last.kind is not ElementKind.NUMBER or last.designator:
        return True
    # A unit may follow a bare number (7.62mm); one letter may follow a version's number (Block 70A).
    written = document.text[token.start : token.end]
    if not has_case(document, stop) or (len(written) == 1 and written.isupper()):
        return True
    return written.islower() and not last.marker and token.text not in ORDINALS
