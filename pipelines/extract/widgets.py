"""Removal of widgets by their structure alone, for pages with meaningless class names.

The signs of a widget, in any language: controls and input fields, a link that is a block of its own, a list of nothing
but links, comments that begin with a person's name, a paragraph in small print. The whole block around such an element
is removed if it is small; otherwise only the element itself is removed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from lxml import etree

from pipelines.text.lines import ends_sentence, is_prose, tidy, word_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_CONTROLS = ("button", "input", "select", "textarea", "form", "audio", "video", "label", "meter", "progress")
_CONTAINERS = frozenset({"div", "section", "aside", "form", "fieldset", "nav", "footer", "figure", "center"})
_LINK_PARENTS = _CONTAINERS | {"article", "main", "body", "header"}
_BLOCKS = frozenset(
    {"p", "div", "ul", "ol", "h2", "h3", "h4", "h5", "h6", "section", "form", "img", "picture", "figure"}
)
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_DIALOGS = etree.XPath("//@role[. = 'dialog' or . = 'alertdialog' or . = 'search' or . = 'complementary']/..")
_MAX_BLOCK_CHARACTERS = 300
"""Maximum length of a widget's text in characters: about a paragraph and a half of a story."""
_MAX_PARAGRAPHS = 2
_MAX_SHARE = 0.35
"""Maximum share of the text in paragraphs that may be removed; above it nothing is removed."""
_MIN_STORY_PARAGRAPHS = 3
_AMONG = frozenset({"div", "section", "aside"})
_TEXT = ("blockquote", "q", "ul", "ol", "table", "pre", "figure", "h1", "h2")
_MAX_READ = 1_000
_MAX_SMALL_WORDS = 14
_LINKED_SHARE = 0.85
_MIN_LINKED_ITEMS = 2
_MAX_LEAD_WORDS = 8
_MAX_CONTACT_WORDS = 20


def remove_unnamed_widgets(tree: HtmlElement, prose: int) -> None:
    """Remove the widgets from a tree. ``prose`` is the number of characters in the page's paragraphs."""
    widgets = set(_widgets(tree))
    outer = [block for block in widgets if widgets.isdisjoint(block.iterancestors())]
    if sum(_size(paragraph) for block in outer for paragraph in block.iter("p")) > _MAX_SHARE * prose:
        return
    for block in outer:
        if block.getparent() is not None:
            block.drop_tree()


class _Small(dict["HtmlElement", bool]):
    """Cache of whether an element is small, since neighbours share their ancestors."""

    def __missing__(self, block: HtmlElement) -> bool:
        small = self[block] = _is_small(block)
        return small


def _widgets(tree: HtmlElement) -> Iterator[HtmlElement]:
    small = _Small()
    yield from _blocks_of_controls(tree, small)
    yield from _blocks_of_links(tree, small)
    yield from _blocks_among_paragraphs(tree, small)
    for dialog in _DIALOGS(tree):
        if small[dialog]:
            yield dialog
    for listing in tree.iter("ul", "ol"):
        # Trafilatura leaves these containers out; checking their long lists of links would waste time.
        if next(listing.iterancestors("nav", "header", "footer"), None) is not None:
            continue
        if _is_link_list(listing) or _is_comment_list(listing):
            yield _with_heading(listing, small)
    for paragraph in tree.iter("p"):
        if _is_small_print(paragraph) or _is_lead_and_link(paragraph) or _is_contact(paragraph):
            yield paragraph


def _blocks_of_controls(tree: HtmlElement, small: _Small) -> Iterator[HtmlElement]:
    for control in tree.iter(*_CONTROLS):
        if (block := _block_around(control, small)) is not None:
            yield block


def _blocks_of_links(tree: HtmlElement, small: _Small) -> Iterator[HtmlElement]:
    for link in tree.iter("a"):
        if _is_block_of_its_own(link):
            block = _block_around(link, small)
            yield link if block is None else block


def _blocks_among_paragraphs(tree: HtmlElement, small: _Small) -> Iterator[HtmlElement]:
    """Yield small containers of several elements between the paragraphs of a story written in bare paragraphs."""
    prose = Counter(
        paragraph.getparent() for paragraph in tree.iter("p") if is_prose(tidy(paragraph.text_content()[:_MAX_READ]))
    )
    for parent, paragraphs in prose.items():
        if parent is None or paragraphs < _MIN_STORY_PARAGRAPHS:
            continue
        positions = [position for position, child in enumerate(parent) if child.tag == "p"]
        for block in parent[positions[0] : positions[-1]]:
            if block.tag in _AMONG and len(block) > 1 and small[block] and not _holds_text(block):
                yield block


def _holds_text(block: HtmlElement) -> bool:
    """Return whether a container holds an element typical of stories: a quotation, list, table, figure or heading."""
    return next(block.iter(*_TEXT), None) is not None


def _block_around(element: HtmlElement, small: _Small) -> HtmlElement | None:
    """Return the largest small container around an element; ``None`` if no container around it is small."""
    block: HtmlElement | None = None
    for above in element.iterancestors():
        if above.tag not in _CONTAINERS and above.tag not in ("ul", "ol", "li", "p", "span"):
            break
        if above.getparent() is None or not small[above]:
            break
        if above.tag in _CONTAINERS:
            block = above
    return block


def _is_small(block: HtmlElement) -> bool:
    if block.find(".//h1") is not None or _size(block) > _MAX_BLOCK_CHARACTERS:
        return False
    return sum(1 for paragraph in block.iter("p") if ends_sentence(tidy(paragraph.text_content()))) <= _MAX_PARAGRAPHS


def _is_block_of_its_own(link: HtmlElement) -> bool:
    """Return whether a link stands next to blocks in a container rather than within running text."""
    parent = link.getparent()
    if parent is None or parent.tag not in _LINK_PARENTS or not tidy(link.text_content()[:500]):
        return False
    texts = [parent.text, *(child.tail for child in parent)]
    if any(text and any(map(str.isalnum, text)) for text in texts):
        return False
    return any(child.tag in _BLOCKS for child in parent if child is not link)


def _is_link_list(listing: HtmlElement) -> bool:
    items = [item for item in listing if item.tag == "li"]
    return len(items) >= _MIN_LINKED_ITEMS and all(
        _is_linked(item) and not ends_sentence(tidy(item.text_content()[-_MAX_READ:])) for item in items
    )


def _is_comment_list(listing: HtmlElement) -> bool:
    """Return whether every item of a list has a ``cite`` element, for a name, and a paragraph."""
    items = [item for item in listing if item.tag == "li"]
    return bool(items) and all(item.find(".//cite") is not None and item.find(".//p") is not None for item in items)


def _with_heading(listing: HtmlElement, small: _Small) -> HtmlElement:
    """Return the container of a list if it is small and holds nothing but the list and headings; else the list."""
    parent = listing.getparent()
    if parent is None or parent.tag not in _CONTAINERS or not small[parent]:
        return listing
    others = [child for child in parent if child is not listing]
    return parent if all(child.tag in _HEADINGS for child in others) else listing


def _is_small_print(paragraph: HtmlElement) -> bool:
    small = paragraph.find("small")
    if small is None:
        return False
    text = tidy(paragraph.text_content()[:500])
    return tidy(small.text_content()) == text and word_count(text) <= _MAX_SMALL_WORDS


def _is_lead_and_link(paragraph: HtmlElement) -> bool:
    """Return whether a paragraph is a few words, a colon and a link to another story: "Earlier: Bridge saved"."""
    links = list(paragraph.iter("a"))
    if len(links) != 1:
        return False
    text, linked = tidy(paragraph.text_content()[:500]), tidy(links[0].text_content()[:500])
    lead = text.removesuffix(linked)
    if lead == text or not linked or ends_sentence(text):
        return False
    return 0 < word_count(lead) <= _MAX_LEAD_WORDS and lead.rstrip().endswith(
        (":", "|", ">", "\u203a", "\u00bb", "\u2192")
    )


def _is_contact(paragraph: HtmlElement) -> bool:
    """Return whether a paragraph is an invitation to write: a short line that ends in a mail address."""
    links = [link for link in paragraph.iter("a") if (link.get("href") or "").lower().startswith("mailto:")]
    if not links:
        return False
    text = tidy(paragraph.text_content()[:500]).rstrip(".! ")
    if word_count(text) > _MAX_CONTACT_WORDS:
        return False
    return text.endswith(tidy(links[-1].text_content()[:200]))


def _is_linked(element: HtmlElement) -> bool:
    if len(element) == 1 and element[0].tag == "a" and not (element.text or element[0].tail):
        return bool(element[0].text_content().strip())
    total = _size(element)
    return total > 0 and sum(_size(link) for link in element.iter("a")) >= _LINKED_SHARE * total


def _size(element: HtmlElement) -> int:
    return len(" ".join(element.text_content().split()))
