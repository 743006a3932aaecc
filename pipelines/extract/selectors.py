"""Selectors by which a feed list names parts of a source's pages: CSS, or XPath."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from lxml import etree, html
from lxml.cssselect import CSSSelector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml.html import HtmlElement


@lru_cache(256)
def compile_selector(selector: str) -> etree.XPath:
    """A selector ready for use: XPath where it begins with ``/`` or ``.//``, else CSS.

    Raises:
        ValueError: it is neither.
    """
    try:
        return etree.XPath(selector) if selector.startswith(("/", ".//")) else CSSSelector(selector)
    except (etree.XPathError, SyntaxError) as error:  # what cssselect raises is a SyntaxError
        raise ValueError(f"{selector!r} is neither a CSS selector nor an XPath: {error}") from error


def select(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    """The elements that a selector names, in the order of the page."""
    found = compile_selector(selector)(tree)
    return [one for one in found if isinstance(one, html.HtmlElement)] if isinstance(found, list) else []


def remove_selected(tree: HtmlElement, selectors: Sequence[str]) -> None:
    """Take out what is named; the text behind an element stays."""
    for selector in selectors:
        for element in select(tree, selector):
            if element.getparent() is not None:
                element.drop_tree()


def selected_container(tree: HtmlElement, selector: str | None) -> HtmlElement | None:
    """What holds the story by name: the first of the elements; ``None`` where the page has none."""
    return next(iter(select(tree, selector)), None) if selector else None
