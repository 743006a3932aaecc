"""Headlines that begin with the name of their outlet, and names of outlets that are no headline."""

from __future__ import annotations

import pytest

from pipelines.extract.titles import outlet_names, without_site


@pytest.mark.parametrize(
    ("url", "title"),
    [
        ("https://www.harbour.example/1", "Harbour crane collapses"),
        ("https://www.harbour.example/1", "Harbour wins crane contract"),
        ("https://guardian.example/2", "Guardian missiles arrive"),
        ("https://www.navy.example/3", "Navy tests buoys"),
        ("https://star.example/3", "Star wars again"),
    ],
)
def test_a_headline_may_begin_with_the_name_of_its_outlet(url: str, title: str) -> None:
    outlets = outlet_names(url, None)
    assert without_site(title, outlets) == title
    assert without_site(f"{title} | {url.split('/')[2]}", outlets) == title


@pytest.mark.parametrize(
    ("url", "declared", "name"),
    [
        ("https://harbour.example/1", None, "Harbour News"),
        ("https://harbour.example/1", None, "Harbour Daily Online"),
        ("https://harbour.example/1", "Harbour Gazette", "Harbour"),
        ("https://harbour.example/1", "Harbour", "harbour.example"),
        ("https://harbour.example/1", "The Harbour Gazette", "Harbour Gazette"),
    ],
)
def test_the_name_of_an_outlet_is_no_headline(url: str, declared: str | None, name: str) -> None:
    outlets = outlet_names(url, declared)
    assert without_site(name, outlets) is None
    assert without_site(f"Crane collapses at noon - {name}", outlets) == "Crane collapses at noon"
