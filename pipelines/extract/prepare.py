"""Removal of boilerplate from a page's tree before extraction: headers, advertisements, widgets, teaser cards.

The size of every removal is bounded: an element that holds a good part of the page's paragraphs is the story,
whatever its name.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.extract.widgets import remove_unnamed_widgets
from pipelines.text.lines import ends_sentence, tidy, word_count

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_HEADER_TAGS = ("header", "div", "section", "hgroup")
_HEADER_NAMES = frozenset({"header", "hgroup", "headline"})
_MAX_HEADER_CHARACTERS = 2_000
_MAX_HEADER_SHARE = 0.3
"""Maximum share of the text in paragraphs that a container named as a header may hold; more is the page itself."""

_WIDGET_TAGS = ("div", "section", "aside", "ins", "p", "figure", "ul", "ol", "li", "span", "form", "a")
_WIDGET = re.compile(
    r"(?:.*-)?(?:"
    r"ads?|adverts?|advertisements?|advertising|adsbygoogle|adslot|adunit|adbox|adwrapper|adcontainer|dfp|gpt|mpu|leaderboard|sponsored"
    r"|outbrain|taboola|mgid|newsletters?|subscribe|signup|sign-up|paywall|related|recommended|recommendations|trending|promos?"
    r"|most-(?:read|popular|viewed)|popular-(?:posts|stories|news)|also-read|read-(?:also|more|next)|more-(?:stories|news|from|on)"
    r"|latest-(?:news|stories|posts|box)|share|sharing|sharebar|social|comments?|comment-form|cookies?|consent|breadcrumbs?"
    r"|author-(?:bio|box|card|info)|tag-list|tags|post-tags|pagination|skip-link"
    r")(?:-(?:bar|box|block|wrapper|wrap|container|list|links?|widget|module|section|area|slot|unit|form|item|items|row|label|title|inner|content|buttons?|"
    r"stories|posts|articles|news|text|banner|promo|cta|signup|inline|\d+))*"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAX_WIDGET_CHARACTERS = 3_000
_MAX_WIDGET_SHARE = 0.25
_MIN_WIDGET_STORY = 500
"""Minimum number of characters in a page's paragraphs for the comparison of widgets with the story."""

_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_LINKED_SHARE = 0.85
_MIN_CARDS = 3
_MAX_CARD_CHARACTERS = 800
_MIN_LINK_WORDS = 4


def remove_boilerplate(tree: HtmlElement) -> None:
    """Remove every element that is not part of the story according to its position, name or structure."""
    prose = sum(_size(paragraph) for paragraph in tree.iter("p"))
    _remove_headers(tree, prose)
    _remove_widgets(tree, prose)
    _remove_teaser_cards(tree)
    if prose >= _MIN_WIDGET_STORY:
        remove_unnamed_widgets(tree, prose)


def linked_headlines(tree: HtmlElement) -> set[str]:
    """Return the paragraphs that are only a link to another story: at least four words, not a sentence."""
    headlines: set[str] = set()
    for paragraph in tree.iter("p"):
        if _is_linked(paragraph):
            text = tidy(paragraph.text_content()[:500])
            if word_count(text) >= _MIN_LINK_WORDS and not ends_sentence(text):
                headlines.add(text)
    return headlines


def _remove_headers(tree: HtmlElement, prose: int) -> None:
    """Remove the headline with the lines around it: kicker, dek, byline, date, share bar."""
    for heading in list(tree.iter("h1"))[:20]:
        for above in heading.iterancestors(*_HEADER_TAGS):
            size = _size(above)
            named = above.tag == "header" or not _HEADER_NAMES.isdisjoint(_name_parts(above))
            limit = (
                _MAX_HEADER_CHARACTERS
                if above.tag == "header"
                else min(_MAX_HEADER_CHARACTERS, _MAX_HEADER_SHARE * prose)
            )
            if above.getparent() is None or size > limit:
                break
            if named:
                above.drop_tree()
                break


def _remove_widgets(tree: HtmlElement, prose: int) -> None:
    """Remove elements named as widgets, unless an element, or all elements of that name, are too large for widgets."""
    if prose < _MIN_WIDGET_STORY:
        return
    limit = min(_MAX_WIDGET_CHARACTERS, _MAX_WIDGET_SHARE * prose)
    named = {element: names for element in tree.iter(*_WIDGET_TAGS) if (names := _widget_names(_names(element)))}
    paragraphs: Counter[str] = Counter()
    for element, names in named.items():
        if named.keys().isdisjoint(element.iterancestors()):
            paragraphs.update(dict.fromkeys(names, _size_of_paragraphs(element)))
    for element, names in named.items():
        if element.getparent() is None or any(paragraphs[name] > _MAX_WIDGET_SHARE * prose for name in names):
            continue
        if _size(element) <= limit and element.find(".//h1") is None:
            element.drop_tree()


def _size_of_paragraphs(element: HtmlElement) -> int:
    return _size(element) if element.tag == "p" else sum(_size(paragraph) for paragraph in element.iter("p"))


def _remove_teaser_cards(tree: HtmlElement) -> None:
    """Remove groups of cards with a linked headline each; sub-headings of stories have no links."""
    cards: dict[HtmlElement, HtmlElement] = {}
    headings = [heading for heading in tree.iter(*_HEADINGS) if heading.text_content().strip()]
    inside: Counter[HtmlElement] = Counter(above for heading in headings for above in heading.iterancestors())
    for heading in headings:
        if not _is_linked(heading):
            continue
        card = heading
        while (above := card.getparent()) is not None and inside[above] == 1:
            card = above
        if above is not None and card is not heading and _size(card) <= _MAX_CARD_CHARACTERS:
            cards[card] = above
    groups = Counter(cards.values())
    for card, group in cards.items():
        if groups[group] >= _MIN_CARDS:
            card.drop_tree()


def _is_linked(element: HtmlElement) -> bool:
    """Return whether nearly all of an element's text is link text."""
    if next(element.iterancestors("a"), None) is not None:
        return True
    linked = sum(_size(link) for link in element.iter("a"))
    return linked > 0 and linked >= _LINKED_SHARE * _size(element)


def _size(element: HtmlElement) -> int:
    """Return the number of characters of an element's text, with runs of white space counted as one."""
    return len(" ".join(element.text_content().split()))


@lru_cache(1 << 14)
def _widget_names(names: str) -> frozenset[str]:
    """Return the names of an element that are widget names; cached, since a page repeats a few hundred names."""
    return frozenset(token for token in _tokens(names) if _WIDGET.fullmatch(token))


def _names(element: HtmlElement) -> str:
    return f"{element.get('class', '')} {element.get('id', '')}"[:500]


def _tokens(names: str) -> list[str]:
    return _CAMEL.sub("-", names.replace("_", "-")).lower().replace("--", "-").split()


def _name_parts(element: HtmlElement) -> set[str]:
    return {part for token in _tokens(_names(element)) for part in token.split("-")}
