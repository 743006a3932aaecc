"""Decoding of bytes by byte order mark, UTF-8, declared charset and detection, in this order.

UTF-8 comes before the declared charset: bytes beyond ASCII that are valid UTF-8 are hardly ever in another charset,
while declarations are often left over from a template.
"""

from __future__ import annotations

import codecs
import re

from trafilatura.utils import detect_encoding

from pipelines.extract.sniff import wide_encoding

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARATION_BYTES = 4096
"""Number of first bytes searched for a charset declaration. The standard says 1024; real pages exceed it."""
_SAMPLE_BYTES = 20_000
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_META_CHARSET = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,300}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE
)
_NON_ASCII = re.compile(rb"[^<>\x80-\xff]{0,30}[\x80-\xff][^<>]{0,120}")
_BROKEN_SHARE = 0.02
"""Share of invalid sequences that UTF-8 text may have: pages may be truncated or joined from several sources."""
# Encodings that browsers use for these labels (WHATWG Encoding standard).
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
# Names of text encodings; Python has other codecs too, such as base64.
_TEXT_CODEC = re.compile(
    r"(?:utf|iso|cp\d|windows|koi8|mac|gb|big5|euc|shift|hz|johab|tis|latin|ascii|us-ascii|kz|ptcp)", re.IGNORECASE
)


def decode(body: bytes, content_type: str | None = None) -> str:
    """Decode a body to text. Never fails: bytes that cannot be decoded become U+FFFD."""
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, errors="replace")
    wide = wide_encoding(body[:_DECLARATION_BYTES])
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
    return [str(name) for name in detect_encoding(encoding_sample(body, _SAMPLE_BYTES)) if name != "ascii"]


def encoding_sample(body: bytes, most: int) -> bytes:
    """Return the parts of a body that show its encoding: bytes beyond ASCII with their surroundings."""
    sample = bytearray()
    for match in _NON_ASCII.finditer(body):
        sample += match[0] + b"\n"
        if len(sample) > most:
            break
    return bytes(sample[:most])
