"""Quotes of matching sentences for the terminal, with every match marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from flows.console import plain
from pipelines.alerts.quotes import quotes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.alerts.quotes import Quote
    from schemas.records import AlertMatch, Match

INDENT = 4
_MARK = "bold yellow"


def quoted(*matches: Match | AlertMatch) -> Padding:
    """Return the sentence of matches, with the matching forms marked."""
    return quote_block(quotes(matches, 1)[0])


def quote_block(quote: Quote) -> Padding:
    """Return a quoted sentence with the matches marked."""
    return Padding.indent(Text("“").append_text(quote_text(quote)).append("”"), INDENT)


def quote_text(quote: Quote) -> Text:
    """Return the text of a sentence with the matches marked."""
    return Text.assemble(*((plain(text), _MARK if marked else "") for text, marked in quote.parts))


def quoted_terms(matches: Sequence[Match | AlertMatch], most: int) -> list[Padding]:
    """Return the sentences that show every term that matched, and further ones up to ``most``."""
    return [quote_block(quote) for quote in quotes(matches, most)]


def explained(matches: Sequence[Match | AlertMatch]) -> list[Padding]:
    """Return each sentence once, with the forms that matched in it and their terms."""
    lines: list[Padding] = []
    for quote in quotes(matches, len(matches)):
        matched = Text(plain(f"matched: {quote.forms}"), style="dim")
        lines += [quote_block(quote), Padding.indent(matched, 2 * INDENT)]
    return lines
