from __future__ import annotations

from pipelines.dedup.common import MIN_TITLES, common_keys
from pipelines.dedup.fingerprint import MAX_KEYS, shingles, winnow
from pipelines.dedup.similarity import THRESHOLD, CopyView, containment
from tests.synthetic import print_of, prose


def view(body: str, common: frozenset[int] = frozenset()) -> CopyView:
    return CopyView.of(print_of("x", body), common)


def test_a_truncated_copy_is_as_near_as_a_whole_one() -> None:
    whole = prose(1, 400)
    cut = " ".join(whole.split()[:100])
    assert containment(view(whole), view(cut)) == 1.0


def test_typography_and_case_do_not_count() -> None:
    whole = prose(2, 200)
    assert containment(view(whole), view(whole.upper().replace(".", " –"))) == 1.0


def test_a_quotation_is_no_copy() -> None:
    quoted = prose(3, 24)
    assert containment(view(f"{prose(4, 150)} {quoted}"), view(f"{prose(5, 150)} {quoted}")) == 0.0


def test_notices_that_differ_in_their_numbers_are_not_copies() -> None:
    def notice(amount: str, number: str, year: str) -> str:
        return (
            f"The yard was awarded a {amount} contract for hull work at its northern dock. The work will be done by "
            f"local crews and is to be finished in {year}. Funds of this year are bound at the time of the award. "
            f"Bids were asked for by letter and three came in. The office of the fleet is the awarding agency, "
            f"number {number}."
        )

    one, other = notice("$41,200,000", "N62-26-C-1001", "2027"), notice("$9,350,000", "N71-26-C-4410", "2031")
    assert containment(view(one), view(other)) == 0.0
    assert containment(view(one), view(one)) == 1.0


def test_an_outlets_boilerplate_counts_nothing() -> None:
    slogan = prose(6, 120)
    house = [print_of(f"h{n}", f"{prose(50 + n, 90)} {slogan}", source="House") for n in range(MIN_TITLES)]
    common = common_keys(house, {key for one in house for key in one.copy_keys})
    assert common
    bare = containment(CopyView.of(house[0], frozenset()), CopyView.of(house[1], frozenset()))
    assert bare > THRESHOLD
    assert containment(CopyView.of(house[0], common), CopyView.of(house[1], common)) < THRESHOLD


def test_copies_in_many_outlets_are_not_boilerplate() -> None:
    text = prose(8, 200)
    copies = [print_of(f"c{n}", text, source=f"Outlet {n}", title=f"Own title {n}") for n in range(20)]
    assert not common_keys(copies, copies[0].copy_keys)


def test_one_outlet_carrying_a_text_twice_is_not_boilerplate() -> None:
    text = prose(9, 200)
    copies = [print_of(f"c{n}", text, source="House", title="The same title") for n in range(20)]
    assert not common_keys(copies, copies[0].copy_keys)


def test_keys_are_few_and_shared_by_texts_with_a_run_in_common() -> None:
    run = prose(10, 60)
    one, other = (winnow(shingles(f"{prose(n, 500)} {run}")) for n in (11, 12))
    assert len(one) <= MAX_KEYS
    assert set(winnow(shingles(run))) <= set(winnow(shingles(f"{run} {prose(13, 20)}"))) | set(one) | set(other)


def test_short_and_empty_texts_have_a_key_or_none() -> None:
    assert winnow(shingles("")) == ()
    assert winnow(shingles("two words")) == ()
    assert len(winnow(shingles("now three words"))) == 1


def test_scripts_without_spaces_have_words() -> None:
    assert len(shingles("国防部发言人周四表示")) == 8
