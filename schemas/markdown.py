"""Conversion of articles to Markdown (CommonMark with GitHub's tables), for reading and for notes."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from schemas.records import Block
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from schemas.records import Article

_SPECIAL = re.compile(r"([\\`*_\[\]<>])")
_OPENING = re.compile(r"^(\s*)([#+\-=~|]|\d+(?=[.)]))")
"""Line beginnings that Markdown reads as the start of a block."""


def as_markdown(article: Article) -> str:
    """Write title, source, author, date and address, and the body with its sub-headings, lists, quotes and tables."""
    content = article.content
    published = time_to_text(content.published) if content.published else None
    facts = " · ".join(_escaped(fact) for fact in (content.source, content.author, published) if fact)
    paragraphs = content.body.split("\n\n") if content.body else []
    kinds = [Block(letter) for letter in content.layout] or [Block.PARAGRAPH] * len(paragraphs)
    blocks = [
        _block(kind, [line for line, _ in lines])
        for kind, lines in groupby(zip(paragraphs, kinds, strict=True), key=lambda pair: pair[1])
    ]
    head = [f"# {_escaped(content.title or 'Without a title')}", facts, f"<{content.url}>"]
    return "\n\n".join(part for part in [*head, *blocks] if part) + "\n"


def _block(kind: Block, lines: Sequence[str]) -> str:
    match kind:
        case Block.HEADING:
            return "\n\n".join(f"## {_escaped(line)}" for line in lines)
        case Block.ITEM:
            return "\n".join(f"- {_escaped(line)}" for line in lines)
        case Block.QUOTE:
            return "\n>\n".join(f"> {_escaped(line)}" for line in lines)
        case Block.ROW:
            return _table([line.split(" | ") for line in lines])
        case Block.PARAGRAPH:
            return "\n\n".join(map(_escaped, lines))


def _table(rows: Sequence[Sequence[str]]) -> str:
    width = max(map(len, rows))
    lines = [f"| {' | '.join(_escaped(cell) for cell in [*row, *[''] * (width - len(row))])} |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _escaped(text: str) -> str:
    return _OPENING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", text))
