"""Records to JSON and back."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.describe import export_types, record_types
from schemas.records import (
    Capture,
    CaptureRef,
    FeedEntry,
    FeedEvent,
    FeedState,
    Fingerprint,
    MediaKind,
    Observation,
    RunRecord,
    Story,
)
from schemas.serial import (
    RecordFormatError,
    dump,
    from_dict,
    from_json,
    time_from_text,
    time_to_text,
    to_dict,
    to_json,
    to_row,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
TIMES = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)).map(  # noqa: DTZ001
    lambda time: time.replace(microsecond=0, tzinfo=UTC)
)
st.register_type_strategy(str, TEXT)
st.register_type_strategy(datetime, TIMES)
st.register_type_strategy(int, st.integers(-(1 << 63), (1 << 63) - 1))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


@pytest.mark.parametrize("record_type", [*record_types(), *export_types()], ids=lambda kind: kind.__name__)
@settings(max_examples=20)
@given(data=st.data())
def test_any_record_comes_back_equal_and_its_bytes_are_stable(record_type: Any, data: Any) -> None:
    record = data.draw(st.from_type(record_type))
    text = to_json(record)
    again = from_json(record_type, text)
    assert again == record
    assert to_json(again) == text
    assert from_dict(record_type, to_dict(record)) == record


ENTRY = FeedEntry(
    feed_url="f",
    entry_id="e",
    link=None,
    title="Übung",
    author=None,
    published=datetime(2026, 3, 1, 1, 2, 3, tzinfo=UTC),
    html=None,
    source="s",
)


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVENT_WITHOUT_ZONE = FeedEvent(at=datetime(2026, 3, 1), change="", detail="")  # noqa: DTZ001
RUN = dict.fromkeys(RunRecord.__slots__, 0) | {"id": "r", "started_at": "2026-03-01T00:00:00Z", "counters": []}


def test_the_form_of_a_record() -> None:
    capture = Capture(
        url="u",
        fetched_at=datetime(2026, 3, 1, tzinfo=UTC),
        kind=MediaKind.HTML,
        body=b"\xff\xfe~",
        headers=(("A", "1"), ("A", "2")),
        entry=ENTRY,
    )
    assert to_json(capture).decode() == (
        '{"url":"u","fetched_at":"2026-03-01T00:00:00Z","kind":"html","body":"//5+","content_type":null,'
        '"status":null,"headers":[["A","1"],["A","2"]],"external_id":null,"entry":{"feed_url":"f",'
        '"entry_id":"e","link":null,"title":"Übung","author":null,"published":"2026-03-01T01:02:03Z",'
        '"html":null,"source":"s","plain":false,"syndicated":false,"shares_link":false},"listed_at":null,"final_url":null,"request":[],'
        '"reading":{"body":null,"remove":[],"language":null,"trust":"page"}}'
    )


def test_times() -> None:
    east = datetime(2026, 3, 1, 2, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=3)))
    assert time_to_text(east) == "2026-02-28T23:00:00Z"
    assert time_from_text("2026-03-01T02:00:00.75+03:00") == datetime(2026, 2, 28, 23, tzinfo=UTC)
    for wrong in ("2026-03-01T00:00:00", "yesterday", ""):
        with pytest.raises(ValueError, match=r".+"):
            time_from_text(wrong)
    with pytest.raises(ValueError, match="no time zone"):
        time_to_text(datetime(2026, 3, 1))  # noqa: DTZ001


@given(
    time=st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001
    offset=st.integers(-1439, 1439),
)
def test_times_are_written_and_read_in_utc_and_whole_seconds(time: datetime, offset: int) -> None:
    local = time.replace(tzinfo=timezone(timedelta(minutes=offset)))
    whole = local.astimezone(UTC).replace(microsecond=0)
    seen = Observation(fetched_at=local, digest="d", archive_record="a", listed_at=local)
    expected = replace(seen, fetched_at=whole, listed_at=whole)
    assert to_json(seen) == to_json(expected)
    assert to_dict(seen) == to_dict(expected)
    assert json.loads(to_json(seen))["fetched_at"] == time_to_text(local)
    given = to_dict(seen) | {"fetched_at": local.isoformat()}
    assert from_dict(Observation, given) == from_json(Observation, json.dumps(given)) == expected
    assert from_dict(Observation, given).fetched_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("write", [to_dict, to_json, to_row])
def test_a_time_without_a_zone_is_refused_by_name_wherever_it_is(write: Any) -> None:
    naive = datetime(2026, 3, 1)  # noqa: DTZ001
    capture = Capture(url="u", fetched_at=NOON, kind=MediaKind.HTML, body=b"")
    with pytest.raises(ValueError, match=r"Capture\.fetched_at: .* no time zone"):
        write(replace(capture, fetched_at=naive))
    with pytest.raises(ValueError, match=r"Capture\.entry: FeedEntry\.published: .* no time zone"):
        write(replace(capture, entry=replace(ENTRY, published=naive)))
    with pytest.raises(ValueError, match=r"FeedState\.events: FeedEvent\.at: .* no time zone"):
        write(FeedState(url="u", events=(FeedEvent(at=NOON, change="", detail=""), EVENT_WITHOUT_ZONE)))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T00:00:00",
        "2026-03-01",
        "2026-02-30T00:00:00Z",
        "2026-03-01T24:00:01Z",
        "0001-01-01T00:00:00+05:00",
        "9999-12-31T23:59:59-05:00",
        "1767225600",
        1767225600,
        True,
        None,
    ],
)
def test_times_that_are_none_are_refused_by_name(text: Any) -> None:
    value = {"fetched_at": text, "digest": "d", "archive_record": "a"}
    for read in (from_dict, lambda kind, given: from_json(kind, json.dumps(given))):
        with pytest.raises(RecordFormatError, match=r"Observation\.fetched_at: "):
            read(Observation, value)


def test_missing_fields_take_their_default_and_strange_ones_are_passed_over() -> None:
    given = {"url": "u", "fetched_at": "2026-03-01T00:00:00Z", "kind": "text", "body": "", "future": 1}
    assert from_dict(Capture, given).headers == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"link": 5}, r"FeedEntry\.link: .*`int`"),
        ({"published": "soon"}, r"FeedEntry\.published"),
        ({"published": 5}, r"FeedEntry\.published"),
        ({"feed_url": None}, r"FeedEntry\.feed_url: .*`null`"),
        ({"title": ["x"]}, r"FeedEntry\.title: .*`array`"),
    ],
)
def test_wrong_types_are_named(change: Any, message: str) -> None:
    with pytest.raises(RecordFormatError, match=message):
        from_dict(FeedEntry, to_dict(ENTRY) | change)


@pytest.mark.parametrize(
    ("record_type", "value", "message"),
    [
        (CaptureRef, {"file": "a"}, "CaptureRef: .*missing.*`offset`"),
        (CaptureRef, {"file": "a", "offset": True}, r"CaptureRef\.offset: .*`bool`"),
        (CaptureRef, {"file": "a", "offset": 1.5}, r"CaptureRef\.offset: .*`float`"),
        (CaptureRef, [], "CaptureRef: .*`array`"),
        (Capture, {"url": "u", "fetched_at": "2026-03-01T00:00:00Z", "kind": "odd", "body": ""}, r"Capture\.kind"),
        (Capture, {"url": "u", "fetched_at": "2026-03-01T00:00:00Z", "kind": "html", "body": "!"}, r"\.body"),
        (
            Story,
            {"id": "s", "title": None, "first_published": None, "last_published": None, "article_ids": "a"},
            r"Story\.article_ids: .*`array`",
        ),
        (
            Story,
            {"id": "s", "title": None, "first_published": None, "last_published": None, "article_ids": ["a", True]},
            r"Story\.article_ids\[.*\]: .*`bool`",
        ),
        (
            Capture,
            {"url": "u", "fetched_at": "2026-03-01T00:00:00Z", "kind": "html", "body": "", "headers": [[]]},
            r"Capture\.headers\[.*\]: .*length 2",
        ),
        (
            Capture,
            {"url": "u", "fetched_at": "2026-03-01T00:00:00Z", "kind": "html", "body": "", "headers": [["a"]]},
            r"Capture\.headers\[.*\]: .*length 2",
        ),
    ],
)
def test_wrong_forms_are_named(record_type: Any, value: Any, message: str) -> None:
    with pytest.raises(RecordFormatError, match=message):
        from_dict(record_type, value)


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", DEEP, '{"file": "f", "offset": 1, "x": ' + DEEP, b"\xff", '"\ud83d"', "NaN"]
)
def test_what_is_no_json_object_is_refused(text: Any) -> None:
    with pytest.raises(RecordFormatError):
        from_json(CaptureRef, text)


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        to_json(replace(ENTRY, title="\ud83d"))


def test_json_has_no_infinity() -> None:
    with pytest.raises(ValueError, match="no number inf"):
        to_json(replace(from_dict(RunRecord, RUN), seconds=float("inf")))
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump([1 << 64, float("inf")])


def test_integers_of_any_size_are_written() -> None:
    assert dump([1 << 64, -1]) == b"[18446744073709551616,-1]"


@given(st.integers(), st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_comes_back(whole: int, number: float) -> None:
    run = replace(from_dict(RunRecord, RUN), articles=whole, seconds=number)
    for again in (
        from_json(RunRecord, to_json(run)),
        from_dict(RunRecord, to_dict(run)),
        from_dict(RunRecord, to_row(run)),
    ):
        assert again == run
        assert str(again.seconds) == str(number)


def test_floats_are_written_as_ever() -> None:
    numbers = [1.0, -0.0, 1e-7, 1e15, 1e16, 1e22, 5e-324, 0.1]
    run = from_dict(RunRecord, RUN)
    written = [to_json(replace(run, seconds=number)).decode().rpartition('seconds":')[2] for number in numbers]
    assert [one.partition(",")[0] for one in written] == [
        "1.0",
        "-0.0",
        "1e-7",
        "1000000000000000.0",
        "1e+16",
        "1e+22",
        "5e-324",
        "0.1",
    ]


def test_whole_numbers_serve_as_numbers() -> None:
    assert isinstance(from_dict(RunRecord, RUN).seconds, float)


def test_a_type_without_a_json_form_is_a_mistake_of_ours() -> None:
    @dataclass(frozen=True)
    class Odd:
        field: complex

    with pytest.raises(TypeError, match="complex"):
        to_json(Odd(1j))
    with pytest.raises(TypeError, match="complex"):
        to_dict(Odd(1j))


def test_big_keys_are_kept() -> None:
    content = json.loads(
        to_json(
            Fingerprint(
                article_id="a",
                digest="d",
                source=None,
                title_key=2**63 - 1,
                published=None,
                first_seen=datetime(2026, 3, 1, tzinfo=UTC),
                word_count=1,
                shingles=b"",
                numbers=b"",
                copy_keys=(2**63 - 1,),
                story_features=b"",
                story_keys=(),
            )
        )
    )
    assert content["copy_keys"] == [2**63 - 1]
    assert content["title_key"] == 2**63 - 1
    assert from_dict(Fingerprint, content).copy_keys == (2**63 - 1,)
