"""Copying between archives: whatever arrives in whatever order, and fails in between, the same files come of it."""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from pipelines.archive.copying import AGAIN, OVERLAP, PROGRESS, Bringer, Copied, Listed, Sender, lacking, sizes
from pipelines.archive.watch import FOLDER
from pipelines.errors import CopyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pytest

ONE, TWO = "1.warc.gz", "2.warc.gz"


@dataclass
class Place:
    """A remote archive in memory, which fails when it is told to."""

    held: dict[str, bytes] = field(default_factory=dict)
    fail_listing: bool = False
    break_off_after: int | None = None
    """The next reading or writing ends with an error after so many bytes."""
    cut_short: int | None = None
    """The next reading gives so many bytes and ends as if that were all."""
    chunk: int = 7
    written: list[str] = field(default_factory=list)
    read_bytes: int = 0

    def listed(self) -> dict[str, Listed]:
        if self.fail_listing:
            self.fail_listing = False
            raise CopyError("mem://: no answer")
        return {name: Listed(len(body), 1_000.0) for name, body in self.held.items()}

    def read(self, name: str, start: int) -> Iterator[bytes]:
        end, self.break_off_after = self.break_off_after, None
        short, self.cut_short = self.cut_short, None
        body = self.held[name][start:][:short]
        for place in range(0, len(body), self.chunk):
            if end is not None and place >= end:
                raise CopyError(f"mem://{name}: connection lost")
            self.read_bytes += len(body[place : place + self.chunk])
            yield body[place : place + self.chunk]

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        end, self.break_off_after = self.break_off_after, None
        whole = b"".join(chunks)
        self.held[name] = whole[:end]  # what is half uploaded may be seen
        if end is not None and end < len(whole):
            raise CopyError(f"mem://{name}: connection lost")
        self.written.append(name)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in sizes(folder)}


def test_what_is_missing_or_shorter_is_lacking() -> None:
    there = {"c": 1, "a": 5, "equal": 5, "empty": 0, "longer here": 3}
    assert lacking(there, {"a": 4, "equal": 5, "longer here": 4, "only here": 9}) == ["a", "c"]


def test_new_files_and_what_has_grown_are_brought_and_nothing_else_is_read(tmp_path: Path) -> None:
    place = Place({ONE: b"x" * 100, TWO: b"y" * 50}, chunk=1000)
    bringer = Bringer(tmp_path, place, clock=Clock())
    assert bringer.round() == Copied(files=2, bytes=150)
    assert bringer.round() == Copied()
    place.held[ONE] += b"z" * (2 * OVERLAP)
    place.read_bytes = 0
    assert bringer.round().bytes == 2 * OVERLAP
    assert contents(tmp_path) == {ONE: place.held[ONE], TWO: place.held[TWO]}
    place.held[ONE] += b"!"
    place.read_bytes = 0
    assert bringer.round().bytes == 1
    assert place.read_bytes == OVERLAP + 1


def test_what_broke_off_is_said_and_goes_on_where_it_ended_while_the_rest_comes(tmp_path: Path) -> None:
    place, clock = Place({ONE: b"0123456789" * 10, TWO: b"y"}), Clock()
    bringer = Bringer(tmp_path, place, clock=clock)
    place.break_off_after = 42
    assert bringer.round() == Copied(files=2, bytes=43, problems=(f"mem://{ONE}: connection lost",), waiting=1)
    assert contents(tmp_path) == {ONE: place.held[ONE][:42], TWO: b"y"}
    assert bringer.round() == Copied(waiting=1), "not at once"
    clock.now += 1
    place.cut_short = 70
    assert bringer.round().problems == (f"{ONE} broke off after 70 of 100 bytes",)
    clock.now += 1
    assert bringer.round().bytes == 0, "after two seconds this time"
    clock.now += 1
    assert bringer.round() == Copied(files=1, bytes=30)
    assert contents(tmp_path)[ONE] == place.held[ONE]


def test_a_place_that_cannot_be_listed_is_said(tmp_path: Path) -> None:
    place = Place({ONE: b"x"}, fail_listing=True)
    assert Bringer(tmp_path, place, clock=Clock()).round().problems == ("mem://: no answer",)
    assert Bringer(tmp_path, place, clock=Clock()).round().bytes == 1


def test_one_name_never_stands_for_two_contents(tmp_path: Path) -> None:
    (tmp_path / ONE).write_bytes(b"ours")
    place = Place({ONE: b"theirs"})
    (problem,) = Bringer(tmp_path, place, clock=Clock()).round().problems
    assert "two different files of the name 1.warc.gz" in problem
    (tmp_path / ONE).write_bytes(b"ours, and longer")
    (problem,) = Sender(tmp_path, place).round().problems
    assert "two different files of the name 1.warc.gz" in problem
    assert (place.held[ONE], contents(tmp_path)[ONE]) == (b"theirs", b"ours, and longer")


def test_what_was_deleted_for_its_age_does_not_come_back(tmp_path: Path) -> None:
    place = Place({ONE: b"x", TWO: b"y"})
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "0.json").write_text(json.dumps({ONE: 0}))
    assert Bringer(tmp_path, place, oldest=lambda: 1_001.0, clock=Clock()).round() == Copied()
    Bringer(tmp_path, place, oldest=lambda: 1_000.0).round()
    assert set(contents(tmp_path)) == {TWO}
    (tmp_path / ONE).write_bytes(b"")
    Bringer(tmp_path, place, clock=Clock()).round()
    assert set(contents(tmp_path)) == {ONE, TWO}, "what is here goes on"


def test_a_file_that_another_stream_brings_is_left_to_it(tmp_path: Path) -> None:
    place = Place({ONE: b"x" * 10})
    with (tmp_path / ONE).open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert Bringer(tmp_path, place, clock=Clock()).round() == Copied()
    assert Bringer(tmp_path, place, clock=Clock()).round().bytes == 10


def test_what_another_stream_has_just_brought_is_not_brought_twice(tmp_path: Path) -> None:
    class Overtaking(Place):
        def read(self, name: str, start: int) -> Iterator[bytes]:
            other = Place(self.held)
            assert Bringer(tmp_path, other, clock=Clock()).round().bytes == 10
            yield from super().read(name, start)

    assert Bringer(tmp_path, Overtaking({ONE: b"x" * 10}), clock=Clock()).round() == Copied()
    assert contents(tmp_path) == {ONE: b"x" * 10}


def test_a_long_file_is_told_of_while_it_comes(tmp_path: Path) -> None:
    told: list[Copied] = []
    place = Place({ONE: b"x" * (2 * PROGRESS + 1)}, chunk=PROGRESS)
    last = Bringer(tmp_path, place, clock=Clock()).round(told.append)
    assert told == [Copied(bytes=PROGRESS, over=False)] * 2
    assert last == Copied(files=1, bytes=1)
    assert sum(told, Copied()) + last == Copied(files=1, bytes=2 * PROGRESS + 1)


def test_a_file_that_grows_is_sent_again_after_a_while_and_at_the_end(tmp_path: Path) -> None:
    place, clock = Place(), Clock()
    sender = Sender(tmp_path, place, clock)
    for growing in (b"a", b"ab"):
        (tmp_path / ONE).write_bytes(growing)
        sender.round()
    assert place.held[ONE] == b"a"
    clock.now += AGAIN
    sender.round()
    assert place.held[ONE] == b"ab"
    (tmp_path / ONE).write_bytes(b"abc")
    assert sender.round(at_once=True) == Copied(files=1, bytes=3)
    assert place.held[ONE] == b"abc"
    assert sender.round(at_once=True) == Copied()


WHOLE = {name: bytes((7 * place + number) % 251 for place in range(40)) for number, name in enumerate("abc")}
"""What the files of a fetching machine come to in the end."""
EVENTS = some.lists(
    some.one_of(
        some.tuples(some.just("write"), some.sampled_from("abc"), some.integers(1, 20)),
        some.tuples(some.just("send"), some.integers(0, 1), some.none() | some.integers(0, 40)),
        some.tuples(some.just("bring"), some.booleans(), some.none() | some.integers(0, 40)),
        some.tuples(some.just("overwrite"), some.sampled_from("abc"), some.integers(0, 40)),
        some.tuples(some.just("restart"), some.just(0), some.just(0)),
    ),
    max_size=30,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(EVENTS)
def test_whatever_happens_every_byte_arrives_once(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, object, object]]
) -> None:
    """Files are written, sent and brought bit by bit, both ways break off anywhere, processes die, an old upload that
    ends late puts a shorter object in place of a longer one: at every moment the archive that brings holds beginnings
    of the files, and in the end the files."""
    there, here, place, clock = tmp_path_factory.mktemp("there"), tmp_path_factory.mktemp("here"), Place(), Clock()
    sender, bringer = Sender(there, place, clock), Bringer(here, place, clock=clock)
    files = {f"{name}.warc.gz": whole for name, whole in WHOLE.items()}

    def write(name: str, count: int) -> None:
        with (there / name).open("ab") as file:
            file.write(files[name][file.tell() :][:count])

    for what, first, second in events:
        clock.now += 3
        if what == "write":
            write(f"{first}.warc.gz", int(str(second)))
        elif what == "send":
            place.break_off_after = None if second is None else int(str(second))
            sender.round(at_once=bool(first))
        elif what == "bring":
            place.fail_listing, place.break_off_after = bool(first), None if second is None else int(str(second))
            bringer.round()
        elif what == "overwrite" and f"{first}.warc.gz" in place.held:
            name = f"{first}.warc.gz"
            place.held[name] = place.held[name][: int(str(second))]
        elif what == "restart":
            sender, bringer = Sender(there, place, clock), Bringer(here, place, clock=clock)
        place.break_off_after = None
        place.fail_listing = False
        for name, body in contents(here).items():
            assert files[name].startswith(body)
    for name in files:
        write(name, 100)
    sender.round(at_once=True)
    clock.now += 60
    bringer.round()
    assert contents(here) == place.held == contents(there) == files
