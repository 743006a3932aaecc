"""Groups and stories depend on the set of articles alone: not on order, batches or repetition."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.grouping import stop_keys
from pipelines.grouping.regroup import regroup
from tests.synthetic import HORIZON, DictMemory, print_of, prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemas.records import Fingerprint


def places(memory: DictMemory) -> dict[str, tuple[str, str]]:
    return {one: (entry.canonical_id, entry.story_id) for one, entry in memory.entries.items()}


def corpus(seed: int) -> list[Fingerprint]:
    """Originals with truncated, abridged and wrapped copies, an outlet that repeats itself, and strangers."""
    chance = random.Random(seed)
    made = []
    slogan = prose(10_000 + seed, 70)
    for number in range(chance.randint(2, 4)):
        base = prose(seed * 100 + number, 160)
        words = base.split()
        variants = {
            "whole": base,
            "cut": " ".join(words[:90]),
            "tail": " ".join(words[60:]),
            "wrapped": f"{prose(seed + 7_000 + number, 40)} {base}",
            "house": f"{base} {slogan}",
        }
        for kind in chance.sample(sorted(variants), chance.randint(1, 4)):
            source = "House" if kind == "house" else None
            made.append(
                print_of(
                    f"{seed}-{number}-{kind}",
                    variants[kind],
                    day=chance.randint(0, 3),
                    hour=chance.choice((0, 0, 8, 20)),
                    source=source,
                    title=f"Title {number} {kind}" if chance.random() < 0.5 else f"Title {number}",
                )
            )
    made += [
        print_of(f"{seed}-own-{number}", f"{prose(seed * 31 + number + 500, 60)} {slogan}", source="House")
        for number in range(chance.randint(0, 6))
    ]
    return made


def affairs(seed: int) -> list[Fingerprint]:
    """Reports which each tell of a place between some affairs, so that chains of likeness connect many stories."""
    chance = random.Random(seed)
    names = [f"{''.join(chance.choices('bcdfgklmnprstvz', k=7))}a" for _ in range(90)]
    made = []
    for number in range(chance.randint(12, 40)):
        at = chance.randrange(0, 70, 4)
        telling = names[at : at + 12]
        text = " ".join(chance.choices(telling, k=70))
        made.append(
            print_of(
                f"{seed}-{number}",
                f"{text}. {prose(seed + number, 20)}",
                day=chance.randint(0, 9),
                hour=chance.choice((0, 0, 8, 20)),
                title=" ".join(chance.sample(telling, 5)),
            )
        )
    return made


def few_keys(seed: int) -> list[Fingerprint]:
    """Reports of a few events with a key or three each, so that often a single one, soon crowded, joins two of them."""
    chance = random.Random(seed)
    events = [print_of("event", f"{prose(seed + number, 40)}.", title=prose(seed + number, 6)) for number in range(3)]
    return [
        replace(
            chance.choice(events),
            article_id=f"{seed}-{number}",
            story_keys=tuple(sorted(chance.sample(range(12), chance.randint(1, 3)))),
            copy_keys=(),
            shingles=b"",
        )
        for number in range(chance.randint(4, 24))
    ]


def in_parts_as_at_once(made: list[Fingerprint], order: random.Random, cuts: list[int]) -> None:
    at_once = DictMemory()
    at_once.take(made)
    shuffled = made[:]
    order.shuffle(shuffled)
    in_parts = DictMemory()
    bounds = sorted({0, len(shuffled), *(cut for cut in cuts if cut < len(shuffled))})
    for start, end in pairwise(bounds):
        in_parts.take(shuffled[start:end])
    assert places(in_parts) == places(at_once)
    assert in_parts.common == at_once.common


ORDER = st.randoms(use_true_random=False)
CROWDS = st.sampled_from([1, 2, 3, 5, 9, stop_keys.CROWD])


@contextmanager
def crowd_of(most: int) -> Iterator[None]:
    """So many articles may have a story key."""
    with patch.object(stop_keys, "CROWD", most):
        yield


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), order=ORDER, cuts=st.lists(st.integers(0, 40), max_size=12), crowd=CROWDS)
def test_chains_of_likeness_are_grouped_the_same_in_any_order(
    seed: int, order: random.Random, cuts: list[int], crowd: int
) -> None:
    with crowd_of(crowd):
        in_parts_as_at_once(affairs(seed), order, cuts)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), order=ORDER, cuts=st.lists(st.integers(0, 24), max_size=24), crowd=CROWDS)
def test_single_keys_that_get_crowded_part_what_they_joined(
    seed: int, order: random.Random, cuts: list[int], crowd: int
) -> None:
    with crowd_of(crowd):
        in_parts_as_at_once(few_keys(seed), order, cuts)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), order=ORDER, cuts=st.lists(st.integers(0, 60), max_size=12), crowd=CROWDS)
def test_copies_in_crowds_are_grouped_the_same_in_any_order(
    seed: int, order: random.Random, cuts: list[int], crowd: int
) -> None:
    made = affairs(seed)
    copies = [replace(one, article_id=f"{one.article_id}-copy", source="Other") for one in made[::3]]
    with crowd_of(crowd):
        in_parts_as_at_once([*made, *copies, *corpus(seed)], order, cuts)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    order=ORDER,
    deaths=st.lists(st.tuples(st.integers(1, 9), st.integers(0, 60)), max_size=6),
    crowd=CROWDS,
)
def test_what_died_before_it_was_remembered_is_done_again(
    seed: int, order: random.Random, deaths: list[tuple[int, int]], crowd: int
) -> None:
    made = few_keys(seed)
    with crowd_of(crowd):
        at_once = DictMemory()
        at_once.take(made)
        order.shuffle(made)
        memory = DictMemory()
        done = 0
        for size, writes in deaths:
            for most in (writes, None):
                memory.take(made[done : done + size], most)
            done += size
        memory.take(made[done:])
    assert places(memory) == places(at_once)
    assert memory.common == at_once.common


def test_a_small_crowd_parts_stories() -> None:
    found = {}
    for most in (2, stop_keys.CROWD):
        memory = DictMemory()
        with crowd_of(most):
            memory.take(affairs(3))
        found[most] = places(memory)
    assert found[2] != found[stop_keys.CROWD]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    order=ORDER,
    edits=st.dictionaries(st.integers(0, 60), st.integers(0, 60)),
    crowd=CROWDS,
)
def test_articles_of_crowds_can_be_rewritten(
    seed: int, order: random.Random, edits: dict[int, int], crowd: int
) -> None:
    """Some take the text of others, one by one: keys get crowded, and rare again."""
    made = few_keys(seed)
    new = {
        made[which % len(made)].article_id: replace(
            made[other % len(made)],
            article_id=made[which % len(made)].article_id,
            published=made[which % len(made)].published,
        )
        for which, other in edits.items()
    }
    with crowd_of(crowd):
        rewritten = DictMemory()
        rewritten.take(made)
        turns = sorted(new)
        order.shuffle(turns)
        for one in turns:
            rewritten.take([new[one]])
        straight = DictMemory()
        straight.take([new.get(one.article_id, one) for one in made])
    assert places(rewritten) == places(straight)
    assert rewritten.common == straight.common


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), order=ORDER, cuts=st.lists(st.integers(0, 20), max_size=6))
def test_any_order_and_split_gives_the_same_places(seed: int, order: random.Random, cuts: list[int]) -> None:
    in_parts_as_at_once(corpus(seed), order, cuts)


def test_the_chains_connect_stories() -> None:
    memory = DictMemory()
    memory.take(affairs(3))
    stories = Counter(story for _, story in places(memory).values())
    assert 3 < len(stories) < len(memory.entries)
    assert max(stories.values()) > 2


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_repetition_changes_nothing(seed: int) -> None:
    made = corpus(seed)
    memory = DictMemory()
    memory.take(made)
    again = regroup(made, memory, HORIZON)
    assert again.changed == ()
    assert not again.common
    assert not again.rare


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), strangers=st.integers(1, 5))
def test_strangers_change_no_place(seed: int, strangers: int) -> None:
    memory = DictMemory()
    memory.take([*corpus(seed), *affairs(seed)])
    before = places(memory)
    texts = [prose(40_000 + seed * 7 + number, 120) for number in range(strangers)]
    memory.take([print_of(f"stranger-{at}", text, title=text[-40:]) for at, text in enumerate(texts)])
    after = places(memory)
    assert {one: after[one] for one in before} == before
    assert all(after[one] == (one, one) for one in after.keys() - before.keys())


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), order=ORDER, gone=st.sets(st.integers(0, 20), min_size=1))
def test_a_memory_with_holes_is_gone_on_with(seed: int, order: random.Random, gone: set[int]) -> None:
    made = [*corpus(seed), *affairs(seed)]
    order.shuffle(made)
    memory = DictMemory()
    memory.take(made[: len(made) // 2])
    for number in gone:
        memory.entries.pop(made[number % len(made)].article_id, None)
    found = regroup(made[len(made) // 2 :], memory, HORIZON)
    held = {entry.fingerprint.article_id: entry for entry in found.entries}
    for entry in found.entries:
        assert held[entry.canonical_id].canonical_id == entry.canonical_id
        assert held[entry.story_id].story_id == entry.story_id == held[entry.canonical_id].story_id


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), which=st.integers(0, 30), fresh=st.integers(20_000, 30_000))
def test_a_rewritten_article_leaves_no_trace_of_its_old_text(seed: int, which: int, fresh: int) -> None:
    made = corpus(seed)
    old = made[which % len(made)]
    new = replace(
        print_of("x", prose(fresh, 150), source=old.source), article_id=old.article_id, title_key=old.title_key
    )
    rewritten = DictMemory()
    rewritten.take(made)
    rewritten.take([new])
    straight = DictMemory()
    straight.take([new if one is old else one for one in made])
    assert places(rewritten) == places(straight)
    assert rewritten.common == straight.common
