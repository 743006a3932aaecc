"""Many writes in few requests, each with an outcome of its own."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic.connection import CONFLICT, NOT_FOUND, RETRIED_STATUSES, TOO_LARGE, pauses
from schemas.serial import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from pipelines.stores.elastic.connection import Connection

CHUNK_BYTES = 8 << 20
"""Of one request. Elasticsearch's guide suggests a few MB; it refuses 100 MB."""
CHUNK_ACTIONS = 250
"""Few, so that the server has something to do while the next are made."""
IN_FLIGHT = 4
"""Requests at once, as many as the client's own ``parallel_bulk`` has; so what waits in memory stays bounded."""
_CLIENT_ERROR = 400
_OF_THE_DOCUMENT = frozenset({_CLIENT_ERROR, NOT_FOUND, CONFLICT, TOO_LARGE})
"""Statuses of an item which its document causes; every other one is the server's."""


class WriteResult(Enum):
    """What became of one write."""

    DONE = auto()
    CONFLICT = auto()
    """Somebody else has written it since it was read, or it exists already."""
    MISSING = auto()
    """There is nothing to update or remove."""
    REJECTED = auto()
    """Elasticsearch cannot take it, now or later."""
    BLOCKED = auto()
    """The index takes no writes: perhaps it is being moved to a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One write."""

    operation: str
    """``index``, ``create``, ``update`` or ``delete``."""
    index: str
    """A backing index, or an alias: then of its write index."""
    through_alias: bool = False
    """``index`` is an alias; where it is missing, no index of that name must come into being."""
    id: str
    body: bytes | None = None
    """The document as JSON (for ``update`` the partial one); ``None`` for ``delete``."""
    seq_no: int | None = None
    """Write only if the document is still the one read: its sequence number and primary term."""
    primary_term: int | None = None
    version: int | None = None
    """Write only over an older version of the document, by a count that is not Elasticsearch's own."""

    def head(self) -> bytes:
        """The line which opens the action in the request."""
        meta: dict[str, Any] = {"_index": self.index, "_id": self.id}
        if self.seq_no is not None:
            meta |= {"if_seq_no": self.seq_no, "if_primary_term": self.primary_term}
        if self.version is not None:
            meta |= {"version": self.version, "version_type": "external"}
        if self.through_alias and self.operation != "delete":
            meta["require_alias"] = True
        if self.operation == "update":
            meta["retry_on_conflict"] = 10
        return dump({self.operation: meta})


@dataclass(frozen=True, slots=True)
class Written:
    """What became of an action, and why where it matters."""

    action: Action
    outcome: WriteResult
    index: str = ""
    """The backing index it went to; that which refuses it may be named by its alias."""
    detail: str = ""


def write(connection: Connection, actions: Iterable[Action]) -> list[Written]:
    """Carry out every action; what is refused for the moment is tried again. What became of each, in their order.

    Actions are taken as they are sent: while the server is at work on some, the next are made. So no two may be of one
    document. A full disk is a refusal for the moment as well: Elasticsearch itself lifts its block when there is room.

    An action whose answer was lost may be carried out twice: ids are fixed, so this writes the same again, or
    is seen as a conflict.

    Raises:
        StoreUnavailableError: some are still refused after the connection's patience.
    """
    results: dict[int, Written] = {}
    again = _send_all(connection, enumerate(actions), results)
    for pause in pauses(connection.patience):
        if not again:
            return [results[number] for number in sorted(results)]
        if pause is None:
            break
        time.sleep(pause)
        again = _send_all(connection, [(refused.number, refused.action) for refused in again], results)
    raise StoreUnavailableError(
        f"Elasticsearch at {connection.url} is overloaded: {len(again)} of {len(again) + len(results)} documents are "
        f"still refused after {connection.patience:.0f} s: {again[0].reason}"
    )


@dataclass(frozen=True, slots=True)
class _Refused:
    """An action which the server has refused for the moment."""

    number: int
    action: Action
    reason: str


def _send_all(
    connection: Connection, actions: Iterable[tuple[int, Action]], results: dict[int, Written]
) -> list[_Refused]:
    """Send in several requests, a few at once: the server works on each with one thread."""
    again: list[_Refused] = []
    flying: deque[Future[list[_Refused]]] = deque()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for chunk in _chunks(actions):
            if len(flying) == IN_FLIGHT:
                again += flying.popleft().result()
            flying.append(pool.submit(_send, connection, chunk, results))
        for sent in flying:
            again += sent.result()
    return again


def _chunks(actions: Iterable[tuple[int, Action]]) -> Iterator[list[tuple[int, Action]]]:
    chunk: list[tuple[int, Action]] = []
    size = 0
    for number, action in actions:
        length = len(action.body or b"")
        if chunk and (size + length > CHUNK_BYTES or len(chunk) >= CHUNK_ACTIONS):
            yield chunk
            chunk, size = [], 0
        chunk.append((number, action))
        size += length
    if chunk:
        yield chunk


def _send(connection: Connection, chunk: list[tuple[int, Action]], results: dict[int, Written]) -> list[_Refused]:
    """Send one request; put what is decided into ``results`` and return what is to be tried again."""
    lines = [line for _, action in chunk for line in (action.head(), action.body) if line is not None]
    try:
        answer = connection.call(
            lambda: connection.client.bulk(
                operations=lines,  # type: ignore[arg-type] # bytes pass as they are, the client's types forget
                filter_path="items.*.status,items.*._index,items.*.error.type,items.*.error.reason",
            )
        )
    except elasticsearch.ApiError as error:
        if error.status_code != TOO_LARGE:
            raise
        if len(chunk) == 1:
            ((number, action),) = chunk
            results[number] = Written(action, WriteResult.REJECTED, detail="too large for one request")
            return []
        middle = len(chunk) // 2
        return _send(connection, chunk[:middle], results) + _send(connection, chunk[middle:], results)
    again = []
    for (number, action), item in zip(chunk, answer["items"], strict=True):
        ((_, result),) = item.items()
        _check_server(connection, action, result)
        if result["status"] in RETRIED_STATUSES:
            again.append(_Refused(number, action, result.get("error", {}).get("reason", "")))
        else:
            results[number] = _judge(action, result)
    return again


def _check_server(connection: Connection, action: Action, result: dict[str, Any]) -> None:
    """Raise when a refusal says something of the server (forbidden, broken), nothing of the document."""
    error = result.get("error") or {}
    if error.get("type") == "index_not_found_exception":
        raise StoreUnavailableError(
            f"Elasticsearch at {connection.url} has no {action.index}. "
            "Run `wirepicket setup elasticsearch` first, or check WIREPICKET_INDEX_PREFIX."
        )
    fault = result["status"] >= _CLIENT_ERROR and result["status"] not in _OF_THE_DOCUMENT | RETRIED_STATUSES
    if fault and not _is_block(error):
        raise StoreUnavailableError(
            f"Elasticsearch at {connection.url} refuses to write {action.index} ({result['status']}): "
            f"{error.get('reason')}"
        )


def _judge(action: Action, result: dict[str, Any]) -> Written:
    index = result.get("_index", "")
    error = result.get("error") or {}
    status = result["status"]
    if _is_block(error):
        return Written(action, WriteResult.BLOCKED, index, error["reason"])
    if status == CONFLICT:
        return Written(action, WriteResult.CONFLICT, index)
    if status == NOT_FOUND and error.get("type") in (None, "document_missing_exception"):
        return Written(action, WriteResult.MISSING, index)
    if status >= _CLIENT_ERROR:
        return Written(action, WriteResult.REJECTED, index, f"{error.get('type')}: {error.get('reason')}")
    return Written(action, WriteResult.DONE, index)


def _is_block(error: dict[str, Any]) -> bool:
    """Whether a single index takes no writes, rather than the whole cluster."""
    return error.get("type") == "cluster_block_exception" and str(error.get("reason")).startswith("index [")
