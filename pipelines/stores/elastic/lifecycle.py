"""Index lifecycle management (ILM): a server that has it rolls indices over by itself.

https://www.elastic.co/docs/manage-data/lifecycle/index-lifecycle-management
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipelines.stores.elastic.connection import Connection
    from pipelines.stores.elastic.indices import Indices
    from schemas.serial import JsonObject

NAME = "lifecycle"
"""Name, after the prefix, of the policy and of the component template that refers to it."""
_NOT_AVAILABLE = frozenset({400, 403, 404, 405})
"""Statuses of a server that does not have ILM or does not permit its use."""


class Lifecycle:
    """The policy of one prefix. The user's own component template comes after ours, so that its policy wins."""

    def __init__(self, connection: Connection, indices: Indices) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self.name = indices.alias(NAME)

    def set_up(self, conditions: JsonObject) -> bool:
        """Create policy and component template; return whether this server has ILM and permits its use.

        An existing policy stays: operators change it in Kibana.
        """
        if not self._allowed(self._client.ilm.get_status):
            return False
        if not self._exists() and not self._allowed(
            lambda: self._client.ilm.put_lifecycle(name=self.name, policy=policy(conditions))
        ):
            return False
        self._connection.call(
            lambda: self._client.cluster.put_component_template(
                name=self.name,
                template={"settings": {"index.lifecycle.name": self.name}},
                meta={"description": "Names the policy by which the server rolls indices of wirepicket over."},
            )
        )
        return True

    def in_force(self) -> bool:
        """Return whether the server rolls indices over."""
        try:
            self._connection.call(lambda: self._client.cluster.get_component_template(name=self.name))
        except elasticsearch.NotFoundError:
            return False
        return True

    def adopt(self, indices: Sequence[tuple[str, str]]) -> None:
        """Put indices, each with its alias, under the policy unless they already have one."""
        for index, alias in indices:
            settings: JsonObject = {"index.lifecycle.rollover_alias": alias, "index.lifecycle.name": self.name}
            self._connection.call(
                partial(self._client.indices.put_settings, index=index, settings=settings, preserve_existing=True)
            )

    def _exists(self) -> bool:
        try:
            self._connection.call(lambda: self._client.ilm.get_lifecycle(name=self.name))
        except elasticsearch.NotFoundError:
            return False
        return True

    def _allowed(self, request: Callable[[], Any]) -> bool:
        try:
            self._connection.call(request)
        except elasticsearch.NotFoundError:
            return False
        except StoreUnavailableError as error:
            cause = error.__cause__
            if isinstance(cause, elasticsearch.ApiError) and cause.status_code in _NOT_AVAILABLE:
                return False
            raise
        return True


def policy(conditions: JsonObject) -> JsonObject:
    """Return the policy: roll over by size and age, and never delete."""
    return {
        "phases": {"hot": {"min_age": "0ms", "actions": {"rollover": conditions}}},
        "_meta": {"description": "Indices of wirepicket go on in a new one. Nothing is deleted."},
    }


def under_lifecycle(template: JsonObject, name: str, alias: str) -> JsonObject:
    """Return an index template whose indices are under the policy named by a component template."""
    settings, *custom = template["composed_of"]
    inner = template["template"] | {"settings": {"index.lifecycle.rollover_alias": alias}}
    return template | {"composed_of": [settings, name, *custom], "template": inner}
