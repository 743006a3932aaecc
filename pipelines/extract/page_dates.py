"""Dates of publication and change that a page declares in JSON-LD, meta, time elements and its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.extract.authors import outside_story
from pipelines.extract.dates import believed, date_in_url, doubt, parse_declared
from schemas.records import DateDoubt, PublishedFrom

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from lxml.html import HtmlElement

    from pipelines.extract.jsonld import Declared

_MAX_TIMES = 20
_MAX_TEXT = 200
"""Characters of a time element that are read; no text of this length is read as a date."""
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
_CHANGE_METAS = (
    "article:modified_time",
    "og:modified_time",
    "og:updated_time",
    "datemodified",
    "article:modified",
    "article.updated",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "lastmod",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """The plausible declared dates of a page, each with its source."""

    published: datetime | None
    published_from: PublishedFrom | None
    doubt: DateDoubt | None
    """Reason why the first declared publication date was rejected, if all were."""
    modified: datetime | None
    modified_from: PublishedFrom | None


def read_dates(tree: HtmlElement, metas: dict[str, str], declared: Declared, url: str, reference: datetime) -> Dates:
    """Read the dates of a page. ``reference`` is the time of its fetch (aware, UTC).

    A date of change before the publication is dropped: such dates belong to the template or to the story's subject.
    """
    of_publication, of_change = _times(tree)
    candidates = list(_declared(declared.published, metas, _DATE_METAS, of_publication))
    candidates.append((date_in_url(url), PublishedFrom.URL))
    published, published_from = _first_believed(candidates, reference)
    doubts = (doubt(moment, reference) for moment, _ in candidates)
    changes = _declared(declared.modified, metas, _CHANGE_METAS, of_change)
    modified, modified_from = _first_believed(changes, reference)
    if modified and published and modified < published:
        modified = modified_from = None
    return Dates(
        published=published,
        published_from=published_from,
        doubt=None if published else next(filter(None, doubts), None),
        modified=modified,
        modified_from=modified_from,
    )


def _declared(
    in_json_ld: str | None, metas: dict[str, str], names: Iterable[str], times: Iterable[str]
) -> Iterator[tuple[datetime | None, PublishedFrom]]:
    if in_json_ld:
        yield parse_declared(in_json_ld), PublishedFrom.JSON_LD
    for name in names:
        if name in metas:
            yield parse_declared(metas[name]), PublishedFrom.META
    for text in times:
        yield parse_declared(text), PublishedFrom.TIME


def _first_believed(
    candidates: Iterable[tuple[datetime | None, PublishedFrom]], reference: datetime
) -> tuple[datetime | None, PublishedFrom | None]:
    return next(((moment, source) for moment, source in candidates if believed(moment, reference)), (None, None))


def _times(tree: HtmlElement) -> tuple[list[str], list[str]]:
    """Return the dates of the story's ``time`` elements: of publication (labelled dates first) and of change."""
    labelled: list[str] = []
    unlabelled: list[str] = []
    changed: list[str] = []
    for number, element in enumerate(tree.iter("time")):
        if number >= _MAX_TIMES:
            break
        if outside_story(element):
            continue
        value = element.get("datetime") or element.text_content()[:_MAX_TEXT]
        names = f"{element.get('itemprop', '')} {element.get('class', '')} {' '.join(element.keys())}".lower()
        if "modif" in names or "update" in names:
            changed.append(value)
        else:
            (labelled if "publi" in names or "pubdate" in names or "entry-date" in names else unlabelled).append(value)
    # Of unlabelled time elements only the first counts: later ones date other items.
    return labelled + unlabelled[:1], changed
