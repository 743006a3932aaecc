from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from pipelines.archive.index import ArchiveIndex
from pipelines.archive.pending import Pending, waiting
from pipelines.archive.warc import ArchiveWriter
from pipelines.archive.watch import FOLDER, Watch, handed_out, still_needed
from schemas.records import Capture, CaptureRef, MediaKind, now_utc

if TYPE_CHECKING:
    from pathlib import Path

STORE = "sqlite:///somewhere.db wirepicket"


def write(folder: Path, *names: str, kind: MediaKind = MediaKind.TEXT) -> list[CaptureRef]:
    with ArchiveWriter(folder) as writer:
        return [
            writer.write(Capture(url=f"seed:{name}", fetched_at=now_utc(), kind=kind, body=name.encode()))
            for name in names
        ]


def test_what_comes_is_handed_out_once(tmp_path: Path) -> None:
    with Watch(tmp_path, STORE) as watch:
        assert watch.hand_out(10) == []
        refs = write(tmp_path, "a", "b", "c")
        first, second = watch.hand_out(2)
        assert (first.refs, second.refs) == (tuple(refs[:2]), tuple(refs[2:]))
        assert watch.hand_out(2) == []
        more = write(tmp_path, "d")
        assert [ref for handed in watch.hand_out(2) for ref in handed.refs] == more
        assert (watch.out, waiting(tmp_path)) == (4, 4)
        watch.taken(first.id)
        assert (watch.out, waiting(tmp_path)) == (2, 2)


def test_what_was_not_taken_is_handed_out_by_the_next(tmp_path: Path) -> None:
    refs = write(tmp_path, "a", "b")
    with Watch(tmp_path, STORE) as watch:
        done, left = watch.hand_out(1)
        watch.taken(done.id)
    with Watch(tmp_path, STORE) as watch:
        (again,) = watch.hand_out(1)
        assert again.refs == left.refs == (refs[1],)
        watch.taken(again.id)
    assert waiting(tmp_path) == 0


def test_what_is_out_is_handed_out_again_where_its_holder_died(tmp_path: Path) -> None:
    write(tmp_path, "a", "b")
    with Watch(tmp_path, STORE) as watch:
        first, second = watch.hand_out(1)
        assert watch.taken(first.id)
        watch.again()
        more = write(tmp_path, "c")
        again, fresh = watch.hand_out(1)
        assert (again, fresh.refs) == (second, tuple(more))
        assert watch.hand_out(1) == []
        assert watch.taken(second.id)
        assert not watch.taken(second.id)
        assert (watch.out, waiting(tmp_path)) == (1, 1)


def test_what_a_dead_run_left_is_handed_out_too(tmp_path: Path) -> None:
    refs = write(tmp_path, "a", "b")
    with Watch(tmp_path, STORE) as watch:
        for handed in watch.hand_out(10):
            watch.taken(handed.id)
    with Pending(tmp_path, STORE) as pending:
        pending.add(refs[:1])
        with Watch(tmp_path, STORE) as watch:
            assert watch.hand_out(10) == [], "a run that lives looks after its own"
    with Watch(tmp_path, STORE) as watch:
        (handed,) = watch.hand_out(10)
        assert handed.refs == (refs[0],)


def test_a_crash_between_journal_and_cursor_hands_out_again(tmp_path: Path) -> None:
    refs = write(tmp_path, "a")
    with Watch(tmp_path, STORE) as watch:
        watch.hand_out(10)
    for cursor in (tmp_path / FOLDER).glob("*.json"):
        cursor.unlink()
    with Watch(tmp_path, STORE) as watch:
        assert {ref for handed in watch.hand_out(10) for ref in handed.refs} == set(refs)


def test_stores_have_cursors_of_their_own(tmp_path: Path) -> None:
    refs = write(tmp_path, "a")
    for store in (STORE, "http://es.example:9200 wirepicket"):
        with Watch(tmp_path, store) as watch:
            assert [handed.refs for handed in watch.hand_out(10)] == [tuple(refs)]


def test_feeds_and_what_the_store_has_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "feed", kind=MediaKind.FEED)
    refs = write(tmp_path, "a", "b")
    with Watch(tmp_path, STORE, lambda found: [one for one in found if one.url != "seed:a"]) as watch:
        assert [handed.refs for handed in watch.hand_out(10)] == [(refs[1],)]
        assert watch.hand_out(10) == []


def test_what_is_not_handed_out_or_not_taken_is_still_needed(tmp_path: Path) -> None:
    first, second, third = (ref for name in "abc" for ref in write(tmp_path, name))
    with ArchiveIndex(tmp_path) as index:
        assert set(still_needed(tmp_path, STORE, index)) == {first, second, third}
        with Watch(tmp_path, STORE) as watch:
            for handed in watch.hand_out(1):
                if handed.refs != (second,):
                    watch.taken(handed.id)
            (later,) = write(tmp_path, "d")
            index.catch_up()
            assert set(still_needed(tmp_path, STORE, index)) == {second, later}
    assert handed_out(tmp_path) == {first.file, second.file, third.file}


def test_a_stopped_watch_hands_nothing_out(tmp_path: Path) -> None:
    write(tmp_path, "a")
    with Watch(tmp_path, STORE) as watch:
        watch.stop()
        assert watch.hand_out(10) == []


STEPS = some.lists(some.sampled_from(["write", "hand out", "take", "crash"]), min_size=5, max_size=25)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(STEPS)
def test_whatever_happens_every_capture_is_taken(tmp_path_factory: object, steps: list[str]) -> None:
    folder: Path = tmp_path_factory.mktemp("archive")  # type: ignore[attr-defined]
    written: set[CaptureRef] = set()
    taken: set[CaptureRef] = set()
    watch = Watch(folder, STORE).__enter__()
    out = []
    for number, step in enumerate([*steps, "crash", "hand out", *["take"] * 60]):
        if step == "write":
            written |= set(write(folder, f"{number}a", f"{number}b"))
        elif step == "hand out":
            out += watch.hand_out(3)
        elif step == "take" and out:
            handed = out.pop(0)
            taken |= set(handed.refs)
            watch.taken(handed.id)
        elif step == "crash":
            watch.__exit__(None, None, None)
            watch, out = Watch(folder, STORE).__enter__(), []
    watch.__exit__(None, None, None)
    assert taken == written
    assert waiting(folder) == 0
