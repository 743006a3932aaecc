"""OPML, the form in which feed readers exchange their lists: http://opml.org/spec2.opml."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_opml(data: bytes, name: str) -> list[tuple[str, str | None]]:
    """The feeds of an OPML document: address and title. Raises ``ConfigurationError`` where it is none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ConfigurationError(f"{name}: not well-formed XML: {error}") from error
    if etree.QName(root).localname.lower() != "opml":
        raise ConfigurationError(f"{name}: expected OPML, found <{etree.QName(root).localname}>")
    found = []
    for outline in root.iter("outline"):
        url = (outline.get("xmlUrl") or outline.get("xmlurl") or "").strip()
        if url:
            found.append((url, outline.get("title") or outline.get("text")))
    return found


def write_opml(feeds: Iterable[tuple[str, str | None]]) -> str:
    """An OPML 2.0 document of feeds: address and title."""
    root = etree.Element("opml", version="2.0")
    etree.SubElement(etree.SubElement(root, "head"), "title").text = "wirepicket feeds"
    body = etree.SubElement(root, "body")
    for url, title in feeds:
        etree.SubElement(body, "outline", type="rss", text=title or url, title=title or url, xmlUrl=url)
    return str(etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="utf-8").decode())
