"""Text of an element tree, block by block in reading order, for markup without boilerplate such as a feed's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.text.lines import ends_sentence, tidy
from schemas.records import Block, LaidOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element

_HIDDEN_TAGS = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "object",
        "svg",
        "form",
        "button",
        "select",
        "textarea",
        "nav",
    }
)
_INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "hi", "i",
        "img", "ins", "kbd", "label", "mark", "q", "ref", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
        "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "graphic", "picture", "source",
    }
)  # fmt: skip
_CELLS = frozenset({"td", "th", "cell"})
_ROWS = frozenset({"tr", "row"})
_BREAKS = frozenset({"br", "lb"})
_LAYOUT = {
    "tr": Block.ROW,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Block.HEADING),
    **dict.fromkeys(("li", "dt", "dd"), Block.ITEM),
    "blockquote": Block.QUOTE,
}


def text_blocks(root: _Element) -> list[str]:
    """Return paragraphs, headings, list items, quotes and table rows (cells joined by " | "), tidy, in order.

    Accepts HTML and Trafilatura's own body elements. A line break inside a sentence does not end a line.
    """
    return list(_lines(_blocks(root)))


def laid_out(root: _Element, lines: Iterable[str]) -> tuple[LaidOut, ...]:
    """Return the lines that are headings, list items, quotes or table rows on the page, with their kinds."""
    wanted = set(lines)
    kinds: dict[str, Block] = {}
    for element in root.iter(*_LAYOUT):
        if not _is_navigation(element):
            for line in text_blocks(element):
                if line in wanted:
                    kinds.setdefault(line, _LAYOUT[str(element.tag)])
    return tuple(LaidOut(line, block) for line, block in kinds.items())


def _is_navigation(element: _Element) -> bool:
    """Return whether an element holds only a link; skipping these saves time, since pages have hundreds."""
    return len(element) == 1 and element[0].tag == "a" and not (element.text or element[0].tail)


def _lines(blocks: Iterable[str]) -> Iterator[str]:
    for block in blocks:
        line: list[str] = []
        for part in block.split("\n"):
            text = tidy(part).strip("| ")
            if not text:
                continue
            if line and (ends_sentence(line[-1]) or not text[0].islower()):
                yield " ".join(line)
                line = []
            line.append(text)
        if line:
            yield " ".join(line)


def _blocks(root: _Element) -> Iterator[str]:
    """Yield the texts of the block elements, in order; line breaks are kept as such."""
    pieces: list[str] = []
    rows = 0
    for node, leaving in _walk(root):
        tag = str(node.tag)
        # Inside a table row only the row itself ends a block: paragraphs in cells do not.
        if tag in _ROWS or not (rows or _is_hidden(node) or tag in _INLINE or tag in _CELLS or tag in _BREAKS):
            block = "".join(pieces)
            pieces.clear()
            if block.strip():
                yield block
        else:
            pieces.append(_separator(tag, leaving=leaving))
        if tag in _ROWS:
            rows += -1 if leaving else 1
        pieces.append(_flat(node.tail if leaving else node.text) if node is not root or not leaving else "")
    yield "".join(pieces)


def _walk(root: _Element) -> Iterator[tuple[_Element, bool]]:
    """Yield every element on entry (``False``) and on exit (``True``); hidden elements on exit only, for their tail."""
    # An explicit stack, since the page determines the depth of the tree.
    stack: list[tuple[_Element, bool]] = [(root, False)]
    while stack:
        node, leaving = stack.pop()
        if leaving:
            yield node, True
            continue
        stack.append((node, True))
        if not _is_hidden(node):
            yield node, False
            stack.extend((child, False) for child in reversed(node))


def _is_hidden(node: _Element) -> bool:
    """Return whether an element shows no text: scripts, forms, comments."""
    return not isinstance(node.tag, str) or node.tag in _HIDDEN_TAGS


def _separator(tag: str, *, leaving: bool) -> str:
    """Return the separator that an element within a block puts between the texts before and after it."""
    if tag in _BREAKS:
        return "" if leaving else "\n"
    if tag in _CELLS:
        return " | " if leaving else ""
    return "" if tag in _INLINE | _HIDDEN_TAGS else " "


def _flat(text: str | None) -> str:
    return (text or "").replace("\n", " ").replace("\r", " ")
