"""Normalisation, parser and formatter, and the agreement of the three compilers, on generated input."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import RuleSyntaxError
from pipelines.rules.compilers import elasticsearch_query, sqlite_match
from pipelines.rules.fields import TextFields
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
from pipelines.rules.matcher import Matcher, confirm
from pipelines.rules.tokens.normalise import index_text, tokens
from schemas.records import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.rules.language.query import Node

# Any text, and texts rich in what the rules are about.
PIECES = [
    "F",
    "16",
    "f",
    "S",
    "400",
    "AIM",
    "7",
    "Block",
    "Blk.",
    "70",
    "72",
    "HIMARS",
    "M142",
    "drone",
    "drones",
    "Sparrow",
    "missile",
    "C/D",
    "s",
    "'s",
    "’s",
    "-",
    "\u2011",
    "–",
    " ",
    "\xa0",
    " ",
    " ",
    "/",
    ",",
    ". ",
    ".",
    "$",
    "\n\n",
    "the",
    "of",
    "standard",
    "歼",
    "20",
    "U.S.",
    "don't",
    "é",
    "é",
    "\xad",
    "ﬁ",
    "½",
    "अर्जुन",
    "😀",
    "[d]",
    "\u0301",
    "\u3000",
    "\u2028",
    "\u200b",
    "\x1c",
    "&nbsp;",
    "&#769;",
    "K",
    "A",
    "B-",
    "(",
    '"',
]
TEXTS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))


@settings(deadline=None)
@given(TEXTS)
def test_normalisation_is_idempotent_and_both_forms_agree(text: str) -> None:
    normal = index_text(text)
    assert index_text(normal) == normal
    assert normal == " ".join(token.text for token in tokens(text))
    assert all(word.isalnum() for word in normal.split())


@settings(deadline=None)
@given(TEXTS)
def test_offsets_point_at_the_form_of_each_token(text: str) -> None:
    end = 0
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        assert token.end >= end  # a ligature may give two tokens the same place
        end = token.end
        assert token.text in index_text(text[token.start : token.end]).split()


WORDS = [
    "F-16",
    "F16",
    "S-400",
    "S",
    "AIM-7",
    "HIMARS",
    "M142",
    "drone",
    "drones",
    "missile",
    "Block",
    "standard",
    "歼-20",
    "F-16C",
    "US",
    "U.S.",
    "don't",
    "Sparrow",
    "70",
    "70/72",
    "Kuchyňa",
    "अर्जुन",
]
PHRASES = ["F-16 Block 70", "AIM-7 Sparrow", "the drone", "M142 HIMARS", "of the", "AND", "a, b", "x OR "]

terms = st.builds(
    Term,
    st.one_of(*[st.sampled_from(WORDS)] * 4, st.from_regex(r"[A-Za-z][A-Za-z0-9/.-]{1,6}[a-z0-9]", fullmatch=True)),
    exact=st.booleans(),
    prefix=st.booleans(),
).filter(lambda term: not (term.prefix and len(index_text(term.text).split()[-1]) < 2))
phrases = st.builds(Phrase, st.sampled_from(PHRASES), exact=st.booleans())
leaves = st.one_of(terms, phrases).filter(
    lambda leaf: (
        not isinstance(leaf, Term) or not leaf.text.lower().startswith(("near", "onear", "atleast", "or", "and", "not"))
    )
)


def pairs(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[tuple[Node, ...]]:
    return st.lists(parts, min_size=2, max_size=3).map(tuple)


spans = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Or, pairs(inner)),
        st.builds(Near, inner, inner, st.integers(1, 20), st.booleans()),
    ),
    max_leaves=4,
)
in_text = st.one_of(spans, st.builds(AtLeast, st.integers(1, 4), spans))
positive = st.recursive(
    st.one_of(
        in_text,
        st.builds(InTitle, in_text),
        st.builds(Source, leaves),
        st.builds(Language, st.sampled_from(["en", "de"])),
    ),
    lambda inner: st.one_of(
        st.builds(And, pairs(inner)),
        st.builds(Or, pairs(inner)),
        st.tuples(inner, inner).map(lambda pair: And((pair[0], Not(pair[1])))),
        st.tuples(inner, inner).map(lambda pair: And((Not(pair[1]), pair[0]))),
    ),
    max_leaves=5,
)
queries = st.builds(Query, positive)


@settings(deadline=None)
@given(queries)
def test_parser_and_formatter_are_inverse_of_each_other(query: Query) -> None:
    assert parse(format_query(query)) == query


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_parses_or_is_refused_with_a_reason(text: str) -> None:
    refusal = None
    try:
        query = parse(text)
    except RuleSyntaxError as error:
        refusal = error
    else:
        assert parse(format_query(query)) == query
    if refusal:
        assert refusal.message
        assert refusal.column is None or 1 <= refusal.column <= len(text) + 2


# Texts made of the words which the queries ask for, so that many match.
TALK = st.lists(
    st.tuples(
        st.sampled_from(
            [*WORDS, *PHRASES, "F\u201116s of the Block 70 standard", "AIM-7M", "drones", "the", "F-16C/D Blk. 70"]
        ),
        st.sampled_from([" ", " ", " ", ", ", ". ", "-", "\n\n"]),
    ),
    max_size=30,
).map(lambda pairs: "".join(part for pair in pairs for part in pair))
articles = st.tuples(
    st.one_of(st.none(), TALK, TEXTS),
    st.one_of(TALK, TALK, TEXTS),
    st.sampled_from([None, "Defense News", "the drone of S"]),
    st.sampled_from([None, "en", "de"]),
)


def elasticsearch_has(clause: dict[str, Any], fields: dict[str, set[str]], language: str | None) -> bool:
    """What Elasticsearch does with the few clauses we write, said in Python. The store tests ask the real one."""
    ((kind, value),) = clause.items()
    kinds: dict[str, Callable[[], bool]] = {
        "match_all": lambda: True,
        "constant_score": lambda: elasticsearch_has(value["filter"], fields, language),
        "term": lambda: value["language"] == language,
        "terms": lambda: any(fields[field] & set(words) for field, words in value.items()),
        "prefix": lambda: any(
            word.startswith(beginning) for field, beginning in value.items() for word in fields[field]
        ),
        "bool": lambda: (
            all(elasticsearch_has(part, fields, language) for part in value.get("filter", []))
            and ("should" not in value or any(elasticsearch_has(part, fields, language) for part in value["should"]))
        ),
    }
    return kinds[kind]()


@settings(max_examples=300, deadline=None)
@given(st.lists(queries, min_size=1, max_size=4), st.lists(articles, min_size=1, max_size=5))
def test_what_matches_in_the_process_is_found_by_every_compiler(
    asked: list[Query], texts: list[tuple[str | None, str, str | None, str | None]]
) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE t USING fts5(title_tokens, body_tokens, tokenize = 'unicode61 remove_diacritics 0')"
    )
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(index_text(one[0]), index_text(one[1])) for one in texts])
    matcher = Matcher([Rule(id=str(number), query=format_query(query)) for number, query in enumerate(asked)])
    for number, query in enumerate(asked):
        expression = sqlite_match(query)
        found = (
            set(range(1, len(texts) + 1))
            if expression is None
            else {row for (row,) in connection.execute("SELECT rowid FROM t WHERE t MATCH ?", (expression,))}
        )
        clause = elasticsearch_query(query)
        for row, (title, body, source, language) in enumerate(texts, start=1):
            places = confirm(query, TextFields(title=title, body=body, source=source, language=language))
            hits = matcher.match(TextFields(title=title, body=body, source=source, language=language))
            assert (places is not None) is (str(number) in {hit.rule_id for hit in hits})
            if places is None:
                continue
            assert row in found
            fields = {"title_tokens": set(index_text(title).split()), "body_tokens": set(index_text(body).split())}
            assert elasticsearch_has(clause, fields, language)
            for match in places:
                text = (title or "") if match.field == "title" else body
                assert text[match.start : match.end] == match.form
                assert match.form in match.sentence or len(match.form) > 500


@settings(deadline=None)
@given(st.text(max_size=40))
def test_no_text_breaks_out_of_the_full_text_syntax(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(title_tokens, body_tokens)")
    if index_text(text) and '"' not in text:
        for query in (Query(Phrase(text)), Query(InTitle(Term(text, prefix=True)))):
            expression = sqlite_match(query)
            connection.execute("SELECT rowid FROM t WHERE t MATCH ?", (expression,)).fetchall()
