"""What is left of widgets, and lost of stories, on made-up pages in the layouts of many sites.

    python -m benchmarks.wrapped_pages [--pages N] [--kinds]

The pages are those of ``benchmarks.wrapping``: five layouts each in WordPress classes, hashed classes and bare
paragraphs, with 40 kinds of widget. Two runs: with the words that may be looked at when rules are written
("build"), and with words that only measure ("test"). Prints for each style how many lines of widgets survive, and
how many sub-headings and paragraphs are lost; the same for Trafilatura alone (no comments, default mode).
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import trafilatura

from benchmarks.wrapping import STYLES, Words, WrappedPage, wrapped_pages
from pipelines.clean import clean
from pipelines.extract import extract_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

URL = "https://ledger.example/2026/06/story"
PAGES = 300


@dataclass(frozen=True, slots=True)
class Faults:
    """What went wrong with a page."""

    survived: tuple[tuple[str, str], ...]
    """(kind, line) of widget lines that are in the text."""
    headings: tuple[str, ...]
    """Sub-headings that are not."""
    paragraphs: tuple[str, ...]
    """Paragraphs that are not, or not whole."""


def wirepicket(page: WrappedPage) -> list[str]:
    """The lines we keep."""
    return list(clean(extract_html(page.html.encode(), url=URL)).paragraphs)


def trafilatura_alone(page: WrappedPage) -> list[str]:
    """The lines Trafilatura keeps."""
    text = trafilatura.extract(page.html, url=URL, include_comments=False) or ""
    return [line.removeprefix("- ") for line in text.split("\n")]


def faults(page: WrappedPage, lines: Iterable[str]) -> Faults:
    """Compare a text with what should be in it. A widget's line counts wherever its words stand together."""
    kept = [" ".join(line.split()) for line in lines]
    story = set(page.paragraphs) | set(page.headings)
    strange = [line for line in kept if line not in story]
    return Faults(
        survived=tuple((kind, line) for kind, line in page.widgets if any(line in other for other in strange)),
        headings=tuple(heading for heading in page.headings if heading not in kept),
        paragraphs=tuple(paragraph for paragraph in page.paragraphs if paragraph not in kept),
    )


def measure(count: int, words: Words, extractor: Callable[[WrappedPage], list[str]], *, by_kind: bool) -> None:
    """Print what became of ``count`` pages."""
    total: Counter[tuple[str, str]] = Counter()
    kinds: Counter[str] = Counter()
    for page in wrapped_pages(count, words):
        style = page.name.split("-")[1]
        found = faults(page, extractor(page))
        total[style, "widget lines"] += len(page.widgets)
        total[style, "survive"] += len(found.survived)
        total[style, "headings"] += len(page.headings)
        total[style, "headings lost"] += len(found.headings)
        total[style, "paragraphs"] += len(page.paragraphs)
        total[style, "paragraphs lost"] += len(found.paragraphs)
        kinds.update(kind for kind, _ in found.survived)
    for style in STYLES:
        print(
            f"{words:<7}{extractor.__name__:<19}{style:<11}"
            f"{total[style, 'survive']:>5} of {total[style, 'widget lines']:<6}"
            f"{total[style, 'headings lost']:>5} of {total[style, 'headings']:<5}"
            f"{total[style, 'paragraphs lost']:>5} of {total[style, 'paragraphs']:<5}"
        )
    if by_kind and kinds:
        print("  " + ", ".join(f"{kind} {number}" for kind, number in kinds.most_common()))


def main() -> None:
    """Read the arguments and measure."""
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description="Measure extraction on made-up pages full of widgets.")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--kinds", action="store_true", help="name the kinds of widget that survive")
    arguments = parser.parse_args()
    print(f"{'words':<7}{'extractor':<19}{'style':<11}{'widget lines left':<15}{'headings lost':<14}paragraphs lost")
    for words in get_args(Words):
        for extractor in (wirepicket, trafilatura_alone):
            measure(arguments.pages, words, extractor, by_kind=arguments.kinds)


if __name__ == "__main__":
    main()
