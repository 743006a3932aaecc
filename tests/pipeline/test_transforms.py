"""The composites on Beam's in-process runner, over a real archive, workers and store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing import test_pipeline
from apache_beam.testing.util import assert_that, equal_to

from pipelines.archive.warc import ArchiveWriter
from pipelines.beam.batch import Results, run_batch
from pipelines.beam.transforms import OUTCOMES, QUARANTINED, Job, Refine, Regroup
from pipelines.identify.url import article_id
from pipelines.stores import StoreConfig
from schemas.records import Capture, CaptureRef, Fingerprint, MediaKind, Rule
from schemas.serial import from_json
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
# Beam's own modules warn when they are imported and run; what they warn of is not ours to mend.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::ResourceWarning", "ignore::FutureWarning"
)


def article(name: str, text: str, title: str) -> Capture:
    url = f"https://news.example/{name}"
    body = {"id": name, "url": url, "source": f"Source of {name}", "published": None, "title": title, "text": text}
    return Capture(
        url=url,
        fetched_at=NOON,
        kind=MediaKind.JSON_ARTICLE,
        body=json.dumps(body).encode(),
        content_type="application/json",
        external_id=name,
    )


@pytest.fixture
def captures() -> list[Capture]:
    text = prose(1, 220)
    broken = Capture(url="seed:empty.txt", fetched_at=NOON, kind=MediaKind.TEXT, body=b"")
    return [
        article("one", f"{text} The HIMARS battery moved.", "First report of it"),
        article("two", " ".join(text.split()[:120]), "Second report of it"),
        article("three", prose(2, 200), "Something else altogether"),
        broken,
    ]


@pytest.fixture
def refs(tmp_path: Path, captures: list[Capture]) -> list[CaptureRef]:
    with ArchiveWriter(tmp_path / "archive") as writer:
        return [writer.write(capture) for capture in captures]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    job = Job(
        archive=tmp_path / "archive",
        store=StoreConfig(url=f"sqlite:///{tmp_path / 'store.db'}"),
        rules=(Rule(id="himars", query="HIMARS", notify=("analysts",)),),
        horizon=timedelta(days=14),
        workers=1,
    )
    with job.store.open() as store:
        store.setup()
    return job


def test_refine_gives_packed_fingerprints_outcomes_and_what_failed(job: Job, refs: list[CaptureRef]) -> None:
    ids = [article_id(f"https://news.example/{name}") for name in ("one", "two", "three")]
    with test_pipeline.TestPipeline(runner=FnApiRunner()) as pipeline:
        refined = (
            pipeline | beam.Create([refs[:2], [*refs[2:], CaptureRef(file="gone.warc.gz", offset=0)]]) | Refine(job)
        )
        packed = refined.fingerprints | beam.MapTuple(
            lambda key, value: (0 <= key < 32, isinstance(value, bytes), from_json(Fingerprint, value).article_id)
        )
        assert_that(packed, equal_to([(True, True, one) for one in ids]), "packed")
        assert_that(
            refined[OUTCOMES] | "Outcome" >> beam.Map(tuple), equal_to([(one, "new") for one in ids]), "outcomes"
        )
        failed = refined[QUARANTINED] | "Reason" >> beam.Map(lambda item: (item.url, item.stage, item.reason))
        lost = ("gone.warc.gz@0", "archive", "archive_file_missing")
        assert_that(failed, equal_to([("seed:empty.txt", "extract", "empty"), lost]), "failed")


def test_the_whole_pipeline_fills_the_store(job: Job, refs: list[CaptureRef], tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    run_batch(refs, job, results)
    assert results.alerts.read_text().split() == ["1"]
    assert len(results.outcomes.read_text().splitlines()) == 3
    assert json.loads(results.quarantined.read_text())["reason"] == "empty"
    with job.store.open() as store:
        articles = {one.content.external_id: one for one in store.iter_articles()}
        assert articles["two"].canonical_id == articles["one"].canonical_id
        assert articles["three"].canonical_id == articles["three"].id
        assert {story.id for story in store.iter_stories()} == {one.story_id for one in articles.values()}
        (alert,) = store.iter_alerts()
        assert (alert.rule_id, alert.article_id) == ("himars", articles["one"].id)
        assert {message.channel for message in store.outbox_pending(datetime(2100, 1, 1, tzinfo=UTC))} == {
            "log",
            "analysts",
        }
        assert [item.url for item in store.iter_quarantine()] == ["seed:empty.txt"]


def test_running_it_again_changes_nothing(job: Job, refs: list[CaptureRef], tmp_path: Path) -> None:
    run_batch(refs, job, Results(tmp_path / "first"))
    with job.store.open() as store:
        before = [*store.iter_articles(), *store.iter_stories(), *store.iter_alerts()]
        (bad,) = store.iter_quarantine()
    again = Results(tmp_path / "second")
    run_batch(refs, job, again)
    assert again.alerts.read_text().split() == ["0"]
    with job.store.open() as store:
        assert [*store.iter_articles(), *store.iter_stories(), *store.iter_alerts()] == before
        (still,) = store.iter_quarantine()
        assert replace(still, last_seen=bad.last_seen) == bad


def test_a_replay_raises_alerts_but_sends_none(job: Job, refs: list[CaptureRef], tmp_path: Path) -> None:
    run_batch(refs, replace(job, notify=False), Results(tmp_path / "results"))
    with job.store.open() as store:
        assert len(list(store.iter_alerts())) == 1
        assert store.outbox_pending(datetime(2100, 1, 1, tzinfo=UTC)) == []


def test_regroup_takes_fingerprints_in_any_partition(job: Job, refs: list[CaptureRef]) -> None:
    with test_pipeline.TestPipeline(runner=FnApiRunner()) as pipeline:
        refined = pipeline | beam.Create([[ref] for ref in refs]) | Refine(job)
        raised = refined.fingerprints | Regroup(job)
        assert_that(raised, equal_to([1]))
