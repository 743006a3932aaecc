"""One pass over the inputs: collect, process, notify, summarise."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flows import steps
from flows.inputs import store_of
from flows.observing import Observer
from flows.steps import StepRunner, directly, run_id
from flows.waves import Waves
from pipelines.archive.copying import Copied
from pipelines.archive.index import ArchiveIndex
from pipelines.archive.pending import Pending, store_key
from pipelines.archive.warc import ArchiveWriter
from pipelines.collect.intake import Intake
from pipelines.errors import StoreUnavailableError
from pipelines.grouping.horizon import forget_quiet
from pipelines.telemetry.counts import add_counts
from schemas.records import now_utc

if TYPE_CHECKING:
    from flows.inputs import Inputs
    from flows.progress import Reporter
    from flows.steps import Collected
    from pipelines.archive.copy_process import Copying
    from pipelines.beam.launch import BatchReport
    from pipelines.config import Settings
    from pipelines.notify.deliver import DeliveryReport
    from pipelines.stores.protocol import Store
    from schemas.records import Article, RunRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """The results of a pass."""

    record: RunRecord
    articles: tuple[Article, ...]
    """Articles of its inputs, changed or not."""
    collected: Collected
    batch: BatchReport
    delivery: DeliveryReport
    sent: Copied
    """Files sent to the remote archive."""

    @property
    def clean(self) -> bool:
        """True if nothing is quarantined or left for later, no feed failed and everything was sent."""
        return not (self.record.quarantined or self.collected.incomplete or self.sent.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """The results of fetching."""

    collected: Collected
    sent: Copied
    """Files sent to the remote archive."""


def run_pass(
    inputs: Inputs, settings: Settings, reporter: Reporter, *, as_json: bool = False, run: StepRunner = directly
) -> PassReport:
    """Make one pass. With ``as_json`` only the summary goes to standard output.

    Raises:
        StoreUnavailableError: the store cannot be reached; everything fetched is in the archive, and the next pass for
            the same store processes it.
    """
    started, clock = now_utc(), time.monotonic()
    with ExitStack() as stack:
        copying = stack.enter_context(steps.sending(settings))
        store = stack.enter_context(store_of(settings))
        unavailable = _set_up(store)
        index = stack.enter_context(ArchiveIndex(settings.archive))
        pending = stack.enter_context(Pending(settings.archive, _key(store, settings)))
        writer = stack.enter_context(ArchiveWriter(settings.archive))
        run = stack.enter_context(Observer(settings, run_id(started), run))
        intake = Intake(index=index, writer=writer, pending=pending, store=None if unavailable else store)
        waves = Waves(intake, inputs, settings, reporter, run, as_json=as_json)
        meanwhile = None if unavailable else waves.run
        collected = run(steps.collect, inputs, intake, settings, started, reporter, meanwhile=meanwhile)
        if unavailable:
            raise StoreUnavailableError(
                f"{unavailable}\n{len(pending.refs)} captures wait in {settings.archive}; the next run stores them."
            ) from unavailable
        batch = waves.report + run(steps.process, waves.waiting(), inputs, settings, reporter)
        pending.done()
        forget_quiet(store, started - timedelta(days=settings.horizon_days))
        store.maintain()
        delivery = waves.delivery + run(steps.notify, store, inputs, settings, as_json=as_json)
        sent = _send(copying, writer, reporter, run)
        if not sent.problems:
            steps.discard(settings, index, pending.refs, started)
        record, articles = steps.summarise(store, collected, batch, started, time.monotonic() - clock)
        record = replace(record, counters=add_counts(record.counters, sent.counters(steps.send.__name__)))
        if batch.outcomes or batch.quarantined or collected.feeds.states:
            store.put_run(record)
        return PassReport(
            record=record, articles=tuple(articles), collected=collected, batch=batch, delivery=delivery, sent=sent
        )


def fetch_pass(inputs: Inputs, settings: Settings, reporter: Reporter, *, run: StepRunner = directly) -> FetchReport:
    """Take the inputs into the archive and leave the rest to a stream that watches it.

    Raises:
        StoreUnavailableError: the store, which records earlier fetches, cannot be reached; nothing is fetched.
    """
    with ExitStack() as stack:
        copying = stack.enter_context(steps.sending(settings))
        store = stack.enter_context(store_of(settings))
        store.setup()
        index = stack.enter_context(ArchiveIndex(settings.archive))
        pending = stack.enter_context(Pending(settings.archive, _key(store, settings)))
        writer = stack.enter_context(ArchiveWriter(settings.archive))
        started = now_utc()
        run = stack.enter_context(Observer(settings, run_id(started), run))
        intake = Intake(index=index, writer=writer, pending=pending, store=store)
        collected = run(steps.collect, inputs, intake, settings, started, reporter)
        # Streams find the captures in the index of the archive, as soon as they are in it.
        pending.done()
        sent = _send(copying, writer, reporter, run)
        if not sent.problems:
            steps.discard(settings, index, pending.refs, started)
        return FetchReport(collected=collected, sent=sent)


def _send(copying: Copying | None, writer: ArchiveWriter, reporter: Reporter, run: StepRunner) -> Copied:
    """Send the rest of the archive to the remote archive, if there is one."""
    if copying is None:
        return Copied()
    writer.flush()
    return run(steps.send, copying, reporter)


def _key(store: Store, settings: Settings) -> str:
    return store_key(store.url, settings.index_prefix)


def _set_up(store: Store) -> StoreUnavailableError | None:
    try:
        store.setup()
    except StoreUnavailableError as error:
        return error
    return None
