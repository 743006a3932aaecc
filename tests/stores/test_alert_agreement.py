"""Generated rules of every operator give the same pairs of rule and article in the process and in both stores.

``benchmarks.alert_agreement`` is the same at full size.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from benchmarks.alert_agreement import by_matcher, by_store, fill
from benchmarks.generated_alerts import Generator, articles
from pipelines.rules.language.query import (
    And,
    AtLeast,
    InTitle,
    Language,
    Near,
    Not,
    Or,
    Phrase,
    Source,
    Term,
    children,
    parse,
)

if TYPE_CHECKING:
    from pipelines.rules.language.query import Node
    from pipelines.stores.protocol import Store


def kinds(node: Node) -> set[type]:
    return {type(node)}.union(*(kinds(part) for part in children(node)))


def test_the_store_and_the_matcher_find_the_same_pairs(store: Store) -> None:
    generator = Generator(5)
    rules = generator.rules(120)
    assert set().union(*(kinds(parse(rule.query).root) for rule in rules)) == {
        *(And, AtLeast, InTitle, Language, Near, Not, Or, Phrase, Source, Term)
    }
    found = list(islice(articles(generator, rules, words=60), 250))
    expected = by_matcher(rules, found)
    assert len(expected) > 200
    assert len({rule for rule, _ in expected}) > 80
    fill(store, found)
    assert by_store(rules, store)[0] == expected
