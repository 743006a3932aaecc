"""Repair of XML broken by single characters: bare ampersands, HTML entity names, characters invalid in XML."""

from __future__ import annotations

import re
from html.entities import html5

_UNTOUCHED = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->|<!DOCTYPE.*?>)", re.DOTALL)
_AMPERSAND = re.compile(
    r"&#(?P<high>\d{5}|[xX][dD][89abAB][0-9a-fA-F]{2});&#(?P<low>\d{5}|[xX][dD][c-fC-F][0-9a-fA-F]{2});"
    r"|&#(?P<number>\d{1,8}|[xX][0-9a-fA-F]{1,7});|&(?P<name>[A-Za-z][A-Za-z0-9]{1,31});|&"
)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that are invalid in XML: https://www.w3.org/TR/xml/#charsets."""
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_HIGH, _LOW, _END = 0xD800, 0xDC00, 0xE000
_PLANES = 0x10000


def repaired(text: str, *, keep_names: bool = False) -> str:
    """Return XML with bare ampersands escaped and every character reference valid in XML.

    References to both halves of a surrogate pair become the character of the pair. A reference to a single half, or to
    a character that is invalid in XML, becomes U+FFFD. Entity names that HTML does not define become text; with
    ``keep_names`` they are kept, for documents that may declare entities.
    """
    parts = _UNTOUCHED.split(_NOT_XML.sub("", text))
    parts[::2] = [_AMPERSAND.sub(lambda match: _reference(match, keep_names=keep_names), part) for part in parts[::2]]
    return "".join(parts)


def _reference(match: re.Match[str], *, keep_names: bool) -> str:
    if match["name"]:
        name = match["name"]
        known = html5.get(f"{name};")
        if name in _OF_XML or (keep_names and known is None):
            return match[0]
        return "".join(f"&#{ord(char)};" for char in known) if known else f"&amp;{name};"
    if match["number"]:
        return _number(_code(match["number"]))
    if match["high"]:
        high, low = _code(match["high"]), _code(match["low"])
        if _HIGH <= high < _LOW <= low < _END:
            return f"&#{_PLANES + ((high - _HIGH) << 10) + low - _LOW};"
        return _number(high) + _number(low)
    return "&amp;"


def _code(text: str) -> int:
    return int(text[1:], 16) if text[0] in "xX" else int(text)


def _number(code: int) -> str:
    known = code <= 0x10FFFF and not _NOT_XML.match(chr(code))  # noqa: PLR2004 - the last code point of Unicode
    return f"&#{code};" if known else "&#65533;"
