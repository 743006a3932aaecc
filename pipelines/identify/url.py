"""Canonical URLs, and ids computed from them."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import urldefrag, urlsplit

import httpx
from courlan import extract_domain, is_valid_url, normalize_url

from pipelines.printable import is_printable

_SLUG_HYPHENS, _SLUG_DIGITS = 2, 5
"""Hyphens or digits from which a part of a path names an article: sections have few words, and dates four digits."""
SEED_SCHEME = "seed:"
"""Scheme of the address of a seed file whose page declares no address."""


def uri_of(address: str) -> str:
    """Return the URI form of a web address (RFC 3987, 3.1): letters beyond ASCII and blanks percent-encoded.

    The host is converted to its IDNA form. A URI is returned unchanged, and so is an address without a URI form;
    requests for the latter fail.
    """
    if address.isascii() and " " not in address:
        return address
    try:
        return str(httpx.URL(address))
    except (httpx.InvalidURL, UnicodeError):
        return address


def canonical_url(url: str, declared: str | None = None) -> str:
    """Return the address that identifies an article.

    It is in URI form with a lower-case host, without fragment and tracking parameters. ``declared`` (``rel=canonical``,
    resolved) is used only on the same site, so that a page cannot impersonate another outlet; for a seed file, which
    has no site, any is used. A home page or section that a template declares for all its pages is not used.
    """
    if declared and _is_web(declared) and (url.startswith(SEED_SCHEME) or same_site(url, declared)):
        url = url if _is_above(declared, url) else declared
    url = uri_of(url) if _is_web(url) else url
    return str(normalize_url(urldefrag(url).url, strict=False)) if _is_web(url) else url


def entry_address(link: str, entry_id: str) -> str:
    """Return the address of one of several feed entries with the same link: the link, and a hash of the entry's id."""
    return f"{urldefrag(link).url}#entry-{sha256(entry_id.encode()).hexdigest()[:16]}"


def _is_above(declared: str, url: str) -> bool:
    """Return whether a declared address is that of a home page, or of a section that contains the page."""
    path, own = ([part for part in urlsplit(address).path.split("/") if part] for address in (declared, url))
    if urlsplit(declared).query:
        return False
    if not path:
        return bool(own or urlsplit(url).query or url.startswith(SEED_SCHEME))
    further = own[len(path) :]
    return own[: len(path)] == path and any(map(_is_slug, further)) and not _is_slug(path[-1])


def _is_slug(part: str) -> bool:
    """Return whether a part of a path names an article, not a section, a format or a page number."""
    return part.count("-") >= _SLUG_HYPHENS or sum(map(str.isdigit, part)) >= _SLUG_DIGITS


def article_id(canonical: str) -> str:
    """Return the id of an article: the first 128 bits of the SHA-256 of its canonical URL, in hexadecimal."""
    return sha256(canonical.encode()).hexdigest()[:32]


def host(url: str) -> str | None:
    """Return the host of a web address without ``www.``; ``None`` for other addresses."""
    if not _is_web(url):
        return None
    return (urlsplit(url).hostname or "").removeprefix("www.") or None


def same_site(a: str, b: str) -> bool:
    """Return whether two web addresses have the same registered domain, or the same host if they have none."""
    return _site(a) == _site(b) is not None


def _site(url: str) -> str | None:
    return extract_domain(url) or host(url)


def _is_web(url: str) -> bool:
    return bool(url.lower().startswith(("http://", "https://")) and is_printable(url) and is_valid_url(url))
