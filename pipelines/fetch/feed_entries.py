"""Conversion of feed entries to records: identity, link, texts, dates, authors, outlet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipelines.fetch.feed_people import joined_names
from pipelines.fetch.feed_text import holds_markup, text_of, title_of, web_address
from pipelines.fetch.links import direct_link
from pipelines.identify.url import canonical_url, same_site
from pipelines.text.moments import read_moment
from schemas.records import FeedEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pipelines.fetch.feed_parser import ParsedDocument

MAX_TEXT = 1_000_000
"""Maximum number of characters kept of an entry's own text: the size of a book."""
_MAX_OUTLET = 200
"""Maximum length of an outlet's name in characters; a longer text is not a name."""
_COUNTRY_LETTERS = 2
_ID_LETTERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedEntry:
    """An entry that cannot be used, with the reason."""

    entry_id: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFacts:
    """Metadata of a feed that applies to each of its entries."""

    url: str
    title: str | None = None
    """Name of the outlet for entries that name no other."""
    author: str | None = None
    """Author of the entries that name none."""
    language: str | None = None
    """ISO 639-1."""
    region: str | None = None
    """Country of the outlet: ISO 3166 in lower case, from the feed's language tag, else from its host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """The contents of an entry, independent of the feed's format."""

    entry_id: str | None
    links: tuple[str | None, ...]
    """Addresses of its page, the best first; the first valid address is used."""
    title: str | None
    author: str | None = None
    dates: tuple[object, ...] = ()
    """Dates as written, the best first; the first readable date is used."""
    text: str | None = None
    plain: bool = False
    outlet: str | None = None
    """Source named by the entry."""
    outlet_url: str | None = None


def facts_of(url: str, *, title: str | None, author: str | None, language: object) -> FeedFacts:
    """Return the facts of a feed; ``language`` is its language tag (``en-IN``), ignored if it is not a string."""
    tag, _, region = (language if isinstance(language, str) else "").strip().lower().replace("_", "-").partition("-")
    if len(region) != _COUNTRY_LETTERS:
        region = (urlsplit(url).hostname or "").rpartition(".")[2]
    return FeedFacts(
        url=url,
        title=title,
        author=author,
        language=tag or None,
        region=region if len(region) == _COUNTRY_LETTERS else None,
    )


def entry_of(raw: RawEntry, facts: FeedFacts) -> FeedEntry | RefusedEntry:
    """Return an entry as a record; a refusal if it has no link."""
    link = next((link for link in raw.links if link), None)
    identity = text_of(raw.entry_id) or link or raw.title or ""
    if link is None:
        return RefusedEntry(entry_id=identity[:200], reason="no_link", detail="the entry has no http(s) link")
    # Many feeds name themselves as the source of their entries.
    outlet = None if raw.outlet_url and same_site(raw.outlet_url, facts.url) else _outlet(raw.outlet)
    return FeedEntry(
        feed_url=facts.url,
        entry_id=identity,
        link=direct_link(link),
        title=raw.title,
        author=text_of(raw.author) or facts.author,
        published=next((date for text in raw.dates if (date := parse_date(text, facts))), None),
        html=(text_of(raw.text) or "")[:MAX_TEXT] or None,
        source=outlet or facts.title,
        plain=raw.plain,
        syndicated=outlet is not None and raw.outlet_url is not None,
    )


def parse_date(text: object, facts: FeedFacts | None = None) -> datetime | None:
    """Return the time of a feed's date, UTC, whole seconds.

    ``None`` if any part of the date is not understood, or if it has no time or no zone.
    """
    if not isinstance(text, str):
        return None
    reading = read_moment(text, language=facts.language, region=facts.region) if facts else read_moment(text)
    return reading.exact() if reading else None


def distinct_entries(
    candidates: Iterable[FeedEntry | RefusedEntry],
) -> tuple[tuple[FeedEntry, ...], tuple[RefusedEntry, ...]]:
    """Return the distinct entries, and the refusals.

    The key of an entry is its id (without an id: its link) together with its link, since some feeds give all entries
    the same id. Entries with the same link and different contents stay separate; if they share an id, they get ids from
    their titles.
    """
    refused: list[RefusedEntry] = []
    pages: defaultdict[str, dict[tuple[str | None, ...], FeedEntry]] = defaultdict(dict)
    order: list[tuple[str, tuple[str | None, ...]]] = []
    for entry in candidates:
        if isinstance(entry, RefusedEntry):
            refused.append(entry)
            continue
        page, contents = canonical_url(entry.link or ""), (entry.title, entry.html)
        if contents not in pages[page]:
            order.append((page, contents))
        pages[page].setdefault(contents, entry)
    entries = [_with_distinct_id(pages[page][contents], [*pages[page].values()]) for page, contents in order]
    return tuple({(entry.entry_id, entry.link): entry for entry in reversed(entries)}.values())[::-1], tuple(refused)


def _with_distinct_id(entry: FeedEntry, of_page: list[FeedEntry]) -> FeedEntry:
    """Return an entry with an id that is unique among the entries of its page."""
    ids = {other.entry_id for other in of_page}
    if len(of_page) == 1 or (len(ids) == 1 and entry.entry_id != entry.link):
        return entry  # a single entry, or versions of an entry with a common id
    if sum(other.entry_id == entry.entry_id for other in of_page) > 1:
        digest = sha256((entry.title or entry.html or "").encode()).hexdigest()[:_ID_LETTERS]
        entry = replace(entry, entry_id=f"{entry.entry_id}#{digest}")
    return replace(entry, shares_link=True)


def from_document(
    raw: Any,  # noqa: ANN401 - feedparser is untyped
    facts: FeedFacts,
    document: ParsedDocument,
) -> RawEntry:
    """Return the contents of an entry as parsed by feedparser."""
    atom = document.version.startswith("atom")
    text, plain = _text(raw, atom=atom)
    source = raw.get("source")
    title = raw.get("title_detail") or {}
    source = source if isinstance(source, dict) else {}
    return RawEntry(
        entry_id=raw.get("id"),
        links=_links(raw, facts.url),
        title=title_of(raw.get("title"), plain=_is_plain(title, atom=atom)) or _title_of_medium(raw),
        author=joined_names(raw.get("authors") or [raw.get("googleplay_author")])
        or joined_names(source.get("authors") or ()),
        # ``dict.get`` avoids feedparser's own look-up, which substitutes other dates and warns of it.
        dates=tuple(dict.get(raw, name) for name in ("published", "updated", "created")),
        text=text,
        plain=plain,
        outlet=source.get("title") or raw.get("news_source"),
        outlet_url=next((url for key in ("href", "link", "id") if (url := web_address(source.get(key), None))), None),
    )


def _is_plain(detail: Mapping[str, Any], *, atom: bool) -> bool:
    """Return whether an Atom text construct is plain text: it is declared so, or undeclared and without markup."""
    typed = detail.get("type") == "text/plain" and atom
    return typed and (bool(detail.get("declared")) or not holds_markup(detail.get("value") or ""))


def _text(raw: Mapping[str, Any], *, atom: bool) -> tuple[str | None, bool]:
    parts = [*raw.get("content", ()), raw.get("summary_detail") or {"value": raw.get("summary")}]
    parts.append({"value": raw.get("summary")})
    best = max(parts, key=lambda part: len(text_of(part.get("value")) or ""))
    if not text_of(best.get("value")) and _is_film(raw):
        best = {"value": raw.get("caption")}
    return best.get("value"), _is_plain(best, atom=atom)


def _title_of_medium(raw: Mapping[str, Any]) -> str | None:
    """Return the title of a medium if it can be the entry's title: the title of an embedded picture cannot."""
    return title_of(raw.get("caption_title"), plain=False) if _is_film(raw) or not raw.get("media_content") else None


def _is_film(raw: Mapping[str, Any]) -> bool:
    """Return whether an entry consists of a film or sound, whose description is then the entry's text."""
    media = raw.get("media_content") or ()
    kinds = {str(medium.get("medium") or "") or str(medium.get("type") or "").partition("/")[0] for medium in media}
    return bool(kinds & {"video", "application", "audio"})


def _outlet(name: object) -> str | None:
    text = title_of(name, plain=False)
    return text.strip() if text and len(text) <= _MAX_OUTLET and web_address(text, None) is None else None


def _links(raw: Mapping[str, Any], url: str) -> tuple[str | None, ...]:
    """Return the addresses of an entry's page: the original of a counting link, pages, id, enclosures."""
    links = raw.get("links", ())
    alternates = [link for link in links if link.get("rel", "alternate") == "alternate"]
    pages = [link.get("href") for link in alternates if "html" in str(link.get("type") or "html")]
    enclosed = [
        link.get("href") for link in links if link.get("rel") == "enclosure" and "html" in str(link.get("type") or "")
    ]
    return (
        web_address(raw.get("feedburner_origlink"), None),
        *(web_address(page, url) for page in pages),
        # A bare guid counts only if it is an absolute address.
        web_address(raw.get("link"), None if raw.get("guidislink") else url),
        web_address(raw.get("id"), None),
        *(web_address(address, url) for address in enclosed),
    )
