"""Order and batching do not matter: any shuffle and split of the same captures gives the same exports."""

from __future__ import annotations

import json
import random
import uuid
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.alerts.policy import AlertPolicy
from pipelines.archive.warc import payload_digest
from pipelines.errors import InputError
from pipelines.grouping import stop_keys
from pipelines.grouping.apply import apply_regroup
from pipelines.ingest.batch import store_batch
from pipelines.ingest.refine import Refined, refine
from pipelines.rules.matcher import Matcher
from pipelines.stores import open_store
from schemas.export import export_alert, export_article, export_quarantine, export_story
from schemas.records import Capture, CaptureRef, Grouping, MediaKind, Regrouped, Rule
from schemas.serial import to_dict
from tests.synthetic import prose

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.stores.protocol import Store

    Batch = Sequence[tuple[CaptureRef, Capture]]

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
RULES = (Rule(id="himars", query="HIMARS", notify=("desk",)), Rule(id="many", query="atleast/2(HIMARS)"))
MATCHER = Matcher(RULES)
POLICY = AlertPolicy.of(RULES)


def corpus(seed: int) -> list[tuple[CaptureRef, Capture]]:
    """Originals, copies of several kinds, a revision fetched later, a repeated fetch, and one that is empty."""
    chance = random.Random(seed)
    captures: list[Capture] = []

    def add(name: str, text: str, title: str, hours: int = 0, *, dated: bool = True) -> None:
        outlet = name.partition("-")[0]
        article = {
            "id": name,
            "url": f"https://{outlet}.example/{name}",
            "source": f"Outlet {outlet}",
            "published": f"2026-06-0{1 + len(captures) % 4}T08:00:00Z" if dated else None,
            "title": title,
            "text": text,
        }
        captures.append(
            Capture(
                url=str(article["url"]),
                fetched_at=NOON + timedelta(hours=hours),
                kind=MediaKind.JSON_ARTICLE,
                body=json.dumps(article).encode(),
                external_id=name,
            )
        )

    for number in range(chance.randint(2, 4)):
        brought = chance.choice(["a HIMARS launcher", "two trucks"])
        text = f"{prose(seed * 50 + number, 150)} Crews brought {brought} along."
        words = text.split()
        add(f"a-{number}", text, f"Crews move north {number}", dated=chance.random() < 0.7)
        add(f"b-{number}", " ".join(words[:100]), f"Crews on the move {number}", dated=chance.random() < 0.7)
        if chance.random() < 0.5:
            add(
                f"c-{number}",
                f"{prose(seed + number + 999, 60)} {text} HIMARS again.",
                f"Something of our own {number}",
            )
        if chance.random() < 0.5:
            add(f"a-{number}", f"{text} One more HIMARS came later.", f"Crews move north {number}", hours=2)
        if chance.random() < 0.3:
            add(f"b-{number}", " ".join(words[:100]), f"Crews on the move {number}", hours=3)
    captures.append(
        Capture(url="seed:empty.txt", fetched_at=NOON, kind=MediaKind.TEXT, body=b"", external_id="empty.txt")
    )
    return [(CaptureRef(file="a.warc.gz", offset=100 * at), capture) for at, capture in enumerate(captures)]


OF_A_RUN = {"matched_at"}
MET = {"first_seen", "last_seen", "closed_at"}
"""Times of a run; of an article the first is that of its capture."""


def outcome(capture: Capture) -> Refined | InputError:
    try:
        return refine(capture, MATCHER)
    except InputError as error:
        return error


def process(batches: Sequence[Batch], store: Store) -> None:
    store.setup()
    for batch in batches:
        result = store_batch(batch, [outcome(capture) for _, capture in batch], store)
        apply_regroup(result.fingerprints, store, timedelta(days=14), POLICY)


def exports(store: Store) -> list[dict[str, object]]:
    store.refresh()
    told = [
        *map(export_article, store.iter_articles()),
        *map(export_story, store.iter_stories()),
        *map(export_alert, store.iter_alerts()),
    ]
    quarantined = [to_dict(export_quarantine(item)) for item in store.iter_quarantine()]
    kept = [{name: value for name, value in to_dict(one).items() if name not in OF_A_RUN} for one in told]
    return [*kept, *({name: value for name, value in one.items() if name not in MET} for one in quarantined)]


def split(items: Batch, cuts: list[int]) -> list[Batch]:
    bounds = sorted({0, len(items), *(cut for cut in cuts if cut < len(items))})
    return [items[start:end] for start, end in pairwise(bounds)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 5_000),
    order=st.randoms(use_true_random=False),
    cuts=st.lists(st.integers(1, 12), max_size=4),
    crowd=st.sampled_from([1, stop_keys.CROWD]),
)
def test_in_sqlite(seed: int, order: random.Random, cuts: list[int], crowd: int, tmp_path: Path) -> None:
    made = corpus(seed)
    shuffled = made[:]
    order.shuffle(shuffled)
    found = []
    for batches in ([made], split(shuffled, cuts)):
        file = tmp_path / f"{uuid.uuid4().hex}.db"
        with open_store(f"sqlite:///{file}") as store, patch.object(stop_keys, "CROWD", crowd):
            process(batches, store)
            found.append(exports(store))
    assert found[0] == found[1]


@patch.object(stop_keys, "CROWD", 1)  # so that keys are marked
@settings(max_examples=5, deadline=None)
@given(
    seed=st.integers(0, 5_000), order=st.randoms(use_true_random=False), cuts=st.lists(st.integers(1, 12), max_size=3)
)
def test_in_elasticsearch_as_in_sqlite(
    elasticsearch_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    order: random.Random,
    cuts: list[int],
) -> None:
    made = corpus(seed)
    shuffled = made[:]
    order.shuffle(shuffled)
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'a.db'}") as store:
        process([made], store)
        expected = exports(store)
    with open_store(elasticsearch_url, index_prefix=f"t{uuid.uuid4().hex[:12]}") as store:
        process(split(shuffled, cuts), store)
        assert exports(store) == expected


@pytest.mark.parametrize("times", [2])
def test_repetition_writes_nothing(tmp_path: Path, times: int) -> None:
    made = corpus(7)
    path = tmp_path / "a.db"
    with open_store(f"sqlite:///{path}") as store:
        process([made], store)
        before = exports(store)
        digests = {payload_digest(capture.body) for _, capture in made}
        for _ in range(times):
            process([made], store)
        assert exports(store) == before
        assert digests >= {one.payload_digest for one in store.seen({capture.url for _, capture in made}).values()}


def test_an_original_that_comes_late_takes_over_and_that_is_recorded_once(tmp_path: Path) -> None:
    text = prose(3, 150)
    captures = [
        Capture(
            url=f"https://{name}.example/1",
            fetched_at=NOON,
            kind=MediaKind.JSON_ARTICLE,
            body=json.dumps(
                {
                    "url": f"https://{name}.example/1",
                    "source": name,
                    "published": published,
                    "title": f"Crews move north, says {name}",
                    "text": text,
                }
            ).encode(),
        )
        for name, published in (("late", "2026-06-02T08:00:00Z"), ("early", "2026-06-01T08:00:00Z"))
    ]
    batches = [[(CaptureRef(file="a.warc.gz", offset=100 * at), capture)] for at, capture in enumerate(captures)]
    with open_store(f"sqlite:///{tmp_path / 'a.db'}") as store:
        for _ in range(2):
            process(batches, store)
            early, late = sorted(store.iter_articles(), key=lambda one: str(one.content.published))
            assert late.canonical_id == early.id
            changes = list(store.iter_changes())
            assert sorted(one.grouping for one in changes) == [Grouping.COPIES, Grouping.STORIES]
            assert {(one.change, one.before, one.after) for one in changes} == {
                (Regrouped.RENAMED, (late.id,), (early.id,))
            }
