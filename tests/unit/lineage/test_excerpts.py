from __future__ import annotations

from dataclasses import replace

from pipelines.lineage.excerpts import excerpts
from tests.synthetic import DictMemory, print_of, prose

FIRST, SECOND = prose(1, 120), prose(2, 150)
ROUNDUP = f"{prose(3, 60)} {FIRST} {prose(4, 40)} {SECOND} {prose(5, 60)}"


def remembered(**texts: str) -> DictMemory:
    memory = DictMemory()
    made = [print_of(name, text, title=prose(len(name), 6)) for name, text in texts.items()]
    memory.take([replace(one, article_id=name) for one, name in zip(made, texts, strict=True)])
    return memory


def told(name: str, memory: DictMemory) -> list[tuple[str, bool]]:
    return [(one.article_id, one.contains) for one in excerpts(name, memory)]


def test_a_roundup_contains_its_parts_and_is_no_copy_of_them() -> None:
    memory = remembered(roundup=ROUNDUP, one=FIRST, second=SECOND, stranger=prose(9, 150))
    assert {entry.canonical_id for entry in memory.entries.values()} == set(memory.entries)
    assert sorted(told("roundup", memory)) == [("one", False), ("second", False)]
    assert told("one", memory) == [("roundup", True)]
    assert told("stranger", memory) == []
    assert all(one.share > 0.9 for one in excerpts("roundup", memory))


def test_copies_are_no_excerpts() -> None:
    memory = remembered(roundup=ROUNDUP, one=FIRST, copy=" ".join(FIRST.split()[:90]))
    assert told("copy", memory) == [("roundup", True)]
    assert len(told("roundup", memory)) == 1


def test_a_roundup_that_is_a_copy_of_its_longest_part_is_told_of_by_the_others() -> None:
    wire = prose(6, 300)
    cut = " ".join(f"{wire} {FIRST}".split()[20:400])
    memory = remembered(agency=wire, one=FIRST, roundup=f"{wire} {FIRST}", shorter=cut)
    assert memory.entries["roundup"].canonical_id == memory.entries["shorter"].canonical_id == "agency"
    assert told("one", memory) == [("roundup", True)]
    assert told("agency", memory) == []


def test_of_what_is_forgotten_nothing_is_told() -> None:
    assert excerpts("gone", remembered(one=FIRST)) == []
