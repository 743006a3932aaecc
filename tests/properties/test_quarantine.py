"""Quarantine says the same whatever the order and batches in which captures are stored, and however often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import ExtractionError
from pipelines.ingest.batch import store_batch
from pipelines.ingest.refine import refine
from pipelines.rules.matcher import Matcher
from pipelines.stores import open_store
from pipelines.stores.rejected import merged
from schemas.records import Capture, CaptureRef, MediaKind, Quarantined
from tests.synthetic import DAY, prose

if TYPE_CHECKING:
    from pipelines.errors import InputError
    from pipelines.ingest.refine import Refined

MATCHER = Matcher([])
FAILS = ("ok", "empty", "no_text")
CAPTURES = 5

items = st.builds(
    lambda at, seen, closed, record: Quarantined(
        url="u",
        stage="extract",
        reason="empty",
        detail="",
        archive_record=f"a@{record}",
        captured_at=DAY + timedelta(hours=at),
        first_seen=DAY + timedelta(hours=seen),
        last_seen=DAY + timedelta(hours=seen),
        closed_at=DAY + timedelta(hours=closed) if closed else None,
    ),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(0, 3),
)


@given(items, items, items)
def test_merging_does_not_depend_on_order_and_repeats(one: Quarantined, two: Quarantined, three: Quarantined) -> None:
    assert merged(one, one) == merged(None, one) == one
    assert merged(merged(one, two), three) == merged(one, merged(two, three))
    assert merged(one, two) == merged(two, one)


def result(url: str, number: int, outcome: str) -> tuple[tuple[CaptureRef, Capture], Refined | InputError]:
    body = f"Title {number}\n\n{prose(number, 40)}".encode()
    at = DAY + timedelta(hours=number)
    capture = Capture(url=url, fetched_at=at, kind=MediaKind.TEXT, body=body, external_id=url)
    refined = refine(capture, MATCHER) if outcome == "ok" else ExtractionError(outcome)
    return (CaptureRef(file="a", offset=number), capture), refined


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(("seed:a", "seed:b")), st.sampled_from(FAILS)), min_size=1, max_size=CAPTURES),
    st.randoms(use_true_random=False),
)
def test_what_is_open_is_what_no_later_capture_has_mended(captures: list[tuple[str, str]], random: object) -> None:
    taken = [result(url, number, outcome) for number, (url, outcome) in enumerate(captures)]
    order = [*range(len(taken)), *range(len(taken))]
    random.shuffle(order)  # type: ignore[attr-defined]
    with TemporaryDirectory() as folder, open_store(f"sqlite:///{Path(folder) / 'store.db'}") as store:
        store.setup()
        while order:
            size = 1 + len(order) % 3
            batch, order = [taken[number] for number in order[:size]], order[size:]
            store_batch([one for one, _ in batch], [refined for _, refined in batch], store)
        found = {(item.url, item.reason): item for item in store.iter_quarantine()}
    last_good = {url: number for number, (url, outcome) in enumerate(captures) if outcome == "ok"}
    expected = {
        (url, outcome): f"a@{number}"
        for number, (url, outcome) in enumerate(captures)
        if outcome != "ok" and number > last_good.get(url, -1)
    }
    assert {key: item.archive_record for key, item in found.items()} == expected
    assert all(replace(item, closed_at=None).is_open for item in found.values())
