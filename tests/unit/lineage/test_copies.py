"""What copies made of their origin."""

from __future__ import annotations

import pytest

from pipelines.lineage.copies import derivation, origin_of
from tests.synthetic import content, prose

TEXT = "Crews moved the launchers north on Monday, the ministry said.\n\nNobody was hurt."


def test_what_a_copy_kept_and_added() -> None:
    words = prose(1, 200).split()
    origin = content("origin", " ".join(words))
    cut = content("cut", " ".join(words[:100]))
    longer = content("longer", " ".join(words) + " " + prose(2, 200))
    assert derivation(origin, origin).kept == 1
    assert derivation(origin, origin).added == 0
    assert derivation(origin, cut).kept == pytest.approx(0.5, abs=0.02)
    assert derivation(origin, cut).added == 0
    assert derivation(origin, longer).kept == pytest.approx(1, abs=0.02)
    assert derivation(origin, longer).added == pytest.approx(0.5, abs=0.02)


def test_what_is_reworded_is_changed_and_what_is_put_in_or_left_out_is_not() -> None:
    first, second, third, other = (prose(seed, 100) for seed in (1, 2, 3, 4))
    origin = content("origin", f"{first} {second} {third}")
    reworded = derivation(origin, content("reworded", f"{first} {other} {third}"))
    put_in = derivation(origin, content("longer", f"{first} {other} {second} {third}"))
    left_out = derivation(origin, content("shorter", f"{first} {third}"))
    moved = derivation(origin, content("moved", f"{third} {second} {first}"))
    assert (reworded.kept, reworded.changed) == pytest.approx((2 / 3, 1 / 3), abs=0.02)
    assert (put_in.kept, put_in.added) == pytest.approx((1, 1 / 4), abs=0.02)
    assert (moved.kept, moved.added) == pytest.approx((1, 0), abs=0.02)
    for one in (put_in, left_out, moved):
        assert one.changed == pytest.approx(0, abs=0.02)
    assert (reworded.added, left_out.added) == pytest.approx((0, 0), abs=0.02)
    word = origin.body.replace(first.split()[50], "quite")
    assert 0 < derivation(origin, content("word", word)).changed < 0.02


def test_a_text_of_nothing_is_a_copy_of_nothing() -> None:
    told = derivation(content("a", ""), content("b", "Two words."))
    assert (told.kept, told.changed, told.added) == (0, 0, 0)


def test_the_origin_is_the_agency_where_it_is_among_them() -> None:
    first, own = content("a", TEXT, source="Daily"), content("b", TEXT, source="Reuters")
    assert origin_of([first, own]) is own
    assert origin_of([first]) is first
