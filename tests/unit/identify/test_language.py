"""The language of a text: detected, and checked against the declared one."""

from __future__ import annotations

import pytest

from pipelines.identify.language import language_of

TEXTS = {
    "de": "Das Regiment verlegte seine letzte Brücke über den Fluss, bevor das Eis die Pontons erreichen konnte.",
    "fr": "Le régiment a déplacé son dernier pont de l'autre côté du fleuve avant que la glace n'atteigne les pontons.",
    "es": "El regimiento trasladó su último puente al otro lado del río antes de que llegara el hielo.",
    "no": "Regimentet flyttet sin siste bro over elva før isen kunne nå pongtongene, og veien ble stengt.",
}


@pytest.mark.parametrize("language", TEXTS)
def test_what_is_detected_counts_though_the_page_says_something_else(language: str) -> None:
    assert language_of(f"{TEXTS[language]} " * 3, "en" if language != "no" else "no", 60) == language


def test_between_close_kin_the_page_decides() -> None:
    text = f"{TEXTS['no']} " * 3
    assert language_of(text, "nb", 60) == "nb"
    assert language_of(text, "fr", 60) in {"no", "nb", "da"}


def test_a_text_too_short_to_tell_is_what_is_declared() -> None:
    assert language_of("Kurz.", "de", 1) == "de"
    assert language_of("Kurz.", None, 1) is None
