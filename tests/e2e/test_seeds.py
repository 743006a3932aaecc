"""Seeds in, everything out: by the command line, in both stores."""

from __future__ import annotations

import gzip
import json
import re
import uuid
from typing import TYPE_CHECKING

import pytest

from pipelines.archive.warc import ArchiveWriter
from schemas.records import Capture, MediaKind, now_utc
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Program

RULES = """
- id: himars
  query: HIMARS
  severity: high
- id: f16-block-70
  query: '"F-16 Block 70"'
"""


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    """One of every kind of seed. Two carry the same text, one of them cut short."""
    folder = tmp_path / "seeds"
    folder.mkdir()
    text = f"{prose(1, 90)}\n\nThe second HIMARS battery arrived by rail.\n\n{prose(2, 90)}"
    (folder / "a.txt").write_text(f"Harbour Gazette\n\nNew launchers for the north\n\n{text}\n\nLeave a Comment\n")
    page = "".join(f"<p>{part}</p>" for part in f"{prose(3, 120)}\n\nIt wants F-16 Block 70 jets.".split("\n\n"))
    (folder / "b.html").write_text(
        "<html lang=en><head><title>Jets for the south</title>"
        '<link rel="canonical" href="https://www.harbour.example/jets?utm_source=x"></head>'
        f"<body><nav>Home</nav><article><h1>Jets for the south</h1>{page}</article></body></html>"
    )
    lines = [
        {
            "id": "j1",
            "url": "https://news.example/1",
            "source": "News",
            "published": "2026-06-01T10:00:00Z",
            "title": "Launchers go north",
            "text": text,
        },
        {
            "url": "https://other.example/2",
            "source": "Other",
            "published": None,
            "title": "Launchers seen",
            "text": text[:700],
        },
    ]
    (folder / "c.jsonl.gz").write_bytes(gzip.compress("\n".join(json.dumps(line) for line in lines).encode()))
    feed = "".join(
        f"<item><title>{title}</title><link>https://feed.example/{n}</link>"
        f"<description>{prose(10 + n, 150)}</description></item>"
        for n, title in enumerate(["A ship is named", "A bridge is laid"])
    )
    (folder / "d.xml").write_text(
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title>{feed}</channel></rss>'
    )
    with ArchiveWriter(folder) as writer:
        story = f"<h1>Old page</h1><p>{prose(20, 100)}</p><p>{prose(21, 100)}</p>"
        page = f"<html><body><article>{story}</article></body></html>"
        writer.write(
            Capture(
                url="https://archived.example/old",
                fetched_at=now_utc(),
                kind=MediaKind.HTML,
                body=page.encode(),
                status=200,
                headers=(("Content-Type", "text/html"),),
            )
        )
    (folder / "notes.md").write_text("not a seed")
    (tmp_path / "rules.yaml").write_text(RULES)
    return folder


def test_every_kind_of_seed_and_a_second_run(program: Program, seeds: Path) -> None:
    first = program("run", "--seeds", seeds, "--rules", "rules.yaml", "--json")
    assert first.code == 0, first.err
    assert first.err == "wirepicket: left out: 1 .md\n"
    told = first.summary
    seconds = told.pop("seconds")
    assert seconds > 0
    assert told == {"articles": 7, "new": 7, "revised": 0, "duplicates": 2, "stories": 5, "alerts": 2, "quarantined": 0}

    articles = {one["external_id"] or one["url"]: one for one in program.exported("articles")}
    assert articles["a.txt"]["url"] == "seed:a.txt"
    assert articles["a.txt"]["title"] == "New launchers for the north"
    assert [line["line"] for line in articles["a.txt"]["dropped"]] == ["Harbour Gazette", "Leave a Comment"]
    assert articles["b.html"]["url"] == "https://www.harbour.example/jets"
    assert articles["j1"]["published"] == "2026-06-01T10:00:00Z"
    assert articles["https://other.example/2"]["published"] is None
    group = {articles[name]["canonical_id"] for name in ("a.txt", "j1", "https://other.example/2")}
    assert group == {articles["j1"]["id"]}  # the only dated one
    assert articles["j1"]["copies"] == sorted([articles["a.txt"]["id"], articles["https://other.example/2"]["id"]])
    alerts = {one["rule_id"]: one for one in program.exported("alerts")}
    assert alerts["himars"]["article_id"] == articles["j1"]["id"]
    match = alerts["f16-block-70"]["matches"][0]
    assert articles["b.html"]["body"][match["start"] : match["end"]] == match["form"] == "F-16 Block 70"
    delivered = [json.loads(line) for line in (program.folder / "var" / "alerts.jsonl").read_text().splitlines()]
    assert len(delivered) == 2
    assert {one["state"] for one in alerts.values()} == {"delivered"}

    database = {what: program.exported(what) for what in ("articles", "stories", "alerts", "quarantine")}
    second = program("run", "--seeds", seeds, "--rules", "rules.yaml", "--json")
    assert (second.code, second.err) == (0, first.err)
    assert second.summary | {"seconds": 0} == told | {"new": 0, "alerts": 0, "seconds": 0}
    assert {what: program.exported(what) for what in database} == database
    assert len((program.folder / "var" / "alerts.jsonl").read_text().splitlines()) == 2


def test_both_stores_hold_the_same(program: Program, seeds: Path, elasticsearch_url: str) -> None:
    options = ("run", "--seeds", seeds, "--rules", "rules.yaml", "--json")
    prefix = f"e{uuid.uuid4().hex[:12]}"
    elastic = {"WIREPICKET_INDEX_PREFIX": prefix}
    one = program(*options)
    other = program(*options, "--store", elasticsearch_url, **elastic)
    assert (one.code, other.code) == (0, 0), other.err
    assert one.summary | {"seconds": 0} == other.summary | {"seconds": 0}
    for what in ("articles", "stories", "alerts", "quarantine"):
        forms = []
        for store in ((), ("--store", elasticsearch_url)):
            ran = program("export", what, *store, **elastic)
            assert ran.code == 0, ran.err
            lines = ran.lines
            for line in lines:
                line.pop("first_seen", None)
                line.pop("matched_at", None)
            forms.append(lines)
        assert forms[0] == forms[1], what
        assert forms[0] or what == "quarantine"
    found = [
        program("search", "HIMARS", "--json", *store, **elastic).lines for store in ((), ("--store", elasticsearch_url))
    ]
    assert [line["id"] for line in found[0]] == [line["id"] for line in found[1]]
    assert len(found[0]) == 2


def test_the_same_name_with_other_text_is_a_revision(program: Program, tmp_path: Path) -> None:
    seed = tmp_path / "one.txt"
    seed.write_text(f"A title of some words\n\n{prose(1, 80)}")
    assert program("run", "--seeds", seed, "--json").summary["new"] == 1
    seed.write_text(f"A title of some words\n\n{prose(1, 80)}\n\n{prose(2, 40)}")
    told = program("run", "--seeds", seed, "--json").summary
    assert (told["articles"], told["new"], told["revised"], told["duplicates"]) == (1, 0, 1, 0)
    (article,) = program.exported("articles")
    assert article["revision"] == 2
    (change,) = program.exported("revisions")
    assert (change["revision"], change["cosmetic"], change["removed"]) == (2, False, [])
    assert change["added"] == [prose(2, 40)]
    shown = program("show", article["id"], "--diff")
    assert "Revision 2: of substance" in shown.out


def test_stories_that_an_edit_joins_and_another_parts_tell_of_it(program: Program, tmp_path: Path) -> None:
    seed, bridge, ferry = tmp_path / "two.jsonl", ("Bridge opened", prose(1, 120)), ("Ferry sold", prose(2, 120))

    def take(**told: tuple[str, str]) -> None:
        times = {"first": "2026-06-01T08:00:00Z", "second": "2026-06-01T09:00:00Z"}
        pages = [
            {"url": f"https://{name}.example/1", "source": name, "published": times[name], "title": title, "text": text}
            for name, (title, text) in told.items()
        ]
        seed.write_text("\n".join(map(json.dumps, pages)))
        assert program("run", "--seeds", seed, "--json").code == 0

    take(first=bridge, second=ferry)
    ids = {one["source"]: one["id"] for one in program.exported("articles")}
    take(second=bridge)
    leads = program("show", ids["second"])
    assert leads.code == 0
    assert leads.out.startswith(f"The story {ids['second']} is now part of {ids['first']}, since 20")
    assert f"copy of     {ids['first']}, since 20" in leads.out
    take(second=ferry)
    told = json.loads(program("show", ids["first"], "--json").out)["history"]
    assert {(one["grouping"], one["what"]) for one in told} == {
        (grouping, what) for grouping in ("copies", "stories") for what in ("joined by", "parted with")
    }
    shown = program("show", ids["second"]).out
    assert "is now part of" not in shown
    assert re.search("went into +1  Bridge opened", shown[shown.index("History of the story") :])


def test_a_replay_gives_the_same_in_an_empty_store(program: Program, seeds: Path) -> None:
    assert program("run", "--seeds", seeds, "--rules", "rules.yaml", "--json").code == 0
    replayed = program("replay", "--rules", "rules.yaml", "--store", "sqlite:///other.db", "--json")
    assert replayed.code == 0, replayed.err
    assert (replayed.summary["new"], replayed.summary["alerts"]) == (7, 2)
    for what in ("articles", "stories"):
        assert program.exported(what, "--store", "sqlite:///other.db") == program.exported(what)
    # Alerts that a replay raises are not sent.
    assert {one["state"] for one in program.exported("alerts", "--store", "sqlite:///other.db")} == {"new"}
    assert len((program.folder / "var" / "alerts.jsonl").read_text().splitlines()) == 2
    later = program("replay", "--since", "2100-01-01", "--json")
    assert later.summary["articles"] == 0
