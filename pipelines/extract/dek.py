"""Detection of a page's dek and of sub-headings without heading markup, both by their position."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from lxml import etree

from pipelines.text.dates import find_date, is_date_line
from pipelines.text.lines import is_prose, tidy, word_count
from pipelines.text.names import is_byline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_DEK_TAGS = ("p", "h2", "h3", "h4", "div")
_INLINE = frozenset(
    {"a", "abbr", "b", "br", "em", "i", "q", "small", "span", "strong", "sub", "sup", "time", "u", "wbr"}
)
_SECOND_RANK = frozenset({"h2", "h3", "h4"})
_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "button"})
_MAX_CHARACTERS = 1_000
_MAX_SEPARATOR = 160
_MIN_DEK_WORDS = 6
_MAX_DEK_WORDS = 60
_MAX_HEADLINES = 3
_MAX_STEPS = 60
"""Number of elements after the headline that are searched for dek and byline."""
_BYLINE_NAME = re.compile(r"(?:^|[\s_-])(?:byline|authors?|dateline|timestamp|pub-?date|date-?line)(?:$|[\s_-])")
_SUBHEADING_NAME = re.compile(
    r"(?:.*[_-])?(?:sub-?head(?:line|ing|er)?s?|cross-?head(?:ing|er|line)?s?|inter-?titles?|intertitre|ladillo"
    r"|zwischen-?(?:titel|ueberschrift)|section-(?:head(?:ing|er)?|title))",
)
_MAX_SUBHEADING_WORDS = 20


def take_dek(tree: HtmlElement) -> str | None:
    """Remove the dek from the tree and return its text.

    The dek is the first prose after the headline if a byline or a date separates it from the next prose: these belong
    above a story, not inside it. A sub-heading right below the headline is a dek without a byline after it too.
    """
    for headline in list(tree.iter("h1"))[:_MAX_HEADLINES]:
        dek = None if _is_within_story(headline) else _dek_below(headline)
        if dek is not None:
            text = tidy(dek.text_content())
            dek.drop_tree()
            return text
    return None


def mark_subheadings(tree: HtmlElement) -> None:
    """Turn short blocks between paragraphs into headings if their class names them sub-headings."""
    for element in tree.iter("div", "p", "span"):
        before, behind = element.getprevious(), element.getnext()
        if before is None or behind is None or behind.tag != "p":
            continue
        names = (element.get("class") or "")[:300].lower().split()
        if any(_SUBHEADING_NAME.fullmatch(name) for name in names) and _is_flat(element):
            text = tidy(element.text_content()[:500])
            if 0 < word_count(text) <= _MAX_SUBHEADING_WORDS and not text.endswith("."):
                element.tag = "h3"


def _dek_below(headline: HtmlElement) -> HtmlElement | None:
    dek: HtmlElement | None = None
    within: set[HtmlElement] = set()
    for element in islice(_following(headline), _MAX_STEPS):
        if element in within or element.tag in _SILENT:
            continue
        text = tidy(element.text_content()[:_MAX_CHARACTERS])
        if dek is None:
            if element.tag in _DEK_TAGS and _is_dek(element, text):
                if element.tag in _SECOND_RANK and _is_right_below(headline, element):
                    return element
                dek = element
                within = set(element.iterdescendants())
            elif element.tag == "p" and is_prose(text):
                return None
        elif _is_separator(element, text):
            return dek
        elif element.tag in _DEK_TAGS and _is_flat(element) and is_prose(text):
            return None
    return None


def _is_within_story(headline: HtmlElement) -> bool:
    """Return whether prose precedes a heading in the same element: it then heads a section or links to a story."""
    return any(
        is_prose(tidy(before.text_content()[:_MAX_CHARACTERS])) for before in headline.itersiblings("p", preceding=True)
    )


def _following(element: HtmlElement) -> Iterator[HtmlElement]:
    """Yield all elements after an element and its descendants, in document order."""
    above: HtmlElement | None = element
    while above is not None:
        for sibling in above.itersiblings():
            yield from sibling.iter(etree.Element)
        above = above.getparent()


def _is_dek(element: HtmlElement, text: str) -> bool:
    heading = element.tag in _SECOND_RANK
    if not _MIN_DEK_WORDS <= word_count(text) <= _MAX_DEK_WORDS or not (heading or is_prose(text)):
        return False
    return _is_flat(element) and not is_byline(text) and find_date(text) is None


def _is_right_below(headline: HtmlElement, heading: HtmlElement) -> bool:
    """Return whether a heading with prose stands right below the headline."""
    return headline.getnext() is heading and is_prose(tidy(heading.text_content()))


def _is_separator(element: HtmlElement, text: str) -> bool:
    if element.tag == "time" or _BYLINE_NAME.search(
        f"{element.get('class', '')} {element.get('id', '')}"[:300].lower()
    ):
        return True
    return len(text) <= _MAX_SEPARATOR and bool(text) and (is_byline(text) or is_date_line(text))


def _is_flat(element: HtmlElement) -> bool:
    """Return whether an element holds only text and inline markup."""
    return all(child.tag in _INLINE for child in element.iterdescendants())
