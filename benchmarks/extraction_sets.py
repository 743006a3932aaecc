"""Text, date and author of the pages of a set, beside Trafilatura alone.

    python -m benchmarks.extraction_sets FOLDER_OR_FILE [--list]

Reads ``*.jsonl.gz`` with ``id, url, html, gold`` (alternatives of the whole text), ``with``, ``without`` (snippets that
must and must not be in the text) and ``title, authors, published`` (empty: not judged). The metric for the text is the
F1 over words (characters in unspaced scripts), the best of the alternatives, mean over the pages; a refused page counts
0. Beside ours stand Trafilatura's default and precision modes, and htmldate for the dates. ``--list`` names the
pages that lie more than .05 under the better mode of Trafilatura, with what was dropped.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import statistics
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trafilatura
from htmldate import find_date

from pipelines.clean import clean
from pipelines.errors import ExtractionError
from pipelines.extract import extract_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FAR = 0.05
"""F1 by which a page may lie under the better mode of Trafilatura."""
_UNSPACED = re.compile("[\u3040-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


def tokens(text: str) -> list[str]:
    """Return the words of a text, or its characters where most of them are of unspaced scripts."""
    lowered = text.lower()
    unspaced = _UNSPACED.findall(lowered)
    return unspaced if len(unspaced) > len(lowered) * 0.3 else re.findall(r"\w+", lowered)


def f1(text: str, gold: Iterable[str]) -> float:
    """Return the F1 of a text against the best of its gold alternatives."""
    ours, best = Counter(tokens(text)), 0.0
    for alternative in gold:
        wanted = Counter(tokens(alternative))
        if common := (ours & wanted).total():
            precision, recall = common / ours.total(), common / wanted.total()
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


@dataclass(slots=True)
class Scores:
    """The figures of one set."""

    text: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    dates: Counter[str] = field(default_factory=Counter)
    htmldate: Counter[str] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    far: list[tuple[float, float, str, str]] = field(default_factory=list)
    """F1 of ours, of the better mode of Trafilatura, id, reasons of what was dropped."""

    def add(self, row: Mapping[str, Any]) -> None:
        """Score a page."""
        try:
            extracted = extract_html(row["html"].encode(), url=row["url"])
            cleaned = clean(extracted)
        except ExtractionError:
            cleaned = None
        texts = {
            "wirepicket": "\n\n".join(cleaned.paragraphs) if cleaned else "",
            "trafilatura default": trafilatura.extract(row["html"], include_comments=False) or "",
            "trafilatura precision": trafilatura.extract(row["html"], include_comments=False, favor_precision=True)
            or "",
        }
        scored = {name: f1(text, row["gold"]) for name, text in texts.items()}
        for name, score in scored.items():
            self.text[name].append(score)
        better = max(scored["trafilatura default"], scored["trafilatura precision"])
        if scored["wirepicket"] < better - FAR:
            dropped = Counter(line.reason for line in cleaned.dropped) if cleaned else Counter({"refused": 1})
            self.far.append((scored["wirepicket"], better, row["id"], ", ".join(map(" ".join, _words(dropped)))))
        for kind in ("with", "without"):
            for snippet in row[kind]:
                for name in ("wirepicket", "trafilatura default"):
                    self.text[f"{kind}, {name}"].append(_flat(snippet) in _flat(texts[name]))
        self._metadata(row, cleaned, extracted)

    def _metadata(self, row: Mapping[str, Any], cleaned: Any, extracted: Any) -> None:  # noqa: ANN401 - may be nothing
        if cleaned is None:
            return
        if row["published"]:
            ours = extracted.published.date().isoformat() if extracted.published else None
            self.dates[_verdict(ours, row["published"][:10])] += 1
            self.htmldate[_verdict(find_date(row["html"], original_date=True), row["published"][:10])] += 1
        wanted, author = [_plain(name) for name in row["authors"] if _plain(name)], _plain(extracted.author or "")
        if wanted:
            same = any(name in author or (author and author in name) for name in wanted)
            self.authors["right" if same else "missing" if not author else "wrong"] += 1
        elif author:
            self.authors["where there is none"] += 1


def _words(counts: Counter[str]) -> Iterable[tuple[str, str]]:
    return ((str(count), reason) for reason, count in counts.most_common(5))


def _verdict(date: str | None, wanted: str) -> str:
    return "missing" if date is None else "right" if date == wanted else "wrong"


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text.lower())


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


def main() -> int:
    """Read the arguments, score each file and print its figures."""
    logging.disable(logging.CRITICAL)
    parser = argparse.ArgumentParser(description="Score text, date and author beside Trafilatura.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--list", action="store_true", help="name the pages far under Trafilatura")
    arguments = parser.parse_args()
    for path in sorted(arguments.path.glob("*.jsonl.gz")) if arguments.path.is_dir() else [arguments.path]:
        scores = Scores()
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                scores.add(json.loads(line))
        pages = len(scores.text["wirepicket"])
        print(f"{path.name}: {pages} pages, {len(scores.far)} of them more than {FAR} under Trafilatura")
        for name, values in scores.text.items():
            print(f"  {name:28} {statistics.mean(values):.4f}")
        for name, counts in (
            ("dates", scores.dates),
            ("dates, htmldate", scores.htmldate),
            ("authors", scores.authors),
        ):
            print(f"  {name:28} {', '.join(f'{verdict} {count}' for verdict, count in counts.most_common())}")
        if arguments.list:
            for ours, theirs, identity, dropped in sorted(scores.far):
                print(f"  {ours:.2f} for {theirs:.2f}  {identity}  {dropped}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
