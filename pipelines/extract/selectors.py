"""CSS and XPath selectors with which a feed list names parts of a source's pages."""

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
    """Compile a selector: as XPath if it begins with ``/`` or ``.//``, else as CSS.

    Raises:
        ValueError: the selector is neither valid CSS nor valid XPath.
    """
    try:
        return etree.XPath(selector) if selector.startswith(("/", ".//")) else CSSSelector(selector)
    except (etree.XPathError, SyntaxError) as error:  # errors of cssselect are SyntaxErrors
        raise ValueError(f"{selector!r} is neither a CSS selector nor an XPath: {error}") from error


def select(tree: HtmlElement, selector: str) -> list[HtmlElement]:
    """Return the elements that match a selector, in document order."""
    matches = compile_selector(selector)(tree)
    return [match for match in matches if isinstance(match, html.HtmlElement)] if isinstance(matches, list) else []


def remove_selected(tree: HtmlElement, selectors: Sequence[str]) -> None:
    """Remove the matching elements from a tree; the text after an element stays."""
    for selector in selectors:
        for element in select(tree, selector):
            if element.getparent() is not None:
                element.drop_tree()


def selected_container(tree: HtmlElement, selector: str | None) -> HtmlElement | None:
    """Return the first element that matches the selector of the story; ``None`` if none does."""
    return next(iter(select(tree, selector)), None) if selector else None
