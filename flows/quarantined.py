"""Selection of quarantined items, and their retry or removal."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from flows.commands.ids import find_id
from flows.commands.moments import parse_since
from pipelines.archive.index import ArchiveIndex
from pipelines.stores.protocol import IdKind
from schemas.records import CaptureRef, MediaKind, now_utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from flows.inputs import Inputs
    from flows.progress import Reporter
    from pipelines.config import Settings
    from pipelines.stores.protocol import Store
    from schemas.records import Quarantined


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A selection of quarantined items."""

    ids: tuple[str, ...]
    """Ids or beginnings of ids; empty: all items that pass the other filters."""
    stage: str | None
    reason: str | None
    url: str | None
    """An address or the beginning of one."""
    source: str | None
    """A host, an outlet's name or a feed's address."""
    since: datetime | None
    closed: bool
    """True if closed items are selected too."""

    @classmethod
    def of(
        cls,
        ids: Sequence[str] | None,
        *,
        stage: str | None,
        reason: str | None,
        url: str | None,
        source: str | None,
        since: str | None,
        closed: bool,
    ) -> Self:
        """Return the selection of command-line options.

        Raises:
            ConfigurationError: ``since`` is not a time.
        """
        return cls(
            ids=tuple(ids or ()),
            stage=stage,
            reason=reason,
            url=url,
            source=source,
            since=parse_since(since, now_utc()) if since else None,
            closed=closed,
        )

    @property
    def everything(self) -> bool:
        """True if there is no filter; ``closed`` is not a filter."""
        return not self.ids and {self.stage, self.reason, self.url, self.source, self.since} == {None}


def find_items(store: Store, settings: Settings, wanted: Wanted) -> list[Quarantined]:
    """Return the selected items, the most recently seen first. An item selected by its id may be closed.

    Raises:
        ConfigurationError: no item has an id, or several ids begin with it.
    """
    ids = {find_id(store, given, IdKind.QUARANTINE) for given in wanted.ids}
    items = [
        item
        for item in store.iter_quarantine(closed=wanted.closed or bool(ids))
        if (not ids or item.id in ids)
        and wanted.stage in {None, item.stage}
        and wanted.reason in {None, item.reason}
        and (wanted.url is None or item.url.startswith(wanted.url))
        and (wanted.since is None or (item.last_seen is not None and item.last_seen >= wanted.since))
    ]
    if wanted.source is not None:
        items = _of_source(items, wanted.source, settings)
    return sorted(items, key=lambda item: (item.last_seen is None, _descending(item.last_seen), item.key))


def _descending(time: datetime | None) -> float:
    return -time.timestamp() if time else 0.0


def _of_source(items: Sequence[Quarantined], source: str, settings: Settings) -> list[Quarantined]:
    with ArchiveIndex(settings.archive) as index:
        records = {str(capture.ref) for capture in index.span(source=source)}
        # For a page that could not be fetched, the archive may hold the entry of its feed.
        urls = {capture.url for capture in index.span(source=source)}
    return [
        item
        for item in items
        if item.archive_record in records or item.url in urls or item.url == source or _at_host(item.url, source)
    ]


def _at_host(url: str, source: str) -> bool:
    """Return whether an address is at a host or a subdomain of it."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    name = source.casefold().strip()
    return host == name or host.endswith(f".{name}")


def drop_items(store: Store, items: Sequence[Quarantined]) -> int:
    """Remove items; return the number removed."""
    keys = {item.key for item in items}
    return len(store.amend_quarantine({url for url, *_ in keys}, lambda item: None if item.key in keys else item))


@dataclass(slots=True)
class Retried:
    """The results of retrying items."""

    closed: int = 0
    due: list[Quarantined] = field(default_factory=list)
    """Items that the next run fetches again."""
    failed: list[tuple[Quarantined, str]] = field(default_factory=list)
    """Items that failed again, each with the reason."""
    left: list[tuple[Quarantined, str]] = field(default_factory=list)
    """Items that could not be retried, each with the reason."""
    alerts: int = 0
    problems: tuple[str, ...] = ()
    """Problems of delivery."""


def retry_items(
    store: Store, items: Sequence[Quarantined], inputs: Inputs, settings: Settings, reporter: Reporter, *, as_json: bool
) -> Retried:
    """Process the captures of items again. Items that fail again or have no capture become due, if they can be fetched.

    Raises:
        StoreUnavailableError: the store cannot be reached; no item is lost.
        PipelineError: the pipeline failed.
    """
    from flows import steps  # noqa: PLC0415 - half a second, which listing need not wait for
    from pipelines.collect.reschedule import make_due  # noqa: PLC0415 - likewise

    done = Retried()
    urls = {item.url for item in items}
    with ArchiveIndex(settings.archive) as index:
        documents = {url for url, held in index.latest(urls).items() if held.kind is MediaKind.FEED}
        feeds = documents.union(store.feed_states(urls))
        archived = [item for item in items if item.archive_record and item.url not in feeds]
        report = steps.process(_refs(archived), inputs, settings, reporter)
        done.alerts = report.alerts
        if archived:
            done.problems = steps.notify(store, inputs, settings, as_json=as_json).problems
        store.refresh()
        still = {item.key: item for item in store.iter_quarantine()}
        failing = {item.archive_record for item in still.values()}
        bad = [item for item in archived if item.archive_record in failing]
        done.closed = len(archived) - len(bad)
        tried = {item.key for item in archived}
        others = [item for item in items if item.key not in tried]
        made = make_due(
            store, index, settings.archive, [*others, *(item for item in bad if _was_fetched(item, index))], now_utc()
        )
    done.due = made.due
    due = {item.key for item in made.due}
    done.left = [(item, why) for item, why in made.left if item.key not in tried]
    for item in bad:
        if item.key in still and item.key not in due:
            done.failed.append((item, f"as before: {still[item.key].detail}"))
        elif item.key not in due:
            done.failed.append((item, "it now fails for another reason; see wirepicket quarantine list"))
    return done


def _refs(items: Iterable[Quarantined]) -> list[CaptureRef]:
    refs: set[CaptureRef] = set()
    for item in items:
        file, _, offset = (item.archive_record or "").rpartition("@")
        if file and offset.isdecimal():
            refs.add(CaptureRef(file=file, offset=int(offset)))
    return sorted(refs)


def _was_fetched(item: Quarantined, index: ArchiveIndex) -> bool:
    """Return whether the latest capture of an item is a web page, which may have changed since."""
    held = index.latest([item.url]).get(item.url)
    return held is not None and held.kind is MediaKind.HTML and item.url.startswith(("http://", "https://"))
