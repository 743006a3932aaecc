"""Contract: searching with limits, pages, one hit a story, and how hits are spread."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import RuleSyntaxError
from pipelines.stores import open_store
from pipelines.stores.searching import Facets, Order, facets

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make

README = Path(__file__).parents[2] / "README.md"


@pytest.fixture
def filled(store: Store, make: type[Make]) -> Store:
    """Eight articles: the later the higher the number, the last two undated; two languages, two stories."""
    articles = [
        make.article(
            number,
            content={
                "published": make.day + timedelta(hours=number) if number < 6 else None,
                "source": f"Outlet {number % 2}",
                "language": "en" if number < 5 else "de",
            },
            first_seen=make.day + timedelta(days=1, minutes=number % 2),
            story_id=f"story-{number // 4}",
        )
        for number in range(8)
    ]
    other = make.article(9, content={"title": "Of something else", "body": "Nothing of that kind."})
    store.update_articles([article.id for article in (*articles, other)], lambda _: [*articles, other])
    store.refresh()
    return store


def found(store: Store, query: str = "launchers", **how: object) -> list[int]:
    return [int(hit.article.id, 16) for hit in store.search(query, **how)]  # type: ignore[arg-type]


def test_hits_say_where_their_terms_stand(filled: Store) -> None:
    hit = next(filled.search("launchers"))
    assert {match.form.lower() for match in hit.matches} == {"launchers"}
    assert found(filled) == [5, 4, 3, 2, 1, 0, 6, 7]


def test_limits_go_together(filled: Store, make: type[Make]) -> None:
    hour = make.day + timedelta(hours=2)
    assert found(filled, since=hour) == [5, 4, 3, 2]
    assert found(filled, until=hour) == [1, 0]
    assert found(filled, source="Outlet 1") == [5, 3, 1, 7]
    assert found(filled, language="de") == [5, 6, 7]
    assert found(filled, since=hour, source="Outlet 0", language="en") == [4, 2]


def test_pages_follow_each_other_without_gap_or_repeat(filled: Store) -> None:
    pages, after = [], None
    while page := list(filled.search("launchers", after=after))[:3]:
        pages.append([int(hit.article.id, 16) for hit in page])
        after = page[-1].article.id
    assert pages == [[5, 4, 3], [2, 1, 0], [6, 7]]
    with pytest.raises(KeyError):
        next(filled.search("launchers", after="unknown"))


def test_one_hit_for_each_story_over_all_pages(filled: Store) -> None:
    assert found(filled, one_per_story=True) == [5, 3]
    assert found(filled, one_per_story=True, after=f"{5:040x}") == [3], "and not 4, of a story that was shown"
    assert found(filled, one_per_story=True, after=f"{3:040x}") == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.LATEST, [5, 4, 3, 2, 1, 0, 6, 7]),
        (Order.OLDEST, [0, 1, 2, 3, 4, 5, 6, 7]),
        (Order.SEEN, [1, 3, 5, 7, 0, 2, 4, 6]),
    ],
)
def test_the_order_is_the_one_asked_for_on_every_page(filled: Store, order: Order, expected: list[int]) -> None:
    assert found(filled, order=order) == expected
    for number, last in enumerate(expected):
        assert found(filled, order=order, after=f"{last:040x}") == expected[number + 1 :]
    first = {number // 4: number for number in reversed(expected)}
    assert found(filled, order=order, one_per_story=True) == sorted(first.values(), key=expected.index)


def test_facets_count_what_matches(filled: Store) -> None:
    assert facets(filled.search("launchers")) == Facets(
        articles=8,
        stories=2,
        sources=(("Outlet 0", 4), ("Outlet 1", 4)),
        languages=(("en", 5), ("de", 3)),
        days=(("undated", 2), ("2026-03-01", 6)),
    )


def test_what_the_readme_shows_of_python_finds_an_article(
    make: type[Make], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert shown
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    sentence = "Deliveries of F-16 Block 70 jets began."
    with open_store("sqlite:///var/wirepicket.db") as store:
        store.setup()
        article = make.article(1, content={"title": "Jets", "body": sentence})
        store.update_articles([article.id], lambda _: [article])
    exec(shown[1], {})
    assert capsys.readouterr().out.startswith(f"Jets ['{sentence}'")


def test_a_query_that_cannot_be_read_is_said(filled: Store) -> None:
    with pytest.raises(RuleSyntaxError):
        next(filled.search("launchers AND ("))
