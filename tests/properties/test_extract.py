"""Whatever the bytes, extraction gives a record or a typed reason."""
# ruff: noqa: E501 - tables of cases, one a line, in several scripts

from __future__ import annotations

import random
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz_extraction import PIECES
from benchmarks.mutating import assembled, inputs, mutated
from benchmarks.wrapping import wrapped_pages
from pipelines.clean import clean
from pipelines.errors import ExtractionError
from pipelines.extract import extract
from schemas.records import Capture, Extracted, MediaKind

FETCHED = datetime(2026, 6, 10, tzinfo=UTC)
REASONS = {
    "empty", "too_large", "too_deep", "pdf", "image", "archive", "binary", "json", "feed", "not_html", "no_text", "bad_json",
}  # fmt: skip
PAGE = (
    b'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Bridge saved | Post</title>'
    b'<meta name="author" content="Jane Roe"><link rel="canonical" href="/a"><script type="application/ld+json">'
    b'{"@type": "NewsArticle", "headline": "Bridge saved", "datePublished": "2026-06-03"}</script></head><body>'
    b'<header><h1>Bridge saved</h1></header><div class="ad"><p>Advertisement</p></div><article><p>The regiment moved its last'
    b" bridge across the river before the ice could reach the pontoons.</p><h2>What now</h2><ul><li>one</li></ul><table><tr><td>"
    b"a</td></tr></table><p>It will be built again in spring.<br>Then it stays.</p></article></body></html>"
)
TOKENS = st.sampled_from([PAGE[start : start + 40] for start in range(0, len(PAGE), 40)])
KINDS = st.sampled_from(list(MediaKind))
PAGES = [page.html.encode() for page in wrapped_pages(15, "build")]


def check(body: bytes, kind: MediaKind) -> None:
    capture = Capture(url="https://post.example/a", fetched_at=FETCHED, kind=kind, body=body)
    extracted: Extracted | str
    try:
        extracted = extract(capture)
    except ExtractionError as error:
        extracted = error.reason
    if isinstance(extracted, str):
        assert extracted in REASONS
        return
    assert isinstance(extracted, Extracted)
    assert all(line.strip() and "\n" not in line for line in extracted.lines)
    assert (extracted.published is None) == (extracted.published_from is None)
    assert extracted.published is None or extracted.published.tzinfo is UTC
    assert extracted == extract(capture)
    clean(extracted)


@given(st.binary(max_size=400), KINDS)
@settings(max_examples=150, deadline=None)
def test_any_bytes(body: bytes, kind: MediaKind) -> None:
    check(body, kind)


@given(st.text(max_size=400), KINDS)
@settings(max_examples=150, deadline=None)
def test_any_text(text: str, kind: MediaKind) -> None:
    check(text.encode("utf-8", "surrogatepass"), kind)


@given(st.lists(st.one_of(TOKENS, st.binary(max_size=6)), max_size=30).map(b"".join))
@settings(max_examples=150, deadline=None)
def test_shuffled_pieces_of_a_page(body: bytes) -> None:
    check(body, MediaKind.HTML)


@given(st.lists(st.tuples(st.integers(0, len(PAGE) - 1), st.integers(0, 255)), max_size=12), st.integers(0, len(PAGE)))
@settings(max_examples=150, deadline=None)
def test_mutated_and_cut_pages(changes: list[tuple[int, int]], end: int) -> None:
    body = bytearray(PAGE)
    for where, value in changes:
        body[where] = value
    check(bytes(body[:end]), MediaKind.HTML)


@given(st.integers(0, 2**32), KINDS, st.booleans())
@settings(max_examples=250, deadline=None)
def test_inputs_of_the_fuzzing_command(seed: int, kind: MediaKind, whole: bool) -> None:  # noqa: FBT001
    chance = random.Random(seed)
    check(mutated(chance, chance.choice(PAGES), PIECES) if whole else assembled(chance, PAGES, PIECES), kind)


def test_the_fuzzing_command_repeats_itself() -> None:
    first, again = (list(inputs(40, 3, PAGES, PIECES)) for _ in range(2))
    assert first == again
    assert len(set(first)) > 35
    assert list(inputs(40, 4, PAGES, PIECES)) != first
