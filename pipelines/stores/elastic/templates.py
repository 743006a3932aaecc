"""Set-up of templates, indices and aliases."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.stores.elastic.connection import FIRST_CONTACT_PATIENCE
from pipelines.stores.elastic.indices import AT_ONCE, GROWING
from pipelines.stores.elastic.lifecycle import Lifecycle, under_lifecycle
from schemas.store_forms import SETTINGS, elasticsearch_kinds, elasticsearch_template, elasticsearch_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.stores.elastic.connection import Connection
    from pipelines.stores.elastic.indices import IndexState, Indices
    from schemas.serial import JsonObject


class Templates:
    """The templates of the indices of one prefix."""

    def __init__(self, connection: Connection, indices: Indices) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self._lifecycle = Lifecycle(connection, indices)

    def set_up(self) -> None:
        """Create missing templates, indices and aliases; add new fields to existing indices.

        An index of an earlier version stays as it is, and remains in use until ``migrate``.

        Raises:
            ConfigurationError: a newer program has set up these indices.
        """
        kinds = elasticsearch_kinds()
        settings = elasticsearch_template(SETTINGS, self._indices.prefix)
        templates = {kind: elasticsearch_template(kind, self._indices.prefix) for kind in kinds}
        digest = hashlib.sha256(json.dumps([settings, templates], sort_keys=True).encode()).hexdigest()
        current = self._written_digest() == digest
        states = [state for state in self._indices.states() if state.behind_alias]
        if not current:
            self._check_versions(states)
            managed = self._lifecycle.set_up(self._indices.roll_over_conditions)
            if managed:
                for kind in GROWING:
                    templates[kind] = under_lifecycle(templates[kind], self._lifecycle.name, self._indices.alias(kind))
            self._put_templates(settings, templates, digest)
            if managed:
                self._lifecycle.adopt(
                    [(state.name, self._indices.alias(state.kind)) for state in states if state.kind in GROWING]
                )
        missing = sorted(set(kinds) - {state.kind for state in states})
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._create, missing))
            if not current:
                list(pool.map(self._add_fields, [state for state in states if not outdated(state)]))

    def maintain(self) -> None:
        """Roll over large indices unless the server does so itself; remove indices that have been moved."""
        if not self._lifecycle.in_force():
            self._indices.roll_over()
        self._indices.remove_retired()

    def _check_versions(self, states: Sequence[IndexState]) -> None:
        for state in states:
            if state.version > elasticsearch_version(state.kind):
                raise ConfigurationError(
                    f"{state.name} at {self._connection.url} has version {state.version} of its form, and this "
                    f"wirepicket knows {elasticsearch_version(state.kind)}. Use the newer wirepicket that made it."
                )

    def _written_digest(self) -> str | None:
        """Return the digest of the templates on the server; also the first contact with the server."""
        name = self._indices.alias(SETTINGS)
        try:
            answer = self._connection.call(
                lambda: self._client.cluster.get_component_template(name=name),
                patience=FIRST_CONTACT_PATIENCE,
            )
        except elasticsearch.NotFoundError:
            return None
        digest = answer["component_templates"][0]["component_template"].get("_meta", {}).get("digest")
        return digest if isinstance(digest, str) else None

    def _put_templates(self, settings: JsonObject, templates: dict[str, JsonObject], digest: str) -> None:
        name = self._indices.alias(SETTINGS)
        # First without the digest, last with it: the digest means that all templates are written.
        for meta in ({}, {"digest": digest}):
            self._call(
                lambda meta=meta: self._client.cluster.put_component_template(
                    name=name, template=settings["template"], meta=settings["_meta"] | meta
                )
            )
            if meta:
                return
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(self._put_template, templates.items()))

    def _put_template(self, named: tuple[str, JsonObject]) -> None:
        kind, template = named
        self._call(
            lambda: self._client.indices.put_index_template(
                name=self._indices.alias(kind),
                index_patterns=template["index_patterns"],
                priority=template["priority"],
                composed_of=template["composed_of"],
                ignore_missing_component_templates=template["ignore_missing_component_templates"],
                template=template["template"],
                meta=template["_meta"],
            )
        )

    def _create(self, kind: str) -> None:
        alias = self._indices.alias(kind)
        create_index(self._connection, f"{alias}-000001", {alias: {"is_write_index": True}})

    def _add_fields(self, state: IndexState) -> None:
        """Add the new fields of the current form to an existing index."""
        mappings = elasticsearch_template(state.kind)["template"]["mappings"]
        self._call(
            lambda: self._client.indices.put_mapping(
                index=state.name, properties=mappings["properties"], meta=mappings["_meta"]
            )
        )

    def _call(self, request: Any) -> Any:  # noqa: ANN401 - JSON
        return self._connection.call(request)


def outdated(state: IndexState) -> bool:
    """Return whether an index has an earlier version of its form."""
    return state.version < elasticsearch_version(state.kind)


def create_index(connection: Connection, name: str, aliases: JsonObject) -> None:
    """Create an index from its template, unless an index of this name exists."""
    try:
        connection.call(lambda: connection.client.indices.create(index=name, aliases=aliases))
    except StoreUnavailableError as error:
        cause = error.__cause__
        # Another process sets up at the same time, or the response to our own request was lost.
        if not (
            isinstance(cause, elasticsearch.BadRequestError) and "resource_already_exists_exception" in str(cause.body)
        ):
            raise
        # The index may be too new to be visible yet: the server responds when its pending tasks are done.
        connection.call(lambda: connection.client.cluster.health(wait_for_events="languid", timeout="30s"))
