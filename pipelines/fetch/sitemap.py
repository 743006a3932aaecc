"""News sitemaps as feeds: https://www.sitemaps.org/protocol.html with Google's news extension."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from pipelines.errors import FeedError
from pipelines.extract.charset import decode
from pipelines.fetch.xml_repair import repaired

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOTS = (b"<urlset", b"<sitemapindex")
_DECLARATION = re.compile(r"\A[\ufeff\s]*<\?xml[^>]*>")
MAX_CHILDREN = 5
"""Sitemaps asked for behind an index. News sites have one or two of news, and a thousand of their archive."""


class SitemapIndexError(FeedError):
    """An index of sitemaps where pages were expected."""

    def __init__(self, children: tuple[str, ...]) -> None:
        """Keep the addresses of the sitemaps that are worth a look."""
        self.children = children
        super().__init__("sitemap_index", f"an index of sitemaps; worth a look: {', '.join(children) or 'none'}")

    def __reduce__(self) -> tuple[type[SitemapIndexError], tuple[tuple[str, ...]]]:  # type: ignore[override]
        """Pickle by the addresses: documents are parsed in other processes."""
        return type(self), (self.children,)


def is_sitemap(body: bytes) -> bool:
    """Whether a document is a sitemap or an index of sitemaps, by its root element."""
    head = body[:4096]
    return any(root in head for root in _ROOTS)


def read_sitemap(body: bytes) -> Iterator[dict[str, str]]:
    """The pages of a news sitemap, latest first: ``link``, ``title``, ``published``, ``source`` where they are given.

    A plain sitemap lists a site's pages of all times, so only pages with news data count.

    Raises:
        SitemapIndexError: an index of sitemaps; it names those worth a look.
        FeedError: ``no_news`` for a plain sitemap, ``not_a_feed`` for broken XML.
    """
    # Repaired first: lxml's own recovery keeps references to halves of surrogate pairs, and stumbles over them later.
    text = _DECLARATION.sub("", decode(body)).lstrip()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(repaired(text), parser)
        is_index = root is not None and str(root.tag).rpartition("}")[2] == "sitemapindex"
        children = _children(root) if is_index else ()
        found = [page for page in map(_page, root.iterchildren("{*}url")) if page] if root is not None else []
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedError("not_a_feed", f"broken sitemap: {error}") from error
    if root is None:
        raise FeedError("not_a_feed", "broken sitemap")
    if is_index:
        raise SitemapIndexError(children)
    if not found:
        raise FeedError("no_news", "a sitemap without news entries (news:news)")
    found.sort(key=lambda page: page.get("published", ""), reverse=True)
    yield from found


def _children(root: etree._Element) -> tuple[str, ...]:
    """Addresses of the sitemaps worth a look: those called news, else those that changed last."""
    told = [
        ((one.findtext("{*}loc") or "").strip(), (one.findtext("{*}lastmod") or "").strip())
        for one in root.iterchildren("{*}sitemap")
    ]
    latest = [url for url, _ in sorted(told, key=lambda pair: pair[1], reverse=True) if url]
    return tuple([url for url in latest if "news" in url.lower()] or latest)[:MAX_CHILDREN]


def _page(url: etree._Element) -> dict[str, str] | None:
    if url.find("{*}news") is None:
        return None
    wanted = {
        "link": "{*}loc",
        "title": "{*}news/{*}title",
        "published": "{*}news/{*}publication_date",
        "source": "{*}news/{*}publication/{*}name",
    }
    texts = {name: (url.findtext(path) or "").strip() for name, path in wanted.items()}
    return {name: text for name, text in texts.items() if text}
