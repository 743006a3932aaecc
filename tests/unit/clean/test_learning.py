"""Lines learned across the articles of a source."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime

from pipelines.clean.learning import drop_learned, in_use, learn
from schemas.records import Article, LearnedLine
from tests.stores.conftest import Make
from tests.synthetic import prose

NOW = datetime(2026, 6, 10, tzinfo=UTC)
FOOT = "Our desk in the north wrote this."


def article(number: int, *paragraphs: str, group: int | None = None, source: str = "Wire") -> Article:
    body = "\n\n".join([*(prose(number * 10 + place, 40) for place in range(6)), *paragraphs])
    made = Make.article(number, content={"body": body, "source": source, "dropped": ()})
    return replace(made, canonical_id=f"{group if group is not None else number:040x}")


def learned(*articles: Article, known: tuple[LearnedLine, ...] = ()) -> list[tuple[str, str, int]]:
    return [(one.source, one.line, one.articles) for one in learn(articles, known, NOW)]


def test_a_line_of_five_stories_is_learned_and_one_of_four_is_not() -> None:
    assert learned(*(article(number, FOOT) for number in range(5))) == [("Wire", FOOT.lower(), 5)]
    assert learned(*(article(number, FOOT) for number in range(4))) == []


def test_copies_of_one_text_count_once() -> None:
    assert learned(*(article(number, FOOT, group=number % 4) for number in range(12))) == []


def test_each_source_learns_for_itself() -> None:
    four = [article(number, FOOT) for number in range(4)]
    assert learned(*four, article(9, FOOT, source="Another")) == []


def test_a_line_in_mid_story_or_of_few_stories_is_not_learned() -> None:
    inside = [
        article(number, FOOT, *(prose(number * 10 + 700 + place, 30) for place in range(4))) for number in range(9)
    ]
    assert learned(*inside) == []
    many = [article(number) for number in range(100, 160)]
    assert learned(*many, *(article(number, FOOT) for number in range(5))) == []


def test_a_long_paragraph_is_not_learned() -> None:
    long = prose(777, 80)
    assert learned(*(article(number, long) for number in range(9))) == []


def test_the_order_of_the_articles_does_not_matter() -> None:
    articles = [article(number, FOOT, f"Tag {number % 2}: north") for number in range(20)]
    expected = learned(*articles)
    assert len(expected) == 3
    for seed in range(5):
        random.Random(seed).shuffle(articles)
        assert learned(*articles) == expected


def test_what_is_known_or_refused_is_not_learned_again() -> None:
    known = LearnedLine(source="Wire", line=FOOT.lower(), articles=5, learned_at=NOW, refused_at=NOW)
    assert learned(*(article(number, FOOT) for number in range(9)), known=(known,)) == []
    assert in_use([known]) == {}
    assert in_use([replace(known, refused_at=None)]) == {"Wire": frozenset({FOOT.lower()})}


def test_learned_lines_go_near_the_edges_and_stay_elsewhere() -> None:
    story = [prose(number, 30) for number in range(8)]
    lines = [FOOT, *story[:4], FOOT, *story[4:], f"  {FOOT.upper()}"]
    kept, dropped = drop_learned(lines, frozenset({FOOT.lower()}))
    assert kept == (*story[:4], FOOT, *story[4:])
    assert [one.reason for one in dropped] == ["learned", "learned"]
    assert drop_learned([FOOT], frozenset({FOOT.lower()})) == ((FOOT,), ())
