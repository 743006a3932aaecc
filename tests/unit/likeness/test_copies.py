from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from pipelines.likeness.boilerplate import MIN_TITLES, common_keys
from pipelines.likeness.copies import THRESHOLD, CopyViews
from pipelines.likeness.fingerprint import MAX_KEYS, shingles, winnow
from tests.synthetic import print_of, prose

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from schemas.records import Fingerprint


def article(body: str, *, title: str | None = None) -> Fingerprint:
    """A text under a title of its own, if not said otherwise."""
    return print_of("x", body, title=title or prose(len(body), 6))


def copy_similarity(*pair: Fingerprint, common: AbstractSet[int] = frozenset()) -> float:
    return float(CopyViews.of(pair, common).similarities(np.array([0]), np.array([1]))[0])


def test_a_truncated_copy_is_as_near_as_a_whole_one() -> None:
    whole = prose(1, 400)
    cut = " ".join(whole.split()[:100])
    assert copy_similarity(article(whole), article(cut)) == 1.0


def test_typography_and_case_do_not_count() -> None:
    whole = prose(2, 200)
    assert copy_similarity(article(whole), article(whole.upper().replace(".", " –"))) == 1.0


def test_a_quotation_is_no_copy() -> None:
    for words, most in ((18, 0.0), (60, THRESHOLD)):
        quoted = prose(3, words)
        found = copy_similarity(article(f"{prose(4, 150)} {quoted}"), article(f"{prose(5, 150)} {quoted}"))
        assert found <= most


def test_notices_that_differ_in_their_numbers_are_not_copies() -> None:
    def notice(amount: str, number: str, year: str) -> str:
        return (
            f"The yard was awarded a {amount} contract for hull work at its northern dock. The work will be done by "
            f"local crews and is to be finished in {year}. Funds of this year are bound at the time of the award. "
            f"Bids were asked for by letter and three came in. The office of the fleet is the awarding agency, "
            f"number {number}."
        )

    one, other = notice("$41,200,000", "N62-26-C-1001", "2027"), notice("$9,350,000", "N71-26-C-4410", "2031")
    assert copy_similarity(article(one), article(other)) == 0.0
    assert copy_similarity(article(one), article(one)) == 1.0


def test_a_teaser_under_the_same_title_is_a_copy() -> None:
    whole = prose(14, 300)
    teaser = f"{prose(15, 10)} {' '.join(whole.split()[:16])}"
    title = "Convoy of launchers reaches the harbour"
    assert copy_similarity(article(whole, title=title), article(teaser, title=title)) > THRESHOLD
    assert copy_similarity(article(whole), article(teaser, title=title)) == 0.0


def test_a_text_within_a_roundup_is_less_than_a_copy_of_its_head() -> None:
    text, before, behind = prose(16, 100), prose(17, 100), prose(18, 100)
    embedded = copy_similarity(article(text), article(f"{before} {text} {behind}"))
    head = copy_similarity(article(text), article(f"{text} {before} {behind}"))
    assert embedded < head == 1.0


def test_the_first_piece_of_a_roundup_behind_a_line_that_opens_it_is_no_copy() -> None:
    text, opening, pieces = prose(19, 90), prose(20, 16), prose(21, 250)
    assert copy_similarity(article(text), article(f"{opening} {text} {pieces}")) < THRESHOLD
    longer = prose(19, 200)
    assert copy_similarity(article(longer), article(f"{opening} {longer} {pieces}")) > THRESHOLD
    cut = f"{prose(22, 4)} {text}"
    assert copy_similarity(article(cut), article(f"{text} {pieces}")) > THRESHOLD


def test_similarity_is_symmetric() -> None:
    bodies = (prose(1, 200), prose(1, 80), f"{prose(2, 90)} {prose(1, 60)}", prose(3, 30), "")
    prints = [article(body) for body in bodies]
    assert all(copy_similarity(a, b) == copy_similarity(b, a) for a in prints for b in prints)


def test_many_pairs_at_once_are_as_one_by_one() -> None:
    texts = [f"{prose(seed, 60)} {prose(seed % 3, 40 + seed)}" for seed in range(12)]
    prints = [article(text, title=prose(seed % 2, 5)) for seed, text in enumerate(texts)]
    pairs = list(product(range(len(prints)), repeat=2))
    at_once = CopyViews.of(prints, frozenset()).similarities(*np.array(pairs).T)
    assert at_once.tolist() == [copy_similarity(prints[a], prints[b]) for a, b in pairs]
    assert len(set(at_once.tolist())) > 10


def test_an_outlets_boilerplate_counts_nothing() -> None:
    slogan = prose(6, 120)
    house = [print_of(f"h{n}", f"{prose(50 + n, 90)} {slogan}", source="House") for n in range(MIN_TITLES)]
    common = common_keys(house, {key for one in house for key in one.copy_keys})
    assert common
    assert copy_similarity(*house[:2]) > THRESHOLD
    assert copy_similarity(*house[:2], common=common) < THRESHOLD


def test_copies_in_many_outlets_are_not_boilerplate() -> None:
    text = prose(8, 200)
    copies = [print_of(f"c{n}", text, source=f"Outlet {n}", title=f"Own title {n}") for n in range(20)]
    assert not common_keys(copies, {*copies[0].copy_keys})


def test_one_outlet_carrying_a_text_twice_is_not_boilerplate() -> None:
    text = prose(9, 200)
    copies = [print_of(f"c{n}", text, source="House", title="The same title") for n in range(20)]
    assert not common_keys(copies, {*copies[0].copy_keys})


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
