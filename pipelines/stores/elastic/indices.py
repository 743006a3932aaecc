"""The indices of one prefix: what stands behind each alias, and what becomes of it."""

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
"""When a kind goes on in a new index. Half the 50 GB a shard that Elasticsearch advises at most: every index behind an
alias is asked for every id, and articles are updated wherever they are. Old indices can be closed a year at a time."""
GROWING = frozenset({"alerts", "articles", "outbox", "quarantine", "revisions", "runs", "seen", "stories"})
"""Kinds that grow without end; the others are bounded by the feed list and the horizon."""
AT_ONCE = 6
"""Requests at once while looking after indices: the server takes several changes in one step. Measured three times as
fast."""
_BACKING_SECONDS = 5.0
"""How long the list of an alias's indices is believed. A roll-over within it costs a conflict, never a double."""
MOVE_PATIENCE = 600.0
"""Seconds to wait for an index that takes no writes while the last of it is moved: an index that is moved takes none
for seconds, and one whose move was killed until somebody goes on with it."""
RETIRED = timedelta(hours=1)
"""How long an index is kept after it was moved: far longer than anybody reads from a point in time."""
_OF_A_MOVE = frozenset({"moving_to", "moving_at", "copied_below"})
_NUMBERED = re.compile(r"-(?:v\d+-)?\d{6,}")


@dataclass(frozen=True, slots=True)
class IndexState:
    """What there is to know of an index."""

    name: str
    kind: str
    behind_alias: bool
    writes: bool
    """New documents go to it."""
    blocked: bool
    """It takes no writes."""
    meta: JsonObject
    """What its mapping says of itself."""

    @property
    def version(self) -> int:
        """Of its form (``schemas.store_forms.elasticsearch_version``)."""
        return int(self.meta.get("version", 1))

    @property
    def successor(self) -> str | None:
        """The index which its documents are being moved to, or have been."""
        return self.meta.get("moving_to")

    @property
    def moved_at(self) -> datetime | None:
        """When it began to take no writes any more."""
        text = self.meta.get("moving_at")
        return time_from_text(text) if text else None

    @property
    def copied_below(self) -> int:
        """In an index that is being filled: the number of the old index's change below which all is copied."""
        return int(self.meta.get("copied_below", 0))

    @property
    def meta_at_rest(self) -> JsonObject:
        """What its mapping says when it is moved no more."""
        return {name: value for name, value in self.meta.items() if name not in _OF_A_MOVE}

    def moving(self, to: str) -> JsonObject:
        """What its mapping is to say from the moment on when it takes no writes."""
        return self.meta | {"moving_to": to, "moving_at": time_to_text(now_utc())}

    def filled(self, below: int) -> JsonObject:
        """What its mapping is to say when all changes of the old index below a number are copied."""
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
        """The write alias of a kind."""
        return f"{self.prefix}-{kind}"

    # What stands behind an alias ------------------------------------------------------------------------

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

    def forget(self) -> None:
        """Look again what stands behind each alias: what another process read and wrote until now is to be seen."""
        with self._guard:
            self._backing.clear()

    def standings(self, *names: str) -> list[IndexState]:
        """What there is to know of our indices, or of those named (by an alias too), by name."""
        try:
            answer = self._call(
                lambda: self._client.indices.get(
                    index=list(names) or f"{self.prefix}-*",
                    filter_path="*.aliases,*.mappings._meta,*.settings.index.blocks",
                )
            )
        except elasticsearch.NotFoundError:
            return []
        return sorted(self._read_standings(answer), key=lambda standing: standing.name)

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

    # Roll-over, and moves to a new form -----------------------------------------------------------------

    def roll_over(self) -> None:
        """Begin a new index for each kind whose latest has grown too large or too old, as the server judges."""

        def grow(kind: str) -> None:
            conditions = self.roll_over_conditions
            answer = self._call(lambda: self._client.indices.rollover(alias=self.alias(kind), conditions=conditions))
            if answer["rolled_over"]:
                self.backing(kind, fresh=True)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(grow, sorted(GROWING)))

    def remove_retired(self) -> None:
        """Remove indices which were moved so long ago that nobody reads from them any more."""
        before = now_utc() - RETIRED
        retired = [
            standing.name
            for standing in self.standings()
            if not standing.behind_alias and standing.moved_at and standing.moved_at < before
        ]
        if retired:
            self._call(lambda: self._client.indices.delete(index=retired, ignore_unavailable=True))

    def place_now(self, index: str) -> str:
        """Where the documents of an index stand by now: itself, or what it was moved to."""
        for standing in self.standings(index):
            if not standing.behind_alias and standing.successor:
                return self.place_now(standing.successor)
        return index

    def await_moves(self, kind: str, names: Iterable[str], why: str) -> dict[str, str]:
        """Wait until indices which refused a write, ``why`` in the server's words, have been moved.

        Returns where the documents of each stand then; the alias of the kind stays itself.

        Raises:
            StoreUnavailableError: they are not being moved: somebody has closed them to writes, or the move was
                broken off and nobody goes on with it.
        """
        alias, wanted = self.alias(kind), set(names)
        closed: list[IndexState] = []
        for pause in pauses(MOVE_PATIENCE):
            closed = [
                standing
                for standing in self.standings(*wanted)
                if standing.blocked and standing.behind_alias and (standing.name in wanted or standing.writes)
            ]
            if not closed:
                self.backing(kind, fresh=True)
                return {name: name if name == alias else self.place_now(name) for name in wanted}
            if not all(standing.successor for standing in closed):
                raise StoreUnavailableError(
                    f"Elasticsearch at {self._connection.url} refuses to write {closed[0].name}: {why}"
                )
            time.sleep(pause or 0)
        raise StoreUnavailableError(
            f"{closed[0].name} is being moved to {closed[0].successor} and takes no writes. If nobody is doing so, "
            "run `wirepicket setup elasticsearch`, which goes on with it."
        )

    def _read_standings(self, answer: JsonObject) -> Iterator[IndexState]:
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
