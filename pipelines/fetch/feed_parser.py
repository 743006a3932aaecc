"""Parser of RSS, Atom and RDF with feedparser's parsers, with handlers for elements that feedparser confuses.

``feedparser.parse`` does not allow other handlers, so its steps are repeated here: convert to UTF-8, remove the
DOCTYPE, use the strict parser, and if that fails the loose parser. No file is opened and no request is made.
"""

from __future__ import annotations

import io
import re
import xml.sax
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from feedparser import encodings
from feedparser.api import LooseFeedParser, StrictFeedParser
from feedparser.encodings import convert_to_utf8
from feedparser.exceptions import CharacterEncodingOverride, ThingsNobodyCaresAboutButMe
from feedparser.sanitizer import replace_doctype
from feedparser.util import FeedParserDict

from pipelines.extract.charset import encoding_sample
from pipelines.fetch.feed_people import name_in
from pipelines.fetch.xml_repair import repaired

if TYPE_CHECKING:
    from collections.abc import Callable

_DECLARATION = re.compile(rb"\s*<\?xml\b[^>]{0,500}>")
_DETECTION_BYTES = 8_000
"""Size of chardet's sample in bytes: its time is quadratic in the size, and a crafted feed took minutes."""
MAX_PERSON = 1_000
"""Longest person, in characters, given to feedparser: its search for a mail address takes quadratic time."""


def _bounded(detect: Callable[[bytes], str]) -> Callable[[bytes], str]:
    """Return a detector of encodings that examines only a sample of a large document."""
    return lambda data: detect(data if len(data) <= _DETECTION_BYTES else encoding_sample(data, _DETECTION_BYTES))


# feedparser has no setting for its detector.
encodings.lazy_chardet_encoding = _bounded(encodings.lazy_chardet_encoding)


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """A feed document as parsed by feedparser."""

    feed: Any
    entries: list[Any]
    version: str
    """``rss20``, ``atom10`` …; empty for an unknown format."""
    fault: str | None
    """Fault of the document, if any."""


class _CorrectedHandlers:
    """Handlers of elements that feedparser confuses with others.

    The caption of a picture is not the text of the entry, and its title is not the title of the entry. An id is not
    resolved as an address, even if it looks like one.
    """

    can_be_relative_uri = frozenset(StrictFeedParser.can_be_relative_uri) - {"id"}

    def _start_media_description(self, attributes: Any) -> None:  # noqa: ANN401 - feedparser is untyped
        del attributes
        self.push("caption", 1)  # type: ignore[attr-defined] # defined by feedparser's mixin

    def _end_media_description(self) -> None:
        self.pop("caption")  # type: ignore[attr-defined]

    def _start_media_title(self, attributes: Any) -> None:  # noqa: ANN401
        del attributes
        self.push("caption_title", 1)  # type: ignore[attr-defined]

    def _end_media_title(self) -> None:
        self.pop("caption_title")  # type: ignore[attr-defined]

    def push_content(self, tag: str, attributes: Any, default: str, expecting_text: int) -> None:  # noqa: ANN401
        super().push_content(tag, attributes, default, expecting_text)  # type: ignore[misc]
        self.contentparams["declared"] = "type" in attributes  # type: ignore[attr-defined]

    def _sync_author_detail(self, key: str = "author") -> None:
        """Read the name of an author given as text; feedparser misses mail addresses with a long top-level domain."""
        context = self._get_context()  # type: ignore[attr-defined]
        text = context.get(key) or ""
        people = context.get(f"{key}s") or [None]
        if text and key == "author" and people[-1] is not None and not people[-1]:
            people[-1]["name"] = name_in(text) or ""
        elif len(text) <= MAX_PERSON:
            super()._sync_author_detail(key)  # type: ignore[misc]


class _Strict(_CorrectedHandlers, StrictFeedParser):  # type: ignore[misc]
    pass


class _Loose(_CorrectedHandlers, LooseFeedParser):  # type: ignore[misc]
    pass


def parse_document(body: bytes, url: str) -> ParsedDocument:
    """Parse a document; its relative addresses are resolved against ``url``.

    The part before a fault is kept, whichever error the fault causes in feedparser.
    """
    result = FeedParserDict(bozo=False, headers={"content-type": "application/xml"})
    try:
        data = convert_to_utf8(result["headers"], body, result)
    except UnicodeDecodeError:  # caused by a wrong declaration
        data = convert_to_utf8(result["headers"], _DECLARATION.sub(b"", body, count=1), result)
    version, data, entities = replace_doctype(data)
    fault = result.get("bozo_exception")
    fault = None if isinstance(fault, CharacterEncodingOverride) else fault
    if not result["encoding"]:
        return _loosely(url, data, version, entities, fault)
    try:
        return _strictly(url, data, version, fault)
    except Exception as error:  # noqa: BLE001 - feedparser raises many errors on broken documents; fallbacks follow
        fault = error
    mended = repaired(data.decode("utf-8", "replace"), keep_names=b"<!ENTITY" in data).encode()
    try:
        return _strictly(url, mended, version, fault)
    except Exception:  # noqa: BLE001 - the first fault is reported
        return _loosely(url, mended, version, entities, fault)


def _strictly(url: str, data: bytes, version: str, fault: object) -> ParsedDocument:
    parser = _ready(_Strict(url, None, "utf-8"))
    _read_strictly(parser, data)
    return ParsedDocument(parser.feeddata, parser.entries, version or parser.version, _described(fault))


def _loosely(url: str, data: bytes, version: str, entities: object, fault: object) -> ParsedDocument:
    parser = _ready(_Loose(url, None, "utf-8", entities))
    try:
        parser.feed(data.decode("utf-8", "replace"))
    except Exception as error:  # noqa: BLE001 - the entries read so far are kept
        fault = error
    return ParsedDocument(parser.feeddata, parser.entries, version or parser.version, _described(fault))


def _described(fault: object) -> str | None:
    if fault is None:
        return None
    known = isinstance(fault, xml.sax.SAXException | ThingsNobodyCaresAboutButMe)
    return str(fault) if known else f"{type(fault).__name__}: {fault}"


def _ready(parser: Any) -> Any:  # noqa: ANN401
    # Both options rewrite the markup of texts; the extraction of entries parses it itself.
    parser.resolve_relative_uris = parser.sanitize_html = False
    return parser


def _read_strictly(parser: Any, data: bytes) -> None:  # noqa: ANN401
    reader = xml.sax.make_parser()  # noqa: S317 - DOCTYPE and external entities are disabled
    reader.setFeature(xml.sax.handler.feature_namespaces, 1)
    reader.setFeature(xml.sax.handler.feature_external_ges, 0)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    source = xml.sax.xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data))
    reader.parse(source)
