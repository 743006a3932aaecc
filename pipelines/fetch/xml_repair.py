"""Repairs of XML that is broken by single characters: bare ampersands, names of HTML, characters that XML lacks."""

from __future__ import annotations

import re
from html.entities import html5

_UNTOUCHED = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->|<!DOCTYPE.*?>)", re.DOTALL)
_AMPERSAND = re.compile(
    r"&#(?P<high>\d{5}|[xX][dD][89abAB][0-9a-fA-F]{2});&#(?P<low>\d{5}|[xX][dD][c-fC-F][0-9a-fA-F]{2});"
    r"|&#(?P<number>\d{1,8}|[xX][0-9a-fA-F]{1,7});|&(?P<name>[A-Za-z][A-Za-z0-9]{1,31});|&"
)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML document may hold: https://www.w3.org/TR/xml/#charsets."""
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_HIGH, _LOW, _END = 0xD800, 0xDC00, 0xE000
_PLANES = 0x10000


def repaired(text: str, *, keep_names: bool = False) -> str:
    """Return XML with its bare ampersands escaped, and every character reference one that XML knows.

    Two references to the halves of a surrogate pair become the character that they mean; one to a half alone, or to a
    character that XML lacks, becomes U+FFFD. Names that HTML does not have either are text, unless ``keep_names`` says
    that the document may declare some.
    """
    parts = _UNTOUCHED.split(_NOT_XML.sub("", text))
    parts[::2] = [_AMPERSAND.sub(lambda found: _reference(found, keep_names=keep_names), part) for part in parts[::2]]
    return "".join(parts)


def _reference(found: re.Match[str], *, keep_names: bool) -> str:
    if found["name"]:
        name = found["name"]
        known = html5.get(f"{name};")
        if name in _OF_XML or (keep_names and known is None):
            return found[0]
        return "".join(f"&#{ord(char)};" for char in known) if known else f"&amp;{name};"
    if found["number"]:
        return _number(_code(found["number"]))
    if found["high"]:
        high, low = _code(found["high"]), _code(found["low"])
        if _HIGH <= high < _LOW <= low < _END:
            return f"&#{_PLANES + ((high - _HIGH) << 10) + low - _LOW};"
        return _number(high) + _number(low)
    return "&amp;"


def _code(text: str) -> int:
    return int(text[1:], 16) if text[0] in "xX" else int(text)


def _number(code: int) -> str:
    known = code <= 0x10FFFF and not _NOT_XML.match(chr(code))  # noqa: PLR2004 - the last of Unicode
    return f"&#{code};" if known else "&#65533;"
