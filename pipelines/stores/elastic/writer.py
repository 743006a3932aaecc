"""Writing and merging of documents of one kind, over all indices behind the alias."""

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
"""Seconds at most before the retry after a conflict, at random, so that the same two writers do not conflict again."""


class Documents(DocumentReader[Record]):
    """A reader and writer of the documents of one kind.

    ``refuse`` gets quarantined items for the documents that can never be written.
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
        """Write records over existing ones; of several with the same id the last."""
        self._write("index", {self._kind.id_of(record): record for record in records})

    def create(self, records: Sequence[Record]) -> None:
        """Write records that do not exist yet; of several with the same id the first. Existing documents stay."""
        self._write("create", {self._kind.id_of(record): record for record in reversed(records)})

    def update(self, partials: Mapping[str, JsonObject]) -> None:
        """Merge partial documents into existing documents."""
        if not partials:
            return
        locations = self._indices_of(partials)
        actions = [
            self._action("update", document_id, dump({"doc": partial}), locations.get(document_id))
            for document_id, partial in partials.items()
        ]
        for written in self._carry_out(actions):
            if written.outcome is WriteResult.REJECTED:
                raise StoreUnavailableError(
                    f"Elasticsearch at {self._connection.url} refuses an update of {self.alias}: {written.detail}"
                )

    def delete(self, ids: Collection[str]) -> None:
        """Remove documents; missing ones are ignored."""
        if not ids:
            return
        locations = self._indices_of(ids)
        self._carry_out([self._action("delete", document_id, None, locations.get(document_id)) for document_id in ids])

    def merge(self, ids: Collection[str], merge: Callable[[Mapping[str, Record]], Sequence[Record]]) -> list[Record]:
        """Read, merge and write by compare-and-set, until no other writer interferes.

        ``merge`` gets the existing records by document id. It is called again only for the ids that another writer has
        changed meanwhile. Returns the records now stored, of those that ``merge`` returned.
        """
        settled: dict[str, Record] = {}
        order: dict[str, None] = {}
        left = set(ids)
        for pause in pauses(self._connection.patience):
            existing = self.get(left)
            merged = {
                self._kind.id_of(record): record
                for record in merge({document_id: existing[document_id].record for document_id in sorted(existing)})
            }
            order |= dict.fromkeys(merged)
            changed = {
                document_id: record
                for document_id, record in merged.items()
                if document_id in left and (document_id not in existing or existing[document_id].record != record)
            }
            settled |= {
                document_id: record
                for document_id, record in merged.items()
                if document_id in left and document_id not in changed
            }
            written = self._compare_and_set(changed, existing)
            settled |= {document_id: changed[document_id] for document_id in written.done}
            left = written.conflicts
            if left:
                # The other writer's document may be in an index that is not in the cached list.
                self._indices.backing(self._kind.name, fresh=True)
                time.sleep(random.uniform(0, _CONFLICT_PAUSE))  # noqa: S311 - no secret
            if not left:
                return [settled[document_id] for document_id in order if document_id in settled]
            if pause is None:
                break
        raise StoreUnavailableError(
            f"Other writers keep changing the same {len(left)} documents of {self.alias}. Try again."
        )

    def _compare_and_set(
        self, changed: Mapping[str, Record], existing: Mapping[str, VersionedRecord[Record]]
    ) -> _Settled:
        refused: list[Quarantined] = []
        made = self._actions(changed, "create", refused)
        results = write(self._connection, (_over(existing.get(action.id), action) for action in made))
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
        duplicates = self._withdraw_duplicates(created)
        return _Settled(done=done - duplicates, conflicts=conflicts | duplicates)

    def _withdraw_duplicates(self, created: Mapping[str, str]) -> set[str]:
        """Return the ids that another writer has created in another index, around a roll-over; delete our documents.

        Both writers check after they have created, so that at least one of them sees the other's document. That writer
        deletes its own and merges into the other's.
        """
        if not created or len(self._indices.backing(self._kind.name, fresh=True)) == 1:
            return set()
        locations = self._current_indices(created.values())
        duplicates = set()
        for hit in self._all_hits(created, source=False):
            if hit["_index"] != locations[created[hit["_id"]]]:
                duplicates.add(hit["_id"])
        self._write_through_moves(
            [
                self._action("delete", document_id, None, locations[created[document_id]])
                for document_id in sorted(duplicates)
            ]
        )
        return duplicates

    def _write(self, operation: str, records: Mapping[str, Record]) -> None:
        locations = self._indices_of(records)
        if operation == "create":
            records = {document_id: record for document_id, record in records.items() if document_id not in locations}
        if not records:
            return
        refused: list[Quarantined] = []
        results = self._carry_out(self._actions(records, operation, refused, locations))
        self._refuse_rejected(records, results, refused)

    def _carry_out(self, actions: Iterable[Action]) -> list[Written]:
        """Write, then correct the writes that went through the alias into an index created by a roll-over meanwhile.

        The indices of the documents were looked up among those known before. A document in an earlier index must not
        be written into the new one too.
        """
        known = self._indices.backing(self._kind.name)[-1]
        results = self._write_through_moves(actions)
        strays = {
            written.action.id: written
            for written in results
            if written.action.through_alias and written.index and written.index != known
        }
        if strays:
            self._indices.backing(self._kind.name, fresh=True)
            locations = self._current_indices(written.index for written in strays.values())
            remedies = [
                _remedy(replace(written, index=locations[written.index]), hit["_index"])
                for hit in self._all_hits(strays, source=False)
                for written in [strays[hit["_id"]]]
                if hit["_index"] != locations[written.index]
            ]
            self._write_through_moves([remedy for remedy in remedies if remedy])
        return results

    def _write_through_moves(self, actions: Iterable[Action]) -> list[Written]:
        """Write; writes to an index that is being moved wait, and then go to the new index."""
        results = write(self._connection, actions)
        for pause in pauses(self._connection.patience):
            locations = self._await_moves(results)
            late = [number for number, written in enumerate(results) if written.outcome is WriteResult.BLOCKED]
            if not late:
                return results
            following = (
                replace(results[number].action, index=locations[results[number].action.index]) for number in late
            )
            for number, written in zip(late, write(self._connection, list(following)), strict=True):
                results[number] = written
            time.sleep(pause or 0)
        raise StoreUnavailableError(f"The indices of {self.alias} keep being closed to writes. Try again.")

    def _await_moves(self, results: Sequence[Written]) -> dict[str, str]:
        """Wait for the moves of the indices that took no writes; return the index that holds each one's documents."""
        refused = {
            written.action.index: written.detail for written in results if written.outcome is WriteResult.BLOCKED
        }
        if not refused:
            return {}
        return self._indices.await_moves(self._kind.name, refused, next(iter(refused.values())))

    def _current_indices(self, indices: Iterable[str]) -> dict[str, str]:
        """Return the index that now holds the documents written into each index: it may have been moved since."""
        known = self._indices.backing(self._kind.name)
        return {index: index if index in known else self._indices.current_index(index) for index in set(indices)}

    def _actions(
        self,
        records: Mapping[str, Record],
        operation: str,
        refused: list[Quarantined],
        locations: Mapping[str, str] | None = None,
    ) -> Iterator[Action]:
        """Yield the actions that write records; add to ``refused`` the records that JSON cannot express."""
        for document_id, record in records.items():
            try:
                body = dump(self._kind.document(record))
            except UnicodeEncodeError as error:
                refused.append(rejection(record, document_id, str(error)))
                continue
            yield self._action(operation, document_id, body, (locations or {}).get(document_id))

    def _action(self, operation: str, document_id: str, body: bytes | None, index: str | None) -> Action:
        """Return a write into an index, or through the alias without one."""
        return Action(
            operation=operation, index=index or self.alias, through_alias=index is None, id=document_id, body=body
        )

    def _refuse_rejected(
        self, records: Mapping[str, Record], results: Sequence[Written], refused: Sequence[Quarantined]
    ) -> None:
        """Quarantine records refused before they were sent, and those that Elasticsearch rejected."""
        rejected = [
            rejection(records[written.action.id], written.action.id, written.detail)
            for written in results
            if written.outcome is WriteResult.REJECTED
        ]
        self._refuse([*refused, *rejected])


@dataclass(frozen=True, slots=True)
class _Settled:
    """The ids of the documents written, and of those that another writer changed first."""

    done: set[str]
    conflicts: set[str]


def _over(existing: VersionedRecord[Record] | None, action: Action) -> Action:
    """Return the action that replaces a document as it was read; without a document, the action itself."""
    if existing is None:
        return action
    return replace(
        action,
        operation="index",
        index=existing.index,
        through_alias=False,
        seq_no=existing.seq_no,
        primary_term=existing.primary_term,
    )


def _remedy(written: Written, elsewhere: str) -> Action | None:
    """Return the action that corrects a write to one index when the document is also in the index ``elsewhere``."""
    if written.outcome is WriteResult.MISSING:
        return replace(written.action, index=elsewhere, through_alias=False)
    if written.outcome is not WriteResult.DONE:
        return None
    # A created document must not replace the existing one; a put document must.
    wrong = written.index if written.action.operation == "create" else elsewhere
    return Action(operation="delete", index=wrong, id=written.action.id)
