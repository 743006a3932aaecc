"""Templates, indices and aliases, made where they are missing."""

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
    """What the indices of one prefix are made by."""

    def __init__(self, connection: Connection, indices: Indices) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self._lifecycle = Lifecycle(connection, indices)

    def set_up(self) -> None:
        """Make templates, indices and aliases where they are missing; give existing indices what fields have come.

        An index of an earlier version stays as it is, and goes on: see ``migrate``.

        Raises:
            ConfigurationError: a newer program has set this up.
        """
        kinds = elasticsearch_kinds()
        settings = elasticsearch_template(SETTINGS, self._indices.prefix)
        templates = {kind: elasticsearch_template(kind, self._indices.prefix) for kind in kinds}
        digest = hashlib.sha256(json.dumps([settings, templates], sort_keys=True).encode()).hexdigest()
        current = self._written_digest() == digest
        standing = [one for one in self._indices.standings() if one.behind_alias]
        if not current:
            self._check_versions(standing)
            managed = self._lifecycle.set_up(self._indices.roll_over_conditions)
            if managed:
                for kind in GROWING:
                    templates[kind] = under_lifecycle(templates[kind], self._lifecycle.name, self._indices.alias(kind))
            self._put_templates(settings, templates, digest)
            if managed:
                self._lifecycle.adopt(
                    [(one.name, self._indices.alias(one.kind)) for one in standing if one.kind in GROWING]
                )
        missing = sorted(set(kinds) - {one.kind for one in standing})
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._create, missing))
            if not current:
                list(pool.map(self._add_fields, [one for one in standing if not outdated(one)]))

    def maintain(self) -> None:
        """Roll over what has grown, where the server does not do so itself; remove what has been moved."""
        if not self._lifecycle.in_force():
            self._indices.roll_over()
        self._indices.remove_retired()

    def _check_versions(self, standing: Sequence[IndexState]) -> None:
        for one in standing:
            if one.version > elasticsearch_version(one.kind):
                raise ConfigurationError(
                    f"{one.name} at {self._connection.url} has version {one.version} of its form, and this wirepicket "
                    f"knows {elasticsearch_version(one.kind)}. Use the newer wirepicket that made it."
                )

    def _written_digest(self) -> str | None:
        """Digest of the templates there are; also the first word we have with the server."""
        name = self._indices.alias(SETTINGS)
        try:
            answer = self._connection.call(
                lambda: self._client.cluster.get_component_template(name=name),
                patience=FIRST_CONTACT_PATIENCE,
            )
        except elasticsearch.NotFoundError:
            return None
        found = answer["component_templates"][0]["component_template"].get("_meta", {}).get("digest")
        return found if isinstance(found, str) else None

    def _put_templates(self, settings: JsonObject, templates: dict[str, JsonObject], digest: str) -> None:
        name = self._indices.alias(SETTINGS)
        # First without the digest, last with it: it stands for all of them being there.
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

    def _add_fields(self, standing: IndexState) -> None:
        """Give an existing index the fields which have come with a newer form."""
        mappings = elasticsearch_template(standing.kind)["template"]["mappings"]
        self._call(
            lambda: self._client.indices.put_mapping(
                index=standing.name, properties=mappings["properties"], meta=mappings["_meta"]
            )
        )

    def _call(self, request: Any) -> Any:  # noqa: ANN401 - JSON
        return self._connection.call(request)


def outdated(standing: IndexState) -> bool:
    """Whether an index has an earlier version of its form."""
    return standing.version < elasticsearch_version(standing.kind)


def create_index(connection: Connection, name: str, aliases: JsonObject) -> None:
    """Make an index by its template, if there is none of this name."""
    try:
        connection.call(lambda: connection.client.indices.create(index=name, aliases=aliases))
    except StoreUnavailableError as error:
        cause = error.__cause__
        # Another process sets up at the same time; or our own request, whose answer was lost.
        if not (
            isinstance(cause, elasticsearch.BadRequestError) and "resource_already_exists_exception" in str(cause.body)
        ):
            raise
        # It may be so new that it is not to be seen yet: the server answers when it has done what it had begun.
        connection.call(lambda: connection.client.cluster.health(wait_for_events="languid", timeout="30s"))
