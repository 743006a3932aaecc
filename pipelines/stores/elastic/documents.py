"""Conversion of records to documents.

``record`` keeps the record unchanged, and is the only field that is read back. The other fields are for searching; the
template of the kind maps each to a field of the record.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlsplit

from schemas.records import (
    Alert,
    Article,
    ArticleContent,
    ExtractionDay,
    FeedState,
    GroupChange,
    LearnedLine,
    MemoryEntry,
    OutboxMessage,
    Quarantined,
    RunRecord,
    SeenCapture,
    Story,
    now_utc,
)
from schemas.serial import JsonObject, from_dict, time_to_text, to_dict
from schemas.store_forms import elasticsearch_template

if TYPE_CHECKING:
    from collections.abc import Callable

Record = TypeVar("Record")


def _nothing(_record: Any) -> JsonObject:  # noqa: ANN401 - a record of any kind
    return {}


@dataclass(frozen=True, slots=True)
class DocumentKind(Generic[Record]):
    """One kind of document: its template, its record and its id."""

    name: str
    record_type: type[Record]
    id_of: Callable[[Record], str]
    sort_field: str
    """A field with unique values: all documents are read in its order."""
    derived: Callable[[Record], JsonObject] = _nothing
    """Function that computes the search fields that are not fields of the record."""

    def document(self, record: Record) -> JsonObject:
        """Return the document of a record."""
        verbatim = to_dict(record)
        document: JsonObject = {"record": verbatim}
        for source, target in _field_paths(self.name):
            value: Any = verbatim
            for step in source:
                value = value[step]
            if value is not None and value != []:
                _put(document, target, value)
        for name, value in self.derived(record).items():
            if value is not None and value != []:
                _put(document, tuple(name.split(".")), value)
        return document

    def record(self, document: JsonObject) -> Record:
        """Return the record of a document."""
        return from_dict(self.record_type, document["record"])


@cache
def _field_paths(kind: str) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    paths = elasticsearch_template(kind)["template"]["mappings"]["_meta"]["fields"]
    return tuple((tuple(source.split(".")), tuple(target.split("."))) for source, target in paths.items())


def _put(document: JsonObject, path: tuple[str, ...], value: object) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
    document[path[-1]] = value


def hashed(*parts: str) -> str:
    """Return an id made from texts of any length: Elasticsearch limits ids of documents to 512 bytes."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()


def _article(article: Article) -> JsonObject:
    from pipelines.rules.tokens.normalise import index_text  # noqa: PLC0415 - not needed to read

    content = article.content
    return {
        "@timestamp": time_to_text(content.published or article.first_seen),
        "event.ingested": time_to_text(now_utc()),
        "url.domain": _host(content.url),
        "rule.id": sorted({hit.rule_id for hit in content.hits}),
        "role": role(article.id, article.canonical_id),
        "terms": sorted({match.term for hit in content.hits for match in hit.matches}),
        "dropped_reasons": sorted({line.reason for line in content.dropped}),
        "title_tokens": index_text(content.title),
        "body_tokens": index_text(content.body),
    }


def role(article_id: str, canonical_id: str | None) -> str:
    """Return the role of an article among those with its text: ``original`` or ``copy``."""
    return "original" if canonical_id in {None, article_id} else "copy"


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _alert(alert: Alert) -> JsonObject:
    return {
        "event.kind": "alert",
        "sentences": list(dict.fromkeys(match.sentence for match in alert.matches)),
        "terms": sorted({match.term for match in alert.matches}),
    }


def _extraction_day(day: ExtractionDay) -> JsonObject:
    from pipelines.stores.merging import health_of  # noqa: PLC0415 - not needed to read

    fields: JsonObject = {"sort_key": hashed(day.source, day.day), "@timestamp": day.day}
    if day.samples:
        health = health_of(day.samples)
        fields |= {
            "captures": health.captures,
            "empty": health.empty,
            "words": health.words,
            "dropped": health.dropped,
        }
    return fields


def key_term(key: int) -> str:
    """Return a look-up key as a term: nineteen decimal digits, which sort as the numbers do.

    Elasticsearch finds thousands of terms of a keyword field in its dictionaries; for as many numbers it would scan a
    block of 512 each. An index of version 1, where the keys are numbers, parses the digits as the number.
    """
    return f"{key:019d}"


def _memory(entry: MemoryEntry) -> JsonObject:
    return {
        "copy_keys": [key_term(key) for key in entry.fingerprint.copy_keys],
        "story_keys": [key_term(key) for key in entry.story_keys],
    }


def _story(story: Story) -> JsonObject:
    return {
        "@timestamp": time_to_text(story.first_published) if story.first_published else None,
        "headline": story.title,
        "articles": len(story.article_ids),
        "outlets": len(story.sources),
    }


ARTICLES = DocumentKind("articles", Article, lambda article: article.id, "article_id", _article)
REVISIONS = DocumentKind(
    "revisions", ArticleContent, lambda content: f"{content.article_id}-{content.digest}", "digest"
)
MEMORY = DocumentKind("memory", MemoryEntry, lambda entry: entry.fingerprint.article_id, "article_id", _memory)
STORIES = DocumentKind("stories", Story, lambda story: story.id, "id", _story)
CHANGES = DocumentKind("changes", GroupChange, lambda change: change.id, "id")
ALERTS = DocumentKind("alerts", Alert, lambda alert: alert.id, "id", _alert)
OUTBOX = DocumentKind("outbox", OutboxMessage, lambda message: message.id, "id")
QUARANTINE = DocumentKind(
    "quarantine",
    Quarantined,
    lambda item: hashed(*item.key),
    "sort_key",
    lambda item: {"sort_key": hashed(*item.key), "state": "open" if item.is_open else "closed"},
)
FEEDS = DocumentKind(
    "feeds",
    FeedState,
    lambda state: hashed(state.url),
    "sort_key",
    lambda state: {"sort_key": hashed(state.url)},
)
RUNS = DocumentKind("runs", RunRecord, lambda run: run.id, "id")
SEEN = DocumentKind("seen", SeenCapture, lambda capture: hashed(capture.url), "url.full")
DRIFT = DocumentKind(
    "drift",
    ExtractionDay,
    lambda day: hashed(day.source, day.day),
    "sort_key",
    _extraction_day,
)
LINES = DocumentKind(
    "lines",
    LearnedLine,
    lambda line: hashed(line.source, line.line),
    "sort_key",
    lambda line: {"sort_key": hashed(line.source, line.line)},
)
COMMON_KEYS = "common-keys"
LEASES = "leases"
