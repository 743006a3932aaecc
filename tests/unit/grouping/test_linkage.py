from __future__ import annotations

import numpy as np
import pytest

from pipelines.grouping.linkage import Bar, average_link, components


def matrix(pairs: dict[tuple[int, int], float], count: int) -> np.ndarray:
    made = np.zeros((count, count))
    for (a, b), value in pairs.items():
        made[a, b] = made[b, a] = value
    return made


def test_strangers_are_not_chained_through_a_chance_resemblance() -> None:
    # a–b and c–d belong together; b–c resemble each other, the rest does not.
    pairs = {(0, 1): 0.9, (2, 3): 0.9, (1, 2): 0.6}
    assert average_link(["a", "b", "c", "d"], matrix(pairs, 4), Bar(0.35, 0.35)) == [["a", "b"], ["c", "d"]]


def test_the_average_decides_not_the_weakest_pair() -> None:
    pairs = {(0, 1): 0.9, (0, 2): 0.8, (1, 2): 0.2}
    assert average_link(["a", "b", "c"], matrix(pairs, 3), Bar(0.35, 0.35)) == [["a", "b", "c"]]


def test_ties_go_to_the_smaller_ids() -> None:
    pairs = {(0, 1): 0.5, (1, 2): 0.5}
    assert average_link(["a", "b", "c"], matrix(pairs, 3), Bar(0.4, 0.4)) == [["a", "b"], ["c"]]


def test_components_are_named_by_their_smallest_id() -> None:
    found = components("dcbae", [("d", "b"), ("e", "d"), ("a", "a")])
    assert found == [["a"], ["b", "d", "e"], ["c"]]


def two_affairs(between: float) -> np.ndarray:
    """Two groups of three, each close, with some likeness between all of their items."""
    made = np.full((6, 6), between)
    made[:3, :3] = made[3:, 3:] = 0.9
    return made


def test_two_grown_groups_need_more_than_a_single_item_that_joins_one() -> None:
    bar = Bar(0.3, 0.7)
    assert average_link("abcdef", two_affairs(0.4), bar) == [["a", "b", "c"], ["d", "e", "f"]]
    assert average_link("abcd", two_affairs(0.4)[:4, :4], bar) == [["a", "b", "c", "d"]]
    assert average_link("abcdef", two_affairs(0.6), bar) == [["a", "b", "c", "d", "e", "f"]]


def test_the_bar_rises_with_the_smaller_group() -> None:
    bar = Bar(0.3, 0.7)
    assert bar.between(1, np.array([1.0, 5.0])).tolist() == [0.3, 0.3]
    assert bar.between(2, np.array([2.0, 5.0])).tolist() == [0.5, 0.5]
    assert bar.between(4, np.array([1.0, 4.0])).tolist() == [0.3, pytest.approx(0.6)]
