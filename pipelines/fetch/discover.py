"""Discovery of a site's feeds: feeds named by its page, feeds at usual addresses, and its news sitemaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from pipelines.errors import FeedError, FetchError
from pipelines.extract.tree import parse_html
from pipelines.fetch.feeds import MAX_BYTES as MAX_FEED_BYTES
from pipelines.fetch.feeds import parse_feed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pipelines.fetch.client import Fetcher
    from pipelines.fetch.feeds import ParsedFeed

    Isolated = Callable[..., Awaitable[Any]]

TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "text/xml",
        "application/xml",
    }
)
"""Media types of feeds in a page's ``<link rel="alternate">``."""
USUAL_PATHS = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml", "/news-sitemap.xml")
MAX_TRIED = 20
"""Maximum number of addresses that are tried."""


@dataclass(frozen=True, slots=True)
class DiscoveredFeed:
    """A discovered feed of a site."""

    url: str
    title: str | None
    entries: int
    found_by: str
    """Way of discovery: ``itself``, ``page``, ``robots`` or ``usual place``."""


def named_feeds(html: bytes, url: str) -> list[str]:
    """Return the feeds that a page names (``<link rel="alternate">``), else links that look like feeds; resolved."""
    tree = parse_html(html.decode("utf-8", "replace"))
    named, alike = [], []
    for link in tree.iter("link", "a"):
        href = (link.get("href") or "").strip()
        if not href:
            continue
        target = urljoin(url, href)
        if not target.lower().startswith(("http://", "https://")):
            continue
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        if link.tag == "link" and "alternate" in (link.get("rel") or "").lower().split() and kind in TYPES:
            named.append(target)
        elif link.tag == "a" and _looks_like_feed(target):
            alike.append(target)
    return list(dict.fromkeys(named or alike))


def _looks_like_feed(url: str) -> bool:
    path = urlsplit(url).path.lower().rstrip("/")
    return path.endswith((".rss", "/rss", "/feed", "/atom", "rss.xml", "feed.xml", "atom.xml"))


async def discover(url: str, fetcher: Fetcher, isolated: Isolated) -> list[DiscoveredFeed]:
    """Return the feeds of the site at an address; each is parsed to confirm that it is a feed.

    ``isolated`` calls a function on an untrusted document in another process.

    Raises:
        FetchError: the address itself cannot be fetched.
    """
    answer = await fetcher.fetch(url, limit=MAX_FEED_BYTES)
    try:
        return [_discovered(answer.url, await isolated(parse_feed, answer.body, answer.url), "itself")]
    except FeedError:
        pass
    feeds: list[DiscoveredFeed] = []
    seen: set[str] = set()
    try:
        named = await isolated(named_feeds, answer.body, answer.url)
    except FeedError:
        named = []
    for candidate, by in _candidates(answer.url, named, await _sitemaps(answer.url, fetcher)):
        if candidate in seen or len(seen) >= MAX_TRIED:
            continue
        if by == "usual place" and feeds:
            break  # the site names its feeds; guesses would only repeat them
        seen.add(candidate)
        try:
            tried = await fetcher.fetch(candidate, limit=MAX_FEED_BYTES)
            feeds.append(_discovered(candidate, await isolated(parse_feed, tried.body, tried.url), by))
        except (FetchError, FeedError):
            continue
    return feeds


def _candidates(url: str, named: list[str], sitemaps: list[str]) -> Iterator[tuple[str, str]]:
    yield from ((feed, "page") for feed in named)
    yield from ((sitemap, "robots") for sitemap in sitemaps)
    yield from ((urljoin(url, path), "usual place") for path in USUAL_PATHS)


async def _sitemaps(url: str, fetcher: Fetcher) -> list[str]:
    """Return the sitemaps in robots.txt with "news" in their address."""
    try:
        answer = await fetcher.fetch(urljoin(url, "/robots.txt"), limit=MAX_FEED_BYTES)
    except FetchError:
        return []
    lines = answer.body.decode("utf-8", "replace").splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("sitemap:")]
    return [target for target in named if "news" in target.lower()]


def _discovered(url: str, feed: ParsedFeed, by: str) -> DiscoveredFeed:
    return DiscoveredFeed(url, feed.title, len(feed.entries), by)
