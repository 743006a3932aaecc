"""Extraction of a story's lines with Trafilatura, with corrections for the text that it loses.

There are three corrections (each measured; see ``benchmarks/extraction.py``):

* Trafilatura keeps advertisement containers that hold paragraphs: these are removed first.
* If Trafilatura does not recognise the main container of a page (hashed class names, bare paragraphs), it collects
  loose paragraphs only and loses all sub-headings, lists and repeated paragraphs. The container is then located and
  passed to Trafilatura again as an ``article``. The second result is used if it lacks nothing of the first.
* Of neighbouring paragraphs with the same text Trafilatura keeps one: the others are restored.
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
"""Number of elements above which Trafilatura's fallback algorithms, quadratic in the paragraphs, are not used."""

_SURE_CHARACTERS = 1_000
"""Characters from which a result is not short: four times Trafilatura's own minimum for a text."""
_UNCLEAN = (
    "aside", "audio", "button", "fieldset", "figure", "footer", "iframe", "input", "label", "link", "nav",
    "noscript", "object", "option", "select", "source", "svg", "time",
)  # fmt: skip

_HEADINGS = ("h2", "h3", "h4")
_BLOCKS = ("p", "blockquote", "ul", "ol", "table", "pre", *_HEADINGS)
_MIN_PARAGRAPH = 40
"""Shortest paragraph, in characters, that counts in the search for the main container."""
_KEPT_SHARE = 0.95
"""Share of the first result's characters that the second must contain to be used."""
_GROWTH = 1.4
"""Largest size of the second result, without its headings and lists, relative to the first; more is the whole page."""


def story_lines(tree: HtmlElement) -> list[str]:
    """Return the story's paragraphs, sub-headings, list items, quotes and table rows, in order.

    ``tree`` must have been through ``pipelines.extract.prepare.remove_boilerplate``.
    """
    lines = _extracted(tree)
    texts = {paragraph: tidy(paragraph.text_content()) for paragraph in tree.iter("p")}
    container = _main_container(texts)
    if container is None:
        return lines
    for candidate in _with_larger(container):
        if _loses(candidate, lines, texts):
            second = _extracted(_as_article(candidate))
            if _covers(second, lines, _between(candidate, lines, texts)):
                lines, container = second, candidate
                break
    return list(_with_repeats(lines, container, texts))


def _extracted(tree: HtmlElement) -> list[str]:
    """Return the lines of Trafilatura's result; its later stages run only if they could change it."""
    body = _trafilatura(tree, _MAIN_STAGE)
    if _may_escalate(body, tree):
        body = _trafilatura(tree, _FAST)
    if not _is_sure(body, tree) and sum(1 for _ in tree.iter()) <= _FAST_ABOVE_ELEMENTS:
        body = _trafilatura(tree, _ALL_STAGES)
    return [] if body is None else text_blocks(body)


def _options(*, fast: bool, escalates: bool = True) -> Extractor:
    # With the default format Trafilatura also builds a plain text, in quadratic time.
    options = Extractor(output_format="xml", fast=fast, comments=False, formatting=False)
    if not escalates:
        # Trafilatura escalates only if focus is "balanced"; any unknown focus otherwise behaves like "balanced".
        options.focus = "balanced, not escalated"
    return options


_MAIN_STAGE = _options(fast=True, escalates=False)
_FAST = _options(fast=True)
_ALL_STAGES = _options(fast=False)
"""Built once, since building them reads every value of a configuration file."""


def _trafilatura(tree: HtmlElement, options: Extractor) -> _Element | None:
    document = bare_extraction(tree, options=options)
    # A dictionary is returned only with a deprecated argument.
    return None if document is None or isinstance(document, dict) else document.body


def _may_escalate(body: _Element | None, tree: HtmlElement) -> bool:
    """Return whether Trafilatura would retry in its recall mode: the result is short against all text of the page.

    The size of the page computed here is an upper bound of Trafilatura's own measure, which takes a fifth of the
    time of a short page.
    """
    size = len("".join(body.itertext()).strip()) if body is not None else 0
    if size >= ESCALATION_MAX_LENGTH:
        return False
    unshown = sum(len(element.text_content()) for element in tree.iter("script", "style"))
    spaces = 2 * int(_ELEMENTS(tree))  # Trafilatura may add a space on either side of each element
    shown = len(tree.text_content()) - unshown + spaces
    return size < ESCALATION_PAGE_SHARE * shown


_ELEMENTS = etree.XPath("count(//*)")
_LOOSE_TEXT = etree.XPath("//*[self::div or self::section or self::article or self::td]/text()[string-length(.) >= 80]")
"""Text directly in containers, outside any paragraph."""


def _is_sure(body: _Element | None, tree: HtmlElement) -> bool:
    """Return whether the fallback algorithms would leave a result unchanged.

    They replace a result that is short, that holds boilerplate elements or more tables than paragraphs, or that is
    less than half as long as their own (``trafilatura.external.compare_extraction``). Their result is hardly longer
    than the paragraphs of the page. No result is sure for a page that is not written in paragraphs.
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
    """Return the element with the most text in paragraphs; each counts for its parent, and half for the grandparent."""
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
    """Yield the container, then its parent if that has further paragraphs: a story may have several sections."""
    yield container
    above = container.getparent()
    if above is not None and above.tag not in ("html", "body"):
        within = sum(1 for _ in container.iter("p"))
        if sum(1 for _ in above.iter("p")) > within:
            yield above


def _loses(container: HtmlElement, lines: list[str], texts: Mapping[HtmlElement, str]) -> bool:
    """Return whether sub-headings or list items between the container's paragraphs are missing from the lines."""
    return not _between(container, lines, texts) <= set(lines)


def _between(container: HtmlElement, lines: list[str], texts: Mapping[HtmlElement, str]) -> set[str]:
    """Return the sub-headings and list items between the first and last paragraph of the container in the lines."""
    known = set(lines)
    read = [paragraph for paragraph in container.iter("p") if texts[paragraph] in known]
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


def _covers(second: list[str], lines: list[str], between: set[str]) -> bool:
    """Return whether a second result has all of the first, and little more besides the story's headings and lists."""
    distinct = set(second)
    size = sum(map(len, lines))
    second_size = sum(len(line) for line in second if line not in between)
    return sum(len(line) for line in lines if line in distinct) >= _KEPT_SHARE * size and second_size <= _GROWTH * size


def _with_repeats(lines: list[str], container: HtmlElement, texts: Mapping[HtmlElement, str]) -> Iterator[str]:
    """Yield the lines, with neighbouring paragraphs of the same text repeated as often as on the page."""
    runs: dict[str, int] = {}
    for text, group in groupby(texts.get(child, "") for child in container):
        runs[text] = max(runs.get(text, 0), sum(1 for _ in group))
    for text, group in groupby(lines):
        count = sum(1 for _ in group)
        yield from [text] * max(count, runs.get(text, 1))
