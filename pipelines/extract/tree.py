"""Parser from HTML text to an element tree of bounded depth and size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree, html

from pipelines.errors import ExtractionError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

MAX_DEPTH = 200
"""Maximum depth, in levels, of a flattened tree. Trafilatura's own parser stops silently at 256."""
MAX_PARSED_DEPTH = 2000
"""Maximum depth, in levels, of an accepted page. libxml2 stops at 2048 levels, its limit for large trees."""
MAX_ELEMENTS = 150_000
"""Maximum number of elements of a page. A long news page has 5,000."""

_CONTAINERS = (
    "div", "span", "section", "article", "main", "center", "font", "b", "i", "em", "strong", "u", "small", "big",
    "a", "ins", "label", "header", "footer", "aside", "figure", "form", "fieldset", "details", "nobr", "bdo", "tt",
)  # fmt: skip
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
# The same characters as numeric references: libxml2 accepts them, but lxml then refuses to move their elements.
_INVALID_REFERENCE = re.compile(
    r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01]|6553[45])(?!\d)|x0*(?:[0-8bcef]|1[0-9a-f]|fff[ef])(?![0-9a-f]));?",
    re.IGNORECASE,
)
_DOCTYPE = re.compile(r"^\s*(?:<\?xml[^>]{0,200}\?>\s*)?<\s?!\s?doctype[^>]{0,1000}>", re.IGNORECASE)
_LONG_TAG = re.compile(r"<([a-z][a-z0-9]{0,20})\b[^<>]{30000,}>", re.IGNORECASE)
_CLOSED_HTML = re.compile(r"(<html[^>]{0,2000}?)\s*/>", re.IGNORECASE)


def parse_html(text: str) -> HtmlElement:
    """Parse a page with any kind of markup.

    Wrapper elements deeper than ``MAX_DEPTH`` levels are removed (their text stays), so later steps meet bounded trees.

    Raises:
        ExtractionError: ``no_text`` (empty page), ``too_deep``, ``too_large`` (too many elements).
    """
    text = _INVALID_REFERENCE.sub(" ", _INVALID.sub(" ", text))
    text = _DOCTYPE.sub("", text, count=1)
    # libxml2 compares every attribute of a tag with all others; tags this long carry data, not text.
    text = _LONG_TAG.sub(r"<\1>", text)
    text = _CLOSED_HTML.sub(r"\1>", text, count=1)
    # The HTML parser knows only its own entities and never reads those of a document type.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, collect_ids=False)
    # The default look-up calls a Python function for each element, a tenth of the total extraction time.
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=html.HtmlElement))
    try:
        tree = html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        if isinstance(error, etree.XMLSyntaxError) and error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise ExtractionError("no_text", f"nothing to parse: {error}") from error
    _flatten(tree)
    return tree


# This check runs in C, level by level; only the few deep pages need a walk in Python.
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
    # At its own limit libxml2 stops and returns a truncated page without an error.
    if deepest > MAX_PARSED_DEPTH:
        raise ExtractionError("too_deep", f"more than {MAX_PARSED_DEPTH} levels")
    for element in deep:
        etree.strip_tags(element, *_CONTAINERS)
    if _depth(tree) > MAX_DEPTH + 50:
        raise ExtractionError("too_deep", f"more than {MAX_DEPTH + 50} levels besides mere wrappers")


def _depth(tree: HtmlElement) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest
