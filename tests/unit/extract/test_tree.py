from __future__ import annotations

import time

import pytest

from pipelines.errors import ExtractionError
from pipelines.extract import extract_html
from pipelines.extract.tree import MAX_DEPTH, MAX_ELEMENTS, parse_html

SENTENCE = "The convoy crossed the river at dawn and reached the depot an hour later than planned. "


def depth(page: str) -> int:
    return max(1 + sum(1 for _ in element.iterancestors()) for element in parse_html(page).iter())


@pytest.mark.parametrize("levels", [10, 255, 256, 300, 1900])
def test_deep_wrappers_are_flattened(levels: int) -> None:
    page = "<html><body>" + "<div>" * levels + f"<p>{SENTENCE * 4}</p>" + "</div>" * levels + "</body></html>"
    assert depth(page) <= MAX_DEPTH + 2
    assert extract_html(page.encode(), url="https://news.example/a").lines == ((SENTENCE * 4).strip(),)


@pytest.mark.parametrize(("tag", "levels"), [("div", 2100), ("div", 5000), ("blockquote", 300), ("ul", 1000)])
def test_depth_that_is_not_mere_wrapping_is_refused(tag: str, levels: int) -> None:
    page = "<html><body>" + f"<{tag}>" * levels + f"<p>{SENTENCE}</p></body></html>"
    with pytest.raises(ExtractionError, match="too_deep"):
        parse_html(page)


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(ExtractionError, match="too_large"):
        parse_html("<html><body>" + "<i>x</i>" * (MAX_ELEMENTS + 1))


def test_entities_of_a_document_type_are_not_expanded() -> None:
    bomb = (
        f'<!DOCTYPE html [<!ENTITY a "boom"><!ENTITY b "&a;&a;&a;&a;">]><html><body><p>{SENTENCE}&b;</p></body></html>'
    )
    assert "boomboom" not in parse_html(bomb).text_content()


def test_a_tag_with_very_many_attributes_costs_little() -> None:
    attributes = " ".join(f"a{number}=1" for number in range(200_000))
    started = time.process_time()
    tree = parse_html(f"<html><body><p {attributes}>{SENTENCE}</p></body></html>")
    assert time.process_time() - started < 5  # without the precaution: hours
    assert tree.text_content().strip() == SENTENCE.strip()


@pytest.mark.parametrize(
    "page",
    [
        f"<html/><body><p>{SENTENCE}</p></body>",
        f'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD" "x"><html><p>{SENTENCE}</p></html>',
        f"<p>{SENTENCE}\x00\x0b\ud800</p>",
    ],
)
def test_slips_of_markup_are_forgiven(page: str) -> None:
    assert SENTENCE.strip() in parse_html(page).text_content()


@pytest.mark.parametrize("reference", ["&#1;", "&#0011", "&#x1B;", "&#xFFFE;", "&#65535;", "&#31ttt"])
def test_what_stands_in_the_tree_can_be_moved_in_it(reference: str) -> None:
    tree = parse_html(f"<div><p>Ships{reference}leave</p></div>")
    told = tree.text_content()
    assert told.split()[0] == "Ships"
    tree.text = told


def test_other_references_stay_what_they_are() -> None:
    assert parse_html("<p>&#9;&#65;&#x410;&#10;&#131;&#x1F6A2;</p>").text_content().split() == ["A\u0410", "\u0192🚢"]
