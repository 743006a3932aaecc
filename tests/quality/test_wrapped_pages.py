"""Made-up pages in five layouts and three styles: no widget stays, no sub-heading and no sentence goes.

The pages are drawn from the generator of ``benchmarks.wrapped_pages``, which runs on more of them. The words of the
widgets for testing stand apart from those that rules may be tried on; how many of their lines survive is asserted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from benchmarks.wrapped_pages import faults, trafilatura_alone, wirepicket
from benchmarks.wrapping import LAYOUTS, STYLES, Words, wrapped_pages
from tests.quality.floors import at_most

SURVIVING_TEST_LINES = 0
PAGES = 45  # each layout in each style three times


def test_pages_are_as_manifold_as_they_say() -> None:
    pages = list(wrapped_pages(PAGES, "test"))
    assert Counter(tuple(page.name.split("-")[:2]) for page in pages) == {
        (layout, style): 3 for layout in LAYOUTS for style in STYLES
    }
    assert len({kind for page in pages for kind, _ in page.widgets}) == 40
    assert all(len(page.headings) >= 2 and len(page.widgets) >= 12 for page in pages)


def test_words_for_testing_are_not_among_those_for_building() -> None:
    lines: dict[Words, set[str]] = {
        words: {line for page in wrapped_pages(300, words) for _, line in page.widgets} for words in ("build", "test")
    }
    assert lines["build"].isdisjoint(lines["test"] - {"Jane Roe"})
    assert len(lines["test"]) >= 150


@pytest.mark.parametrize("words", ["build", "test"])
def test_no_heading_and_no_sentence_is_lost_and_no_widget_stays(words: Words) -> None:
    found = {page.name: faults(page, wirepicket(page)) for page in wrapped_pages(PAGES, words, seed=7)}
    lost = {
        name: fault.headings + fault.paragraphs for name, fault in found.items() if fault.headings + fault.paragraphs
    }
    survived = [(name, line) for name, fault in found.items() for line in fault.survived]
    assert lost == {}
    at_most("lines of widgets that survive", len(survived), 0 if words == "build" else SURVIVING_TEST_LINES)


def test_faults_are_found() -> None:
    page = next(wrapped_pages(1, "build"))
    kind, line = page.widgets[0]
    kept = [*page.headings[1:], *page.paragraphs[1:], f"and {line}"]
    found = faults(page, kept)
    assert (kind, line) in found.survived
    assert found.headings == page.headings[:1]
    assert found.paragraphs == page.paragraphs[:1]
    whole = faults(replace(page, widgets=()), [*page.headings, *page.paragraphs])
    assert [*whole.survived, *whole.headings, *whole.paragraphs] == []


def test_trafilatura_alone_leaves_and_loses() -> None:
    found = [faults(page, trafilatura_alone(page)) for page in wrapped_pages(15, "test")]
    assert sum(len(fault.survived) for fault in found) > 20
    assert sum(len(fault.headings) for fault in found) > 5
