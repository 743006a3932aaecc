"""OPML, the exchange format for lists of feed readers: http://opml.org/spec2.opml.

Real lists are often broken. A document that is not well-formed is repaired (bare ampersands). If that does not help,
its outlines are read one by one, even with quotes inside attribute values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING

from lxml import etree

from pipelines.errors import ConfigurationError
from pipelines.fetch.xml_repair import repaired
from pipelines.text.lines import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*>")
_ROOT = re.compile(r"<\s*([A-Za-z][\w:.-]*)")
_MARK = re.compile(r"<outline\b|</outline\s*>|</body\s*>|</opml\s*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"([A-Za-z_:][\w:.-]*)\s*=\s*"
    r"(?:([\"'])(.*?)\2(?=\s+[A-Za-z_:][\w:.-]*\s*=|\s*/?>|\s*\Z)|[\"']?([^\s\"'<>]+))",
    re.DOTALL,
)
"""An attribute and its value: up to a quote followed by another attribute or the end of the tag, else a word."""
_FEEDS = frozenset({"rss", "atom", "feed"})
"""``type`` values of outlines that are feeds."""


@dataclass(frozen=True, slots=True)
class Outline:
    """An outline that is a feed."""

    url: str
    """Address as written; empty if there is none."""
    title: str | None
    tags: tuple[str, ...] = ()
    """Titles of the enclosing outlines, from the outermost, and its categories."""


def read_opml(text: str, name: str) -> tuple[list[Outline], str | None]:
    """Return the feeds of an OPML document and a description of its fault (``None`` without a fault).

    Raises:
        ConfigurationError: the root element is not ``<opml>``.
    """
    text = _DECLARATION.sub("", text.lstrip("\ufeff"))
    fault = None
    for source in (text, repaired(text)):
        try:
            root = etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            fault = fault or f"not well-formed XML: {error}"
            continue
        _expect_opml(etree.QName(root).localname, name)
        return list(_from_tree(root, ())), fault
    match = _ROOT.search(re.sub(r"<[!?][^>]*>", "", text))
    _expect_opml(match[1] if match else "nothing", name)
    return list(_from_text(text)), fault


def _expect_opml(root: str, name: str) -> None:
    if root.lower() != "opml":
        raise ConfigurationError(f"{name}: expected OPML, not <{root}>")


def _from_tree(element: etree._Element, above: tuple[str, ...]) -> Iterator[Outline]:
    for child in element.iterchildren(etree.Element):
        inner = above
        if etree.QName(child).localname.lower() == "outline":
            attributes = {str(key).lower(): str(value) for key, value in child.attrib.items()}
            yield from _outline(attributes, above, leaf=len(child) == 0)
            inner = (*above, *filter(None, [_title(attributes)]))
        yield from _from_tree(child, inner)


def _from_text(text: str) -> Iterator[Outline]:
    marks = list(_MARK.finditer(text))
    above: list[str | None] = []
    for number, mark in enumerate(marks):
        if not mark[0].lower().startswith("<outline"):
            if above and mark[0].lower().startswith("</outline"):
                above.pop()
            continue
        rest = text[mark.end() : marks[number + 1].start() if number + 1 < len(marks) else len(text)]
        pairs = list(_ATTRIBUTE.finditer(rest))
        attributes = {pair[1].lower(): unescape(pair[3] if pair[3] is not None else pair[4]) for pair in pairs}
        if "xmlurl" in attributes:  # its closing quote may be missing
            attributes["xmlurl"] = re.split(r"[\s\"'<>]", attributes["xmlurl"].strip(), maxsplit=1)[0]
        leaf = rest[pairs[-1].end() if pairs else 0 :].lstrip().startswith("/")
        yield from _outline(attributes, tuple(tag for tag in above if tag), leaf=leaf)
        if not leaf:
            above.append(_title(attributes))


def _outline(attributes: Mapping[str, str], above: tuple[str, ...], *, leaf: bool) -> Iterator[Outline]:
    kind = attributes.get("type", "").strip().lower()
    url = attributes.get("xmlurl", "").strip()
    if not url and kind in _FEEDS:
        url = attributes.get("url", "").strip()
    if url or (leaf and kind in _FEEDS):
        categories = (part.strip(" /") for part in attributes.get("category", "").split(","))
        tags = tuple(dict.fromkeys((*above, *filter(None, categories))))
        yield Outline(url, _title(attributes), tags)


def _title(attributes: Mapping[str, str]) -> str | None:
    return next((text for key in ("title", "text") if (text := tidy(attributes.get(key, "")))), None)


def write_opml(feeds: Iterable[Outline]) -> str:
    """Return an OPML 2.0 document of feeds."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "wirepicket feeds"
    body = etree.SubElement(root, "body")
    for feed in feeds:
        title = feed.title or feed.url
        outline = etree.SubElement(body, "outline", type="rss", text=title, title=title, xmlUrl=feed.url)
        if feed.tags:
            outline.set("category", ",".join(tag.replace(",", " ") for tag in feed.tags))
    return str(etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="utf-8").decode())
