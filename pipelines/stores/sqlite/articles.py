"""Articles, their revisions and the search over them, in SQLite."""

# ruff: noqa: D102 - pipelines.stores.protocol.Store documents each method

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipelines.stores.merging import check_merged
from pipelines.stores.searching import Within
from pipelines.stores.sqlite.part import SqlitePart
from pipelines.stores.sqlite.rows import Table
from schemas.records import Article, ArticleContent
from schemas.serial import time_to_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.rules.language.query import Query
    from schemas.records import Placement

ARTICLES = Table("articles", Article)
REVISIONS = Table("revisions", ArticleContent)

_UPSERT = ARTICLES.upsert("article_id") + " RETURNING row"
_KEEP_FIRST = REVISIONS.insert("DO NOTHING")


class ArticleTables(SqlitePart):
    """The tables ``articles``, ``articles_text`` and ``revisions``."""

    def articles(self, ids: Collection[str]) -> dict[str, Article]:
        return {article.id: article for article in self._select(ARTICLES, "article_id", ids)}

    def update_articles(
        self, ids: Collection[str], merge: Callable[[Mapping[str, Article]], Sequence[Article]]
    ) -> Sequence[Article]:
        with self._database.writing():
            before = self.articles(ids)
            merged = check_merged(merge(before), ids)
            changed = [article for article in merged if before.get(article.id) != article]
            written = {article.id for article in self._write(changed, lambda article: article.id, _write_article)}
        return [article for article in merged if article.id in written or before.get(article.id) == article]

    def put_revisions(self, contents: Sequence[ArticleContent]) -> None:
        self._write(
            contents,
            lambda content: f"{content.article_id}-{content.digest}",
            lambda connection, content: connection.execute(_KEEP_FIRST, REVISIONS.row(content)),
        )

    def revisions(self, article_id: str) -> dict[str, ArticleContent]:
        return {content.digest: content for content in self._select(REVISIONS, "article_id", [article_id])}

    def set_placements(self, placements: Sequence[Placement]) -> None:
        if not placements:
            return
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE articles SET canonical_id = ?, copies = ?, story_id = ? WHERE article_id = ?",
                [
                    (placement.canonical_id, json.dumps(placement.copies), placement.story_id, placement.article_id)
                    for placement in placements
                ],
            )

    def iter_articles(self, since: datetime | None = None) -> Iterator[Article]:
        if since is None:
            return self._iterate(ARTICLES, "article_id")
        return self._iterate(ARTICLES, "article_id", where="first_seen >= ?", values=(time_to_text(since),))

    def candidates(self, query: Query, within: Within | None = None) -> Iterator[Article]:
        from pipelines.rules.compilers import sqlite_match  # noqa: PLC0415 - the rule language, for searches only

        expression = sqlite_match(query)
        within = within or Within()
        conditions, parameters = _limits(within)
        if expression is not None:
            conditions.append("row IN (SELECT rowid FROM articles_text WHERE articles_text MATCH ?)")
            parameters.append(expression)
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        order = f"{within.order.time} {'DESC' if within.order.descending else 'ASC'} NULLS LAST, article_id"
        with self._database.reading() as connection:
            # Row numbers only, so that the order is that of one moment. The articles follow page by page.
            numbers = connection.execute(
                f"SELECT row FROM articles {where} ORDER BY {order}",  # noqa: S608 - our own text
                parameters,
            ).fetchall()
        rows = [row for (row,) in numbers]
        for start in range(0, len(rows), self._page_size):
            yield from self._page(rows[start : start + self._page_size])

    def _page(self, rows: list[int]) -> Iterator[Article]:
        with self._database.reading() as connection:
            records = connection.execute(
                f"SELECT {ARTICLES.selected}, row FROM articles "  # noqa: S608 - names of our own table
                "WHERE row IN (SELECT value FROM json_each(?))",
                (json.dumps(rows),),
            ).fetchall()
        by_row = {record[-1]: record for record in records}
        for row in rows:
            yield ARTICLES.record(by_row[row])


def _limits(within: Within) -> tuple[list[str], list[str]]:
    """Return the SQL conditions of the limits and their parameters."""
    limits = {
        "published >= ?": time_to_text(within.since) if within.since else None,
        "published < ?": time_to_text(within.until) if within.until else None,
        "source = ?": within.source,
        "language = ?": within.language,
    }
    conditions = [condition for condition, value in limits.items() if value is not None]
    parameters = [value for value in limits.values() if value is not None]
    if within.after:
        field, last = within.order.time, within.order.time_of(within.after)
        if last:
            beyond = f"{field} {'<' if within.order.descending else '>'} ?"
            conditions.append(f"({beyond} OR {field} IS NULL OR {field} = ? AND article_id > ?)")
            parameters += [time_to_text(last)] * 2
        else:
            conditions.append(f"{field} IS NULL AND article_id > ?")
        parameters.append(within.after.id)
    return conditions, parameters


def _write_article(connection: sqlite3.Connection, article: Article) -> None:
    from pipelines.rules.tokens.normalise import index_text  # noqa: PLC0415 - not needed to read

    # Every value is encoded before the first statement, so that an article is written completely or not at all.
    values = ARTICLES.row(article)
    tokens = (index_text(article.content.title), index_text(article.content.body))
    for value in (*values, *tokens):
        if isinstance(value, str):
            value.encode()
    (row,) = connection.execute(_UPSERT, values).fetchone()
    connection.execute("DELETE FROM articles_text WHERE rowid = ?", (row,))
    connection.execute("INSERT INTO articles_text (rowid, title_tokens, body_tokens) VALUES (?, ?, ?)", (row, *tokens))
