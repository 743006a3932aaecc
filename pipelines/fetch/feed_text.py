"""Normalisation of texts and addresses of feeds for storage."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from pipelines.identify.url import uri_of
from pipelines.text.lines import without_references

MAX_LINK = 2_000
"""Longest address, in characters, that servers and browsers commonly accept."""
_INLINE = "a|abbr|b|bdi|bdo|big|cite|code|del|em|font|i|ins|mark|q|s|small|span|strike|strong|sub|sup|time|tt|u|wbr"
_BLOCK = "br|div|h1|h2|h3|h4|img|p"
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_PAIR = re.compile(rf"<({_INLINE}|{_BLOCK})(?:\s[^<>]*)?>.*?</\1\s*>|<(?:br|img)\b[^<>]*>", re.IGNORECASE | re.DOTALL)


def text_of(value: object) -> str | None:
    """Return a text that UTF-8 can encode; ``None`` for a blank text or another type.

    Separately written halves of a surrogate pair are joined; unpaired halves are replaced.
    """
    if not isinstance(value, str) or not value.strip():
        return None
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return value


def holds_markup(text: str) -> bool:
    """Return whether a text has an HTML element with start and end tag, a ``br`` or an ``img``."""
    return _PAIR.search(text) is not None


def title_of(value: object, *, plain: bool) -> str | None:
    """Return a headline without markup and character references.

    ``plain`` marks a headline that is declared as text: apparent tags are part of it. Otherwise only tags that may
    occur in a headline are removed, since many feeds do not escape angle brackets.
    """
    text = text_of(value)
    if text is None:
        return None
    for _ in range(1 if plain else 2):  # some feeds escape their markup twice
        if not plain:
            text = _BLOCK_TAG.sub(" ", _INLINE_TAG.sub("", text))
        text = without_references(text)
    return text_of(text)


def web_address(link: object, base: str | None) -> str | None:
    """Return an http(s) address, resolved against ``base``; ``None`` for anything else."""
    text = text_of(link)
    if text is None or len(text) > MAX_LINK:
        return None
    try:
        joined = uri_of(urljoin(base, text.strip()) if base else text.strip())
        parts = urlsplit(joined)
        _ = parts.port
    except ValueError:
        return None
    return joined if parts.scheme.lower() in {"http", "https"} and parts.hostname else None
