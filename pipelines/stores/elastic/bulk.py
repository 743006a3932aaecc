"""Bulk writes: many actions in few requests, each action with its own outcome."""

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
"""Bytes of one request. Elasticsearch's guide suggests a few MB; it refuses 100 MB."""
CHUNK_ACTIONS = 250
"""Actions in one request: few, so that the server works while the next are made."""
IN_FLIGHT = 4
"""Concurrent requests, as many as the client's own ``parallel_bulk`` sends. The number bounds the memory used."""
_CLIENT_ERROR = 400
_DOCUMENT_ERRORS = frozenset({_CLIENT_ERROR, NOT_FOUND, CONFLICT, TOO_LARGE})
"""Statuses of an item that its document causes; the server causes every other error status."""


class WriteResult(Enum):
    """The outcome of one write."""

    DONE = auto()
    CONFLICT = auto()
    """Another writer has changed the document since it was read, or it exists already."""
    MISSING = auto()
    """The document to update or remove does not exist."""
    REJECTED = auto()
    """Elasticsearch cannot hold the document, now or later."""
    BLOCKED = auto()
    """The index takes no writes: perhaps it is being moved to a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One write of a document."""

    operation: str
    """``index``, ``create``, ``update`` or ``delete``."""
    index: str
    """A backing index, or an alias, which stands for its write index."""
    through_alias: bool = False
    """True if ``index`` is an alias. If the alias is missing, no index of that name must be created."""
    id: str
    body: bytes | None = None
    """The document as JSON (for ``update`` a partial document); ``None`` for ``delete``."""
    seq_no: int | None = None
    """Sequence number of the document when it was read, with ``primary_term``: write only if it is unchanged."""
    primary_term: int | None = None
    version: int | None = None
    """External version: write only over a document with a lower one."""

    def head(self) -> bytes:
        """Return the action's first line in the request."""
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
    """The outcome of an action, with its reason if the action failed."""

    action: Action
    outcome: WriteResult
    index: str = ""
    """The backing index that took the action; a refusal may name the alias instead."""
    detail: str = ""


def write(connection: Connection, actions: Iterable[Action]) -> list[Written]:
    """Execute every action, retry temporary refusals, and return the outcomes in the order of the actions.

    ``actions`` is consumed while requests are sent: the server works on some while the next are made. So each action
    must be of another document. A full disk is a temporary refusal too: Elasticsearch lifts its block when there is
    space.

    An action whose response was lost may be executed twice. Ids are fixed, so the second execution writes the same
    document again, or its outcome is a conflict.

    Raises:
        StoreUnavailableError: actions are still refused after the connection's patience.
    """
    results: dict[int, Written] = {}
    to_retry = _send_all(connection, enumerate(actions), results)
    for pause in pauses(connection.patience):
        if not to_retry:
            return [results[number] for number in sorted(results)]
        if pause is None:
            break
        time.sleep(pause)
        to_retry = _send_all(connection, [(refused.number, refused.action) for refused in to_retry], results)
    total = len(to_retry) + len(results)
    raise StoreUnavailableError(
        f"Elasticsearch at {connection.url} is overloaded: {len(to_retry)} of {total} documents are "
        f"still refused after {connection.patience:.0f} s: {to_retry[0].reason}"
    )


@dataclass(frozen=True, slots=True)
class _Refused:
    """An action that the server has refused temporarily."""

    number: int
    action: Action
    reason: str


def _send_all(
    connection: Connection, actions: Iterable[tuple[int, Action]], results: dict[int, Written]
) -> list[_Refused]:
    """Send the actions in several requests, a few at once: the server works on each request with one thread."""
    to_retry: list[_Refused] = []
    in_flight: deque[Future[list[_Refused]]] = deque()
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        for chunk in _chunks(actions):
            if len(in_flight) == IN_FLIGHT:
                to_retry += in_flight.popleft().result()
            in_flight.append(pool.submit(_send, connection, chunk, results))
        for sent in in_flight:
            to_retry += sent.result()
    return to_retry


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
    """Send one request; put final outcomes into ``results`` and return the actions to retry."""
    lines = [line for _, action in chunk for line in (action.head(), action.body) if line is not None]
    try:
        answer = connection.call(
            lambda: connection.client.bulk(
                operations=lines,  # type: ignore[arg-type] # the client takes bytes, but its types omit them
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
    to_retry = []
    for (number, action), item in zip(chunk, answer["items"], strict=True):
        ((_, result),) = item.items()
        _check_server(connection, action, result)
        if result["status"] in RETRIED_STATUSES:
            to_retry.append(_Refused(number, action, result.get("error", {}).get("reason", "")))
        else:
            results[number] = _judge(action, result)
    return to_retry


def _check_server(connection: Connection, action: Action, result: dict[str, Any]) -> None:
    """Raise an error if the server, rather than the document, causes a refusal (missing rights, a fault).

    Raises:
        StoreUnavailableError: the index is missing, or the server refuses the action.
    """
    error = result.get("error") or {}
    if error.get("type") == "index_not_found_exception":
        raise StoreUnavailableError(
            f"Elasticsearch at {connection.url} has no {action.index}. "
            "Run `wirepicket setup elasticsearch` first, or check WIREPICKET_INDEX_PREFIX."
        )
    fault = result["status"] >= _CLIENT_ERROR and result["status"] not in _DOCUMENT_ERRORS | RETRIED_STATUSES
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
    """Return whether a block of a single index, not of the whole cluster, caused the error."""
    return error.get("type") == "cluster_block_exception" and str(error.get("reason")).startswith("index [")
