"""The address under which an article is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.identify.url import canonical_url, uri_of

PAGE = "https://news.example/world/bridge-reopens-after-repair-2026"


@pytest.mark.parametrize(
    "declared",
    [
        "https://news.example",
        "https://news.example/",
        "https://news.example/world",
        "https://news.example/world/",
        "https://elsewhere.example/world/bridge-reopens-after-repair-2026",
        "javascript:void(0)",
    ],
)
def test_what_a_template_declares_for_every_page_is_not_the_article(declared: str) -> None:
    assert canonical_url(PAGE, declared) == PAGE


@pytest.mark.parametrize(
    ("url", "declared"),
    [
        (f"{PAGE}/amp", PAGE),
        (f"{PAGE}/2", PAGE),
        (f"{PAGE}?ref=feed", PAGE),
        ("https://news.example/amp/story/20261234", "https://news.example/story/20261234"),
        ("https://m.harbour-news.org/world/1", "https://www.harbour-news.org/world/ferry-is-late-again"),
        ("https://news.example/index.php/story/77", "https://news.example/?p=77"),
        ("seed:page.html", PAGE),
    ],
)
def test_another_form_of_the_page_is_known_by_the_declared_address(url: str, declared: str) -> None:
    assert canonical_url(url, declared) == declared


def test_the_home_page_of_a_site_may_be_an_article_of_its_own() -> None:
    assert canonical_url("https://news.example/", "https://news.example/") == "https://news.example/"


def test_an_address_with_letters_beyond_ascii_and_its_uri_form_are_one() -> None:
    letters = "https://bücher.example/straße/größe ä?q=ü"
    uri = "https://xn--bcher-kva.example/stra%C3%9Fe/gr%C3%B6%C3%9Fe%20%C3%A4?q=%C3%BC"
    assert uri_of(letters) == uri
    assert canonical_url(letters) == canonical_url(uri)


@given(st.text(alphabet=st.characters(exclude_characters="/?#@:[]\\"), max_size=30))
def test_the_uri_form_is_stable_and_ascii_where_there_is_one(path: str) -> None:
    address = f"https://news.example/{path}"
    uri = uri_of(address)
    assert uri_of(uri) == uri
    assert uri == address or uri.isascii()
