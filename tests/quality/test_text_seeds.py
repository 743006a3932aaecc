"""A floor under the reading of scraped text: nine seeds of ours, in seven languages and several layouts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.seeds import faults, variants
from pipelines.clean import clean
from pipelines.extract import extract_text

SEEDS = sorted((Path(__file__).parent / "text_seeds").glob("*.txt"))
REFERENCE = datetime(2026, 6, 1, tzinfo=UTC)


def test_the_set_is_as_large_as_it_says() -> None:
    assert len(SEEDS) == 9


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_seed_is_read_right_with_line_breaks_of_any_kind(path: Path) -> None:
    gold = json.loads(path.with_suffix(".gold.json").read_text(encoding="utf-8"))
    for name, body in variants(path.read_bytes()).items():
        extracted = extract_text(body, reference=REFERENCE)
        assert faults(extracted, clean(extracted), gold) == [], name


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_every_line_is_accounted_for(path: Path) -> None:
    gold = json.loads(path.with_suffix(".gold.json").read_text(encoding="utf-8"))
    cleaned = clean(extract_text(path.read_bytes(), reference=REFERENCE))
    dropped = {item.line for item in cleaned.dropped}
    missing = {" ".join(line.split()) for line in gold["boilerplate_lines"]} - dropped - {cleaned.title}
    assert missing == set()
    assert all(item.reason for item in cleaned.dropped)


def test_faults_are_found() -> None:
    path = SEEDS[0]
    gold = json.loads(path.with_suffix(".gold.json").read_text(encoding="utf-8"))
    extracted = extract_text(path.read_bytes(), reference=REFERENCE)
    gold["body_lines"] = [*gold["body_lines"][1:], "a line that is not there"]
    gold["title"] = "another title"
    kinds = {fault.split(":")[0] for fault in faults(extracted, clean(extracted), gold)}
    assert kinds == {"lost", "left", "title"}
