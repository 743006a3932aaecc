"""How well scraped plain text is told apart, line by line.

    python -m benchmarks.seeds FOLDER

``FOLDER`` holds ``NAME.txt`` and ``NAME.gold.json`` pairs; a gold has ``title``, ``author``, ``published``
(``null`` where the text does not say), ``body_lines``, ``boilerplate_lines`` and ``description`` (lines which may
be kept or dropped). Each text is read as it is, with single line breaks, and with CRLF. Prints what is wrong,
and ends with status 1 if anything is.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.clean import Cleaned, clean
from pipelines.extract import extract_text

if TYPE_CHECKING:
    from schemas.records import Extracted


_WRAP_WIDTH = 110
"""Bytes of the longest line of text that is wrapped at a fixed width."""


def faults(extracted: Extracted, cleaned: Cleaned, gold: dict[str, Any]) -> list[str]:
    """Everything in which a result differs from the gold, in words."""
    wanted = [_plain(line) for line in gold["body_lines"]]
    optional = {_plain(line) for line in gold.get("description") or ()}
    kept = [line for line in map(_plain, cleaned.paragraphs) if line not in optional or line in wanted]
    found = [f"lost: {line}" for line in wanted if line not in kept]
    found += [f"left: {line}" for line in kept if line not in wanted]
    if not found and kept != wanted:
        found.append("the order of the lines has changed")
    published = extracted.published and extracted.published.date().isoformat()
    for name, value, expected in (
        ("title", cleaned.title, gold["title"]),
        ("author", cleaned.author, gold["author"]),
        ("published", published, gold["published"] and gold["published"][:10]),
    ):
        if value != expected:
            found.append(f"{name}: {value!r}, should be {expected!r}")
    return found


def variants(body: bytes) -> dict[str, bytes]:
    """The same text with line breaks of other kinds; hard-wrapped text keeps its blank lines, which alone part it."""
    text = body.replace(b"\r\n", b"\n")
    forms = {"as it is": body, "CRLF": text.replace(b"\n", b"\r\n")}
    if max(map(len, text.split(b"\n"))) > _WRAP_WIDTH:
        forms["single breaks"] = b"\n".join(line for line in text.split(b"\n") if line.strip())
    return forms


def _plain(line: str) -> str:
    return " ".join(line.split())


def main() -> int:
    """Read the arguments and measure; the number of faults decides the exit status."""
    parser = argparse.ArgumentParser(description="Compare text seeds with their gold.")
    parser.add_argument("folder", type=Path)
    total = texts = 0
    for path in sorted(parser.parse_args().folder.glob("*.txt")):
        gold = json.loads(path.with_suffix(".gold.json").read_text(encoding="utf-8"))
        for name, body in variants(path.read_bytes()).items():
            extracted = extract_text(body)
            wrong = faults(extracted, clean(extracted), gold)
            texts += 1
            total += len(wrong)
            print(f"{path.name} ({name}): {'right' if not wrong else ''}")
            for fault in wrong:
                print(f"  {fault}")
    print(f"{texts} texts, {total} faults")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
