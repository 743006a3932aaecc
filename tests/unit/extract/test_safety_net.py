"""Names of widgets on the story itself: what removal takes is bounded in all, and a page that loses is read again."""

from __future__ import annotations

import pytest

from pipelines.extract import extract_html
from pipelines.extract.safety_net import is_doubtful, loses
from tests.synthetic import prose

TITLE = "Ferry returns to the harbour"


def page(*blocks: str) -> bytes:
    body = "".join(blocks)
    return f"<html><head><title>{TITLE}</title></head><body><main><h1>{TITLE}</h1>{body}</main></body></html>".encode()


def lines_of(html: bytes) -> list[str]:
    return list(extract_html(html, url="https://news.example/a").lines)


@pytest.mark.parametrize("name", ["paywall", "subscribe", "related-content", "story-social-text", "promo"])
def test_paragraphs_of_a_story_may_have_the_class_of_a_widget(name: str) -> None:
    paragraphs = [prose(seed, 60) for seed in range(8)]
    html = page(f"<p>{paragraphs[0]}</p>", *(f"<p class='{name}'>{text}</p>" for text in paragraphs[1:]))
    assert lines_of(html) == paragraphs


@pytest.mark.parametrize("name", ["section--ads", "article-promos", "mainSidebarWidget"])
def test_sections_of_a_story_may_have_the_class_of_a_widget(name: str) -> None:
    paragraphs = [prose(seed, 60) for seed in range(9)]
    sections = [
        f"<section class='{name}'><p>{'</p><p>'.join(paragraphs[start : start + 3])}</p></section>"
        for start in (0, 3, 6)
    ]
    assert lines_of(page(*sections)) == paragraphs


def test_a_roundup_of_linked_pieces_is_kept() -> None:
    pieces = [(f"Piece {number} of the week", prose(number, 70)) for number in range(6)]
    cards = "".join(
        f"<div class='card'><h2><a href='/{number}'>{head}</a></h2><p>{text}</p></div>"
        for number, (head, text) in enumerate(pieces)
    )
    lines = lines_of(page(f"<p>{prose(20, 40)}</p><div>{cards}</div>"))
    assert all(text in lines for _, text in pieces)


def test_a_widget_beside_a_story_still_goes() -> None:
    paragraphs = [prose(seed, 60) for seed in range(8)]
    widget = f"<div class='newsletter-signup'><p>{prose(30, 25)}</p></div>"
    html = page(*(f"<p>{text}</p>" for text in paragraphs[:4]), widget, *(f"<p>{text}</p>" for text in paragraphs[4:]))
    assert lines_of(html) == paragraphs


def test_a_reading_is_doubted_by_sizes_and_judged_by_sentences() -> None:
    story = [prose(seed, 60) for seed in range(5)]
    size = sum(map(len, story))
    assert not is_doubtful(size, size, story)
    assert not is_doubtful(100, 0, [])  # too little to lose
    assert is_doubtful(size, size // 2, story[:3])
    assert is_doubtful(size, size, story[:2])
    assert loses(story[:3], story)
    assert not loses(story, [*story, "Most read", "Subscribe now"])


def test_a_list_in_a_container_without_a_name_is_kept_however_long() -> None:
    paragraphs = [prose(seed, 20) for seed in range(3)]
    items = [f"{prose(40 + seed, 14)};" for seed in range(6)]
    listing = "".join(f"<li>{item}</li>" for item in items)
    before = "".join(f"<p>{text}</p>" for text in paragraphs[:2])
    html = page(f"<div class='css-1x9'>{before}<ul>{listing}</ul><p>{paragraphs[2]}</p></div>")
    assert lines_of(html) == [*paragraphs[:2], *items, paragraphs[2]]


def test_a_dek_is_the_story_where_there_is_no_other() -> None:
    dek = prose(50, 25)
    extracted = extract_html(
        page(f"<h2 class='subtitle'>{dek}</h2><div><p>Editing: M. Hald</p></div>"), url="https://news.example/a"
    )
    assert extracted.lines[0] == dek
    assert not [line for line in extracted.dropped if line.reason == "dek"]
