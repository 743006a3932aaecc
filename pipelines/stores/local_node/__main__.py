"""Rewrite the lock file of the jars; for whoever changes the pinned version of Elasticsearch."""

from __future__ import annotations

from pipelines.stores.local_node.jars import LOCK_FILE, lock_text, resolve

LOCK_FILE.write_text(lock_text(resolve()), encoding="utf-8")
