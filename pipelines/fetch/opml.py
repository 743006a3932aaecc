"""Feed lists: OPML, or plain text with one address a line."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from pipelines.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class FeedSource:
    """A feed to be watched."""

    url: str
    title: str | None = None


def parse_feed_list(data: bytes, name: str) -> tuple[FeedSource, ...]:
    """The feeds of a list, each once, in its order.

    ``name`` is the file's, for messages. Raises ``ConfigurationError`` where it is no list or has no feed.
    """
    text = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    sources = _opml(text, name) if text.startswith(b"<") else _lines(text, name)
    if not sources:
        raise ConfigurationError(f"{name}: no feed in it; OPML needs <outline xmlUrl=…>, text one address a line")
    return tuple({source.url: source for source in reversed(sources)}.values())[::-1]


def _opml(data: bytes, name: str) -> list[FeedSource]:
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
            found.append(FeedSource(_checked(url, name), outline.get("title") or outline.get("text")))
    return found


def _lines(data: bytes, name: str) -> list[FeedSource]:
    lines = (line.strip() for line in data.decode("utf-8", "replace").splitlines())
    return [FeedSource(_checked(line, name)) for line in lines if line and not line.startswith("#")]


def _checked(url: str, name: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        raise ConfigurationError(f"{name}: {url!r} is no http(s) address of a feed")
    return url
