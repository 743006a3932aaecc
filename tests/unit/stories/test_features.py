from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.stories.features import rarity

if TYPE_CHECKING:
    import pytest


def test_a_language_without_a_word_list_takes_the_nearest_one_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    assert rarity("godine", "hr") == rarity("godine", "sh") < 1
    assert rarity("people", "xx") == rarity("people", "en") < 1
    assert caplog.records == []
