"""Command that rewrites the lock files of all sets of jars, after a change of a pinned version."""

from __future__ import annotations

from pipelines.beam.flink.jars import JARS as FLINK
from pipelines.stores.local_node.jars import JARS as ELASTICSEARCH

for jars in (ELASTICSEARCH, FLINK):
    jars.lock_file.write_text(jars.lock_text(jars.resolve()), encoding="utf-8")
