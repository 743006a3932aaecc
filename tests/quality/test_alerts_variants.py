"""A sample of the generated variants and decoys of the gazetteer; ``benchmarks.alert_variants`` judges them all."""

from __future__ import annotations

from collections import Counter

from benchmarks.alert_variants import cases, is_right

EVERY = 13
"""A prime, so that the sample does not fall into step with the cases of a name."""


def test_every_sampled_way_to_write_a_name_is_right() -> None:
    everything = list(cases())
    assert len(everything) >= 20_000
    assert len({case.query for case in everything}) >= 1000
    kinds = Counter((case.kind, case.expected) for case in everything[::EVERY])
    assert len(kinds) == len({case.kind for case in everything})
    assert min(kinds.values()) >= 10
    assert [case for case in everything[::EVERY] if not is_right(case)] == []
