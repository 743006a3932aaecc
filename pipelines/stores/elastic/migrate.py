"""Indices of an earlier form are moved to today's, while they are read and written.

There are forms which adding fields to an index cannot bring about: another type, another analyzer. The way to them is
a new index, a copy, and an alias that changes over. Elasticsearch's own reindexing would copy documents as they are;
here each is made again from its record, so that fields which are new are filled.

1. A new index is made, behind no alias yet.
2. Documents are copied in the order of their sequence numbers. A copy carries the number as its version, so that what
   is copied again, late or by another process never takes the place of something newer. What is written meanwhile has
   higher numbers, and is copied in a further round.
3. When little is left, the old index takes no writes any more (writers wait: ``Indices.await_moves``), the rest is
   copied, and what was deleted meanwhile goes from the copy.
4. The alias changes over in one step. Whoever still knows the old index is refused there, and follows.
5. The old index stays for a while for those who read from it, then ``Indices.remove_retired`` removes it.

Killed anywhere, it goes on where it was when it is called again.
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
"""Leases are none of them: they are held by their place, and nobody searches for them."""
MIGRATION_LEASE = "migration"
LEASE_SECONDS = 10.0
"""Without a sign of life for so long, whoever moves indices counts as dead, and another may go on."""
PAGE = 1_000
NEARLY = 2_000
"""Documents written since the last round, below which writers are made to wait for the rest: under a second or two."""
ROUNDS = 10
"""Rounds at most before they have to wait: somebody may write faster than this copies."""
_NOTED_EVERY = 5
"""Pages between two notes of how far it has come, each a change of the cluster's state."""
_IDS_A_PAGE = 10_000


def migrate(
    connection: Connection,
    indices: Indices,
    tell: Callable[[str], None],
    lease_seconds: float = LEASE_SECONDS,
    page_size: int = PAGE,
) -> None:
    """Move every index of an earlier form, one after the other; ``tell`` is told in words how it goes.

    Raises:
        StoreUnavailableError: the server is out of reach, or cannot take a document in its new form. The index stays
            as it was.
    """
    if not outdated_indices(indices):
        return
    lease = Lease(connection, indices, MIGRATION_LEASE, lease_seconds)
    with lease.held():
        # Looked up again: another process may have been at it while this one waited.
        for standing in outdated_indices(indices):
            _Move(connection, indices, lease, standing, page_size).carry_out(tell)


def outdated_indices(indices: Indices) -> list[IndexState]:
    """The indices of an earlier form that are in use."""
    return [one for one in indices.standings() if one.behind_alias and one.kind in KINDS and outdated(one)]


class _Move:
    """The move of one index."""

    def __init__(
        self, connection: Connection, indices: Indices, lease: Lease, standing: IndexState, page_size: int
    ) -> None:
        self._connection = connection
        self._client = connection.client
        self._indices = indices
        self._lease = lease
        self._kind = KINDS[standing.kind]
        self._page_size = page_size
        self._version = elasticsearch_version(standing.kind)
        self._old = standing.name
        alias = indices.alias(standing.kind)
        number = standing.name.rpartition("-")[2]
        self._new = f"{alias}-v{self._version}-{number}"
        self._alias = alias

    def carry_out(self, tell: Callable[[str], None]) -> None:
        create_index(self._connection, self._new, {})
        (made,) = self._indices.standings(self._new)
        copied = made.copied_below
        tell(f"{self._old} is copied to {self._new}" + (f", from change {copied:,} on" if copied else ""))
        for _ in range(ROUNDS):
            before = copied
            copied = self._copy(made, copied)
            tell(f"{self._old}: copied up to change {copied:,}")
            if copied - before < NEARLY:
                break
        self._change_over(made, copied)
        tell(f"{self._alias} now means {self._new}; {self._old} goes when nobody reads from it any more")

    def _copy(self, made: IndexState, since: int) -> int:
        """Copy what was written from a sequence number on; returns that below which all is copied."""
        # Numbers are given before documents can be seen: below this one, all are there.
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
        """The sequence number below which every change has been carried out, in every shard."""
        answer = self._call(lambda: self._client.indices.stats(index=self._old, level="shards"))
        shards = answer["indices"][self._old]["shards"].values()
        return 1 + min(int(copy["seq_no"]["global_checkpoint"]) for shard in shards for copy in shard)

    def _action(self, hit: JsonObject) -> Action:
        source = hit["_source"]
        try:
            document = self._kind.document(self._kind.record(source))
        except RecordFormatError:
            document = source  # what cannot be read is kept as it is
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
                    f"document {written.action.id}: {written.detail}. It stays as it was."
                )

    def _note(self, made: IndexState, copied: int) -> None:
        self._put_meta(self._new, made.filled(copied))

    def _put_meta(self, index: str, meta: JsonObject) -> None:
        self._call(lambda: self._client.indices.put_mapping(index=index, meta=meta))

    # The last of it -------------------------------------------------------------------------------------

    def _change_over(self, made: IndexState, copied: int) -> None:
        (old,) = self._indices.standings(self._old)
        try:
            self._put_meta(self._old, old.moving(self._new))
            # Returns when writes that were under way have ended.
            self._call(lambda: self._client.indices.add_block(index=self._old, block="write"))
            self._copy(made, copied)
            self._remove_deleted()
            self._lease.check()
            self._switch()
        except BaseException:
            # Broken off: writers need not wait for whoever goes on with it.
            with suppress(StoreUnavailableError):
                self._reopen(old)
            raise
        self._put_meta(self._new, made.meta_at_rest)

    def _remove_deleted(self) -> None:
        """Remove from the copy what is no longer in the old index, which takes no writes."""
        self._call(lambda: self._client.indices.refresh(index=[self._old, self._new]))
        # All of the old one is in the copy: as many here as there means the same ones.
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
        """The alias changes over, in one step for everybody."""
        for attempt in range(3):
            (old,) = self._indices.standings(self._old)
            if not old.behind_alias:
                return  # done, and the answer was lost
            actions = [
                {"add": {"index": self._new, "alias": self._alias, "is_write_index": old.writes}},
                {"remove": {"index": self._old, "alias": self._alias, "must_exist": True}},
            ]
            try:
                self._call(lambda actions=actions: self._client.indices.update_aliases(actions=actions))
            except elasticsearch.NotFoundError:
                continue
            except StoreUnavailableError as error:
                # A run has just had the server roll over, so that this is not where new documents go any more.
                if attempt or "more than one write index" not in str(error):
                    raise
                continue
            self._indices.backing(self._kind.name, fresh=True)
            return
        raise StoreUnavailableError(f"{self._alias} cannot be made to mean {self._new}. Try again.")

    def _reopen(self, old: IndexState) -> None:
        (now,) = self._indices.standings(self._old)
        if now.behind_alias:
            self._call(
                lambda: self._client.indices.put_settings(index=self._old, settings={"index.blocks.write": None})
            )
            self._put_meta(self._old, old.meta_at_rest)

    def _call(self, request: Any) -> Any:  # noqa: ANN401 - JSON
        return self._connection.call(request)
