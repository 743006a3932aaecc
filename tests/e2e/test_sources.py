"""What is learned of sources: their lines, and changes of their layout."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.stores import open_store
from schemas.records import ExtractionDay, ExtractionSample, now_utc
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Program

FOOT = "Our desk in the north wrote this."


def page(number: int, *, words: int = 60) -> str:
    story = "".join(f"<p>{prose(number * 10 + place, words)}</p>" for place in range(5))
    return (
        f"<html lang=en><head><title>Report number {number} from the yard | Northern Wire</title>"
        '<meta property="og:site_name" content="Northern Wire"></head>'
        f"<body><article><h1>Report number {number} from the yard</h1>{story}<p>{FOOT}</p></article></body></html>"
    )


def seeds(folder: Path, *pages: str, first: int = 0) -> str:
    folder.mkdir(exist_ok=True)
    for number, one in enumerate(pages, first):
        (folder / f"{number:03}.html").write_text(one, encoding="utf-8")
    return str(folder)


def bodies(program: Program) -> list[str]:
    return [str(one["body"]) for one in program.exported("articles")]


def test_a_line_of_a_source_is_learned_refused_and_restored(program: Program, tmp_path: Path) -> None:
    program("run", "--seeds", seeds(tmp_path / "pages", *map(page, range(6))), "--json")
    assert all(body.endswith(FOOT) for body in bodies(program))
    learned = [json.loads(line) for line in program("lines", "learn", "--json").out.splitlines()]
    assert [(one["source"], one["line"], one["articles"]) for one in learned] == [("Northern Wire", FOOT.lower(), 6)]
    assert program("lines", "learn", "--json").out == ""
    program("replay", "--json")
    articles = program.exported("articles")
    assert not any(FOOT in str(one["body"]) for one in articles)
    assert all({"line": FOOT, "reason": "learned"} in one["dropped"] for one in articles)
    program("replay", "--json")
    assert program.exported("articles") == articles, "a replay gives the same again"

    assert FOOT.lower() in program("lines", "list").out
    assert program("lines", "refuse", "Northern Wire", FOOT).code == 0
    program("replay", "--json")
    assert all(body.endswith(FOOT) for body in bodies(program))
    assert program("lines", "learn", "--json").out == ""
    assert program("lines", "restore", "Northern Wire", FOOT).code == 0
    program("replay", "--json")
    assert program.exported("articles") == articles
    assert program("lines", "refuse", "Northern Wire", "A line nobody printed.").code == 2


def test_a_change_of_layout_is_a_warning(program: Program, tmp_path: Path) -> None:
    def day(ago: int, words: int) -> ExtractionDay:
        samples = (ExtractionSample(key=f"{n}", words=words, dropped_words=0, title_echoes=0) for n in range(9))
        when = now_utc() - timedelta(days=ago)
        return ExtractionDay(source="Northern Wire", day=f"{when:%Y-%m-%d}", samples=tuple(samples))

    program("run", "--seeds", seeds(tmp_path / "pages", page(1)), "--json")
    with open_store(f"sqlite:///{tmp_path / 'var' / 'wirepicket.db'}") as store:
        store.add_extraction_days([day(4, 400), day(3, 380), day(2, 420)])
        assert "changed its layout" not in program("status").out
        store.add_extraction_days([day(1, 60)])
    said = f"Northern Wire changed its layout on {day(1, 60).day}: median length 400 words, now 60"
    assert said in program("status").out
    (told,) = json.loads(program("status", "--json").out)["sources_changed"]
    assert told["source"] == "Northern Wire"
