"""Metadata that a page declares: title, author, dates, description, language, site and so on."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pipelines.extract.authors import read_author, read_byline
from pipelines.extract.jsonld import Declared, read_json_ld
from pipelines.extract.page_dates import Dates, read_dates
from pipelines.extract.titles import Headlines, outlet_names
from pipelines.text.lines import tidy

if TYPE_CHECKING:
    from datetime import datetime

    from lxml.html import HtmlElement

_MAX_METAS = 500
_MAX_VALUE = 1_000
_LANGUAGE = re.compile(r"\s*([a-z]{2})(?:[-_][a-z0-9-]{1,12})?\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The declared metadata of a page, checked; ``None`` where no plausible value is declared."""

    title: str | None
    titles: tuple[str, ...]
    """All forms of the headline on the page, without the site's name."""
    description: str | None
    author: str | None
    byline: str | None
    dates: Dates
    language: str | None
    site_name: str | None
    canonical_url: str | None
    section: str | None
    image: str | None


def read_metadata(tree: HtmlElement, *, url: str, reference: datetime) -> Metadata:
    """Read the declared metadata of a page. ``reference`` is the time of its fetch (aware, UTC)."""
    metas = _metas(tree)
    declared = read_json_ld(tree)
    site_name = _site_name(metas, declared)
    canonical = _canonical(tree, url)
    outlets = outlet_names(canonical or url, site_name, declared.publisher, metas.get("application-name"))
    dates = read_dates(tree, metas, declared, canonical or url, reference)
    headlines = Headlines(
        headline=declared.headline,
        social=metas.get("og:title") or metas.get("twitter:title"),
        heading=_heading(tree),
        document=_text_of(tree.find(".//title")),
        outlets=outlets,
    )
    author = read_author(tree, metas, declared, outlets)
    return Metadata(
        title=headlines.best(),
        titles=headlines.forms(),
        description=_description(metas, declared),
        author=author,
        byline=read_byline(tree, metas, declared, author),
        dates=dates,
        language=_language(tree, metas, declared),
        site_name=site_name,
        canonical_url=canonical,
        section=_section(metas, declared),
        image=_image(metas, declared, canonical or url),
    )


def _metas(tree: HtmlElement) -> dict[str, str]:
    """Return the first value of each ``meta`` by its name, property, itemprop or http-equiv in lower case."""
    values: dict[str, str] = {}
    for number, meta in enumerate(tree.iter("meta")):
        if number >= _MAX_METAS:
            break
        content = tidy((meta.get("content") or "")[:_MAX_VALUE])
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            key = (meta.get(attribute) or "").strip().lower()
            if key and content:
                values.setdefault(key, content)
    return values


def _site_name(metas: dict[str, str], declared: Declared) -> str | None:
    names = (metas.get("og:site_name"), tidy(declared.publisher or ""), metas.get("application-name"))
    return next((name for name in names if name and not name.startswith("@")), None)


def _canonical(tree: HtmlElement, url: str) -> str | None:
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            return _address(link.get("href"), url)
    return None


def _address(text: str | None, url: str) -> str | None:
    """Return an http(s) address, resolved against the page's; ``None`` for other addresses."""
    with suppress(ValueError):
        target: str = urljoin(url if "://" in url else "", (text or "").strip())
        if urlsplit(target).scheme in ("http", "https") and urlsplit(target).hostname:
            return target
    return None


def _section(metas: dict[str, str], declared: Declared) -> str | None:
    values = (declared.section, metas.get("article:section"), metas.get("parsely-section"))
    return next((text for value in values if value and (text := tidy(value[:_MAX_VALUE]))), None)


def _image(metas: dict[str, str], declared: Declared, url: str) -> str | None:
    values = (metas.get("og:image"), metas.get("og:image:url"), metas.get("twitter:image"), declared.image)
    return next((address for value in values if value and (address := _address(value, url))), None)


def _heading(tree: HtmlElement) -> str | None:
    """Return the page's ``h1``: the first marked as the headline, else the first with more than two words."""
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
        match = _LANGUAGE.match(value or "")
        if match:
            return match[1].lower()
    return None


def _text_of(element: HtmlElement | None) -> str | None:
    return (tidy(element.text_content()[:_MAX_VALUE]) or None) if element is not None else None
