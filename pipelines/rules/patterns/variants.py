"""Variants: the letters after a designator's number, as in F-16C/D, T-72B3, AIM-120C-7, C-130J-30."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.rules.patterns.patterns import MAX_VARIANT
from pipelines.rules.patterns.wordlists import NOT_VARIANTS
from pipelines.rules.tokens.normalise import Glue

if TYPE_CHECKING:
    from pipelines.rules.patterns.patterns import Element
    from pipelines.rules.tokens.document import Document

MAX_LIST = 8
"""Members at most of a list such as 50/52 or A/B/C/D, and parts of a variant such as C-130J-30."""


def skip_variant(document: Document, position: int) -> int | None:
    """Skip the variant letters after a designator's number: C/D, M, SMT, C-7, B3, J-30.

    Returns ``None`` if the letters that follow directly make another word of the number: 16th, 400km.
    """
    tokens = document.tokens
    at = position
    if at < len(tokens) and tokens[at].glue is Glue.DIRECT:
        letters = _is_variant(document, at)
        if letters is None:
            return None
        if not letters:
            return at
        at += 1
    elif not _spaced_list(document, at):
        return at
    while at < len(tokens) and at - position < 2 * MAX_LIST:
        token = tokens[at]
        if token.text.isdecimal():  # B3, J-30
            if token.glue not in {Glue.DIRECT, Glue.DASH} or tokens[at - 1].text.isdecimal():
                break
        elif not (token.glue in {Glue.SLASH, Glue.DIRECT} and _is_variant(document, at)) and at > position:
            break
        at += 1
    return at


def _spaced_list(document: Document, position: int) -> bool:
    """Return whether single capitals with a slash follow a space: ``F-16 C/D``."""
    tokens = document.tokens
    if position + 1 >= len(tokens) or tokens[position].glue is not Glue.SPACE:
        return False
    first, second = tokens[position], tokens[position + 1]
    return second.glue is Glue.SLASH and all(
        len(token.text) == 1 and document.text[token.start].isupper() for token in (first, second)
    )


def _is_variant(document: Document, position: int) -> bool | None:
    """Return whether the letters at ``position`` are a variant; ``None`` if they make another word of the number."""
    token = document.tokens[position]
    written = document.text[token.start : token.end]
    if token.text.isdecimal():
        return None
    if written[:-1].isupper():
        written = written.removesuffix("s")  # Su-30MKIs
    if not has_case(document, position):
        return False  # in a script without case, words follow Latin designators without a space
    if written.isupper() and len(written) <= MAX_VARIANT:
        return True
    if written.istitle() and len(written) >= MAX_VARIANT:
        return False  # AIM-7Sparrow: the next word
    if len(written) < MAX_VARIANT and token.text not in NOT_VARIANTS:
        return True
    return None


def match_variant(document: Document, element: Element, position: int, *, exact: bool) -> int | None:
    """Match variant letters, alone or in a list (the D of C/D); return the next position or ``None``."""
    tokens = document.tokens
    if tokens[position].glue is Glue.SPACE and not document.text[tokens[position].start].isupper():
        return None
    listed = False
    at = position
    while at < len(tokens) and at - position < MAX_LIST:
        token = tokens[at]
        if token.text.isdecimal() or (at > position and token.glue is not Glue.SLASH):
            break
        if len(token.text) > MAX_VARIANT + 1:
            break
        if token.text in element.words:
            listed = listed or not exact or same_case(document, element, at)
        at += 1
    return at if listed else None


def has_case(document: Document, position: int) -> bool:
    """Return whether a token is in a script with capitals. Other scripts often join words to designators."""
    token = document.tokens[position]
    written = document.text[token.start : token.end]
    return written.upper() != written.lower()


def same_case(document: Document, element: Element, position: int) -> bool:
    """Return whether a token is spelt as in the query, or is the plural of that spelling."""
    token = document.tokens[position]
    written = document.text[token.start : token.end]
    return written in {element.raw, f"{element.raw}s", f"{element.raw}es"}
