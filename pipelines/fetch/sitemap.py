"""Reader of news sitemaps as feeds: https://www.sitemaps.org/protocol.html with Google's news extension."""

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
"""Maximum number of sitemaps fetched from an index. News sites have one or two for news, a thousand for archives."""


class SitemapIndexError(FeedError):
    """Error for an index of sitemaps instead of a sitemap."""

    def __init__(self, children: tuple[str, ...]) -> None:
        """Create the error with the addresses of the most promising sitemaps."""
        self.children = children
        super().__init__("sitemap_index", f"an index of sitemaps; try these: {', '.join(children) or 'none'}")

    def __reduce__(self) -> tuple[type[SitemapIndexError], tuple[tuple[str, ...]]]:  # type: ignore[override]
        """Pickle by the addresses, since documents are parsed in other processes."""
        return type(self), (self.children,)


def is_sitemap(body: bytes) -> bool:
    """Return whether a document is a sitemap or an index of sitemaps, by its root element."""
    head = body[:4096]
    return any(root in head for root in _ROOTS)


def read_sitemap(body: bytes) -> Iterator[dict[str, str]]:
    """Yield the pages of a news sitemap, latest first: ``link``, ``title``, ``published``, ``source`` if given.

    A plain sitemap lists all pages of a site, so only pages with news data count.

    Raises:
        SitemapIndexError: the document is an index of sitemaps; the error has the most promising ones.
        FeedError: ``no_news`` for a plain sitemap, ``not_a_feed`` for broken XML.
    """
    # Repaired first: lxml's own recovery keeps references to single surrogates and fails on them later.
    text = _DECLARATION.sub("", decode(body)).lstrip()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(repaired(text), parser)
        is_index = root is not None and str(root.tag).rpartition("}")[2] == "sitemapindex"
        children = _children(root) if is_index else ()
        pages = [page for page in map(_page, root.iterchildren("{*}url")) if page] if root is not None else []
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FeedError("not_a_feed", f"broken sitemap: {error}") from error
    if root is None:
        raise FeedError("not_a_feed", "broken sitemap")
    if is_index:
        raise SitemapIndexError(children)
    if not pages:
        raise FeedError("no_news", "a sitemap without news entries (news:news)")
    pages.sort(key=lambda page: page.get("published", ""), reverse=True)
    yield from pages


def _children(root: etree._Element) -> tuple[str, ...]:
    """Return the addresses of the most promising sitemaps: those with "news", else those changed last."""
    sitemaps = [
        ((sitemap.findtext("{*}loc") or "").strip(), (sitemap.findtext("{*}lastmod") or "").strip())
        for sitemap in root.iterchildren("{*}sitemap")
    ]
    latest = [url for url, _ in sorted(sitemaps, key=lambda pair: pair[1], reverse=True) if url]
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
