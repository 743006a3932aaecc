"""Indices of an Elasticsearch as JSON: templates, mappings, aliases, documents."""

from __future__ import annotations

from typing import Any

import elasticsearch
from elasticsearch.helpers import bulk, scan

KEPT_SETTINGS = ("analysis", "number_of_shards", "number_of_replicas", "hidden", "codec", "sort", "mapping")


def dump(url: str, prefix: str) -> dict[str, Any]:
    """Return all that a prefix has."""
    with elasticsearch.Elasticsearch(url) as client:
        client.indices.refresh(index=f"{prefix}-*")
        return {
            "prefix": prefix,
            "components": client.cluster.get_component_template(name=f"{prefix}*")["component_templates"],
            "templates": client.indices.get_index_template(name=f"{prefix}*")["index_templates"],
            "indices": dict(client.indices.get(index=f"{prefix}-*", expand_wildcards="all")),
            "documents": [
                {"_index": hit["_index"], "_id": hit["_id"], "_source": hit["_source"]}
                for hit in scan(client, index=f"{prefix}-*", query={"sort": ["_doc"]})
            ],
        }


def restore(url: str, kept: dict[str, Any]) -> None:
    """Put all of it into an Elasticsearch."""
    with elasticsearch.Elasticsearch(url) as client:
        for entry in kept["components"]:
            client.cluster.put_component_template(name=entry["name"], **_of_users(entry["component_template"]))
        for entry in kept["templates"]:
            client.indices.put_index_template(name=entry["name"], **_of_users(entry["index_template"]))
        for name, index in kept["indices"].items():
            settings = {key: value for key, value in index["settings"]["index"].items() if key in KEPT_SETTINGS}
            client.indices.create(index=name, mappings=index["mappings"], aliases=index["aliases"], settings=settings)
        bulk(client, ({"_op_type": "index", **document} for document in kept["documents"]), refresh=True)


def _of_users(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template without the dates that the server adds."""
    names = {"_meta": "meta"}
    return {
        names.get(name, name): value
        for name, value in template.items()
        if not name.startswith(("created_", "modified_"))
    }
