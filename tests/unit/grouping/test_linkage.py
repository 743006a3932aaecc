from __future__ import annotations

import numpy as np

from pipelines.grouping.linkage import average_link, components


def matrix(pairs: dict[tuple[int, int], float], count: int) -> np.ndarray:
    made = np.zeros((count, count))
    for (a, b), value in pairs.items():
        made[a, b] = made[b, a] = value
    return made


def test_strangers_are_not_chained_through_a_chance_resemblance() -> None:
    # a–b and c–d belong together; b–c resemble each other, the rest does not.
    pairs = {(0, 1): 0.9, (2, 3): 0.9, (1, 2): 0.6}
    assert average_link(["a", "b", "c", "d"], matrix(pairs, 4), 0.35) == [["a", "b"], ["c", "d"]]


def test_the_average_decides_not_the_weakest_pair() -> None:
    pairs = {(0, 1): 0.9, (0, 2): 0.8, (1, 2): 0.2}
    assert average_link(["a", "b", "c"], matrix(pairs, 3), 0.35) == [["a", "b", "c"]]


def test_ties_go_to_the_smaller_ids() -> None:
    pairs = {(0, 1): 0.5, (1, 2): 0.5}
    assert average_link(["a", "b", "c"], matrix(pairs, 3), 0.4) == [["a", "b"], ["c"]]


def test_components_are_named_by_their_smallest_id() -> None:
    found = components("dcbae", [("d", "b"), ("e", "d"), ("a", "a")])
    assert found == [["a"], ["b", "d", "e"], ["c"]]
