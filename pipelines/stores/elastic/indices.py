"""The indices of one prefix: the backing indices of each alias, their roll-over and their moves."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic.connection import pauses
from schemas.records import now_utc
from schemas.serial import time_from_text, time_to_text
from schemas.store_forms import elasticsearch_kinds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipelines.stores.elastic.connection import Connection
    from schemas.serial import JsonObject

ROLL_OVER = {"max_primary_shard_size": "25gb", "max_age": "365d"}
"""Conditions under which a kind continues in a new index. 25 GB is half of the maximum size of a shard that
Elasticsearch advises, since every look-up of an id reads every index behind the alias, and articles are updated in any
of them. With one index for each year, old indices can be closed year by year."""
GROWING = frozenset({"alerts", "articles", "outbox", "quarantine", "revisions", "runs", "seen", "stories"})
"""Kinds that grow without end; the others are bounded by the feed list and the horizon."""
AT_ONCE = 6
"""Concurrent requests during maintenance: the server applies several changes in one step. Measured three times as
fast as one request after the other."""
_BACKING_SECONDS = 5.0
"""Seconds for which the list of an alias's indices is cached. A roll-over meanwhile causes a conflict, never a
duplicate."""
MOVE_PATIENCE = 600.0
"""Seconds to wait for an index that takes no writes while its last documents are moved. A move blocks writes for
seconds; a move that was killed blocks them until another process continues it."""
RETIRED = timedelta(hours=1)
"""Time for which an index is kept after its move: far longer than any reader uses a point in time."""
_MOVE_FIELDS = frozenset({"moving_to", "moving_at", "copied_below"})
_NUMBERED = re.compile(r"-(?:v\d+-)?\d{6,}")


@dataclass(frozen=True, slots=True)
class IndexState:
    """The state of an index."""

    name: str
    kind: str
    behind_alias: bool
    writes: bool
    """True if new documents go to it."""
    blocked: bool
    """True if it takes no writes."""
    meta: JsonObject
    """``_meta`` of its mapping."""

    @property
    def version(self) -> int:
        """Version of its form (``schemas.store_forms.elasticsearch_version``)."""
        return int(self.meta.get("version", 1))

    @property
    def successor(self) -> str | None:
        """The index to which its documents are being moved, or have been moved."""
        return self.meta.get("moving_to")

    @property
    def moved_at(self) -> datetime | None:
        """The time from which on it takes no writes."""
        text = self.meta.get("moving_at")
        return time_from_text(text) if text else None

    @property
    def copied_below(self) -> int:
        """In an index that is being filled: the old index's sequence number below which all changes are copied."""
        return int(self.meta.get("copied_below", 0))

    @property
    def meta_at_rest(self) -> JsonObject:
        """``_meta`` of its mapping outside of a move."""
        return {name: value for name, value in self.meta.items() if name not in _MOVE_FIELDS}

    def moving(self, to: str) -> JsonObject:
        """Return ``_meta`` for the time from which on it takes no writes."""
        return self.meta | {"moving_to": to, "moving_at": time_to_text(now_utc())}

    def filled(self, below: int) -> JsonObject:
        """Return ``_meta`` for an index with all changes of the old index below a sequence number."""
        return self.meta | {"copied_below": below}


class Indices:
    """The indices of one prefix. Each kind of document has a write alias, ``PREFIX-KIND``."""

    def __init__(self, connection: Connection, prefix: str, roll_over: dict[str, Any] | None = None) -> None:
        self._connection = connection
        self._client = connection.client
        self.prefix = prefix
        self.roll_over_conditions = roll_over or ROLL_OVER
        self._backing: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._guard = threading.Lock()

    def alias(self, kind: str) -> str:
        """Return the write alias of a kind."""
        return f"{self.prefix}-{kind}"

    # Backing indices ------------------------------------------------------------------------------------

    def backing(self, kind: str, *, fresh: bool = False) -> tuple[str, ...]:
        """Return the indices behind a kind's alias, oldest first; new documents go to the last.

        Raises:
            StoreUnavailableError: the alias does not exist, since the store has not been set up.
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
        indices = tuple(sorted(answer, key=lambda index: (index in writes, index)))
        with self._guard:
            self._backing[kind] = (time.monotonic(), indices)
        return indices

    def forget(self) -> None:
        """Clear the cached lists of indices, so that indices made by another process until now are seen."""
        with self._guard:
            self._backing.clear()

    def states(self, *names: str) -> list[IndexState]:
        """Return the states of our indices, or of those named (also by alias), by name."""
        try:
            answer = self._call(
                lambda: self._client.indices.get(
                    index=list(names) or f"{self.prefix}-*",
                    filter_path="*.aliases,*.mappings._meta,*.settings.index.blocks",
                )
            )
        except elasticsearch.NotFoundError:
            return []
        return sorted(self._read_states(answer), key=lambda state: state.name)

    def missing(self, kind: str) -> StoreUnavailableError:
        """Return the error for an alias that does not exist."""
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

    # Roll-over, and moves to a new form -----------------------------------------------------------------

    def roll_over(self) -> None:
        """Create a new index for each kind whose latest index meets the roll-over conditions."""

        def grow(kind: str) -> None:
            conditions = self.roll_over_conditions
            answer = self._call(lambda: self._client.indices.rollover(alias=self.alias(kind), conditions=conditions))
            if answer["rolled_over"]:
                self.backing(kind, fresh=True)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(grow, sorted(GROWING)))

    def remove_retired(self) -> None:
        """Remove indices that were moved so long ago that nobody reads from them any more."""
        before = now_utc() - RETIRED
        retired = [
            state.name
            for state in self.states()
            if not state.behind_alias and state.moved_at and state.moved_at < before
        ]
        if retired:
            self._call(lambda: self._client.indices.delete(index=retired, ignore_unavailable=True))

    def current_index(self, index: str) -> str:
        """Return the index that holds an index's documents now: the index itself, or the one it was moved to."""
        for state in self.states(index):
            if not state.behind_alias and state.successor:
                return self.current_index(state.successor)
        return index

    def await_moves(self, kind: str, names: Iterable[str], why: str) -> dict[str, str]:
        """Wait until indices that refused a write have been moved; ``why`` is the server's reason.

        Returns the index that holds the documents of each afterwards; the alias of the kind is returned unchanged.

        Raises:
            StoreUnavailableError: an index is not being moved, since an operator has closed it to writes, or its move
                was interrupted and no process continues it.
        """
        alias, wanted = self.alias(kind), set(names)
        closed: list[IndexState] = []
        for pause in pauses(MOVE_PATIENCE):
            closed = [
                state
                for state in self.states(*wanted)
                if state.blocked and state.behind_alias and (state.name in wanted or state.writes)
            ]
            if not closed:
                self.backing(kind, fresh=True)
                return {name: name if name == alias else self.current_index(name) for name in wanted}
            if not all(state.successor for state in closed):
                raise StoreUnavailableError(
                    f"Elasticsearch at {self._connection.url} refuses to write {closed[0].name}: {why}"
                )
            time.sleep(pause or 0)
        raise StoreUnavailableError(
            f"{closed[0].name} is being moved to {closed[0].successor} and takes no writes. If no process moves it, "
            "run `wirepicket setup elasticsearch`, which continues the move."
        )

    def _read_states(self, answer: JsonObject) -> Iterator[IndexState]:
        for name, entry in answer.items():
            for kind in elasticsearch_kinds():
                alias = self.alias(kind)
                behind = entry.get("aliases", {}).get(alias)
                if behind is None and not (name.startswith(alias) and _NUMBERED.fullmatch(name, len(alias))):
                    continue
                blocks = entry.get("settings", {}).get("index", {}).get("blocks", {})
                yield IndexState(
                    name=name,
                    kind=kind,
                    behind_alias=behind is not None,
                    writes=bool(behind and behind.get("is_write_index")),
                    blocked="true" in {blocks.get("write"), blocks.get("read_only")},
                    meta=entry.get("mappings", {}).get("_meta", {}),
                )

    def _call(self, request: Any) -> Any:  # noqa: ANN401 - JSON
        return self._connection.call(request)
