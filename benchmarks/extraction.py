"""How well the story is got out of pages, beside Trafilatura alone.

    python -m benchmarks.extraction FOLDER

``FOLDER`` is in the form of scrapinghub/article-extraction-benchmark as this project keeps it: ``gold.jsonl`` with
``id``, ``url`` and ``body`` (paragraphs separated by line breaks), and ``html/ID.html.gz``. Prints that benchmark's
F1, precision and recall (4-token shingles, see ``benchmarks.shingles``), the share of pages whose tokens are
exactly the gold's, and the mean milliseconds a page, for each extractor on the same pages in the same run.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trafilatura

from benchmarks.shingles import overlap, scores
from pipelines.clean import clean
from pipelines.errors import ExtractionError
from pipelines.extract import extract_html

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Page:
    """A page and the text which a person took from it."""

    id: str
    url: str
    html: bytes
    gold: str


def read_pages(folder: Path) -> list[Page]:
    """The pages of a folder, in the order of ``gold.jsonl``."""
    with (folder / "gold.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Page(
            row["id"], row["url"], gzip.decompress((folder / "html" / f"{row['id']}.html.gz").read_bytes()), row["body"]
        )
        for row in rows
    ]


def wirepicket(page: Page) -> str:
    """Our extraction and cleaning; nothing for a page that is refused."""
    try:
        return "\n".join(clean(extract_html(page.html, url=page.url)).paragraphs)
    except ExtractionError:
        return ""


def wirepicket_uncleaned(page: Page) -> str:
    """Our extraction before the line cleaner."""
    try:
        return "\n".join(extract_html(page.html, url=page.url).lines)
    except ExtractionError:
        return ""


def trafilatura_default(page: Page) -> str:
    """Trafilatura as it comes."""
    return trafilatura.extract(page.html, url=page.url) or ""


def trafilatura_no_comments(page: Page) -> str:
    """Trafilatura's default mode without the comment sections."""
    return trafilatura.extract(page.html, url=page.url, include_comments=False) or ""


def trafilatura_precision(page: Page) -> str:
    """Trafilatura's precision mode without the comment sections."""
    return trafilatura.extract(page.html, url=page.url, favor_precision=True, include_comments=False) or ""


EXTRACTORS: tuple[Callable[[Page], str], ...] = (
    wirepicket,
    wirepicket_uncleaned,
    trafilatura_default,
    trafilatura_no_comments,
    trafilatura_precision,
)


def measure(pages: Sequence[Page]) -> None:
    """Print one line for each extractor."""
    print(f"{len(pages)} pages")
    print(f"{'extractor':<24}{'F1':>8}{'precision':>11}{'recall':>8}{'exact':>8}{'ms/page':>9}")
    for extractor in EXTRACTORS:
        started = time.perf_counter()
        texts = [extractor(page) for page in pages]
        seconds = time.perf_counter() - started
        result = scores([overlap(page.gold, text) for page, text in zip(pages, texts, strict=True)])
        print(
            f"{extractor.__name__:<24}{result.f1:>8.4f}{result.precision:>11.4f}{result.recall:>8.4f}"
            f"{result.exact:>8.3f}{1000 * seconds / len(pages):>9.1f}"
        )


def main() -> None:
    """Read the arguments and measure."""
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description="Measure extraction on a folder of pages with gold texts.")
    parser.add_argument("folder", type=Path)
    measure(read_pages(parser.parse_args().folder))


if __name__ == "__main__":
    main()
