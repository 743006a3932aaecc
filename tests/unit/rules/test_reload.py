from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipelines.errors import RuleSyntaxError
from pipelines.rules.reload import RuleFile

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "- {id: a, query: HIMARS}\n", "- {id: a, query: HIMARS}\n- {id: b, query: S-400}\n"


def put(path: Path, text: str) -> None:
    """As editors do: a new file in the place of the old."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    put(path, ONE)
    watched = RuleFile(path)
    assert watched.refresh() is None
    put(path, f"# a remark\n{ONE}")
    assert watched.refresh() is None  # it means the same
    put(path, TWO)
    reload = watched.refresh()
    assert reload
    assert reload.error is None
    assert [rule.id for rule in reload.rules] == [rule.id for rule in watched.rules] == ["a", "b"]
    assert watched.refresh() is None


def test_a_broken_or_missing_file_leaves_the_former_rules_and_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    put(path, TWO)
    watched = RuleFile(path)
    put(path, "- {id: a, query: (HIMARS}\n")
    reload = watched.refresh()
    assert reload
    assert "rules.yaml" in str(reload.error)
    assert len(reload.rules) == 2
    assert watched.refresh() is None
    path.unlink()
    reload = watched.refresh()
    assert reload
    assert "cannot be read" in str(reload.error)
    assert watched.refresh() is None
    put(path, ONE)
    reload = watched.refresh()
    assert reload
    assert [rule.id for rule in reload.rules] == ["a"]


def test_a_file_that_is_broken_at_the_start_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    put(path, "nonsense")
    with pytest.raises(RuleSyntaxError):
        RuleFile(path)
