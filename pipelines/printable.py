"""Control characters, which addresses, headers and names must not contain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""The control characters of ISO 6429, and Unicode's line and paragraph separators."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
"""Names of headers (RFC 9110, 5.6.2)."""


def has_control(text: str) -> bool:
    """Return whether a text has a control character or a half of a surrogate pair."""
    return _CONTROL.search(text) is not None or (not text.isascii() and _SURROGATE.search(text) is not None)


def printable(text: str) -> str:
    """Replace each control character by a blank, as RFC 9110, 5.5, requires for header values.

    Halves of surrogate pairs become question marks; blanks at both ends are removed.
    """
    return _CONTROL.sub(" ", text).encode("utf-8", "replace").decode().strip()


def escaped(url: str) -> str:
    """Percent-encode the control characters of an address."""
    return _CONTROL.sub(lambda match: quote(match[0]), url)


def is_printable(text: str) -> bool:
    """Return whether ``printable`` leaves a text unchanged."""
    return not has_control(text) and text == text.strip()


def is_token(name: str) -> bool:
    """Return whether a name is valid for a header."""
    return _TOKEN.fullmatch(name) is not None


def printable_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return headers with printable values; headers with an invalid name are left out."""
    return tuple((name, printable(value)) for name, value in headers if is_token(name))
