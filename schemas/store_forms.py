"""The forms in which the stores keep the records: the SQLite tables and the Elasticsearch index templates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DEFAULT_PREFIX = "wirepicket"
"""What the names in the template files begin with; a store may use another."""
SQLITE_VERSION = 7
"""Counts changes of ``sqlite.sql``."""
SETTINGS = "settings"
"""The component template which all index templates include."""

_FOLDER = Path(__file__).parent


def sqlite_tables() -> str:
    """The statements which make the SQLite tables; they may be run again."""
    return (_FOLDER / "sqlite.sql").read_text(encoding="utf-8")


def elasticsearch_kinds() -> tuple[str, ...]:
    """The kinds of document, each with an index template and an alias of its own, sorted."""
    names = (path.stem for path in (_FOLDER / "elasticsearch").glob("*.json"))
    return tuple(sorted(name for name in names if name != SETTINGS))


def elasticsearch_template(name: str, prefix: str = DEFAULT_PREFIX) -> dict[str, Any]:
    """The index template of a kind (or the component template ``settings``) for indices of this prefix."""
    text = (_FOLDER / "elasticsearch" / f"{name}.json").read_text(encoding="utf-8")
    template: dict[str, Any] = json.loads(text)
    for field in ("index_patterns", "composed_of", "ignore_missing_component_templates"):
        if field in template:
            template[field] = [prefix + item.removeprefix(DEFAULT_PREFIX) for item in template[field]]
    return template


def elasticsearch_version(name: str) -> int:
    """Counts the changes of a kind's mappings which adding fields cannot bring about in an existing index."""
    version: int = elasticsearch_template(name)["template"]["mappings"]["_meta"]["version"]
    return version
