"""Constructors of syntax tree nodes with the checks that a grammar cannot make: limits, field names, nesting."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NoReturn

from pipelines.errors import RuleSyntaxError
from pipelines.rules.language.syntax import (
    And,
    AtLeast,
    InTitle,
    Language,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Source,
    Term,
    children,
)
from pipelines.rules.tokens.normalise import name_key

MAX_DEPTH = 12
"""Levels of nesting at most. Elasticsearch refuses Boolean queries deeper than 30; a level here can be two there."""
MAX_DISTANCE = 100
"""Words in NEAR/n at most; for more distant words, AND serves."""
MAX_MENTIONS = 1000
"""Mentions in atleast/n at most."""

_FIELDS = ("title:", "source:", "lang:")
_LOOKS_LIKE_OPERATOR = re.compile(r"(?i:o?near)(/.*)?|(?i:atleast)(/.*)?")
_LETTER_OR_DIGIT = re.compile(r"[A-Za-z0-9]")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def fail(message: str, column: int | None) -> NoReturn:
    """Raise an error in a query; ``column`` counts from 1."""
    raise RuleSyntaxError(message, column=column)


def make_near(left: Node, operator: str, right: Node, column: int) -> Node:
    """Return the node of ``A NEAR/8 B``."""
    name, _, number = operator.partition("/")
    distance = _number(number, "the distance of NEAR", MAX_DISTANCE, column)
    for side in (left, right):
        _check_positional(side, "NEAR", column)
    return Near(left, right, distance, ordered=name.startswith("O"))


def make_at_least(operator: str, part: Node, column: int) -> Node:
    """Return the node of ``atleast/3(A)``."""
    count = _number(operator.partition("/")[2], "the number of atleast", MAX_MENTIONS, column)
    _check_positional(part, "atleast", column)
    return AtLeast(count, part)


def check_field(field: str, column: int) -> str:
    """Return the name of a field in lower case."""
    name = field.lower()
    if name not in _FIELDS:
        fail(
            f"there is no field '{field}'; expected title:, source: or lang: "
            '(a term with a colon goes in quotes: "16:30")',
            column,
        )
    return name


def make_field(name: str, part: Node, column: int) -> Node:
    """Return the node of ``title:A``; ``name`` is a result of ``check_field``."""
    if name == "title:":
        if any(isinstance(node, InTitle | Source | Language) for node in _walk(part)):
            fail("a field stands within title:; expected terms and operators only", column)
        return InTitle(part)
    if name == "source:":
        if not isinstance(part, Term | Phrase):
            fail('expected one name after source:, such as source:Reuters or source:"Defense News"', column)
        return Source(part)
    code = part.text.lower() if isinstance(part, Term) and not (part.prefix or part.exact) else ""
    if not _LANGUAGE.fullmatch(code):
        fail("expected a language code after lang:, such as lang:en", column)
    return Language(code)


@lru_cache(maxsize=1 << 15)
def make_term(word: str, *, exact: bool, column: int) -> Term:
    """Return the node of ``HIMARS`` or ``deliver*``."""
    text = word
    if text.lower() in _FIELDS:
        fail(f"expected a term right after '{text}', without a space", column + len(text))
    if _LOOKS_LIKE_OPERATOR.fullmatch(text):
        fail(
            f"'{text}' is not complete; expected NEAR/8 or ONEAR/8 between two terms, or atleast/3(term); "
            'as a word it goes in quotes: "near"',
            column,
        )
    prefix = text.endswith("*")
    text = text.removesuffix("*")
    if "*" in text:
        fail("'*' stands within a word; expected it at the end only, as in deliver*", column)
    if not _has_token(text):
        fail(f"'{word}' has no letter or digit; expected a term", column)
    last = name_key(text).split()[-1] if prefix else ""
    if prefix and len(last) < 2 and last.isascii():  # noqa: PLR2004
        fail("expected at least two letters or digits before '*'", column)
    return Term(text, exact=exact, prefix=prefix)


@lru_cache(maxsize=1 << 15)
def make_phrase(quoted: str, *, exact: bool, column: int) -> Phrase:
    """Return the node of ``"F-16 Block 70"``, given with its quotation marks."""
    text = quoted[1:-1]
    if not _has_token(text):
        fail("the phrase has no letter or digit; expected words between the quotation marks", column)
    return Phrase(text, exact=exact)


def _has_token(text: str) -> bool:
    return _LETTER_OR_DIGIT.search(text) is not None or bool(name_key(text))


def _number(digits: str, name: str, maximum: int, column: int) -> int:
    number = int(digits[:6])
    if not 1 <= number <= maximum:
        fail(f"{name} is {digits[:12]}; expected 1 to {maximum}", column)
    return number


def _check_positional(node: Node, operator: str, column: int) -> None:
    """Ensure that the parts of NEAR and atleast have positions in the text."""
    for inner in _walk(node):
        if not isinstance(inner, Term | Phrase | Or | Near):
            kind = {"And": "AND", "Not": "NOT", "AtLeast": "atleast"}.get(type(inner).__name__, "a field")
            fail(f"{kind} stands within {operator}; expected terms, phrases, OR or NEAR", column)


def _walk(node: Node) -> list[Node]:
    """Return a node and all its descendants."""
    out = [node]
    for item in out:
        out.extend(children(item))
    return out


def check_whole(root: Node) -> None:
    """Ensure that a query has a part that must match, and is not nested too deeply."""
    if isinstance(root, Term | Phrase):
        return
    level: list[Node] = [root]
    for _ in range(MAX_DEPTH):
        level = [part for node in level for part in children(node)]
        if not level:
            break
    if level:
        fail(f"the query is nested more than {MAX_DEPTH} levels deep; expected fewer brackets", None)
    if _is_negative(root):
        fail(
            "NOT can only take away from something, and this query would match every article without it; "
            "expected a term beside NOT, as in A AND NOT B",
            None,
        )


def _is_negative(node: Node) -> bool:
    match node:
        case Not():
            return True
        case And(parts):
            return all(_is_negative(part) for part in parts)
        case Or(parts):
            return any(_is_negative(part) for part in parts)
        case InTitle(part):
            return _is_negative(part)
        case _:
            return False
