from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import ConfigurationError
from pipelines.rules.patterns.gazetteer import Gazetteer, default_gazetteer, load_gazetteer
from pipelines.rules.tokens.normalise import index_text

if TYPE_CHECKING:
    from pathlib import Path


def names(term: str, *, context: bool = False) -> set[str]:
    return {one.text for one in default_gazetteer().expand(term) if bool(one.context) is context}


def test_it_has_systems_of_many_makers_and_kinds() -> None:
    systems = default_gazetteer().systems
    assert len(systems) >= 400
    assert len({system.category for system in systems}) >= 20
    assert len({system.country for system in systems}) >= 15
    assert all(system.source for system in systems)


def test_a_term_expands_to_the_other_names() -> None:
    assert {"M142", "High Mobility Artillery Rocket System"} <= names("HIMARS")
    assert "HIMARS" in names("M-142")
    assert names("himars") == names("HIMARS")
    assert "\u0421-400" in names("S400")


def test_ambiguous_names_need_context() -> None:
    assert "Sparrow" not in names("AIM-7")
    assert "Sparrow" in names("AIM-7", context=True)


def test_a_name_of_two_systems_is_not_expanded() -> None:
    assert len(default_gazetteer().look_up("Growler")) == 1
    two = Gazetteer(
        tuple(system for system in default_gazetteer().systems if system.id in {"f-15", "fa-50"}),
        default_gazetteer().contexts,
        "x",
    )
    assert two.expand("Eagle")
    assert default_gazetteer().expand("no such thing") == ()


def test_words_common_in_english_are_marked_ambiguous() -> None:
    common = {"patriot", "sparrow", "javelin", "leopard", "harpoon", "abrams", "eagle", "arrow", "stinger", "typhoon"}
    plain = {index_text(name) for system in default_gazetteer().systems for name in system.aliases}
    assert not common & plain


def test_it_pickles() -> None:
    copy = pickle.loads(pickle.dumps(default_gazetteer()))
    assert copy.version == default_gazetteer().version
    assert copy.expand("HIMARS") == default_gazetteer().expand("HIMARS")


GOOD = """
contexts: {tank: [tank]}
systems:
  - {id: one, name: One-1, category: tank, country: US, source: "a book"}
"""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "category: tank",
            "category: boat",
            "is wrong: system 'one': category 'boat' has no words in contexts; expected one of tank",
        ),
        ("id: one", "id: One!", "systems.0.id"),
        ("country: US", "country: USA", "systems.0.country"),
        ('source: "a book"', "color: red", "systems.0"),
        ("name: One-1", "name: '--'", "no letter or digit"),
        ("systems:", "systems: [", "not YAML"),
        (
            'source: "a book"}',
            'source: "a book"}\n  - {id: two, name: One 1, category: tank, country: US, source: "a book"}',
            "names both",
        ),
        (
            'source: "a book"}',
            'source: "a book"}\n  - {id: one, name: Two, category: tank, country: US, source: "a book"}',
            "listed twice",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_gazetteer(path).look_up("one 1")
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        load_gazetteer(path)


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_gazetteer(tmp_path / "none.yaml")


OWN = """
systems:
  - {id: kestrel-9, name: Kestrel 9, aliases: [KST-9], category: drone, country: US, source: "a book"}
  - {id: himars, name: HIMARS, aliases: [Long Bow], category: artillery, country: US, source: "a book"}
"""


def test_the_users_file_adds_and_replaces(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN, encoding="utf-8")
    both = load_gazetteer(own=own)
    assert len(both.systems) == len(default_gazetteer().systems) + 1
    assert [system.id for system in both.look_up("KST9")] == ["kestrel-9"]
    assert {one.text for one in both.expand("HIMARS")} == {"Long Bow"}
    assert both.version != default_gazetteer().version


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("KST-9", "F-16", "names both"),
        ("category: drone", "category: kite", "no words in contexts"),
        ("country: US", "country: USA", r"systems\.0\.country"),
        ("systems:", "- systems:", "no 'systems:'|not YAML"),
    ],
)
def test_a_wrong_users_file_is_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words) as raised:
        load_gazetteer(own=own)
    assert "own.yaml" in str(raised.value)
