"""Who wrote a page: by its declarations, and after them by what it shows as a byline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from pipelines.text.lines import is_prose, letters, tidy
from pipelines.text.names import believable_authors, byline_authors, looks_like_name, without_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

    from pipelines.extract.jsonld import Declared

_MAX_VALUE = 1_000
_MAX_BYLINES = 10
_MAY_HOLD_BYLINE = (
    "h1",
    "a",
    "address",
    "div",
    "p",
    "span",
    "li",
    "strong",
    "b",
    "em",
    "cite",
    "h2",
    "h3",
    "h4",
    "h5",
    "td",
)
_MAX_BELOW_HEADING = 30
"""Elements behind the headline among which a byline may stand."""
_AUTHOR_METAS = (
    "author",
    "article:author",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "byl",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "article:author_name",
)
_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:byline|author|auteur|autor|writer)(?:[\s_-]?(?:name|link|names|list))?(?:$|\s)", re.IGNORECASE
)
# From the attributes to their elements, which are few: asking every element costs twice as much.
_DECLARED = etree.XPath("//@rel[. = 'author']/.. | //@itemprop[. = 'author']/..")
_BYLINES = etree.XPath("//@class[contains(., 'byline')]/..")
_MAX_BYLINE = 160
"""Characters of an element that is nothing but a byline."""
_NOT_THE_STORY = re.compile(
    r"comment|related|sidebar|widget|footer|recommend|popular|teaser|card|trending|most-?read", re.IGNORECASE
)


def read_author(tree: HtmlElement, metas: dict[str, str], declared: Declared, outlets: tuple[str, ...]) -> str | None:
    """The persons whom a page declares as its authors, joined by ", "; never the outlet, a desk or an agency."""
    found = believable_authors(list(declared.authors), outlets=outlets)
    if found:
        return found
    for name in _AUTHOR_METAS:
        if name in metas and (found := believable_authors([metas[name]], outlets=outlets)):
            return found
    named = [element for element in _DECLARED(tree) if not outside_story(element)]
    texts = [tidy(_person(element))[:200] for element in named[:_MAX_BYLINES]]
    found = believable_authors(
        [text for text in texts if looks_like_name(text) or byline_authors(text)], outlets=outlets
    )
    return found or _byline(tree, outlets)


def read_byline(tree: HtmlElement, metas: dict[str, str], declared: Declared, author: str | None) -> str | None:
    """The byline as a page gives it, agencies and desks included; ``None`` where it says no more than ``author``."""
    elements = [element for element in _BYLINES(tree)[:_MAX_BYLINES] if not outside_story(element)]
    shown = [tidy(" ".join(element.itertext())) for element in elements]
    told = (
        *declared.authors,
        *declared.organisations,
        *(metas[name] for name in _AUTHOR_METAS if name in metas),
        *(text for text in shown if len(text) <= _MAX_BYLINE),
    )
    return further_byline(told, author)


def further_byline(told: Iterable[str], author: str | None) -> str | None:
    """What of declared bylines is more than the author, joined; addresses are no names."""
    texts = dict.fromkeys(without_prefix(tidy(text[:_MAX_BYLINE])) for text in told)
    known = {letters(name) for name in ("", author or "", *(author or "").split(", "))}
    return " | ".join(text for text in texts if letters(text) not in known and "://" not in text) or None


def _person(element: HtmlElement) -> str:
    inner = element.xpath(".//*[@itemprop='name']")
    return (inner[0] if inner else element).text_content() or element.get("content") or ""


def _byline(tree: HtmlElement, outlets: tuple[str, ...]) -> str | None:
    seen = 0
    for element in tree.iter("a", "address", "div", "p", "span", "li", "strong", "cite", "h3", "h4", "h5"):
        name = element.get("class") or element.get("id") or ""
        if not name or not _BYLINE_CLASS.search(name[:300]) or outside_story(element):
            continue
        seen += 1
        if seen > _MAX_BYLINES:
            break
        text = tidy(" | ".join(piece for piece in element.itertext() if piece.strip())[:300])
        names = byline_authors(text) or (text if looks_like_name(text) else None)
        if names and (found := believable_authors([names], outlets=outlets)):
            return found
    return _byline_below_heading(tree, outlets)


def _byline_below_heading(tree: HtmlElement, outlets: tuple[str, ...]) -> str | None:
    """A line right below the headline that says it is a byline ("By …"), whatever its element is called."""
    left = 0
    for element in tree.iter(*_MAY_HOLD_BYLINE):
        if element.tag == "h1":
            left = _MAX_BELOW_HEADING
            continue
        if not left:
            continue
        left -= 1
        text = tidy(element.text_content()[:_MAX_VALUE])
        if element.tag == "p" and is_prose(text):
            return None
        names = byline_authors(text)
        if names and (found := believable_authors([names], outlets=outlets)):
            return found
    return None


def outside_story(element: HtmlElement) -> bool:
    """Whether an element stands in a part of the page that is about other things."""
    for number, above in enumerate([element, *element.iterancestors()]):
        if above.tag in ("aside", "footer", "nav", "html", "body"):
            return above.tag not in ("html", "body")
        if number and _NOT_THE_STORY.search(f"{above.get('class', '')} {above.get('id', '')}"[:300]):
            return True
    return False
