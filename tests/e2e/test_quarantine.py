"""What could not be processed: when it was met, that it is closed when it succeeds, trying it again, giving it up."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.http_server import Answer
from tests.synthetic import prose

if TYPE_CHECKING:
    from tests.e2e.conftest import Program
    from tests.http_server import WebServer


def entries(program: Program, *more: str) -> dict[str, dict[str, Any]]:
    ran = program("quarantine", "list", "--json", *more)
    assert ran.code == 0, ran.err
    return {one["url"]: one for one in ran.lines}


def opened(program: Program, *more: str) -> int:
    return int(json.loads(program("status", "--json", *more).out)["quarantine_open"])


@pytest.fixture(params=["sqlite", "elasticsearch"])
def store(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options of a store of either kind, for commands; an environment would hold for all of a program's commands."""
    if request.param == "sqlite":
        return ("--store", "sqlite:///var/own.db")
    return ("--store", str(request.getfixturevalue("elasticsearch_url")))


def test_a_page_and_a_feed_that_can_be_had_again_are_closed(
    program: Program, web: WebServer, store: tuple[str, ...]
) -> None:
    program.environment["WIREPICKET_INDEX_PREFIX"] = f"q{uuid.uuid4().hex[:12]}"
    good = web.feed("/good", [("/a", "Launchers for the north", "A"), ("/b", "A bridge is laid", "B")])
    web.page("/a", "Launchers for the north", prose(1, 120))
    web.routes["/b"] = web.routes["/bad"] = Answer(b"busy", 503)
    (program.folder / "feeds.txt").write_text(f"{good}\n{web.url}/bad\n")
    run = ("run", "--feeds", "feeds.txt", "--json", *store)
    assert program(*run).code == 1
    first = entries(program, *store)
    assert {url: one["reason"] for url, one in first.items()} == {
        f"{web.url}/b": "http_503",
        f"{web.url}/bad": "http_503",
    }
    assert all(one["first_seen"] == one["last_seen"] and one["closed_at"] is None for one in first.values())
    assert opened(program, *store) == 2

    assert program(*run).code == 1
    again = entries(program, *store)
    bad = f"{web.url}/bad"
    assert (again[bad]["first_seen"], again[bad]["id"]) == (first[bad]["first_seen"], first[bad]["id"])
    assert again[bad]["last_seen"] > first[bad]["last_seen"]

    # Both would be left alone for a while: they are made due.
    web.page("/b", "A bridge is laid", prose(2, 120))
    web.feed("/bad", [("/a", "Launchers for the north", "A")])
    ran = program("quarantine", "retry", "--source", "127.0.0.1", *store)
    assert ran.code == 0, ran.err
    assert ran.out == "2 entries: 2 due in the next run\n"
    assert opened(program, *store) == 2
    ran = program(*run)
    assert (ran.code, ran.err) == (0, "")
    assert entries(program, *store) == {}
    assert opened(program, *store) == 0
    closed = entries(program, "--all", *store)
    assert {url: one["first_seen"] for url, one in closed.items()} == {
        url: one["first_seen"] for url, one in first.items()
    }
    assert all(one["closed_at"] > one["first_seen"] for one in closed.values())
    assert program("export", "quarantine", *store).lines == []
    assert {one["url"]: one for one in program("export", "quarantine", "--all", *store).lines} == closed
    assert "closed 20" in program("quarantine", "list", "--all", *store).out

    # A feed that fails once more is open again, since it was met first.
    web.routes["/bad"] = Answer(b"busy", 503)
    assert program(*run).code == 1
    (reopened,) = entries(program, *store).values()
    assert (reopened["url"], reopened["first_seen"]) == (bad, first[bad]["first_seen"])
    assert json.loads(program("quarantine", "drop", "--all", "--json", *store).out) == {"dropped": 2}
    assert entries(program, "--all", *store) == {}


def test_a_capture_is_processed_again(program: Program) -> None:
    (program.folder / "rules.yaml").write_text("- {id: rockets, query: HIMARS}\n")
    for number in (1, 2):
        (program.folder / f"{number}.txt").write_text(
            f"Title number {number} of words\n\n{prose(number, 90)} A HIMARS."
        )
    assert program("run", "--seeds", "1.txt", "--seeds", "2.txt", "--rules", "rules.yaml").code == 0
    # The archive goes while another store is filled from it.
    (warc,) = (program.folder / "var" / "archive").glob("*.warc.gz")
    away = warc.rename(warc.with_suffix(".away"))
    other = ("--store", "sqlite:///other.db")
    assert program("replay", "--rules", "rules.yaml", *other).code == 1
    lost = entries(program, *other)
    assert {one["stage"] for one in lost.values()} == {"archive"}
    assert len(lost) == 2
    retry = ("quarantine", "retry", "--rules", "rules.yaml", *other)
    ran = program(*retry)
    assert ran.code == 1
    assert ran.out == "2 entries: 2 failed again\n"
    assert ran.err.count("as before") == 2
    away.rename(warc)
    one = next(iter(lost.values()))
    ran = program(*retry, one["id"][:8])
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "1 entry: 1 closed\n1 new alert; wirepicket alerts shows them\n"
    assert len(entries(program, *other)) == 1
    assert json.loads(program(*retry, "--json").out) == {"entries": 1, "closed": 1, "due": 0, "failed": 0, "left": 0}
    assert {one["state"] for one in program("export", "alerts", *other).lines} == {"delivered"}
    assert program(*retry).out == "No such entry.\n"


def test_a_seed_that_was_mended_is_closed(program: Program) -> None:
    lines = program.folder / "seeds.jsonl"
    good = json.dumps({"url": "https://a.example/1", "source": "A", "title": "A title", "text": prose(1, 90)})
    lines.write_text(f"{good}\nno json\nneither\n")
    (program.folder / "empty.txt").write_bytes(b"")
    run = ("run", "--seeds", "seeds.jsonl", "--seeds", "empty.txt", "--json")
    assert program(*run).code == 1
    assert set(entries(program)) == {"seed:seeds.jsonl#2", "seed:seeds.jsonl#3", "seed:empty.txt"}
    # It is offered again, unchanged.
    first = entries(program)["seed:empty.txt"]
    assert program(*run).code == 1
    assert entries(program)["seed:empty.txt"]["last_seen"] > first["last_seen"]
    lines.write_text(f"{good}\nno json\n")
    (program.folder / "empty.txt").write_text(f"Another title of words\n\n{prose(2, 90)}")
    assert program(*run).code == 1
    assert set(entries(program)) == {"seed:seeds.jsonl#2"}
    ran = program("quarantine", "retry")
    assert ran.code == 1
    assert "mend the file and give it again: wirepicket run --seeds …/seeds.jsonl" in ran.err
    lines.write_text(good)
    assert program(*run).code == 0
    assert entries(program) == {}


def test_entries_are_filtered_and_dropped(program: Program) -> None:
    for name in ("a", "b"):
        (program.folder / f"{name}.txt").write_bytes(b"")
    (program.folder / "c.html").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    assert program("run", "--seeds", "a.txt", "--seeds", "b.txt", "--seeds", "c.html").code == 1
    every = entries(program)
    assert len(every) == 3
    assert set(entries(program, "--reason", "empty")) == {"seed:a.txt", "seed:b.txt"}
    assert set(entries(program, "--stage", "extract")) == set(every)
    assert set(entries(program, "--url", "seed:c")) == {"seed:c.html"}
    assert set(entries(program, "--since", "1h")) == set(every)
    assert entries(program, "--since", "2999-01-01") == {}
    assert entries(program, "--stage", "fetch") == {}
    assert set(entries(program, every["seed:a.txt"]["id"][:6])) == {"seed:a.txt"}
    shown = program("show", every["seed:a.txt"]["id"][:6])
    assert "seed:a.txt" in shown.out
    assert program("quarantine", "list", "ffffff0").code == 2
    assert program("quarantine", "drop").code == 2
    assert program("quarantine", "drop", "--url", "seed:a").out == "1 entry dropped\n"
    assert program("quarantine", "drop", "--reason", "empty", "--json").out == '{"dropped": 1}\n'
    assert set(entries(program)) == {"seed:c.html"}
    assert program("quarantine", "list").out.endswith("1 open\n")
