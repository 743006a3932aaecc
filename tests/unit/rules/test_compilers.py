from __future__ import annotations

import sqlite3

import pytest

from pipelines.rules.compilers import elasticsearch_query, sqlite_match
from pipelines.rules.language.query import parse
from pipelines.rules.tokens.normalise import index_text

BOTH = "{title_tokens body_tokens}"


@pytest.mark.parametrize(
    ("query", "expression"),
    [
        ('"Uncle Sam"', f'({BOTH} : ("sam" OR "sams") AND {BOTH} : ("uncle" OR "uncles"))'),
        ("=S-400", f'({BOTH} : "400" AND {BOTH} : ("s" OR "ses"))'),
        ("deliver*", f'{BOTH} : "deliver" *'),
        ("title:deliver*", 'title_tokens : "deliver" *'),
        ("ab* NEAR/3 cd*", f'({BOTH} : "ab" * AND {BOTH} : "cd" *)'),
        ("ab* AND NOT cd*", f'{BOTH} : "ab" *'),
        ("ab* AND lang:en", f'{BOTH} : "ab" *'),
        ("ab* OR (cd* AND ef*)", f'({BOTH} : "ab" * OR ({BOTH} : "cd" * AND {BOTH} : "ef" *))'),
        ("atleast/3(ab*)", f'{BOTH} : "ab" *'),
        ("lang:en", None),
        ("source:Reuters", None),
        ("ab* OR lang:en", None),
    ],
)
def test_sqlite_expression(query: str, expression: str | None) -> None:
    assert sqlite_match(parse(query)) == expression


def test_a_term_asks_for_its_aliases_too() -> None:
    expression = sqlite_match(parse("HIMARS"))
    assert expression is not None
    assert '"142"' in expression
    assert '"artillery"' in expression


@pytest.mark.parametrize(
    ("query", "clause"),
    [
        ("title:deliver*", {"prefix": {"title_tokens": "deliver"}}),
        ("lang:en", {"term": {"language": "en"}}),
        (
            "title:(ab* AND cd*) AND lang:en",
            {
                "bool": {
                    "filter": [
                        {"bool": {"filter": [{"prefix": {"title_tokens": "ab"}}, {"prefix": {"title_tokens": "cd"}}]}},
                        {"term": {"language": "en"}},
                    ]
                }
            },
        ),
        (
            '"Uncle"',
            {
                "bool": {
                    "should": [
                        {"terms": {"title_tokens": ["uncle", "uncles"]}},
                        {"terms": {"body_tokens": ["uncle", "uncles"]}},
                    ],
                    "minimum_should_match": 1,
                }
            },
        ),
    ],
)
def test_elasticsearch_clause(query: str, clause: object) -> None:
    assert elasticsearch_query(parse(query)) == {"constant_score": {"filter": clause}}


@pytest.mark.parametrize("query", ["source:Reuters", "ab OR source:Reuters"])
def test_what_words_cannot_narrow_asks_for_everything(query: str) -> None:
    assert elasticsearch_query(parse(query)) == {"match_all": {}}


@pytest.mark.parametrize(
    "query",
    [
        '"a\' OR title_tokens : b"',
        '"x) OR (y"',
        '"NEAR(a b, 2)"',
        "a'b",
        "x^2",
        "a+b",
        "{a}",
        '"a - b"',
        '"; DROP TABLE t; --"',
        "x\x00y",
    ],
)
def test_no_query_breaks_out_of_the_full_text_syntax(query: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(title_tokens, body_tokens)")
    connection.execute("INSERT INTO t VALUES ('', ?)", (index_text(query),))
    connection.execute("INSERT INTO t VALUES ('', 'other')")
    rows = connection.execute("SELECT rowid FROM t WHERE t MATCH ?", (sqlite_match(parse(query)),)).fetchall()
    assert rows == [(1,)]
