from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pipelines.grouping.linkage import FEW_KEYS, Threshold, average_link, candidate_pairs, expected_pairs

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pipelines.grouping.linkage import Pair


def linked(items: str, likeness: Mapping[Pair, float], bar: Threshold, *, edges: Collection[Pair] = ()) -> list[str]:
    """Groups of one-letter items as strings. Where no edges are named, every likeness that reaches the bar is one."""
    chosen = edges or [pair for pair, value in likeness.items() if value >= bar.single]

    def similarities(pairs: Sequence[Pair]) -> list[float]:
        assert all(a < b for a, b in pairs)
        return [likeness.get(pair, 0.0) for pair in pairs]

    groups = average_link(items, {pair: likeness[pair] for pair in chosen}, similarities, bar)
    return ["".join(group) for group in groups]


def test_strangers_are_not_chained_through_a_chance_resemblance() -> None:
    # a–b and c–d belong together; b–c resemble each other, the rest does not.
    likeness = {("a", "b"): 0.9, ("c", "d"): 0.9, ("b", "c"): 0.6}
    assert linked("dcba", likeness, Threshold(0.35, 0.35)) == ["ab", "cd"]


def test_the_average_decides_not_the_weakest_pair() -> None:
    assert linked("abc", {("a", "b"): 0.9, ("a", "c"): 0.8, ("b", "c"): 0.2}, Threshold(0.35, 0.35)) == ["abc"]


def test_ties_go_to_the_smaller_ids() -> None:
    assert linked("abc", {("a", "b"): 0.5, ("b", "c"): 0.5}, Threshold(0.4, 0.4)) == ["ab", "c"]


def test_only_an_edge_joins_groups() -> None:
    likeness = {("a", "b"): 0.9, ("a", "c"): 0.8, ("b", "c"): 0.8}
    assert linked("abc", likeness, Threshold(0.35, 0.35), edges=[("a", "b")]) == ["ab", "c"]
    assert linked("abc", likeness, Threshold(0.35, 0.35), edges=[("a", "b"), ("b", "c")]) == ["abc"]


def two_affairs(between: float, items: str = "abcdef") -> dict[Pair, float]:
    """Two groups of three, each close, with some likeness between all of their items."""
    return {(a, b): between if (a in "abc") != (b in "abc") else 0.9 for a, b in combinations(items, 2)}


def test_two_grown_groups_need_more_than_a_single_item_that_joins_one() -> None:
    bar = Threshold(0.3, 0.7)
    assert linked("abcdef", two_affairs(0.4), bar) == ["abc", "def"]
    assert linked("abcd", two_affairs(0.4, "abcd"), bar) == ["abcd"]
    assert linked("abcdef", two_affairs(0.6), bar) == ["abcdef"]


def test_the_bar_rises_with_the_smaller_group() -> None:
    bar = Threshold(0.3, 0.7)
    assert [bar.between(1, 1), bar.between(1, 5), bar.between(5, 1)] == [0.3, 0.3, 0.3]
    assert [bar.between(2, 2), bar.between(2, 5)] == [0.5, 0.5]
    assert bar.between(4, 4) == pytest.approx(0.6)


def test_candidates_share_enough_keys_and_one_of_them_is_asked_for() -> None:
    long = [set(range(start, start + FEW_KEYS + 1)) for start in (0, FEW_KEYS - 1, FEW_KEYS)]
    short = {0}
    keys = [*long, short]

    def found(of: list[int], shared: int) -> set[tuple[int, int]]:
        first, second = candidate_pairs(keys, np.array(of, np.intp), shared=shared)
        assert len(first) == len({*zip(first.tolist(), second.tolist(), strict=True)})
        return {*zip(first.tolist(), second.tolist(), strict=True)}

    # The first two share two keys, first and third one; the short one shares its only key with the first.
    assert found([0, 1, 2, 3], 1) == {(0, 1), (0, 2), (1, 2), (0, 3)}
    assert found([0, 1, 2, 3], 2) == {(0, 1), (1, 2), (0, 3)}
    assert found([2], 1) == {(0, 2), (1, 2)}
    assert found([], 1) == set()


def test_what_is_soon_asked_for() -> None:
    assert expected_pairs([]) == []
    chain = [("a", "b"), ("b", "c"), ("c", "d")]
    assert set(expected_pairs(chain)) == set(combinations("abcd", 2))
    long = [(f"{n:03}", f"{n + 1:03}") for n in range(100)]
    assert set(expected_pairs(long)) == {(f"{n:03}", f"{n + 2:03}") for n in range(99)}
