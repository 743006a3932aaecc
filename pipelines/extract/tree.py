"""From HTML text to an element tree which is safe to walk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree, html

from pipelines.errors import ExtractionError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_DEPTH = 200
"""Levels left in a tree. Trafilatura's own parser gives up without a word at 256."""
MAX_PARSED_DEPTH = 2000
"""Levels which libxml2 parses, with its limit for large trees at 2048; deeper pages are refused."""
MAX_ELEMENTS = 150_000
"""Elements of a page. A long news page has 5,000."""

_CONTAINERS = (
    "div", "span", "section", "article", "main", "center", "font", "b", "i", "em", "strong", "u", "small", "big",
    "a", "ins", "label", "header", "footer", "aside", "figure", "form", "fieldset", "details", "nobr", "bdo", "tt",
)  # fmt: skip
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
# The same, named by number: libxml2 puts them into the tree, where nothing can be moved with them.
_INVALID_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)|x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(r"^\s*(?:<\?xml[^>]{0,200}\?>\s*)?<\s?!\s?doctype[^>]{0,1000}>", re.IGNORECASE)
_LONG_TAG = re.compile(r"<([a-z][a-z0-9]{0,20})\b[^<>]{30000,}>", re.IGNORECASE)
_CLOSED_HTML = re.compile(r"(<html[^>]{0,2000}?)\s*/>", re.IGNORECASE)


def parse_html(text: str) -> HtmlElement:
    """Parse a page, whatever its markup is like.

    Wrappers below ``MAX_DEPTH`` levels are taken out (their text stays), so that later steps need not care.
    Raises ``ExtractionError``: ``no_text`` (nothing in it), ``too_deep``, ``too_large`` (too many elements).
    """
    text = _INVALID_REFERENCE.sub(" ", _INVALID.sub(" ", text))
    text = _DOCTYPE.sub("", text, count=1)
    # libxml2 compares every attribute of a tag with every other; such tags carry data, not text.
    text = _LONG_TAG.sub(r"<\1>", text)
    text = _CLOSED_HTML.sub(r"\1>", text, count=1)
    # Entities of a document type are never read: the HTML parser has none but its own.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False)
    # lxml's own look-up has a Python function choose the class of each element: a tenth of our whole time.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))
    try:
        tree = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        if isinstance(error, etree.XMLSyntaxError) and error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise ExtractionError("no_text", f"nothing to parse: {error}") from error
    _flatten(tree)
    return tree


# Whether there is an element at this depth is asked level by level in C; few pages need to be walked through.
_IS_DEEP = etree.XPath(f"boolean({'/*' * MAX_DEPTH})")
_ELEMENTS = etree.XPath("count(//*)")


def _flatten(tree: HtmlElement) -> None:
    elements = int(_ELEMENTS(tree))
    if elements > MAX_ELEMENTS:
        raise ExtractionError("too_large", f"{elements} elements; the limit is {MAX_ELEMENTS}")
    if not _IS_DEEP(tree):
        return
    deep: list[HtmlElement] = []
    depth = deepest = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            depth += 1
            deepest = max(deepest, depth)
            if depth == MAX_DEPTH:
                deep.append(element)
        else:
            depth -= 1
    # At its own limit libxml2 stops and gives half a page without an error.
    if deepest > MAX_PARSED_DEPTH:
        raise ExtractionError("too_deep", f"more than {MAX_PARSED_DEPTH} levels")
    for element in deep:
        etree.strip_tags(element, *_CONTAINERS)
    if _depth(tree) > MAX_DEPTH + 50:
        raise ExtractionError("too_deep", f"more than {MAX_DEPTH + 50} levels which are not mere wrappers")


def _depth(tree: HtmlElement) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
