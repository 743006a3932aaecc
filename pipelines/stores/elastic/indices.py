"""Templates, indices and aliases: made where they are missing, and looked up."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic.connection import FIRST_CONTACT_PATIENCE
from schemas.store_forms import SETTINGS, elasticsearch_kinds, elasticsearch_template

if TYPE_CHECKING:
    from pipelines.stores.elastic.connection import Connection

ROLL_OVER = {"max_primary_shard_size": "25gb", "max_age": "365d"}
"""When a kind goes on in a new index. Half the 50 GB a shard that Elasticsearch advises at most: every index behind an
alias is asked for every id, and articles are updated wherever they are. Old indices can be closed a year at a time."""
_GROWING = frozenset({"alerts", "articles", "outbox", "quarantine", "revisions", "runs", "seen", "stories"})
"""Kinds that grow without end; the others are bounded by the feed list and the horizon."""
_AT_ONCE = 6
"""Requests at once while setting up: the server takes several changes in one step. Measured three times as fast."""
_BACKING_SECONDS = 5.0
"""How long the list of an alias's indices is believed. A roll-over within it costs a conflict, never a double."""


class Indices:
    """The indices of one prefix. Each kind of document has a write alias, ``PREFIX-KIND``."""

    def __init__(self, connection: Connection, prefix: str, roll_over: dict[str, Any] | None = None) -> None:
        self._connection = connection
        self._client = connection.client
        self.prefix = prefix
        self._roll_over = roll_over or ROLL_OVER
        self._backing: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._guard = threading.Lock()

    def alias(self, kind: str) -> str:
        """The write alias of a kind."""
        return f"{self.prefix}-{kind}"

    def setup(self) -> None:
        """Make templates, indices and aliases where they are missing or of an earlier form."""
        kinds = elasticsearch_kinds()
        settings = elasticsearch_template(SETTINGS, self.prefix)
        templates = {kind: elasticsearch_template(kind, self.prefix) for kind in kinds}
        digest = hashlib.sha256(json.dumps([settings, templates], sort_keys=True).encode()).hexdigest()
        current = self._written_digest() == digest
        if not current:
            self._put_templates(settings, templates, digest)
        existing = self._existing_aliases()
        missing = [kind for kind in kinds if self.alias(kind) not in existing]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._create, missing))
            if not current:
                list(
                    pool.map(
                        lambda kind: self._add_fields(kind, templates[kind]["template"]["mappings"]),
                        sorted(set(kinds) - set(missing)),
                    )
                )

    def roll_over(self) -> None:
        """Begin a new index for each kind whose latest has grown too large or too old, as the server judges."""

        def grow(kind: str) -> None:
            conditions = self._roll_over
            answer = self._call(lambda: self._client.indices.rollover(alias=self.alias(kind), conditions=conditions))
            if answer["rolled_over"]:
                self.backing(kind, fresh=True)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(grow, sorted(_GROWING)))

    def backing(self, kind: str, *, fresh: bool = False) -> tuple[str, ...]:
        """The indices behind a kind's alias, oldest first, the one that new documents go to last.

        Raises:
            StoreUnavailableError: there are none: the store has not been set up.
        """
        with self._guard:
            known = self._backing.get(kind)
        if known and not fresh and time.monotonic() - known[0] < _BACKING_SECONDS:
            return known[1]
        try:
            answer = self._call(lambda: self._client.indices.get_alias(name=self.alias(kind)))
        except elasticsearch.NotFoundError as error:
            raise self.missing(kind) from error
        alias = self.alias(kind)
        writes = {index for index, entry in answer.items() if entry["aliases"][alias].get("is_write_index")}
        found = tuple(sorted(answer, key=lambda index: (index in writes, index)))
        with self._guard:
            self._backing[kind] = (time.monotonic(), found)
        return found

    def missing(self, kind: str) -> StoreUnavailableError:
        """The error for an alias that does not exist."""
        return StoreUnavailableError(
            f"Elasticsearch at {self._connection.url} has no {self.alias(kind)}. "
            "Run `wirepicket setup elasticsearch` first, or check WIREPICKET_INDEX_PREFIX."
        )

    def refresh(self, *kinds: str) -> None:
        """Make everything written so far visible to searches in these kinds."""
        try:
            self._call(lambda: self._client.indices.refresh(index=[self.alias(kind) for kind in kinds]))
        except elasticsearch.NotFoundError as error:
            raise self.missing(kinds[0]) from error

    def _written_digest(self) -> str | None:
        """Digest of the templates there are; also the first word we have with the server."""
        name = self.alias(SETTINGS)
        try:
            answer = self._connection.call(
                lambda: self._client.cluster.get_component_template(name=name),
                patience=FIRST_CONTACT_PATIENCE,
            )
        except elasticsearch.NotFoundError:
            return None
        found = answer["component_templates"][0]["component_template"].get("_meta", {}).get("digest")
        return found if isinstance(found, str) else None

    def _put_templates(self, settings: dict[str, Any], templates: dict[str, dict[str, Any]], digest: str) -> None:
        name = self.alias(SETTINGS)
        # First without the digest, last with it: it stands for all of them being there.
        for meta in ({}, {"digest": digest}):
            self._call(
                lambda meta=meta: self._client.cluster.put_component_template(
                    name=name, template=settings["template"], meta=settings["_meta"] | meta
                )
            )
            if meta:
                return
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(self._put_template, templates.items()))

    def _put_template(self, named: tuple[str, dict[str, Any]]) -> None:
        kind, template = named
        self._call(
            lambda: self._client.indices.put_index_template(
                name=self.alias(kind),
                index_patterns=template["index_patterns"],
                priority=template["priority"],
                composed_of=template["composed_of"],
                ignore_missing_component_templates=template["ignore_missing_component_templates"],
                template=template["template"],
                meta=template["_meta"],
            )
        )

    def _existing_aliases(self) -> set[str]:
        try:
            answer = self._call(lambda: self._client.indices.get_alias(name=f"{self.prefix}-*"))
        except elasticsearch.NotFoundError:
            return set()
        return {alias for index in answer.values() for alias in index["aliases"]}

    def _create(self, kind: str) -> None:
        alias = self.alias(kind)
        try:
            self._call(
                lambda: self._client.indices.create(index=f"{alias}-000001", aliases={alias: {"is_write_index": True}})
            )
        except StoreUnavailableError as error:
            cause = error.__cause__
            # Another process sets up at the same time; or our own request, whose answer was lost.
            if not (
                isinstance(cause, elasticsearch.BadRequestError)
                and "resource_already_exists_exception" in str(cause.body)
            ):
                raise

    def _add_fields(self, kind: str, mappings: dict[str, Any]) -> None:
        """Give existing indices the fields which have come with a newer form."""
        self._call(
            lambda: self._client.indices.put_mapping(
                index=self.alias(kind), properties=mappings["properties"], meta=mappings["_meta"]
            )
        )

    def _call(self, request: Any) -> Any:  # noqa: ANN401 - JSON
        return self._connection.call(request)
