"""The steps of a pass, as plain functions. The Prefect flow only wraps each as a task."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

from flows.progress import warn_copy_problems
from pipelines.alerts.policy import AlertPolicy
from pipelines.archive.copy_process import Copying
from pipelines.archive.remote import remote_address
from pipelines.archive.retention import prune
from pipelines.beam.launch import BatchReport, launch
from pipelines.collect.feeds import FeedsTaken, take_feeds
from pipelines.collect.recording import record_collected
from pipelines.collect.seeds import take_seeds
from pipelines.fetch.policy import FetchPolicy
from pipelines.ingest.outcome import Outcome
from pipelines.notify.channels import open_channels
from pipelines.notify.deliver import deliver
from schemas.records import AlertOrigin, RunRecord, now_utc

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
    from datetime import datetime

    from flows.inputs import Inputs
    from flows.progress import Reporter
    from pipelines.archive.copying import Copied
    from pipelines.archive.index import ArchiveIndex
    from pipelines.beam.launch import Launched
    from pipelines.collect.intake import Intake
    from pipelines.config import Settings
    from pipelines.notify.deliver import DeliveryReport
    from pipelines.stores.protocol import Store
    from schemas.records import Article, CaptureRef, Quarantined, SeenCapture

_LOOK_UP = 500
P = ParamSpec("P")
T = TypeVar("T")


class StepRunner(Protocol):
    """A function that runs a step: directly, or as a Prefect task."""

    def __call__(self, step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a step and return its result."""


def directly(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a step as a plain function."""
    return step(*args, **kwargs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """The result of collecting the inputs."""

    unchanged: tuple[SeenCapture, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    feeds: FeedsTaken = field(default_factory=FeedsTaken)

    @property
    def incomplete(self) -> bool:
        """True if a feed failed, or feeds or pages are left for a later run."""
        return bool(self.feeds.failed or self.feeds.unasked or self.feeds.postponed)


def collect(
    inputs: Inputs,
    intake: Intake,
    settings: Settings,
    started: datetime,
    reporter: Reporter,
    *,
    meanwhile: Callable[[asyncio.Event], Coroutine[None, None, None]] | None = None,
) -> Collected:
    """Take the inputs into the archive. ``meanwhile`` runs while feeds are fetched; its event is set at the end."""
    with reporter.bar("Reading seeds", len(inputs.seeds)) as advance:
        met = take_seeds(inputs.seeds, intake, started, advance)
    sources = tuple({source.url: source for source in (*inputs.feeds, *met.sources)}.values())
    feeds = FeedsTaken()
    if sources or met.documents:
        with reporter.bar("Fetching feeds", len(sources) + len(met.documents)) as advance:
            feeds = take_feeds(
                sources,
                met.documents,
                intake,
                FetchPolicy.of(settings),
                advance,
                only_due=inputs.only_due,
                meanwhile=meanwhile,
            )
    if intake.store:
        record_collected(intake.store, intake, feeds, inputs.seeds, started)
    return Collected(unchanged=tuple(intake.unchanged), quarantined=tuple(intake.quarantined), feeds=feeds)


@contextmanager
def sending(settings: Settings) -> Iterator[Copying | None]:
    """Send WARC files to the remote archive as they grow, if the settings name one.

    Raises:
        ConfigurationError: the address of the remote archive is invalid, or its optional dependency is missing.
    """
    remote = remote_address(settings)
    if remote is None:
        yield None
        return
    with Copying(settings, remote, sends=True) as copying:
        yield copying


def send(copying: Copying, reporter: Reporter) -> Copied:
    """Send the rest and return the sums of all sending. Failures are reported; the next run sends these files."""
    sent = copying.finish()
    warn_copy_problems(reporter, sent)
    return sent


def discard(settings: Settings, index: ArchiveIndex, needed: Iterable[CaptureRef], started: datetime) -> None:
    """Delete archive files older than the retention period of the settings, except those with needed captures."""
    if settings.archive_days:
        prune(settings.archive, index, started - timedelta(days=settings.archive_days), needed)


def process(
    refs: Sequence[CaptureRef],
    inputs: Inputs,
    settings: Settings,
    reporter: Reporter | None,
    *,
    origin: AlertOrigin = AlertOrigin.LIVE,
    notify: bool = True,
    launched: Launched | None = None,
) -> BatchReport:
    """Run the Beam pipeline over captures of the archive. Shows no progress without a reporter."""
    if not refs:
        return BatchReport()
    with reporter.bar("Processing captures", len(refs)) if reporter else nullcontext(_ignore) as advance:
        return launch(
            refs,
            settings=settings,
            rules=inputs.rule_file,
            runner=inputs.runner,
            origin=origin,
            notify=notify,
            on_progress=advance,
            launched=launched,
        )


def _ignore(_: int) -> None:
    """Discard progress."""


def notify(store: Store, inputs: Inputs, settings: Settings, *, as_json: bool) -> DeliveryReport:
    """Deliver the messages of the outbox. With ``as_json`` alerts go to standard error, not to standard output."""
    channels = open_channels(
        settings.channels, settings.home, templates=settings.templates, printed=sys.stderr if as_json else None
    )
    return deliver(store, channels, now_utc(), AlertPolicy.of(inputs.rules))


def run_id(started: datetime) -> str:
    """Return the id of a run: that of its record, also used by logs and traces."""
    return f"{started:%Y%m%dT%H%M%SZ}"


def summarise(
    store: Store, collected: Collected, report: BatchReport, started: datetime, seconds: float
) -> tuple[RunRecord, list[Article]]:
    """Return the summary of a pass, and its articles as the store has them now."""
    ids = {article_id for article_id, _ in report.outcomes}
    ids |= {seen.article_id for seen in collected.unchanged if seen.article_id}
    articles = articles_of(store, ids)
    outcomes = [outcome for _, outcome in report.outcomes]
    bad = [seen for seen in collected.unchanged if not seen.article_id]
    record = RunRecord(
        id=run_id(started),
        started_at=started,
        articles=len(articles),
        new=outcomes.count(Outcome.NEW),
        revised=outcomes.count(Outcome.REVISED),
        duplicates=sum(1 for article in articles if article.canonical_id not in {None, article.id}),
        stories=len({article.story_id for article in articles if article.story_id}),
        alerts=report.alerts,
        quarantined=len(report.quarantined) + len(collected.quarantined) + len(bad),
        seconds=round(seconds, 2),
        counters=report.counters,
    )
    return record, articles


def articles_of(store: Store, ids: Collection[str]) -> list[Article]:
    """Return articles by id, read in batches of limited size, sorted by id."""
    ordered = sorted(ids)
    articles: dict[str, Article] = {}
    for start in range(0, len(ordered), _LOOK_UP):
        articles |= store.articles(ordered[start : start + _LOOK_UP])
    return [articles[article_id] for article_id in ordered if article_id in articles]
