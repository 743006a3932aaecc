# ruff: noqa: E501 - tables of cases, one a line, in several scripts
from __future__ import annotations

import pytest

from benchmarks.wrapping import wrapped_pages
from pipelines.extract import extract_html

A = "The convoy crossed the river at dawn and reached the depot an hour later than planned, with two lorries on tow."
B = "Mechanics worked through the night, and by breakfast every vehicle but one was ready for the second leg of the march."
C = "The exception, a recovery tank, had lost a bolt that nobody in three neighbouring districts was able to replace."
D = "It was found in the end at a tractor dealer, who refused to be paid and asked for a ride in the turret instead."


def lines(body: str, head: str = "") -> tuple[str, ...]:
    page = f"<html><head>{head}</head><body>{body}</body></html>"
    return extract_html(page.encode(), url="https://news.example/a").lines


def test_sub_headings_and_lists_survive_hashed_class_names() -> None:
    body = f"<p>{A}</p><h2>Two on tow</h2><p>{B}</p><ul><li>First item</li><li>Second item</li></ul><p>{C}</p>"
    page = (
        f'<div class="x1"><div class="y2"><div class="z3">{body}</div></div></div><div class="q"><p>Imprint</p></div>'
    )
    assert lines(page) == (A, "Two on tow", B, "First item", "Second item", C)


def test_repeated_paragraphs_are_kept_where_they_stand() -> None:
    repeated = f"<p>{A}</p>" + f"<p>{B}</p>" * 20 + f"<p>{C}</p>"
    for page in (f"<article>{repeated}</article>", f'<div class="k4">{repeated}</div>'):
        assert lines(page) == (A, *[B] * 20, C)


def test_tables_quotes_and_lists_stay_in_order() -> None:
    table = "<table><tr><th>Unit</th><th>Vehicles</th></tr><tr><td>First</td><td><p>12</p></td></tr></table>"
    page = f"<article><p>{A}</p>{table}<blockquote><p>{B}</p></blockquote><ol><li>One</li></ol><p>{C}</p></article>"
    assert lines(page) == (A, "Unit | Vehicles", "First | 12", B, "One", C)


def test_line_breaks_part_paragraphs_but_not_sentences() -> None:
    page = (
        f"<article><p>{A}<br><br>{B}</p><p>The exception, a recovery tank,<br>had lost a bolt.</p><p>{D}</p></article>"
    )
    assert lines(page) == (A, B, "The exception, a recovery tank, had lost a bolt.", D)


@pytest.mark.parametrize(
    "name",
    ["ad", "ad-slot", "advertisement", "adsbygoogle", "google-ad-wrapper", "story__ad", "newsletter-signup", "NewsletterSignup",
     "related-posts", "relatedArticles", "share-buttons", "most-read", "also-read", "cookie-banner", "paywall"],
)  # fmt: skip
def test_widgets_are_taken_out_by_name(name: str) -> None:
    widget = f'<div class="{name}"><p>Twelve bargains that nobody in the valley wants to miss this week, say shoppers.</p></div>'
    assert lines(f"<article><p>{A}</p><p>{B}</p><p>{C}</p>{widget}<p>{D}</p></article>") == (A, B, C, D)


@pytest.mark.parametrize("name", ["bad-weather", "headline", "adventure", "upload", "radar"])
def test_names_that_only_look_like_widgets_are_kept(name: str) -> None:
    assert lines(f'<article><p>{A}</p><div class="{name}"><p>{B}</p></div><p>{C}</p><p>{D}</p></article>') == (
        A,
        B,
        C,
        D,
    )


def test_a_story_in_a_container_called_advertisement_is_kept() -> None:
    assert lines(f'<div class="advertisement"><p>{A}</p><p>{B}</p><p>{C}</p><p>{D}</p></div>') == (A, B, C, D)


def test_teaser_cards_are_taken_out_and_linked_headlines_set_aside() -> None:
    cards = "".join(
        f'<div class="c"><h3><a href="/{n}">Harbour festival opens, part {n}</a></h3></div>' for n in range(4)
    )
    page = (
        f'<html><body><article><p>{A}</p><p><a href="/x">Seven harbours that freeze first</a></p><p>{B}</p><p>{C}</p>'
    )
    page += f"<h2>Ice at last</h2><p>{D}</p><section>{cards}</section></article></body></html>"
    extracted = extract_html(page.encode(), url="https://news.example/a")
    assert extracted.lines == (A, B, C, "Ice at last", D)
    assert [(item.line, item.reason) for item in extracted.dropped] == [("Seven harbours that freeze first", "related")]


def test_headline_above_the_story_is_set_aside_in_every_form() -> None:
    head = "<title>Convoy loses a bolt | News</title><meta property='og:title' content='How a convoy lost its bolt'>"
    page = f"<main><h1>Convoy loses a bolt</h1><p>How a convoy lost its bolt</p><p>{A}</p><p>{B}</p><p>{C}</p></main>"
    assert lines(page, head) == (A, B, C)


def test_scripts_styles_forms_and_comments_are_no_text() -> None:
    noise = "<script>let x = 'words in a script';</script><style>p { color: red }</style><!-- a comment -->"
    assert lines(f"<article><p>{A}{noise}</p><p>{B}</p><form><label>Name</label></form><p>{C}</p></article>") == (
        A,
        B,
        C,
    )


def test_trafilaturas_second_try_is_left_out_only_where_it_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    short = (
        f"<article><p>{A}</p></article><section>" + "".join(f"<div>{B} {n}.</div>" for n in range(30)) + "</section>"
    )
    pages = [page.html for page in wrapped_pages(15, "build")] + [f"<html><body>{short}</body></html>"]
    staged = [extract_html(page.encode(), url="https://news.example/a") for page in pages]
    monkeypatch.setattr("pipelines.extract.body._may_escalate", lambda *_: True)
    assert staged == [extract_html(page.encode(), url="https://news.example/a") for page in pages]
    assert len(staged[-1].lines) > 20
