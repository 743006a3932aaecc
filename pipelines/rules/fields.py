"""The fields of an article that rules are matched against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Matchable(Protocol):
    """An object with the fields that rules are matched against, such as ``schemas.records.ArticleContent``."""

    @property
    def title(self) -> str | None:
        """The headline."""

    @property
    def body(self) -> str:
        """The text, paragraphs separated by blank lines."""

    @property
    def source(self) -> str | None:
        """The name of the outlet."""

    @property
    def language(self) -> str | None:
        """The ISO 639-1 code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFields:
    """Fields of a text that is no article."""

    title: str | None = None
    body: str = ""
    source: str | None = None
    language: str | None = None
