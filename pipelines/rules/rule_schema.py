"""The JSON Schema of rule files, ``rules.schema.json``, generated from the checks of ``rule_file``.

``python -m pipelines.rules.rule_schema`` regenerates it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.rules.language.query import MAX_QUERY
from pipelines.rules.rule_file import CHANNEL, ESCALATIONS, RULE_ID, SEVERITIES, THROTTLES, WINDOW
from schemas.records import Escalation

SCHEMA_FILE = Path(__file__).with_name("rules.schema.json")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12), for editors and external checks. It cannot check the query language."""
    text = {"type": "string", "pattern": r"\S"}
    texts = {"type": "array", "items": text}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "wirepicket alert rules",
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["id", "query"],
            "properties": {
                "id": {
                    "type": "string",
                    "pattern": f"^{RULE_ID}$",
                    "description": "Name of the rule; unique in the file.",
                },
                "query": {
                    **text,
                    "maxLength": MAX_QUERY,
                    "description": "The query, in the rule language (docs/rules.md).",
                },
                "severity": {"enum": list(SEVERITIES), "default": "medium"},
                "notify": {
                    "type": "array",
                    "items": {"type": "string", "pattern": f"^{CHANNEL}$"},
                    "description": "Names of notification channels, beside the log.",
                },
                "throttle": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "per": {"enum": list(THROTTLES), "default": "story"},
                        "window": {"type": "string", "pattern": f"^{WINDOW}$", "default": "6h"},
                    },
                },
                "escalate": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "by": {
                            "type": "array",
                            "items": {"enum": list(ESCALATIONS)},
                            "default": list(Escalation().by),
                        },
                        "articles": {"type": "integer", "minimum": 1, "maximum": 99_999},
                    },
                    "description": "Growth of an alert that causes another message.",
                },
                "tests": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {"match": texts, "no_match": texts},
                    "description": "Texts which the rule must match, and texts which it must not.",
                },
                "description": text,
            },
        },
    }


def schema_text() -> str:
    """Return the text of the schema file."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
