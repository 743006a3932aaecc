"""Definitions of the stores: the SQLite tables and the Elasticsearch index templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DEFAULT_PREFIX = "wirepicket"
"""Prefix of the names in the template files; a store may use another."""
SQLITE_VERSION = 7
"""Version of ``sqlite.sql``; each change of its tables adds 1."""
SETTINGS = "settings"
"""Name of the component template that all index templates include."""

_FOLDER = Path(__file__).parent


def sqlite_tables() -> str:
    """Return the statements that create the SQLite tables. Running them again changes nothing."""
    return (_FOLDER / "sqlite.sql").read_text(encoding="utf-8")


def elasticsearch_kinds() -> tuple[str, ...]:
    """Return the kinds of document, sorted. Each has an index template and an alias of its own."""
    names = (path.stem for path in (_FOLDER / "elasticsearch").glob("*.json"))
    return tuple(sorted(name for name in names if name != SETTINGS))


def elasticsearch_template(name: str, prefix: str = DEFAULT_PREFIX) -> dict[str, Any]:
    """Return the index template of a kind, or the component template ``settings``, for indices of a prefix."""
    text = (_FOLDER / "elasticsearch" / f"{name}.json").read_text(encoding="utf-8")
    template: dict[str, Any] = json.loads(text)
    for field in ("index_patterns", "composed_of", "ignore_missing_component_templates"):
        if field in template:
            template[field] = [prefix + item.removeprefix(DEFAULT_PREFIX) for item in template[field]]
    return template


def elasticsearch_version(name: str) -> int:
    """Return the version of a kind's mappings.

    It counts the changes that cannot be made in an existing index by adding fields.
    """
    version: int = elasticsearch_template(name)["template"]["mappings"]["_meta"]["version"]
    return version
