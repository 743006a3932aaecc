"""The store in an Elasticsearch."""

from __future__ import annotations

from pipelines.stores.elastic.store import ElasticsearchStore

__all__ = ["ElasticsearchStore"]
