from __future__ import annotations

import pickle

import pytest

from pipelines.errors import RuleSyntaxError
from pipelines.rules.language.construct import MAX_DEPTH
from pipelines.rules.language.query import (
    And,
    AtLeast,
    InTitle,
    Language,
    Near,
    Not,
    Or,
    Phrase,
    Query,
    Source,
    Term,
    format_query,
    parse,
)

A, B, C = Term("a"), Term("b"), Term("c")


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("HIMARS", Term("HIMARS")),
        ("AIM-7", Term("AIM-7")),
        ("deliver*", Term("deliver", prefix=True)),
        ("=SAM", Term("SAM", exact=True)),
        ('="Uncle Sam"', Phrase("Uncle Sam", exact=True)),
        ('"F-16 Block 70"', Phrase("F-16 Block 70")),
        ("“F\u201116”", Phrase("F\u201116")),
        ("a OR b AND c", Or((A, And((B, C))))),
        ("a b OR c", Or((And((A, B)), C))),
        ("(a OR b) c", And((Or((A, B)), C))),
        ("a AND NOT b", And((A, Not(B)))),
        ("a NEAR/3 b", Near(A, B, 3)),
        ("a ONEAR/3 b NEAR/4 c", Near(Near(A, B, 3, ordered=True), C, 4)),
        ("a AND b NEAR/2 c", And((A, Near(B, C, 2)))),
        ("title:a", InTitle(A)),
        ("title:(a OR b)", InTitle(Or((A, B)))),
        ("source:Reuters", Source(Term("Reuters"))),
        ('Source:"Defense News"', Source(Phrase("Defense News"))),
        ("lang:EN", Language("en")),
        ("atleast/3(a)", AtLeast(3, A)),
        ("((a))", A),
        ("ANDROID", Term("ANDROID")),
        ("NOTICE", Term("NOTICE")),
        ('"AND"', Phrase("AND")),
        ("a(b)", And((A, B))),
        ("16:30", Term("16:30")),
    ],
)
def test_parse_and_format(text: str, root: object) -> None:
    query = parse(text)
    assert query == Query(root)  # type: ignore[arg-type] # the parameters are nodes
    assert parse(format_query(query)) == query
    assert pickle.loads(pickle.dumps(query)) == query
    assert str(query) == format_query(query)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "expected a term"),
        ("   ", 1, "expected a term"),
        ("a AND", 6, "expected a term"),
        ("AND a", 1, "found 'AND'; expected a term"),
        ("a OR OR b", 6, "found 'OR'; expected a term"),
        ("(a", 1, "not closed; expected ')'"),
        ("a) b", 2, "closes nothing"),
        ('a "b', 3, "quotation mark is not closed"),
        ("()", 2, "expected a term"),
        ("NOT a", None, "expected a term beside NOT"),
        ("a OR NOT b", None, "expected a term beside NOT"),
        ("title:(NOT a)", None, "expected a term beside NOT"),
        ("NOT NOT a", 5, "expected a term"),
        ("a NEAR b", 3, "expected NEAR/8"),
        ("a near/3 b", 3, "expected NEAR/8"),
        ("a NEAR/0 b", 3, "expected 1 to"),
        ("a NEAR/99999999999 b", 3, "expected 1 to"),
        ("a NEAR/3 (b AND c)", 3, "AND stands within NEAR"),
        ("a NEAR/3 title:b", 3, "a field stands within NEAR"),
        ("a NEAR/3 NOT b", 10, "found 'NOT'"),
        ("atleast/3 a", 1, "not complete"),
        ("atleast/2(a AND b)", 1, "AND stands within atleast"),
        ("atleast/0(a)", 1, "expected 1 to"),
        ("url:foo", 1, "no field 'url:'; expected title:, source: or lang:"),
        ("lang:english", 1, "expected a language code"),
        ("lang:(a OR b)", 1, "expected a language code"),
        ("source:(a OR b)", 1, "expected one name"),
        ("title:title:a", 1, "a field stands within title:"),
        ("title: a", 7, "without a space"),
        ("de*l", 1, "at the end only"),
        ("a*", 1, "at least two"),
        ("---", 1, "no letter or digit"),
        ('"!"', 1, "no letter or digit"),
        ("=", 2, "expected a term"),
        ("x" * 30_000, 20_001, "at most 20000"),
        ("(" * 100 + "a" + ")" * 100, 49, "nested"),
        (" NEAR/1 ".join("a" * 40), None, "nested"),
        (" NEAR/1 ".join("a" * 2000), 1, "nested"),
        ("a b (", 5, "not closed"),
    ],
)
def test_errors_say_where_and_what_was_expected(text: str, column: int | None, words: str) -> None:
    with pytest.raises(RuleSyntaxError) as raised:
        parse(text)
    assert words in raised.value.message
    assert raised.value.column == column
    assert "Token(" not in raised.value.message


def test_the_deepest_query_allowed_passes() -> None:
    text = "a"
    for level in range(MAX_DEPTH - 1):
        text = f"({text}) {'OR' if level % 2 else 'AND'} b"
    assert isinstance(parse(text).root, And | Or)


def test_a_list_of_a_thousand_names_parses() -> None:
    root = parse(" OR ".join(f"name{number}" for number in range(1000))).root
    assert isinstance(root, Or)
    assert len(root.parts) == 1000
