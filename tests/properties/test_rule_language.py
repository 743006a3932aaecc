"""The parser of rules reads the language of docs/rules.md, and refuses everything else with the column of the error."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from pipelines.errors import RuleSyntaxError
from pipelines.rules.language.query import format_query, parse

ATOMS = st.one_of(
    st.sampled_from(["HIMARS", "F-16", "=SAM", "deliver*", '"F-16 Block 70"', '="a b"', "near", "AND", "not", "16:30"]),
    st.text(alphabet="abF16-*/:=\"( )'x.“”\t\n", max_size=6),
)


def _combined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    operators = st.sampled_from(
        [" AND ", " OR ", " ", " AND NOT ", " NEAR/8 ", " ONEAR/3 ", " NEAR/0 ", ")", "(", " NOT "]
    )
    wrapped = st.tuples(st.sampled_from(["({})", "title:{}", "source:{}", "lang:en", "atleast/3({})", "NOT {}"]), parts)
    return st.one_of(st.tuples(parts, operators, parts).map("".join), wrapped.map(lambda pair: pair[0].format(pair[1])))


def refusal(text: str) -> RuleSyntaxError | None:
    try:
        parse(text)
    except RuleSyntaxError as error:
        return error
    return None


@settings(deadline=None, max_examples=600)
@given(st.one_of(st.recursive(ATOMS, _combined, max_leaves=8), st.text(max_size=40)))
@example("(" * 47 + "a" + ")" * 47)
@example("(" * 9_000 + "a" + ")" * 9_000)
@example("title:" * 3_000 + "a")
@example("NOT " * 4_000 + "a")
@example(" NEAR/1 ".join("a" * 2_000))
@example("= SAM AND atleast/2 (a OR b)")
@example('" AND "=F:1 =ANDS =title:x = "a" a')
@example("== a")
@example("atleast/3(x: )")
@example("a (  ")
@example("a\u2028OR\u3000")
def test_any_text_is_a_query_or_is_refused_at_a_column(text: str) -> None:
    error = refusal(text)
    if error:
        assert error.column is None or 1 <= error.column <= len(text) + 1
        assert "expected" in error.message or "nested" in error.message
        return
    query = parse(text)
    written = format_query(query)
    assert parse(written) == query
    assert format_query(parse(written)) == written


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("= AND", 3, "found 'AND'; expected a term or a \"phrase\" after '='"),
        ("==a", 2, "found '=a'"),
        ("a = ", 4, "found the end of the query"),
        ("=near/8", 2, "not complete"),
        ('a = "!"', 5, "no letter or digit"),
        ("HIMARS OR title: x", 17, "without a space"),
        ("a OR de*l", 6, "at the end only"),
        ("a NEAR/3 b ONEAR/0 c", 12, "expected 1 to"),
        ("a OR atleast/2(b AND c)", 6, "AND stands within atleast"),
        ("a OR title:source:b", 6, "a field stands within title:"),
        ("a AND foo:bar", 7, "no field 'foo:'"),
        ("AND a)", 1, "found 'AND'"),
        ("((a) b", 1, "not closed"),
        ('(a OR "b', 7, "quotation mark is not closed"),
    ],
)
def test_an_error_has_the_column_of_the_first_token_that_is_wrong(text: str, column: int, message: str) -> None:
    with pytest.raises(RuleSyntaxError) as raised:
        parse(text)
    assert raised.value.column == column
    assert message in raised.value.message


# The grammar of the page ------------------------------------------------------------------------------------

PAGE = Path("docs/rules.md").read_text(encoding="utf-8")
RULES = {
    name: re.findall(r'"[^"]*"|\w+|[][{}()|]', body)
    for name, body in re.findall(
        r"(\w+)\s*=(?=\s)(.*?);", "".join(re.findall(r"```ebnf\n(.*?)```", PAGE, re.DOTALL)), re.DOTALL
    )
}
TOKENS = {
    "OR": "OR ",
    "AND": "AND ",
    "NOT": "NOT ",
    "NEAR": "NEAR/3 ",
    "=": "= ",
    "WORD": "word ",
    "PHRASE": '"a phrase" ',
    "(": "( ",
    ")": ") ",
    "FIELD": "title:",
    "ATLEAST": "atleast/2 ",
}


class Recogniser:
    """The grammar of the page over a row of tokens: by expression and start, the ends that it can reach."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    def accepts(self) -> bool:
        return len(self.tokens) in self.rule("query", 0)

    def rule(self, name: str, start: int) -> set[int]:
        ends, after = self.choice(RULES[name], 0, {start})
        assert after == len(RULES[name])
        return ends

    def choice(self, body: list[str], at: int, starts: set[int]) -> tuple[set[int], int]:
        """The ends of alternatives from ``body[at]`` on, and where in the body they stop."""
        reached: set[int] = set()
        current = starts
        while at < len(body) and body[at] not in {")", "]", "}"}:
            if body[at] == "|":
                reached, current, at = reached | current, starts, at + 1
                continue
            current, at = self.item(body, at, current)
        return reached | current, at

    def item(self, body: list[str], at: int, starts: set[int]) -> tuple[set[int], int]:
        if body[at] not in {"(", "[", "{"}:
            return self.symbol(body[at].strip('"'), starts), at + 1
        ends, after = self.choice(body, at + 1, starts)
        if body[at] == "[":
            ends = ends | starts
        if body[at] == "{":
            ends, more = set(starts), ends
            while more - ends:
                ends |= more
                more, _ = self.choice(body, at + 1, more)
        return ends, after + 1

    def symbol(self, name: str, starts: set[int]) -> set[int]:
        if name in RULES:
            return {end for start in starts for end in self.rule(name, start)}
        assert name in TOKENS, name
        return {start + 1 for start in starts if start < len(self.tokens) and self.tokens[start] == name}


SHAPES = st.recursive(
    st.sampled_from([["WORD"], ["PHRASE"], ["=", "WORD"], ["=", "PHRASE"]]),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from([["OR"], ["AND"], ["NEAR"], []]), part).map(
            lambda three: [*three[0], *three[1], *three[2]]
        ),
        part.map(lambda inner: ["(", *inner, ")"]),
        part.map(lambda inner: ["ATLEAST", "(", *inner, ")"]),
        part.map(lambda inner: ["FIELD", *inner]),
        part.map(lambda inner: ["NOT", *inner]),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=1_000)
@given(st.one_of(SHAPES, st.lists(st.sampled_from(list(TOKENS)), min_size=1, max_size=7)))
def test_the_parser_follows_the_grammar_of_the_page(tokens: list[str]) -> None:
    assert set(TOKENS) == {
        part.strip('"') for body in RULES.values() for part in body if part[0] == '"' or part.isupper()
    }
    assume(("=", "FIELD") not in pairwise(tokens))  # read as a word, as the page says
    text = "".join(TOKENS[token] for token in tokens)
    error = refusal(text)
    if not Recogniser(tokens).accepts():
        assert error
    elif error:
        # The grammar does not say what may be within what; the parser says that of a part, never of a token.
        assert not re.match(r"found|this ", error.message), error.message
