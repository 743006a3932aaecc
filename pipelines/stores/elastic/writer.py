"""The documents of one kind: written and merged, over all indices behind the alias."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic.bulk import Action, WriteResult, Written, write
from pipelines.stores.elastic.connection import pauses
from pipelines.stores.elastic.reader import DocumentReader, VersionedRecord
from pipelines.stores.rejected import rejection
from schemas.serial import dump

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from pipelines.stores.elastic.connection import Connection
    from pipelines.stores.elastic.documents import DocumentKind
    from pipelines.stores.elastic.indices import Indices
    from schemas.records import Quarantined
    from schemas.serial import JsonObject

Record = TypeVar("Record")

_CONFLICT_PAUSE = 0.02
"""Seconds at most before a conflict is tried again: two writers who met should not meet again at once."""


class Documents(DocumentReader[Record]):
    """Reads and writes the documents of one kind.

    ``refuse`` is given what cannot be written, now or later.
    """

    def __init__(
        self,
        connection: Connection,
        indices: Indices,
        kind: DocumentKind[Record],
        page_size: int,
        refuse: Callable[[Sequence[Quarantined]], None],
    ) -> None:
        super().__init__(connection, indices, kind, page_size)
        self._refuse = refuse

    def put(self, records: Sequence[Record]) -> None:
        """Write records over whatever is there; of several with one id the last."""
        self._write("index", {self._kind.id_of(record): record for record in records})

    def create(self, records: Sequence[Record]) -> None:
        """Write records that are not there yet; what is there stays, and of several with one id the first."""
        self._write("create", {self._kind.id_of(record): record for record in reversed(records)})

    def update(self, partials: Mapping[str, JsonObject]) -> None:
        """Merge partial documents into those that exist."""
        if not partials:
            return
        places = self._places(partials)
        actions = [
            self._action("update", one, dump({"doc": partial}), places.get(one)) for one, partial in partials.items()
        ]
        for written in self._carry_out(actions):
            if written.outcome is WriteResult.REJECTED:
                raise StoreUnavailableError(
                    f"Elasticsearch at {self._connection.url} refuses an update of {self.alias}: {written.detail}"
                )

    def delete(self, ids: Collection[str]) -> None:
        """Remove documents; those that are not there do not matter."""
        if not ids:
            return
        places = self._places(ids)
        self._carry_out([self._action("delete", one, None, places.get(one)) for one in ids])

    def merge(self, ids: Collection[str], merge: Callable[[Mapping[str, Record]], Sequence[Record]]) -> list[Record]:
        """Read, merge and write by compare-and-set, until nobody has written in between.

        ``merge`` gets the records that exist by document id, and is asked again for those ids only which
        another writer has changed. Returns what the documents now hold, of those that ``merge`` returned.
        """
        settled: dict[str, Record] = {}
        order: dict[str, None] = {}
        left = set(ids)
        for pause in pauses(self._connection.patience):
            found = self.get(left)
            merged = {
                self._kind.id_of(record): record for record in merge({one: found[one].record for one in sorted(found)})
            }
            order |= dict.fromkeys(merged)
            changed = {
                one: record
                for one, record in merged.items()
                if one in left and (one not in found or found[one].record != record)
            }
            settled |= {one: record for one, record in merged.items() if one in left and one not in changed}
            written = self._compare_and_set(changed, found)
            settled |= {one: changed[one] for one in written.done}
            left = written.conflicts
            if left:
                # The other writer's may stand in an index that we do not know of.
                self._indices.backing(self._kind.name, fresh=True)
                time.sleep(random.uniform(0, _CONFLICT_PAUSE))  # noqa: S311 - no secret
            if not left:
                return [settled[one] for one in order if one in settled]
            if pause is None:
                break
        raise StoreUnavailableError(
            f"Other writers keep changing the same {len(left)} documents of {self.alias}. Try again."
        )

    def _compare_and_set(self, changed: Mapping[str, Record], found: Mapping[str, VersionedRecord[Record]]) -> _Settled:
        refused: list[Quarantined] = []
        made = self._actions(changed, "create", refused)
        results = write(self._connection, (_over(found.get(action.id), action) for action in made))
        self._refuse_rejected(changed, results, refused)
        conflicts, done, created = set(), set(), {}
        for written in results:
            if written.outcome is WriteResult.DONE:
                done.add(written.action.id)
                if written.action.operation == "create":
                    created[written.action.id] = written.index
            elif written.outcome in (WriteResult.CONFLICT, WriteResult.MISSING, WriteResult.BLOCKED):
                conflicts.add(written.action.id)
        self._await_moves(results)
        double = self._yield_doubles(created)
        return _Settled(done=done - double, conflicts=conflicts | double)

    def _yield_doubles(self, created: Mapping[str, str]) -> set[str]:
        """Ids which another writer has created in another index, around a roll-over: ours is taken back.

        Both writers look after they have created, so at least one of them sees the other's; whoever does
        gives way and merges into the other's.
        """
        if not created or len(self._indices.backing(self._kind.name, fresh=True)) == 1:
            return set()
        places = self._places_now(created.values())
        double = set()
        for hit in self._all_hits(created, source=False):
            if hit["_index"] != places[created[hit["_id"]]]:
                double.add(hit["_id"])
        self._insist([self._action("delete", one, None, places[created[one]]) for one in sorted(double)])
        return double

    def _write(self, operation: str, records: Mapping[str, Record]) -> None:
        places = self._places(records)
        if operation == "create":
            records = {one: record for one, record in records.items() if one not in places}
        if not records:
            return
        refused: list[Quarantined] = []
        results = self._carry_out(self._actions(records, operation, refused, places))
        self._refuse_rejected(records, results, refused)

    def _carry_out(self, actions: Iterable[Action]) -> list[Written]:
        """Write, and put right what went through the alias into an index that had just been rolled over to.

        The places of the documents were looked up in the indices known before: one that is in an earlier
        index must not come to stand in the new one as well.
        """
        known = self._indices.backing(self._kind.name)[-1]
        results = self._insist(actions)
        strays = {
            written.action.id: written
            for written in results
            if written.action.through_alias and written.index and written.index != known
        }
        if strays:
            self._indices.backing(self._kind.name, fresh=True)
            places = self._places_now(written.index for written in strays.values())
            remedies = [
                _remedy(replace(written, index=places[written.index]), hit["_index"])
                for hit in self._all_hits(strays, source=False)
                for written in [strays[hit["_id"]]]
                if hit["_index"] != places[written.index]
            ]
            self._insist([remedy for remedy in remedies if remedy])
        return results

    def _insist(self, actions: Iterable[Action]) -> list[Written]:
        """Write; what meets an index that is just being moved to another waits, and follows."""
        results = write(self._connection, actions)
        for pause in pauses(self._connection.patience):
            places = self._await_moves(results)
            late = [number for number, written in enumerate(results) if written.outcome is WriteResult.BLOCKED]
            if not late:
                return results
            following = (replace(results[one].action, index=places[results[one].action.index]) for one in late)
            for number, written in zip(late, write(self._connection, list(following)), strict=True):
                results[number] = written
            time.sleep(pause or 0)
        raise StoreUnavailableError(f"The indices of {self.alias} keep being closed to writes. Try again.")

    def _await_moves(self, results: Sequence[Written]) -> dict[str, str]:
        """Wait for the indices which took no writes; where their documents stand then."""
        refused = {
            written.action.index: written.detail for written in results if written.outcome is WriteResult.BLOCKED
        }
        if not refused:
            return {}
        return self._indices.await_moves(self._kind.name, refused, next(iter(refused.values())))

    def _places_now(self, indices: Iterable[str]) -> dict[str, str]:
        """Where documents stand which were written into these indices: one may have been moved since."""
        known = self._indices.backing(self._kind.name)
        return {one: one if one in known else self._indices.place_now(one) for one in set(indices)}

    def _actions(
        self,
        records: Mapping[str, Record],
        operation: str,
        refused: list[Quarantined],
        places: Mapping[str, str] | None = None,
    ) -> Iterator[Action]:
        """The actions which write records; those that JSON cannot express are added to ``refused``."""
        for one, record in records.items():
            try:
                body = dump(self._kind.document(record))
            except UnicodeEncodeError as error:
                refused.append(rejection(record, one, str(error)))
                continue
            yield self._action(operation, one, body, (places or {}).get(one))

    def _action(self, operation: str, one: str, body: bytes | None, index: str | None) -> Action:
        """A write into an index, or through the alias where it does not matter which."""
        return Action(operation=operation, index=index or self.alias, through_alias=index is None, id=one, body=body)

    def _refuse_rejected(
        self, records: Mapping[str, Record], results: Sequence[Written], refused: Sequence[Quarantined]
    ) -> None:
        """Quarantine what was refused before it was sent, and what Elasticsearch cannot take."""
        rejected = [
            rejection(records[written.action.id], written.action.id, written.detail)
            for written in results
            if written.outcome is WriteResult.REJECTED
        ]
        self._refuse([*refused, *rejected])


@dataclass(frozen=True, slots=True)
class _Settled:
    """Ids of the documents written, and of those which another writer changed first."""

    done: set[str]
    conflicts: set[str]


def _over(found: VersionedRecord[Record] | None, action: Action) -> Action:
    """The action which takes the place of a document as it was read; the action itself where there was none."""
    if found is None:
        return action
    return replace(
        action,
        operation="index",
        index=found.index,
        through_alias=False,
        seq_no=found.seq_no,
        primary_term=found.primary_term,
    )


def _remedy(written: Written, elsewhere: str) -> Action | None:
    """What must follow a write that went to one index, the document standing ``elsewhere`` as well."""
    if written.outcome is WriteResult.MISSING:
        return replace(written.action, index=elsewhere, through_alias=False)
    if written.outcome is not WriteResult.DONE:
        return None
    # What is created must not replace what is there; what is put must.
    wrong = written.index if written.action.operation == "create" else elsewhere
    return Action(operation="delete", index=wrong, id=written.action.id)
