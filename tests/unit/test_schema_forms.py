"""The forms of the records agree: Python, JSON Schema, SQLite tables, Elasticsearch templates."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import jsonschema
import pytest

from schemas import data_dictionary, export, json_schema, records
from schemas.describe import export_types, field_descriptions, record_types
from schemas.serial import from_dict, hints, is_open_tuple, is_tuple, to_dict, without_none
from schemas.store_forms import elasticsearch_kinds, elasticsearch_template, sqlite_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES = {
    "articles": records.Article,
    "revisions": records.ArticleContent,
    "memory": records.MemoryEntry,
    "stories": records.Story,
    "changes": records.GroupChange,
    "alerts": records.Alert,
    "outbox": records.OutboxMessage,
    "quarantine": records.Quarantined,
    "feeds": records.FeedState,
    "runs": records.RunRecord,
    "seen": records.SeenCapture,
    "drift": records.ExtractionDay,
    "lines": records.LearnedLine,
}
OWN_COLUMNS = {"articles": {"row"}, "memory": {"row"}}
"""Columns which are no field of the record."""
TABLES_WITHOUT_RECORD = {"articles_text", "copy_postings", "story_postings", "common_keys", "unfinished"}
KINDS_WITHOUT_RECORD = {"common-keys", "leases"}


def leaves(record_type: Any, path: Any = ()) -> Iterator[Any]:
    """The fields of a record, those of records inside it instead of these: (path, type)."""
    for name, hint in hints(record_type).items():
        plain, _ = without_none(hint)
        if isinstance(plain, type) and is_dataclass(plain):
            yield from leaves(plain, (*path, name))
        else:
            yield (*path, name), hint


def sample(hint: Any, *, empty: Any) -> Any:
    """A value of a type: with ``empty``, None and empty lists wherever they are allowed."""
    plain: Any
    plain, optional = without_none(hint)
    if optional and empty:
        return None
    if is_tuple(plain):
        if is_open_tuple(plain):
            return () if empty else (sample(get_args(plain)[0], empty=empty),) * 2
        return tuple(sample(part, empty=empty) for part in get_args(plain))
    if isinstance(plain, type) and is_dataclass(plain):
        kinds = get_type_hints(plain)
        return plain(**{field.name: sample(kinds[field.name], empty=empty) for field in fields(plain)})
    if issubclass(plain, StrEnum):
        return next(iter(plain))
    return {
        str: "text",
        bool: True,
        int: 7,
        float: 0.5,
        bytes: b"\x00\xfe\xff",
        datetime: datetime(2026, 3, 1, 12, 30, 1, tzinfo=UTC),
    }[plain]


@pytest.fixture(scope="module")
def columns() -> Any:
    with sqlite3.connect(":memory:") as connection:
        connection.executescript(sqlite_tables())
        found = {
            table: {row[1]: (row[2], row[3], row[5]) for row in connection.execute(f"PRAGMA table_info({table})")}
            for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not table.startswith("articles_text_")
        }
    connection.close()
    return found


def test_every_table_has_a_record_or_is_known_to_have_none(columns: Any) -> None:
    assert set(columns) == set(TABLES) | TABLES_WITHOUT_RECORD


def test_the_statements_may_be_run_again() -> None:
    connection = sqlite3.connect(":memory:")
    for _ in range(2):
        connection.executescript(sqlite_tables())
    connection.close()


@pytest.mark.parametrize("table", sorted(TABLES))
def test_a_table_has_the_columns_of_its_record(columns: Any, table: str) -> None:
    expected = {path[-1]: hint for path, hint in leaves(TABLES[table])}
    assert set(columns[table]) == set(expected) | OWN_COLUMNS.get(table, set())
    for name, hint in expected.items():
        plain: Any
        plain, optional = without_none(hint)
        kind, not_null, in_key = columns[table][name]
        assert kind == {int: "INTEGER", float: "REAL", bytes: "BLOB"}.get(plain, "TEXT"), name
        assert bool(not_null or in_key) is not optional, name


def test_every_kind_has_a_record_or_is_known_to_have_none() -> None:
    assert set(elasticsearch_kinds()) == set(TABLES) | KINDS_WITHOUT_RECORD


def mapped(properties: Any, path: Any = ()) -> Iterator[Any]:
    """The paths of a mapping's leaves."""
    for name, mapping in properties.items():
        if "properties" in mapping:
            yield from mapped(mapping["properties"], (*path, name))
        else:
            yield ".".join((*path, name)), mapping


@pytest.mark.parametrize("kind", elasticsearch_kinds())
def test_a_template_maps_the_fields_of_its_record(kind: str) -> None:
    template = elasticsearch_template(kind)
    mappings = template["template"]["mappings"]
    meta = mappings["_meta"]
    properties = dict(mapped(mappings["properties"]))
    assert mappings["dynamic"] is False
    assert properties.pop("record") == {"type": "object", "enabled": False}
    assert set(properties) == set(meta["fields"].values()) | set(meta["derived"])
    assert not set(meta["fields"].values()) & set(meta["derived"])
    for path, mapping in properties.items():
        if mapping["type"] == "keyword":
            # Lucene refuses terms of more than 32,766 bytes; a character has at most four.
            assert mapping["ignore_above"] * 4 <= 32_766, path
    if kind in KINDS_WITHOUT_RECORD:
        assert meta["record"] is None
        return
    record_type = TABLES[kind]
    assert meta["record"] == record_type.__name__
    named = list(meta["fields"]) + meta["record_only"]
    assert sorted(named) == sorted(".".join(path) for path, _ in leaves(record_type))
    kinds = {".".join(path): without_none(hint)[0] for path, hint in leaves(record_type)}
    for source, target in meta["fields"].items():
        plain: Any = kinds[source]
        if is_tuple(plain):
            plain = get_args(plain)[0]
        expected = {datetime: {"date"}, int: {"long"}, float: {"double"}}.get(plain, {"keyword", "text"})
        assert properties[target]["type"] in expected, source


@pytest.mark.parametrize("kind", elasticsearch_kinds())
def test_a_prefix_reaches_every_name_of_a_template(kind: str) -> None:
    template = elasticsearch_template(kind, "mine")
    assert template["index_patterns"] == [f"mine-{kind}-*"]
    assert template["composed_of"] == ["mine-settings", "mine-settings@custom"]
    assert template["ignore_missing_component_templates"] == ["mine-settings@custom"]


def test_articles_carry_what_the_design_asks_for() -> None:
    properties = dict(mapped(elasticsearch_template("articles")["template"]["mappings"]["properties"]))
    assert {"@timestamp", "event.ingested", "url.full", "rule.id", "title_tokens", "body_tokens"} <= set(properties)
    settings = elasticsearch_template("settings")["template"]["settings"]["index"]
    assert settings["auto_expand_replicas"] == "0-1"


def test_the_json_schemas_are_not_stale() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in json_schema.FOLDER.glob("*.json")}
    assert there == json_schema.files(), "run: python -m schemas.json_schema"


def test_the_data_dictionary_is_not_stale() -> None:
    assert data_dictionary.PAGE.read_text(encoding="utf-8") == data_dictionary.page(), (
        "run: python -m schemas.data_dictionary"
    )


@pytest.mark.parametrize("record_type", [*record_types(), *export_types()], ids=lambda one: one.__name__)
@pytest.mark.parametrize("empty", [False, True], ids=["full", "empty"])
def test_every_record_fits_its_json_schema_and_comes_back(record_type: Any, empty: Any) -> None:
    record = sample(record_type, empty=empty)
    value = to_dict(record)
    assert list(value) == [field.name for field in fields(record_type)]
    assert from_dict(record_type, json.loads(json.dumps(value))) == record
    schema = json_schema.schema_of(record_type)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    validator.validate(value)
    assert set(schema["properties"]) == set(schema["required"]) == set(value)
    for name in value:
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({key: item for key, item in value.items() if key != name})
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**value, name: object()})
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**value, "other": 1})


EXPORTED = {
    export.ExportedArticle: (
        "id, external_id, url, source, title, description, author, published, published_from, first_seen, "
        "language, body, dropped, revision, canonical_id, copies, story_id, word_count"
    ),
    export.ExportedStory: ("id, title, first_published, last_published, article_ids, sources, independent_sources"),
    export.ExportedAlert: ("id, rule_id, rule_version, story_id, article_id, matched_at, matches, state"),
    export.ExportedQuarantine: ("url, stage, reason, detail, archive_record, id, first_seen, last_seen, closed_at"),
}


@pytest.mark.parametrize("form", export_types(), ids=lambda form: form.__name__)
def test_export_forms_have_the_fields_of_the_contract_in_its_order(form: Any) -> None:
    assert ", ".join(hints(form)) == EXPORTED[form]


@pytest.mark.parametrize("empty", [False, True])
def test_exports_carry_the_values_of_the_records(empty: Any) -> None:
    article = sample(records.Article, empty=empty)
    article = replace(article, content=replace(article.content, article_id="the-id", url="the-url"))
    exported = to_dict(export.export_article(article))
    whole = to_dict(article)
    assert exported["id"] == "the-id"
    assert exported["dropped"] == [{"line": line.line, "reason": line.reason} for line in article.content.dropped]
    for name, value in exported.items():
        if name != "id":
            assert value == (whole | whole["content"])[name], name
    for kind, make in (
        (records.Story, export.export_story),
        (records.Alert, export.export_alert),
        (records.Quarantined, export.export_quarantine),
    ):
        record = sample(kind, empty=empty)
        exported, whole = to_dict(make(record)), to_dict(record) | {"id": record.id}
        assert exported == {name: whole[name] for name in exported}


def test_an_exported_match_has_the_keys_of_the_contract() -> None:
    assert list(hints(records.AlertMatch)) == ["article_id", "field", "sentence", "start", "end", "form", "term"]


def test_field_docstrings_are_found() -> None:
    texts = {field.name: field.text for field in field_descriptions(records.CaptureRef)}
    assert texts["offset"] == "Byte offset of the gzip member that opens the capture."
    assert data_dictionary.page().count("| `html` | A web page. |") == 1
    assert not re.search(r"``", data_dictionary.page())
