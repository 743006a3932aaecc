"""Quarantined items that are wanted, and what is done with them."""

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
    """Which items are wanted."""

    ids: tuple[str, ...]
    """As they were given; none: all that the rest lets through."""
    stage: str | None
    reason: str | None
    url: str | None
    """An address or the beginning of one."""
    source: str | None
    """A host, an outlet's name or a feed's address."""
    since: datetime | None
    closed: bool
    """Whether closed items are wanted too."""

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
        """Return what options of the command line ask for. Raises ``ConfigurationError`` for what is no time."""
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
        """Whether nothing is left out, but for closed items."""
        return not self.ids and {self.stage, self.reason, self.url, self.source, self.since} == {None}


def find_items(store: Store, settings: Settings, wanted: Wanted) -> list[Quarantined]:
    """Return the items that are wanted, the latest met first. An item that is named by its id may be closed.

    Raises:
        ConfigurationError: an id is none, or is not the only one that begins so.
    """
    ids = {find_id(store, one, IdKind.QUARANTINE) for one in wanted.ids}
    found = [
        item
        for item in store.iter_quarantine(closed=wanted.closed or bool(ids))
        if (not ids or item.id in ids)
        and wanted.stage in {None, item.stage}
        and wanted.reason in {None, item.reason}
        and (wanted.url is None or item.url.startswith(wanted.url))
        and (wanted.since is None or (item.last_seen is not None and item.last_seen >= wanted.since))
    ]
    if wanted.source is not None:
        found = _of_source(found, wanted.source, settings)
    return sorted(found, key=lambda item: (item.last_seen is None, _descending(item.last_seen), item.key))


def _descending(time: datetime | None) -> float:
    return -time.timestamp() if time else 0.0


def _of_source(items: Sequence[Quarantined], source: str, settings: Settings) -> list[Quarantined]:
    with ArchiveIndex(settings.archive) as index:
        records = {str(one.ref) for one in index.span(source=source)}
        # Of a page that could not be had the archive may have what its feed says.
        urls = {one.url for one in index.span(source=source)}
    return [
        item
        for item in items
        if item.archive_record in records or item.url in urls or item.url == source or _at_host(item.url, source)
    ]


def _at_host(url: str, source: str) -> bool:
    """Return whether an address is at a host, or at one below it."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    name = source.casefold().strip()
    return host == name or host.endswith(f".{name}")


def drop_items(store: Store, items: Sequence[Quarantined]) -> int:
    """Remove items; how many there were."""
    keys = {item.key for item in items}
    return len(store.amend_quarantine({url for url, *_ in keys}, lambda item: None if item.key in keys else item))


@dataclass(slots=True)
class Retried:
    """What trying items again came to."""

    closed: int = 0
    due: list[Quarantined] = field(default_factory=list)
    """To be asked for by the next run."""
    failed: list[tuple[Quarantined, str]] = field(default_factory=list)
    """Processed, and as bad as before."""
    left: list[tuple[Quarantined, str]] = field(default_factory=list)
    """Nothing could be done, and why."""
    alerts: int = 0
    problems: tuple[str, ...] = ()
    """Of delivery."""


def retry_items(
    store: Store, items: Sequence[Quarantined], inputs: Inputs, settings: Settings, reporter: Reporter, *, as_json: bool
) -> Retried:
    """Process the captures of items once more, and make due what has none or fails again and can be fetched.

    Raises:
        StoreUnavailableError: the store cannot be reached; nothing of the items is lost.
        PipelineError: the pipeline broke off.
    """
    from flows import steps  # noqa: PLC0415 - half a second, which listing need not wait
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
            store, index, settings.archive, [*others, *(one for one in bad if _was_fetched(one, index))], now_utc()
        )
    done.due = made.due
    due = {item.key for item in made.due}
    done.left = [(item, why) for item, why in made.left if item.key not in tried]
    for item in bad:
        if item.key in still and item.key not in due:
            done.failed.append((item, f"as before: {still[item.key].detail}"))
        elif item.key not in due:
            done.failed.append((item, "it fails for another reason now; wirepicket quarantine list has it"))
    return done


def _refs(items: Iterable[Quarantined]) -> list[CaptureRef]:
    refs: set[CaptureRef] = set()
    for item in items:
        file, _, offset = (item.archive_record or "").rpartition("@")
        if file and offset.isdecimal():
            refs.add(CaptureRef(file=file, offset=int(offset)))
    return sorted(refs)


def _was_fetched(item: Quarantined, index: ArchiveIndex) -> bool:
    """Return whether a capture is a page, which may be another one by now."""
    held = index.latest([item.url]).get(item.url)
    return held is not None and held.kind is MediaKind.HTML and item.url.startswith(("http://", "https://"))
