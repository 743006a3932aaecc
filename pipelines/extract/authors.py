"""Authors of a page: from its declarations first, then from its visible byline."""

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
"""Number of elements after the headline that are searched for a byline."""
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
# Selecting by attribute visits few elements; testing every element takes twice as long.
_DECLARED = etree.XPath("//@rel[. = 'author']/.. | //@itemprop[. = 'author']/..")
_BYLINES = etree.XPath("//@class[contains(., 'byline')]/..")
_MAX_BYLINE = 160
"""Maximum length in characters of an element that holds only a byline."""
_NOT_THE_STORY = re.compile(
    r"comment|related|sidebar|widget|footer|recommend|popular|teaser|card|trending|most-?read", re.IGNORECASE
)


def read_author(tree: HtmlElement, metas: dict[str, str], declared: Declared, outlets: tuple[str, ...]) -> str | None:
    """Return the persons whom a page declares as its authors, joined by ", "; never the outlet, a desk or an agency."""
    authors = believable_authors(list(declared.authors), outlets=outlets)
    if authors:
        return authors
    for name in _AUTHOR_METAS:
        if name in metas and (authors := believable_authors([metas[name]], outlets=outlets)):
            return authors
    named = [element for element in _DECLARED(tree) if not outside_story(element)]
    texts = [tidy(_person(element))[:200] for element in named[:_MAX_BYLINES]]
    authors = believable_authors(
        [text for text in texts if looks_like_name(text) or byline_authors(text)], outlets=outlets
    )
    return authors or _byline(tree, outlets)


def read_byline(tree: HtmlElement, metas: dict[str, str], declared: Declared, author: str | None) -> str | None:
    """Return the byline of a page, agencies and desks included; ``None`` if it adds nothing to ``author``."""
    elements = [element for element in _BYLINES(tree)[:_MAX_BYLINES] if not outside_story(element)]
    visible = [tidy(" ".join(element.itertext())) for element in elements]
    bylines = (
        *declared.authors,
        *declared.organisations,
        *(metas[name] for name in _AUTHOR_METAS if name in metas),
        *(text for text in visible if len(text) <= _MAX_BYLINE),
    )
    return further_byline(bylines, author)


def further_byline(bylines: Iterable[str], author: str | None) -> str | None:
    """Return the parts of declared bylines that go beyond the author, joined by " | "; addresses are left out."""
    texts = dict.fromkeys(without_prefix(tidy(text[:_MAX_BYLINE])) for text in bylines)
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
        if names and (authors := believable_authors([names], outlets=outlets)):
            return authors
    return _byline_below_heading(tree, outlets)


def _byline_below_heading(tree: HtmlElement, outlets: tuple[str, ...]) -> str | None:
    """Return the authors of a line right below the headline that is worded as a byline ("By …"), in any element."""
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
        if names and (authors := believable_authors([names], outlets=outlets)):
            return authors
    return None


def outside_story(element: HtmlElement) -> bool:
    """Return whether an element is outside the story: in a comment, sidebar, teaser, footer and so on."""
    for number, above in enumerate([element, *element.iterancestors()]):
        if above.tag in ("aside", "footer", "nav", "html", "body"):
            return above.tag not in ("html", "body")
        if number and _NOT_THE_STORY.search(f"{above.get('class', '')} {above.get('id', '')}"[:300]):
            return True
    return False
