"""What a page declares of itself, and nothing else: title, author, date, description, language, site, canonical URL."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pipelines.clean.lines import tidy
from pipelines.extract.authors import outside_story, read_author
from pipelines.extract.dates import believed, date_in_url, parse_declared
from pipelines.extract.jsonld import Declared, read_json_ld
from pipelines.extract.titles import Headlines, outlet_names
from schemas.records import PublishedFrom

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

_MAX_METAS = 500
_MAX_TIMES = 20
_MAX_VALUE = 1_000
_DATE_METAS = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "article:published",
    "parsely-pub-date",
    "sailthru.date",
    "cxenseparse:recs:publishtime",
    "publish-date",
    "publish_date",
    "publishdate",
    "publication_date",
    "pubdate",
    "published_time",
    "date.published",
    "dc.date.issued",
    "dcterms.issued",
    "dc.date.created",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "article.published",
    "article_date_original",
    "originalpublicationdate",
    "citation_publication_date",
    "citation_date",
    "date",
)
_LANGUAGE = re.compile(r"\s*([a-z]{2})(?:[-_][a-z0-9-]{1,12})?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A page's declared facts, checked; ``None`` where it declares nothing that can be believed."""

    title: str | None
    titles: tuple[str, ...]
    """Every form in which the page gives its headline, without the site's name."""
    description: str | None
    author: str | None
    published: datetime | None
    published_from: PublishedFrom | None
    language: str | None
    site_name: str | None
    canonical_url: str | None


def read_metadata(tree: HtmlElement, *, url: str, reference: datetime) -> Metadata:
    """Read a page's declarations. ``reference`` is when the page was fetched (aware, UTC)."""
    metas = _metas(tree)
    declared = read_json_ld(tree)
    site_name = _site_name(metas, declared)
    canonical = _canonical(tree, url)
    outlets = outlet_names(canonical or url, site_name, declared.publisher, metas.get("application-name"))
    published, published_from = _published(tree, metas, declared, canonical or url, reference)
    headlines = Headlines(
        headline=declared.headline,
        social=metas.get("og:title") or metas.get("twitter:title"),
        heading=_heading(tree),
        document=_text_of(tree.find(".//title")),
        outlets=outlets,
    )
    return Metadata(
        title=headlines.best(),
        titles=headlines.forms(),
        description=_description(metas, declared),
        author=read_author(tree, metas, declared, outlets),
        published=published,
        published_from=published_from,
        language=_language(tree, metas, declared),
        site_name=site_name,
        canonical_url=canonical,
    )


def _metas(tree: HtmlElement) -> dict[str, str]:
    """The first value of each ``meta`` by its name, property or itemprop, lower case."""
    found: dict[str, str] = {}
    for number, meta in enumerate(tree.iter("meta")):
        if number >= _MAX_METAS:
            break
        content = tidy((meta.get("content") or "")[:_MAX_VALUE])
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            key = (meta.get(attribute) or "").strip().lower()
            if key and content:
                found.setdefault(key, content)
    return found


def _site_name(metas: dict[str, str], declared: Declared) -> str | None:
    names = (metas.get("og:site_name"), tidy(declared.publisher or ""), metas.get("application-name"))
    return next((name for name in names if name and not name.startswith("@")), None)


def _canonical(tree: HtmlElement, url: str) -> str | None:
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            with suppress(ValueError):
                target: str = urljoin(url if "://" in url else "", (link.get("href") or "").strip())
                if urlsplit(target).scheme in ("http", "https") and urlsplit(target).hostname:
                    return target
            return None
    return None


def _heading(tree: HtmlElement) -> str | None:
    """The page's ``h1``: the one that names itself the headline, else the first with words enough."""
    headings = [heading for heading in tree.iter("h1") if tidy(heading.text_content())][:10]
    named = [heading for heading in headings if "headline" in (heading.get("itemprop") or "").lower()]
    for heading in named + headings:
        text = _text_of(heading)
        if text and len(text.split()) > 2:  # noqa: PLR2004 - one or two words are a logo or a section
            return text
    return None


def _description(metas: dict[str, str], declared: Declared) -> str | None:
    for value in (
        metas.get("og:description"),
        metas.get("description"),
        metas.get("twitter:description"),
        declared.description,
    ):
        if value and (text := tidy(value)):
            return text
    return None


def _language(tree: HtmlElement, metas: dict[str, str], declared: Declared) -> str | None:
    values = (
        tree.get("lang"),
        tree.get("{http://www.w3.org/XML/1998/namespace}lang"),
        tree.get("xml:lang"),
        metas.get("content-language"),
        metas.get("og:locale"),
        declared.language,
    )
    for value in values:
        found = _LANGUAGE.match(value or "")
        if found:
            return found[1].lower()
    return None


def _published(
    tree: HtmlElement, metas: dict[str, str], declared: Declared, url: str, reference: datetime
) -> tuple[datetime | None, PublishedFrom | None]:
    candidates: Iterator[tuple[datetime | None, PublishedFrom]] = (
        candidate
        for group in (
            ((parse_declared(text), PublishedFrom.JSON_LD) for text in [declared.published] if text),
            ((parse_declared(metas[name]), PublishedFrom.META) for name in _DATE_METAS if name in metas),
            ((parse_declared(text), PublishedFrom.TIME) for text in _times(tree)),
            ((date_in_url(text), PublishedFrom.URL) for text in [url]),
        )
        for candidate in group
    )
    for moment, source in candidates:
        if believed(moment, reference):
            return moment, source
    return None, None


def _times(tree: HtmlElement) -> list[str]:
    """Dates of ``time`` elements of the story, those that say they are its publication first."""
    said: list[str] = []
    others: list[str] = []
    for number, element in enumerate(tree.iter("time")):
        if number >= _MAX_TIMES:
            break
        if outside_story(element):
            continue
        value = element.get("datetime") or element.text_content()[:80]
        names = f"{element.get('itemprop', '')} {element.get('class', '')} {' '.join(element.keys())}".lower()
        if "modif" in names or "update" in names:
            continue
        (said if "publi" in names or "pubdate" in names or "entry-date" in names else others).append(value)
    # Without a word on what it dates, only the first time element counts: later ones date other things.
    return said + others[:1]


def _text_of(element: HtmlElement | None) -> str | None:
    return (tidy(element.text_content()[:_MAX_VALUE]) or None) if element is not None else None
