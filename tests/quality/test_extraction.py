"""A floor under extraction: fifteen pages of ours in five layouts, three of them without telling class names.

The set is ``extraction_stories.json`` × ``extraction_layouts.json``; the wording of the widgets is everyday
publishing English. What is measured: lines of the story lost, widget lines left, and declared facts.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.clean import Cleaned, clean
from pipelines.extract import extract_html
from tests.quality.floors import at_least

if TYPE_CHECKING:
    from typing import Any

    from schemas.records import Extracted

HERE = Path(__file__).parent
STORIES = json.loads((HERE / "extraction_stories.json").read_text(encoding="utf-8"))
PAGES = json.loads((HERE / "extraction_layouts.json").read_text(encoding="utf-8"))
REFERENCE = datetime(2026, 6, 1, tzinfo=UTC)
MIDDLE = ("advertisement", "related", "linked", "newsletter", "caption")
END = ("share", "comments", "tags", "copyright", "cookies", "cards")


@dataclass(frozen=True)
class Case:
    name: str
    story: dict[str, Any]
    html: str
    gold: tuple[str, ...]
    widgets: tuple[str, ...]


def block_html(kind: str, content: Any) -> tuple[str, list[str]]:
    if kind == "ul":
        return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in content) + "</ul>", list(content)
    if kind == "table":
        rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in content)
        return f"<table>{rows}</table>", [" | ".join(row) for row in content]
    if kind == "quote":
        return f"<blockquote><p>{escape(content)}</p></blockquote>", [content]
    return f"<{kind}>{escape(content)}</{kind}>", [content]


def widget_html(kind: str, *, named: bool) -> str:
    name = {"cards": "related-posts"}.get(kind, kind) if named else "k" + str(len(kind)) + "z"
    widget: str = PAGES["widgets"][kind]
    return widget.replace("NAME2", "r9").replace("NAME", name)


def visible(html: str) -> list[str]:
    pieces = re.sub(r"</?(?:p|div|h3|figcaption|figure)[^>]*>", "\n", html)
    return [line.strip() for line in re.sub(r"<[^>]+>", "", pieces).split("\n") if line.strip()]


def build(story: dict[str, Any], layout: str) -> Case:
    named = layout in ("wordpress", "schema")
    middle = cycle(MIDDLE)
    body, gold, widgets = [widget_html("reading_time", named=named)], [], []
    for kind, content in story["blocks"]:
        html, lines = block_html(kind, content)
        body.append(html)
        gold += lines
        if kind == "p" and len(gold) > 1:
            body.append(widget_html(next(middle), named=named))
    body += [widget_html(kind, named=named) for kind in END]
    for html in body:
        if html in {widget_html(kind, named=named) for kind in PAGES["widgets"]}:
            widgets += visible(html)
    page = PAGES["layouts"][layout]
    for mark, text in (("TITLE", story["title"]), ("AUTHOR", story["author"]), ("DATE", story["published"])):
        page = page.replace(mark, escape(text))
    page = page.replace("SITE", escape(story["site"])).replace("BODY", "\n".join(body))
    head = f'<head><meta charset="utf-8"><title>{escape(story["title"])} | {escape(story["site"])}</title></head>'
    return Case(
        f"{layout}-{story['published']}", story, f'<html lang="en">{head}{page}</html>', tuple(gold), tuple(widgets)
    )


CASES = [build(story, layout) for layout in PAGES["layouts"] for story in STORIES]


def run(case: Case) -> tuple[Extracted, Cleaned]:
    extracted = extract_html(case.html.encode(), url="https://news.example/story", reference=REFERENCE)
    return extracted, clean(extracted)


def test_the_set_is_as_large_as_it_says() -> None:
    assert len(CASES) == 15
    assert all(len(case.gold) >= 8 and len(set(case.widgets)) >= 14 for case in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_of_the_story_is_lost(case: Case) -> None:
    _, cleaned = run(case)
    kept = [line for line in cleaned.paragraphs if line in case.gold]
    assert kept == list(case.gold)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_no_widget_survives(case: Case) -> None:
    _, cleaned = run(case)
    left = [line for line in cleaned.paragraphs if line not in case.gold]
    assert left == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_declared_facts(case: Case) -> None:
    extracted, cleaned = run(case)
    assert cleaned.title == case.story["title"]
    assert extracted.published == datetime.fromisoformat(f"{case.story['published']}T09:00:00+00:00") or (
        extracted.published == datetime.fromisoformat(f"{case.story['published']}T00:00:00+00:00")
    )
    assert extracted.language == "en"
    assert cleaned.author in (case.story["author"], None)


def test_most_authors_are_found() -> None:
    found = sum(run(case)[1].author == case.story["author"] for case in CASES)
    at_least("authors that are right", found, 12)
