"""What two articles have in common, as the story model sees it."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.likeness.same_event import INPUTS, StoryViews
from pipelines.likeness.story_features import story_features

FRIGATE = "The frigate Halcyon of Norland was christened at Sulvik by Ilsa Brandt, chief of the fleet, said Carrow."
SHE = "At Sulvik in Norland a ship was launched yesterday: Brandt broke the bottle on Halcyon, built by Carrow."
OTHER = "The frigate Corvus of Norland was christened at Sulvik by Oren Halloway, chief of the fleet, said Ilmen."
ONE_NAME = "A ship has been launched in Norland before many guests, who had waited for hours in the rain."
NAMELESS = "a ship has been launched before many guests, who had waited for hours in the rain of the morning."


def inputs(*texts: str) -> dict[str, float]:
    views = StoryViews.of([story_features(None, text, "en")[0].pack() for text in texts])
    told = views.inputs(np.array([0]), np.array([1]), np.zeros(1))[0].tolist()
    assert told == views.inputs(np.array([1]), np.array([0]), np.zeros(1))[0].tolist()
    return dict(zip(INPUTS, told, strict=True))


@pytest.mark.parametrize(
    ("texts", "agree"),
    [
        ((FRIGATE, SHE), 1),
        ((FRIGATE, OTHER), 0),  # the country and the place are in both, the ship, the person and the firm are not
        ((FRIGATE, ONE_NAME), 1),  # who names little is not at odds with who names much
        ((FRIGATE, NAMELESS), 0),  # nor is who names nothing, but it does not agree either
        ((NAMELESS, NAMELESS), 0),
    ],
)
def test_names_are_at_odds_where_each_has_some_of_its_own_and_few_are_shared(
    texts: tuple[str, str], agree: float
) -> None:
    assert inputs(*texts)["names agree"] == agree


def test_texts_without_words_have_nothing_in_common() -> None:
    told = inputs("", "")
    assert {told[name] for name in INPUTS if name != "log days"} == {0.0}
