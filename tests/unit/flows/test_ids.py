"""Ids as people give them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from flows.commands.ids import find_alerts, find_id, find_stories, only_match
from pipelines.alerts.decide import alert_id
from pipelines.errors import ConfigurationError
from pipelines.stores import open_store
from pipelines.stores.protocol import IdKind
from schemas.records import Alert, GroupChange, Grouping, Regrouped, Story
from tests.synthetic import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.stores.protocol import Store


def story(name: str) -> Story:
    return Story(
        id=name,
        title=f"About {name}",
        first_published=None,
        last_published=None,
        article_ids=(name,),
        sources=(),
        independent_sources=1,
    )


def alert(name: str, story_id: str) -> Alert:
    return Alert(
        id=name, rule_id="r", rule_version="v", story_id=story_id, article_id=story_id, matched_at=DAY, matches=()
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        opened.setup()
        opened.write_stories([story("aaaaaa11"), story("aaaaaa22"), story("bbbbbb")])
        opened.write_alerts([replace(alert("cccccc11", "bbbbbb"), former_ids=("dddddd11", "eeeeee"))])
        yield opened


def test_a_beginning_of_six_characters_is_enough(store: Store) -> None:
    assert find_id(store, "aaaaaa1", *IdKind) == "aaaaaa11"
    assert find_id(store, "bbbbbb", *IdKind) == "bbbbbb"
    with pytest.raises(ConfigurationError, match="too short for an id; give at least 6"):
        find_id(store, "bbbbb", *IdKind)
    with pytest.raises(ConfigurationError, match="no article or alert has this id"):
        find_id(store, "bbbbbb", IdKind.ARTICLE, IdKind.ALERT)


def test_several_are_named(store: Store) -> None:
    with pytest.raises(ConfigurationError) as error:
        find_id(store, "aaaaaa", IdKind.STORY)
    assert str(error.value).splitlines() == [
        "'aaaaaa' is ambiguous; ids that begin with it:",
        "  aaaaaa11  story  About aaaaaa11",
        "  aaaaaa22  story  About aaaaaa22",
    ]
    store.write_stories([story(f"aaaaaa{number}") for number in range(30, 50)])
    with pytest.raises(ConfigurationError) as error:
        find_id(store, "aaaaaa", IdKind.STORY)
    assert len(str(error.value).splitlines()) == 10


def test_former_ids_of_one_alert_are_not_several(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert [one.id for one in find_alerts(store, ["dddddd", "eeeeee", "cccccc"])] == ["cccccc11"]
    assert "alert dddddd11 continues as cccccc11" in capsys.readouterr().err


def test_an_id_from_before_former_ids_were_kept_is_found_by_the_changes(store: Store) -> None:
    change = GroupChange(
        id="x",
        at=DAY,
        grouping=Grouping.STORIES,
        change=Regrouped.RENAMED,
        before=("older",),
        after=("bbbbbb",),
        article_ids=("older",),
    )
    store.write_changes([change])
    assert find_id(store, alert_id("r", "older"), IdKind.ALERT) == "cccccc11"
    with pytest.raises(ConfigurationError):
        find_id(store, alert_id("q", "older"), IdKind.ALERT)


def test_a_story_that_has_gone_on_is_followed(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    change = GroupChange(
        id="x",
        at=DAY,
        grouping=Grouping.STORIES,
        change=Regrouped.MERGED,
        before=("zzzzzz", "bbbbbb"),
        after=("bbbbbb",),
        article_ids=("zzzzzz",),
    )
    store.write_changes([change])
    assert find_stories(store, "zzzzzz") == ("bbbbbb",)
    assert "story zzzzzz continues as bbbbbb" in capsys.readouterr().err
    assert find_stories(store, "aaaaaa1") == ("aaaaaa11",)
    for wrong in ("yyyyyy", "aaaaaa"):
        with pytest.raises(ConfigurationError):
            find_stories(store, wrong)


def test_names_of_rules() -> None:
    rules = ["patriot", "patriot-battery", "rockets"]
    assert only_match("patriot", rules) == "patriot"
    assert only_match("patriot-", rules) == "patriot-battery"
    assert only_match("rocke", rules) is None
    with pytest.raises(ConfigurationError, match="patriot, patriot-battery"):
        only_match("patrio", rules)
