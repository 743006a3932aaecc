"""From bytes to text: byte order mark, UTF-8, the declared charset, then detection, in this order.

UTF-8 comes before the declared charset because bytes that are valid UTF-8 and hold anything beyond ASCII are
hardly ever anything else, while declarations are often left over from a template.
"""

from __future__ import annotations

import codecs
import re

from trafilatura.utils import detect_encoding

from pipelines.extract.sniff import looks_wide

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION_BYTES = 4096
"""Where a page may declare its charset. The standard says 1024; real pages come later."""
_SAMPLE_BYTES = 20_000
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
_NON_ASCII = re.compile(rb"[^<>\x80-\xff]{0,30}[\x80-\xff][^<>]{0,120}")
_BROKEN_SHARE = 0.02
"""Broken sequences among the non-ASCII bytes which UTF-8 is forgiven: pages cut off or glued from several sources."""
# What browsers take these labels for (WHATWG Encoding standard).
_AS_BROWSERS_DO = {
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-sjis": "shift_jis",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "tis-620": "cp874",
}
# Codecs of Python that are no charsets of text.
_TEXT_CODEC = re.compile(
    r"(?:utf|iso|cp\d|windows|koi8|mac|gb|big5|euc|shift|hz|johab|tis|latin|ascii|us-ascii|kz|ptcp)", re.IGNORECASE
)


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text of a body. Never fails: what cannot be decoded becomes U+FFFD."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    wide = looks_wide(body[:_DECLARATION_BYTES])
    if wide:
        return body.decode(wide, errors="replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    forgiving = body.decode("utf-8", errors="replace")
    if forgiving.count("\ufffd") <= _BROKEN_SHARE * sum(char > "\x7f" for char in forgiving):
        return forgiving
    for encoding in (*_declared(body, content_type), *_detected(body)):
        try:
            return body.decode(encoding)
        except (LookupError, ValueError):
            continue
    return body.decode("cp1252", errors="replace")


def _declared(body: bytes, content_type: str | None) -> list[str]:
    labels = _HTTP_CHARSET.findall(content_type or "")
    labels += [label.decode("ascii", errors="ignore") for label in _META_CHARSET.findall(body[:_DECLARATION_BYTES])]
    names = [_AS_BROWSERS_DO.get(label.lower(), label.lower()) for label in labels]
    return [name for name in names if _TEXT_CODEC.match(name) and not name.startswith(("utf-8", "utf8"))]


def _detected(body: bytes) -> list[str]:
    return [str(name) for name in detect_encoding(telling_bytes(body, _SAMPLE_BYTES)) if name != "ascii"]


def telling_bytes(body: bytes, most: int) -> bytes:
    """Return the parts of a body that tell of its encoding, bytes beyond ASCII with what is around them."""
    sample = bytearray()
    for found in _NON_ASCII.finditer(body):
        sample += found[0] + b"\n"
        if len(sample) > most:
            break
    return bytes(sample[:most])
