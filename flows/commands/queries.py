"""Queries given on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError, RuleSyntaxError
from pipelines.rules.language.query import parse

if TYPE_CHECKING:
    from pipelines.rules.language.query import Query


def parsed_query(query: str) -> Query:
    """Parse a query of the rule language.

    Raises:
        ConfigurationError: the query is invalid; the message marks the position.
    """
    try:
        return parse(query)
    except RuleSyntaxError as error:
        indent = " " * ((error.column or 1) - 1)
        raise ConfigurationError(f"the query cannot be read\n  {query}\n  {indent}^ {error.message}") from error
