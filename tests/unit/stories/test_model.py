"""What the story model makes of pairs of articles."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.stories.features import StoryFeatures, story_features
from pipelines.stories.model import GROWN_THRESHOLD, INPUTS, THRESHOLD, StoryViews

TITLE = "Norland tests a missile at {place}"
TEXT = (
    "The navy of Norland fired a missile of the type {thing} near {place} on Monday. It flew {count} kilometres before "
    "it fell into the sea. General {person}, who watched the launch, spoke of a success and of further tests."
)
FIRST = {"place": "Tormund", "thing": "Corvus", "count": "740", "person": "Brandt"}
SECOND = {"place": "Sulvik", "thing": "Halcyon", "count": "915", "person": "Orlin"}


def features(facts: dict[str, str], *, text: str = TEXT, title: str = TITLE) -> StoryFeatures:
    return story_features(title.format(**facts), text.format(**facts), "en")[0]


def likelihood(first: StoryFeatures, second: StoryFeatures, days: float = 1) -> float:
    views = StoryViews.of([first, second])
    places = np.array([0]), np.array([1])
    return float(views.same_event(*places, np.array([days * 86_400.0]))[0])


def test_other_names_and_numbers_are_another_event() -> None:
    text = "General {person} told reporters that the {thing}, fired by the navy at {place}, flew {count} km."
    again = features(FIRST, text=text, title="What the firing at {place} means")
    assert likelihood(features(FIRST), again) > GROWN_THRESHOLD
    assert likelihood(features(SECOND), again) < THRESHOLD


@pytest.mark.parametrize("name", ["place", "person", "thing", "count"])
def test_each_fact_counts(name: str) -> None:
    whole = features(FIRST)
    assert likelihood(whole, features(FIRST | {name: SECOND[name]})) < likelihood(whole, whole)


def test_the_days_between_count_and_an_unknown_time_is_far() -> None:
    first, second = features(FIRST), features(SECOND)
    assert likelihood(first, second, 0) == likelihood(first, second, 1) > likelihood(first, second, 9)
    assert likelihood(first, second, 9) > likelihood(first, second, float("nan"))


def test_where_nothing_has_a_capital_words_stand_for_names() -> None:
    first, second = (features({}, text=TEXT.format(**facts).lower(), title="") for facts in (FIRST, SECOND))
    views = StoryViews.of([first, second])
    told = dict(zip(INPUTS, views.inputs(np.array([0]), np.array([1]), np.array([0.0]))[0], strict=True))
    assert told["entities"] == told["body"] > 0


def test_what_a_pair_is_given_depends_on_the_pair_alone() -> None:
    some = [features(FIRST), features(SECOND), features({}, text="", title=""), features(FIRST, title="")]
    views = StoryViews.of(some)
    first, second = np.array([(a, b) for a in range(4) for b in range(4)]).T
    likely = views.same_event(first, second, np.zeros(16)).reshape(4, 4)
    assert np.array_equal(likely, likely.T)
    assert likely[0, 1] == likelihood(some[0], some[1], 0)
