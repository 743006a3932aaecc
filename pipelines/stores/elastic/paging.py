"""All hits of a search, page by page, from one point in time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pipelines.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.elastic.connection import Connection
    from schemas.serial import JsonObject

KEEP_ALIVE = "5m"
"""Time for which a point in time stays open after the last page read from it."""


def pages(connection: Connection, index: str, request: JsonObject, *, first: int | None = None) -> Iterator[list[Any]]:
    """Yield pages of hits of a search with ``sort`` and ``size``, from one point in time; the last may be empty.

    ``first`` is the size of the first page, for readers who may need no more.

    Raises:
        StoreUnavailableError: the server is unreachable.
        elasticsearch.NotFoundError: there is no such index.
    """
    client = connection.client
    point = connection.call(lambda: client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE))["id"]
    further: JsonObject = {"size": first or request["size"]}
    try:
        while True:
            answer = connection.call(
                lambda: client.search(
                    pit={"id": point, "keep_alive": KEEP_ALIVE},  # noqa: B023 - called at once
                    **(request | further),  # noqa: B023 - called at once
                )
            )
            point = answer["pit_id"]
            hits = answer["hits"]["hits"]
            yield hits
            if len(hits) < further["size"]:
                return
            further = {"size": request["size"], "search_after": hits[-1]["sort"]}
    finally:
        # If this fails, the server closes the point in time after KEEP_ALIVE.
        with suppress(StoreUnavailableError):
            connection.call(lambda: client.close_point_in_time(id=point), patience=0)
