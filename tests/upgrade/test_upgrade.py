"""What users of an earlier version have keeps working: store, archive, settings, rules, feed list.

Each folder beside this file is left behind by a version (``make.py``). Today's program opens it, brings the store into
today's form, and exports the same.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import elasticsearch
import pytest

from tests.e2e.conftest import Program, program
from tests.upgrade.elastic import restore
from tests.upgrade.make import EXPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["program"]

VERSIONS = sorted(path for path in Path(__file__).parent.iterdir() if (path / "expected").is_dir())
USER_FILES = ("wirepicket.toml", "rules.yaml", "feeds.opml")
NEWER = 999


@pytest.fixture(params=VERSIONS, ids=lambda path: path.name)
def kept(request: pytest.FixtureRequest) -> Path:
    """The folder of a version."""
    return Path(request.param)


@pytest.fixture
def user(kept: Path, program: Program) -> Program:
    """The working directory of a user of the version, with today's program and no store yet."""
    for name in USER_FILES:
        shutil.copy(kept / name, program.folder)
    (program.folder / "home").mkdir(exist_ok=True)
    return program


@pytest.fixture
def on_sqlite(kept: Path, user: Program) -> Program:
    """The user's program, with the store in SQLite."""
    shutil.copytree(kept / "archive" / "sqlite", user.folder / "home" / "archive")
    packed = (kept / "wirepicket.db.gz").read_bytes()
    (user.folder / "home" / "wirepicket.db").write_bytes(gzip.decompress(packed))
    return user


@pytest.fixture
def on_elasticsearch(kept: Path, user: Program, elasticsearch_url: str) -> Iterator[Program]:
    """The user's program, with the store in Elasticsearch."""
    shutil.copytree(kept / "archive" / "elasticsearch", user.folder / "home" / "archive")
    stored = json.loads(gzip.decompress((kept / "elastic.json.gz").read_bytes()))
    prefix = stored["prefix"]
    restore(elasticsearch_url, stored)
    user.environment.update(WIREPICKET_STORE=elasticsearch_url, WIREPICKET_INDEX_PREFIX=prefix)
    yield user
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        client.indices.delete(index=",".join(client.indices.get(index=f"{prefix}-*", expand_wildcards="all")))
        for entry in client.indices.get_index_template(name=f"{prefix}*")["index_templates"]:
            client.indices.delete_index_template(name=entry["name"])
        for entry in client.cluster.get_component_template(name=f"{prefix}*")["component_templates"]:
            client.cluster.delete_component_template(name=entry["name"])


def as_then(now: Any, then: Any) -> Any:
    """Return a value without the fields that the earlier version did not have."""
    if isinstance(now, dict) and isinstance(then, dict):
        return {name: as_then(now[name], value) for name, value in then.items()}
    if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        return [as_then(*pair) for pair in zip(now, then, strict=True)]
    return now


def exports_are_the_same(program: Program, expected: Path) -> None:
    """Compare every export with the earlier version's, field by field."""
    for what in EXPORTS:
        then = [json.loads(line) for line in (expected / f"{what}.jsonl").read_text(encoding="utf-8").splitlines()]
        assert as_then(program.exported(what), then) == then, what


def works_on(program: Program, expected: Path) -> None:
    """Do what a user does after an update: look, export, search, acknowledge, process the archive again."""
    assert program("status").code == 0
    exports_are_the_same(program, expected)
    assert "HIMARS" in program("search", "HIMARS").out
    assert program("rules", "check").code == 0
    assert "Brenn Gazette" in program("feeds", "export").out
    alert = program.exported("alerts")[-1]
    assert program("alerts", "ack", alert["id"]).code == 0
    acknowledged = {one["id"]: one["state"] for one in program.exported("alerts")}
    assert acknowledged[alert["id"]] == "acknowledged"
    replayed = program("replay", "--json")
    assert replayed.summary["new"] == 0, replayed.err
    for what in ("articles", "stories"):
        then = [json.loads(line)["id"] for line in (expected / f"{what}.jsonl").read_text().splitlines()]
        assert [one["id"] for one in program.exported(what)] == then


def test_a_sqlite_store_goes_on(on_sqlite: Program, kept: Path) -> None:
    works_on(on_sqlite, kept / "expected" / "sqlite")


def test_an_elasticsearch_goes_on(on_elasticsearch: Program, kept: Path) -> None:
    expected = kept / "expected" / "elasticsearch"
    before = on_elasticsearch("status")
    assert "wirepicket setup elasticsearch" in before.out, "it names the remedy"
    assert on_elasticsearch("setup", "elasticsearch").code == 0
    works_on(on_elasticsearch, expected)


def test_a_sqlite_store_of_a_newer_version_is_refused_by_name(on_sqlite: Program) -> None:
    file = on_sqlite.folder / "home" / "wirepicket.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version = {NEWER}")
    refused = on_sqlite("status")
    assert refused.code == 3
    assert "newer wirepicket" in refused.err
    assert str(NEWER) in refused.err


def test_an_elasticsearch_of_a_newer_version_is_refused_by_name(
    on_elasticsearch: Program, elasticsearch_url: str
) -> None:
    with elasticsearch.Elasticsearch(elasticsearch_url) as client:
        alias = f"{on_elasticsearch.environment['WIREPICKET_INDEX_PREFIX']}-articles"
        (index,) = client.indices.get_alias(name=alias)
        meta = client.indices.get_mapping(index=index)[index]["mappings"]["_meta"]
        client.indices.put_mapping(index=index, meta=meta | {"version": NEWER})
    refused = on_elasticsearch("run")
    assert refused.code == 2
    assert "newer wirepicket" in refused.err
    assert str(NEWER) in refused.err
