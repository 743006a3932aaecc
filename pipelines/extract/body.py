"""The story's lines out of a page, by Trafilatura, with what it would lose put right.

Three things are done around it (each measured; see ``benchmarks/extraction.py``):

* advertisement containers, which it keeps when they hold paragraphs, are taken out first;
* a page whose main container it does not know (hashed class names, bare paragraphs) loses all sub-headings, lists
  and repeated paragraphs, since only loose paragraphs are collected: the container is found, presented as an
  ``article``, and the result is taken if nothing of the first is lost;
* neighbouring paragraphs with the same text, of which it keeps one, are restored.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from itertools import groupby
from typing import TYPE_CHECKING

from lxml import etree, html
from trafilatura.core import ESCALATION_MAX_LENGTH, ESCALATION_PAGE_SHARE, bare_extraction
from trafilatura.settings import Extractor

from pipelines.extract.blocks import text_blocks
from pipelines.text.lines import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml.etree import _Element
    from lxml.html import HtmlElement

_FAST_ABOVE_ELEMENTS = 20_000
"""Larger pages go without Trafilatura's fallback algorithms, whose time grows with the square of the paragraphs."""

_SURE_CHARACTERS = 1_000
"""Length from which a result is not short: four times what Trafilatura itself takes for a text."""
_UNCLEAN = (
    "aside", "audio", "button", "fieldset", "figure", "footer", "iframe", "input", "label", "link", "nav",
    "noscript", "object", "option", "select", "source", "svg", "time",
)  # fmt: skip

_HEADINGS = ("h2", "h3", "h4")
_BLOCKS = ("p", "blockquote", "ul", "ol", "table", "pre", *_HEADINGS)
_MIN_PARAGRAPH = 40
"""Characters from which a paragraph counts in the search for the main container."""
_KEPT_SHARE = 0.95
"""Share of the first result's characters which the second must hold to be taken."""
_GROWTH = 1.4
"""The second result, its headings and lists apart, may have this many times the first one's text: more is the page."""


def story_lines(tree: HtmlElement) -> list[str]:
    """The story's paragraphs, sub-headings, list items, quotes and table rows, in order.

    ``tree`` has been through ``pipelines.extract.prepare.remove_furniture``.
    """
    lines = _extracted(tree)
    texts = {paragraph: tidy(paragraph.text_content()) for paragraph in tree.iter("p")}
    container = _main_container(texts)
    if container is None:
        return lines
    for candidate in _with_larger(container):
        if _loses(candidate, lines, texts):
            again = _extracted(_as_article(candidate))
            if _covers(again, lines, _between(candidate, lines, texts)):
                lines, container = again, candidate
                break
    return list(_with_repeats(lines, container, texts))


def _extracted(tree: HtmlElement) -> list[str]:
    """The lines of Trafilatura's result; its later stages are asked only where they could change it."""
    body = _trafilatura(tree, _MAIN_STAGE)
    if _may_escalate(body, tree):
        body = _trafilatura(tree, _FAST)
    if not _is_sure(body, tree) and sum(1 for _ in tree.iter()) <= _FAST_ABOVE_ELEMENTS:
        body = _trafilatura(tree, _ALL_STAGES)
    return [] if body is None else text_blocks(body)


def _options(*, fast: bool, escalates: bool = True) -> Extractor:
    # XML, since the default also makes a text of its own, in quadratic time.
    options = Extractor(output_format="xml", fast=fast, comments=False, formatting=False)
    if not escalates:
        # Only the balanced mode does; for all the rest balanced is what is neither precision nor recall.
        options.focus = "balanced, not escalated"
    return options


_MAIN_STAGE = _options(fast=True, escalates=False)
_FAST = _options(fast=True)
_ALL_STAGES = _options(fast=False)
"""Made once: making them reads a configuration file's values one by one."""


def _trafilatura(tree: HtmlElement, options: Extractor) -> _Element | None:
    document = bare_extraction(tree, options=options)
    # The dictionary is for a deprecated argument.
    return None if document is None or isinstance(document, dict) else document.body


def _may_escalate(body: _Element | None, tree: HtmlElement) -> bool:
    """Whether Trafilatura would try again in its recall mode: what it found is short beside all text of the page.

    Its own measure of the page, a fifth of the time of a short one, is at most what is counted here.
    """
    size = len("".join(body.itertext()).strip()) if body is not None else 0
    if size >= ESCALATION_MAX_LENGTH:
        return False
    unshown = sum(len(element.text_content()) for element in tree.iter("script", "style"))
    spaces = 2 * int(_ELEMENTS(tree))  # it may put one on either side of each
    shown = len(tree.text_content()) - unshown + spaces
    return size < ESCALATION_PAGE_SHARE * shown


_ELEMENTS = etree.XPath("count(//*)")
_LOOSE_TEXT = etree.XPath("//*[self::div or self::section or self::article or self::td]/text()[string-length(.) >= 80]")
"""Text that stands in containers without a paragraph of its own."""


def _is_sure(body: _Element | None, tree: HtmlElement) -> bool:
    """Whether the fallbacks would leave a result as it is.

    They replace one that is short, holds furniture or tables rather than paragraphs, or is less than half as long
    as what they find themselves (``trafilatura.external.compare_extraction``); that is hardly more than the page
    has in paragraphs. Of a page that is not written in paragraphs nothing is sure.
    """
    if body is None or next(body.iter(*_UNCLEAN), None) is not None:
        return False
    size = len("".join(body.itertext()))
    paragraphs = sum(1 for _ in body.iter("p"))
    if size < _SURE_CHARACTERS or sum(1 for _ in body.iter("table")) > paragraphs:
        return False
    written = sum(len(paragraph.text_content()) for paragraph in tree.iter("p"))
    loose = sum(len(text) for text in _LOOSE_TEXT(tree))
    return size / 2 <= written <= size * 2 and written + loose <= size * 2


def _main_container(texts: Mapping[HtmlElement, str]) -> HtmlElement | None:
    """The element with the most text in its paragraphs: each counts for its parent, and half for the next above."""
    weights: Counter[HtmlElement] = Counter()
    for paragraph, text in texts.items():
        length = len(text)
        parent = paragraph.getparent()
        if length < _MIN_PARAGRAPH or parent is None:
            continue
        weights[parent] += length
        if (above := parent.getparent()) is not None:
            weights[above] += length // 2
    if not weights:
        return None
    best = weights.most_common(1)[0][0]
    return best if best.tag not in ("html", "blockquote", "li", "td") else None


def _with_larger(container: HtmlElement) -> Iterator[HtmlElement]:
    """The container, and the one above it where that has paragraphs elsewhere: stories come in several sections."""
    yield container
    above = container.getparent()
    if above is not None and above.tag not in ("html", "body"):
        within = sum(1 for _ in container.iter("p"))
        if sum(1 for _ in above.iter("p")) > within:
            yield above


def _loses(container: HtmlElement, lines: list[str], texts: Mapping[HtmlElement, str]) -> bool:
    """Whether sub-headings or list items between the container's paragraphs are missing from the lines."""
    return not _between(container, lines, texts) <= set(lines)


def _between(container: HtmlElement, lines: list[str], texts: Mapping[HtmlElement, str]) -> set[str]:
    """Return the sub-headings and list items between the first and the last paragraph that the lines have."""
    found = set(lines)
    read = [paragraph for paragraph in container.iter("p") if texts[paragraph] in found]
    if not read:
        return set()
    blocks = list(container.iter(*_BLOCKS, "li"))
    inside = blocks[blocks.index(read[0]) : blocks.index(read[-1])]
    pieces = (tidy(element.text_content()) for element in inside if element.tag in (*_HEADINGS, "li"))
    return {piece for piece in pieces if piece}


def _as_article(container: HtmlElement) -> HtmlElement:
    root = html.Element("html")
    body = html.Element("body")
    root.append(body)
    article = deepcopy(container)
    article.tail = None
    article.tag = "article"
    article.attrib.clear()
    body.append(article)
    return root


def _covers(again: list[str], lines: list[str], between: set[str]) -> bool:
    """Return whether a second reading has all of the first, and little besides that is no heading or list within."""
    found = set(again)
    size = sum(map(len, lines))
    size_again = sum(len(line) for line in again if line not in between)
    return sum(len(line) for line in lines if line in found) >= _KEPT_SHARE * size and size_again <= _GROWTH * size


def _with_repeats(lines: list[str], container: HtmlElement, texts: Mapping[HtmlElement, str]) -> Iterator[str]:
    """Give back the neighbouring paragraphs of one text which were merged into one."""
    runs: dict[str, int] = {}
    for text, group in groupby(texts.get(child, "") for child in container):
        runs[text] = max(runs.get(text, 0), sum(1 for _ in group))
    for text, group in groupby(lines):
        here = sum(1 for _ in group)
        yield from [text] * max(here, runs.get(text, 1))
