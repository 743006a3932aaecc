"""Regrouping where the memory has lost a part of what belongs together."""

from __future__ import annotations

from dataclasses import replace

from tests.synthetic import DictMemory, print_of, prose


def test_copies_whose_canonical_article_is_gone_go_on_under_the_earliest_of_them() -> None:
    first, second, third = (print_of(name, prose(1, 160), day=day) for day, name in enumerate("abc"))
    other = print_of("other", prose(2, 160), day=3)
    memory = DictMemory()
    memory.take([first, second, third, other])
    one_story = {one: replace(entry, story_id=first.article_id) for one, entry in memory.entries.items()}
    assert one_story[third.article_id].canonical_id == first.article_id
    memory.entries = one_story
    del memory.entries[first.article_id]
    memory.take([replace(other, digest="edited")])
    places = {one: (entry.canonical_id, entry.story_id) for one, entry in memory.entries.items()}
    assert places == {
        second.article_id: (second.article_id, second.article_id),
        third.article_id: (second.article_id, second.article_id),
        other.article_id: (other.article_id, other.article_id),
    }
