"""How well the story is got out of pages, beside Trafilatura alone.

    python -m benchmarks.extraction FOLDER

``FOLDER`` is in the form of scrapinghub/article-extraction-benchmark as this project keeps it: ``gold.jsonl`` with
``id``, ``url`` and ``body`` (paragraphs separated by line breaks), and ``html/ID.html.gz``. Prints that benchmark's
F1, precision and recall (4-token shingles, see ``benchmarks.shingles``), the share of pages whose tokens are
exactly the gold's, and the mean milliseconds a page, for each extractor on the same pages in the same run. Beside ours:
Trafilatura's modes, and, where the extra ``bench`` is installed, readability-lxml and newspaper4k. The exit status is 1
where ours falls below the floors.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
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


def readability_lxml(page: Page) -> str:
    """The container that readability-lxml finds, as text: a line for each block."""
    import lxml.html  # noqa: PLC0415 - only where it is installed
    import readability  # noqa: PLC0415 - likewise

    try:
        summary = readability.Document(page.html.decode("utf-8", "replace"), url=page.url).summary(html_partial=True)
        blocks = re.sub(r"(?i)</(?:p|div|li|h[1-6]|tr|blockquote)>|<br\s*/?>", "\n", summary)
        return str(lxml.html.fromstring(blocks).text_content())
    except (readability.readability.Unparseable, ValueError, lxml.etree.LxmlError):
        return ""


def newspaper4k(page: Page) -> str:
    """The text that newspaper4k finds; nothing is fetched."""
    import newspaper  # noqa: PLC0415 - only where it is installed

    for language in (None, "en"):
        article = newspaper.Article(page.url, language=language, fetch_images=False)
        try:
            article.download(input_html=page.html.decode("utf-8", "replace"))
            article.parse()
        except ImportError:  # some languages need a tokeniser of their own
            continue
        except (newspaper.ArticleException, ValueError):
            return ""
        return str(article.text)
    return ""


F1, EXACT, RECALL = 0.967, 0.44, 0.968
"""Floors on the pages of scrapinghub's benchmark."""
EXTRACTORS: tuple[Callable[[Page], str], ...] = (
    wirepicket,
    wirepicket_uncleaned,
    trafilatura_default,
    trafilatura_no_comments,
    trafilatura_precision,
    *([readability_lxml] if find_spec("readability") else []),
    *([newspaper4k] if find_spec("newspaper") else []),
)


def measure(pages: Sequence[Page]) -> bool:
    """Print one line for each extractor. Whether ours keeps to the floors."""
    good = True
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
        if extractor is wirepicket:
            good = result.f1 >= F1 and result.exact >= EXACT and result.recall >= RECALL
    return good


def main() -> int:
    """Read the arguments and measure."""
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description="Measure extraction on a folder of pages with gold texts.")
    parser.add_argument("folder", type=Path)
    return 0 if measure(read_pages(parser.parse_args().folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
