"""Migration of indices of an earlier form to the current form, while they are read and written.

Adding fields to an index cannot change a field's type or analyzer. Such a change needs a new index, a copy and a switch
of the alias. Elasticsearch's own reindexing would copy documents unchanged; here each document is made again from its
record, so that new fields are filled.

1. A new index is created, behind no alias yet.
2. Documents are copied in the order of their sequence numbers. A copy has the number as its version, so that a repeated
   or late copy never replaces a newer one. Documents written meanwhile have higher numbers, and are copied in a further
   round.
3. When few are left, the old index is closed to writes (writers wait: ``Indices.await_moves``), the rest is copied, and
   documents deleted meanwhile are removed from the copy.
4. The alias switches in one step. A writer that still uses the old index is refused there, and turns to the new one.
5. The old index stays for a while for its readers, then ``Indices.remove_retired`` removes it.

A migration killed at any point continues there when it is called again.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import elasticsearch

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic import documents
from pipelines.stores.elastic.bulk import Action, WriteResult, write
from pipelines.stores.elastic.lease import Lease
from pipelines.stores.elastic.memory import COMMON
from pipelines.stores.elastic.paging import pages
from pipelines.stores.elastic.templates import create_index, outdated
from schemas.serial import RecordFormatError, dump
from schemas.store_forms import elasticsearch_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelines.stores.elastic.connection import Connection
    from pipelines.stores.elastic.documents import DocumentKind
    from pipelines.stores.elastic.indices import IndexState, Indices
    from schemas.serial import JsonObject

KINDS: dict[str, DocumentKind[Any]] = {
    kind.name: kind
    for kind in (
        documents.ALERTS,
        documents.ARTICLES,
        documents.CHANGES,
        documents.DRIFT,
        documents.FEEDS,
        documents.LINES,
        documents.MEMORY,
        documents.OUTBOX,
        documents.QUARANTINE,
        documents.REVISIONS,
        documents.RUNS,
        documents.SEEN,
        documents.STORIES,
        COMMON,
    )
}
"""Kinds that are moved. Leases are not: a lease is read by its id in its index, and never searched for."""
MIGRATION_LEASE = "migration"
LEASE_SECONDS = 10.0
"""Seconds without renewal after which the process that moves indices counts as dead, and another may continue."""
PAGE = 1_000
NEARLY = 2_000
"""Documents written since the last round below which writers have to wait for the rest: a second or two at most."""
ROUNDS = 10
"""Rounds at most before writers have to wait: they may write faster than this process copies."""
_NOTED_EVERY = 5
"""Pages between two records of the progress, each of which changes the cluster's state."""
_IDS_A_PAGE = 10_000


def migrate(
    connection: Connection,
    indices: Indices,
    report: Callable[[str], None],
    lease_seconds: float = LEASE_SECONDS,
    page_size: int = PAGE,
) -> None:
    """Move every index of an earlier form, one after the other; ``report`` gets messages about the progress.

    Raises:
        StoreUnavailableError: the server is unreachable, or refuses a document in its new form. The index stays as it
            was.
    """
    if not outdated_indices(indices):
        return
    lease = Lease(connection, indices, MIGRATION_LEASE, lease_seconds)
    with lease.held():
        # Looked up again: another process may have moved indices while this one waited.
        for state in outdated_indices(indices):
            _Move(connection, indices, lease, state, page_size).carry_out(report)


def outdated_indices(indices: Indices) -> list[IndexState]:
    """Return the indices of an earlier form that are in use."""
    return [state for state in indices.states() if state.behind_alias and state.kind in KINDS and outdated(state)]


class _Move:
    """The move of one index."""

    def __init__(
        self, connection: Connection, indices: Indices, lease: Lease, state: IndexState, page_size: int
    ) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self._lease = lease
        self._kind = KINDS[state.kind]
        self._page_size = page_size
        self._version = elasticsearch_version(state.kind)
        self._old = state.name
        alias = indices.alias(state.kind)
        number = state.name.rpartition("-")[2]
        self._new = f"{alias}-v{self._version}-{number}"
        self._alias = alias

    def carry_out(self, report: Callable[[str], None]) -> None:
        create_index(self._connection, self._new, {})
        (made,) = self._indices.states(self._new)
        copied = made.copied_below
        report(f"{self._old} is copied to {self._new}" + (f", from change {copied:,} on" if copied else ""))
        for _ in range(ROUNDS):
            before = copied
            copied = self._copy(made, copied)
            report(f"{self._old}: copied up to change {copied:,}")
            if copied - before < NEARLY:
                break
        self._change_over(made, copied)
        report(f"{self._alias} now means {self._new}; {self._old} is removed when nobody reads from it any more")

    def _copy(self, made: IndexState, since: int) -> int:
        """Copy the documents from a sequence number on; return the number below which all are copied."""
        # Numbers are assigned before documents become visible. Below this number, all are visible after a refresh.
        safe = self._all_done()
        self._call(lambda: self._client.indices.refresh(index=self._old))
        request: JsonObject = {
            "query": {"range": {"_seq_no": {"gte": since}}},
            "sort": [{"_seq_no": "asc"}],
            "size": self._page_size,
            "seq_no_primary_term": True,
            "track_total_hits": False,
        }
        for number, hits in enumerate(pages(self._connection, self._old, request), start=1):
            self._put(self._action(hit) for hit in hits)
            if hits and number % _NOTED_EVERY == 0:
                self._note(made, min(safe, hits[-1]["_seq_no"]))
        self._note(made, safe)
        return safe

    def _all_done(self) -> int:
        """Return the sequence number below which every change has been executed, in every shard."""
        answer = self._call(lambda: self._client.indices.stats(index=self._old, level="shards"))
        shards = answer["indices"][self._old]["shards"].values()
        return 1 + min(int(copy["seq_no"]["global_checkpoint"]) for shard in shards for copy in shard)

    def _action(self, hit: JsonObject) -> Action:
        source = hit["_source"]
        try:
            document = self._kind.document(self._kind.record(source))
        except RecordFormatError:
            document = source  # a document that cannot be read is copied unchanged
        ingested = source.get("event", {}).get("ingested")
        if ingested:
            document["event"] = document.get("event", {}) | {"ingested": ingested}
        return Action(
            operation="index", index=self._new, id=hit["_id"], body=dump(document), version=hit["_seq_no"] + 1
        )

    def _put(self, actions: Iterable[Action]) -> None:
        self._lease.check()
        for written in write(self._connection, actions):
            if written.outcome is WriteResult.REJECTED:
                raise StoreUnavailableError(
                    f"{self._old} cannot be moved to version {self._version} of its form: "
                    f"document {written.action.id}: {written.detail}. The index stays as it was."
                )

    def _note(self, made: IndexState, copied: int) -> None:
        self._put_meta(self._new, made.filled(copied))

    def _put_meta(self, index: str, meta: JsonObject) -> None:
        self._call(lambda: self._client.indices.put_mapping(index=index, meta=meta))

    # The switch -----------------------------------------------------------------------------------------

    def _change_over(self, made: IndexState, copied: int) -> None:
        (old,) = self._indices.states(self._old)
        try:
            self._put_meta(self._old, old.moving(self._new))
            # Returns when the writes in progress have ended.
            self._call(lambda: self._client.indices.add_block(index=self._old, block="write"))
            self._copy(made, copied)
            self._remove_deleted()
            self._lease.check()
            self._switch()
        except BaseException:
            # Interrupted: writers need not wait for the process that continues the move.
            with suppress(StoreUnavailableError):
                self._reopen(old)
            raise
        self._put_meta(self._new, made.meta_at_rest)

    def _remove_deleted(self) -> None:
        """Remove documents from the copy that are no longer in the old index, which takes no writes."""
        self._call(lambda: self._client.indices.refresh(index=[self._old, self._new]))
        # The copy holds all documents of the old index, so that equal counts mean equal sets.
        if self._count(self._old) == self._count(self._new):
            return
        kept = {hit["_id"] for hit in self._ids(self._old)}
        gone = [
            Action(
                operation="delete",
                index=self._new,
                id=hit["_id"],
                seq_no=hit["_seq_no"],
                primary_term=hit["_primary_term"],
            )
            for hit in self._ids(self._new)
            if hit["_id"] not in kept
        ]
        self._lease.check()
        write(self._connection, gone)
        self._call(lambda: self._client.indices.refresh(index=self._new))

    def _count(self, index: str) -> int:
        return int(self._call(lambda: self._client.count(index=index))["count"])

    def _ids(self, index: str) -> Iterator[Any]:
        request: JsonObject = {
            "query": {"match_all": {}},
            "sort": ["_shard_doc"],
            "size": _IDS_A_PAGE,
            "source": False,
            "seq_no_primary_term": True,
            "track_total_hits": False,
        }
        return (hit for hits in pages(self._connection, index, request) for hit in hits)

    def _switch(self) -> None:
        """Switch the alias to the new index, in one step for all users."""
        for attempt in range(3):
            (old,) = self._indices.states(self._old)
            if not old.behind_alias:
                return  # done earlier, and the response was lost
            actions = [
                {"add": {"index": self._new, "alias": self._alias, "is_write_index": old.writes}},
                {"remove": {"index": self._old, "alias": self._alias, "must_exist": True}},
            ]
            try:
                self._call(lambda actions=actions: self._client.indices.update_aliases(actions=actions))
            except elasticsearch.NotFoundError:
                continue
            except StoreUnavailableError as error:
                # A run has just rolled the alias over, so that new documents no longer go to this index.
                if attempt or "more than one write index" not in str(error):
                    raise
                continue
            self._indices.backing(self._kind.name, fresh=True)
            return
        raise StoreUnavailableError(f"{self._alias} cannot be made to mean {self._new}. Try again.")

    def _reopen(self, old: IndexState) -> None:
        (now,) = self._indices.states(self._old)
        if now.behind_alias:
            self._call(
                lambda: self._client.indices.put_settings(index=self._old, settings={"index.blocks.write": None})
            )
            self._put_meta(self._old, old.meta_at_rest)

    def _call(self, request: Any) -> Any:  # noqa: ANN401 - JSON
        return self._connection.call(request)
