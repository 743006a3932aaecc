"""Compilers of queries for SQLite's full-text index and for Elasticsearch.

Both select a superset of the matching articles; ``matcher.confirm`` decides on the text. So the in-process matcher
and both stores agree exactly, and the stores need no rules about what joins words. Both indices hold the tokens of
``normalise.index_text`` in the fields ``title_tokens`` and ``body_tokens``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pipelines.rules.language.query import (
    And,
    AtLeast,
    InTitle,
    Language,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Query,
    Source,
    Term,
)
from pipelines.rules.patterns.gazetteer import default_gazetteer
from pipelines.rules.patterns.patterns import leaf_of

if TYPE_CHECKING:
    from pipelines.rules.patterns.gazetteer import Gazetteer
    from pipelines.rules.patterns.patterns import Need

TITLE_FIELD, BODY_FIELD = "title_tokens", "body_tokens"

Clause: TypeAlias = dict[str, Any]
"""A clause of the Elasticsearch query language."""


# SQLite -------------------------------------------------------------------------------------------------


def sqlite_match(query: Query, gazetteer: Gazetteer | None = None) -> str | None:
    """Return an FTS5 expression that every matching article satisfies; ``None`` if the query requires no words.

    Its tokens are letters and digits in double quotes, so no part of a query can be parsed as FTS5 syntax.
    """
    return _sqlite(query.root, gazetteer or default_gazetteer(), f"{{{TITLE_FIELD} {BODY_FIELD}}}")


def _sqlite(node: Node, gazetteer: Gazetteer, columns: str) -> str | None:  # noqa: PLR0911 - a return per kind of node
    match node:
        case Term() | Phrase():
            return _joined("OR", [_sqlite_needs(needs, columns) for needs in leaf_of(node, gazetteer).needs])
        case And(parts):
            narrowing = [part for part in (_sqlite(part, gazetteer, columns) for part in parts) if part]
            return _joined("AND", narrowing) if narrowing else None
        case Or(parts):
            compiled = [_sqlite(part, gazetteer, columns) for part in parts]
            narrowing = [part for part in compiled if part]
            return _joined("OR", narrowing) if len(narrowing) == len(compiled) else None
        case Near(left, right):
            return _sqlite(And((left, right)), gazetteer, columns)
        case InTitle(part):
            return _sqlite(part, gazetteer, TITLE_FIELD)
        case AtLeast(_, part):
            return _sqlite(part, gazetteer, columns)
        case Not() | Source() | Language():
            return None


def _sqlite_needs(needs: tuple[Need, ...], columns: str) -> str:
    return _joined("AND", [f"{columns} : {_sqlite_need(need)}" for need in needs])


def _sqlite_need(need: Need) -> str:
    if need.prefix is not None:
        return f'"{need.prefix}" *'
    return _joined("OR", [f'"{word}"' for word in need.words])


def _joined(operator: str, parts: list[str]) -> str:
    unique = list(dict.fromkeys(parts))
    return unique[0] if len(unique) == 1 else f"({f' {operator} '.join(unique)})"


# Elasticsearch ------------------------------------------------------------------------------------------


def elasticsearch_query(query: Query, gazetteer: Gazetteer | None = None) -> Clause:
    """Return an Elasticsearch query that every matching article satisfies.

    Fields: ``title_tokens`` and ``body_tokens`` (text, ``whitespace`` analyzer), ``language`` (keyword).
    """
    clause = _node_clause(query.root, gazetteer or default_gazetteer(), (TITLE_FIELD, BODY_FIELD))
    return {"match_all": {}} if clause is None else {"constant_score": {"filter": clause}}


def _node_clause(  # noqa: PLR0911 - a return per kind of node
    node: Node, gazetteer: Gazetteer, fields: tuple[str, ...]
) -> Clause | None:
    match node:
        case Term() | Phrase():
            return _any(
                [_all([_need_clause(need, fields) for need in needs]) for needs in leaf_of(node, gazetteer).needs]
            )
        case And(parts):
            narrowing = [part for part in (_node_clause(part, gazetteer, fields) for part in parts) if part]
            return _all(narrowing) if narrowing else None
        case Or(parts):
            compiled = [_node_clause(part, gazetteer, fields) for part in parts]
            narrowing = [part for part in compiled if part]
            return _any(narrowing) if len(narrowing) == len(compiled) else None
        case Near(left, right):
            return _node_clause(And((left, right)), gazetteer, fields)
        case InTitle(part):
            return _node_clause(part, gazetteer, (TITLE_FIELD,))
        case AtLeast(_, part):
            return _node_clause(part, gazetteer, fields)
        case Language(code):
            return {"term": {"language": code}}
        case Not() | Source():
            return None


def _need_clause(need: Need, fields: tuple[str, ...]) -> Clause:
    if need.prefix is not None:
        return _any([{"prefix": {field: need.prefix}} for field in fields])
    return _any([{"terms": {field: list(need.words)}} for field in fields])


def _all(clauses: list[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else {"bool": {"filter": clauses}}


def _any(clauses: list[Clause]) -> Clause:
    return clauses[0] if len(clauses) == 1 else {"bool": {"should": clauses, "minimum_should_match": 1}}
