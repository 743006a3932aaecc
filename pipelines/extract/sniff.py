"""Detection of content types from the bytes of a body, regardless of the server's headers.

Magic numbers: the WHATWG MIME Sniffing standard, section "Matching a MIME type pattern".
"""

from __future__ import annotations

import codecs
import json
import re

from pipelines.errors import ExtractionError

MAX_BODY_BYTES = 5_000_000
"""Largest accepted body. News pages stay below 2 MB; parsing and scoring 5 MB takes less than ten seconds."""

_HEAD = 2048
"""Number of first bytes checked for magic numbers and control characters."""
_EMBEDDED = re.compile(rb"data:[a-z]{1,20}/[a-z0-9.+-]{1,60}(?:;[a-z0-9=-]{1,60}){0,4},[^\"'()<>\s]*", re.IGNORECASE)
"""A ``data:`` address (RFC 2397)."""
_MAX_CONTROL_SHARE = 0.02
"""Largest share of control characters in the first bytes of text; tab, line feed and return do not count."""
_IMAGES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x01\x00",
)
_ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
)
_MEDIA = (b"ID3", b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"\x00asm", b"\x7fELF", b"MZ\x90")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_TAG = re.compile(r"<\s*(?:!doctype|/?[a-z][a-z0-9]*[\s/>])", re.IGNORECASE)
_SVG = re.compile(r"(?:<\?xml[^>]*>|<!--.{0,500}?-->|<!doctype svg[^>]*>|\s)*<svg[\s>]", re.IGNORECASE | re.DOTALL)
_FEED = re.compile(
    r"(?:<\?xml[^>]*>|<\?xml-stylesheet[^>]*>|<!--.{0,500}?-->|\s)*<(?:rss|feed|rdf:rdf)[\s>]",
    re.IGNORECASE | re.DOTALL,
)


def without_embedded(body: bytes) -> bytes:
    """Return a page without its embedded images and fonts if it is too large with them, else unchanged."""
    return body if len(body) <= MAX_BODY_BYTES else _EMBEDDED.sub(b"data:,", body)


def refuse_non_text(body: bytes) -> None:
    """Raise ``ExtractionError`` for bytes that cannot be text.

    Reasons: ``empty``, ``too_large``, ``pdf``, ``image``, ``archive``, ``binary``.
    """
    if not body.strip():
        raise ExtractionError("empty", "no bytes but white space")
    if len(body) > MAX_BODY_BYTES:
        raise ExtractionError("too_large", f"{len(body)} bytes; the limit is {MAX_BODY_BYTES}")
    head = body[:_HEAD]
    if b"%PDF-" in head[:1024]:
        raise ExtractionError("pdf", "the bytes are a PDF document")
    if (
        head.startswith(_IMAGES)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or head[4:12] in (b"ftypavif", b"ftypheic")
    ):
        raise ExtractionError("image", "the bytes are a picture")
    if head.startswith(_ARCHIVES):
        raise ExtractionError("archive", "the bytes are a compressed archive")
    if head.startswith(_MEDIA) or head[4:8] == b"ftyp" or head[:4] == b"RIFF":
        raise ExtractionError("binary", "the bytes are audio, video or a program")
    if not head.startswith(_WIDE_BOMS) and not wide_encoding(head):
        controls = len(_CONTROL.findall(head))
        if controls > _MAX_CONTROL_SHARE * len(head):
            raise ExtractionError("binary", f"{controls} control characters among the first {len(head)} bytes")


def refuse_non_html(text: str) -> None:
    """Raise ``ExtractionError`` for text that is not a page. Reasons: ``json``, ``image``, ``feed``, ``not_html``."""
    if text.lstrip()[:1] in ("{", "[") and _is_json(text):
        raise ExtractionError("json", "the bytes are a JSON document")
    if _SVG.match(text):
        raise ExtractionError("image", "the bytes are an SVG picture")
    if _FEED.match(text):
        raise ExtractionError("feed", "the bytes are a feed, not a page")
    if _TAG.search(text) is None:
        raise ExtractionError("not_html", "the text has no HTML tag")


def wide_encoding(head: bytes) -> str | None:
    """Return the encoding of UTF-16 text without a byte order mark, judged by its zero bytes; else ``None``."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half and odd > 0.7 * half and even < 0.1 * half:
        return "utf-16-le"
    if half and even > 0.7 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
