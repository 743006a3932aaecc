"""The language of a text: detected, and checked against the declared one."""

from __future__ import annotations

import py3langid

DETECTION_WORDS = 20
"""Words of a text below which the declared language takes precedence over the detected one."""
DETECTION_CHARACTERS = 600
"""Characters of a text used for detection. Detection iterates over them in Python; more do not change the result."""
_KIN = (
    frozenset({"bs", "hr", "sr"}),
    frozenset({"da", "nb", "nn", "no"}),
    frozenset({"id", "ms"}),
    frozenset({"cs", "sk"}),
    frozenset({"be", "ru", "uk"}),
    frozenset({"bg", "mk"}),
    frozenset({"ca", "es", "gl", "pt"}),
    frozenset({"hi", "mr", "ne"}),
    frozenset({"af", "nl"}),
    frozenset({"az", "tr"}),
)
"""Groups of languages that detection confuses; among them the declared language decides."""


def language_of(text: str, declared: str | None, words: int) -> str | None:
    """Return the ISO 639-1 code of a text with ``words`` words; ``None`` if it is too short and none is declared.

    Pages declare the language of their template as often as that of the story, so the detected language takes
    precedence, unless the two are in one group of similar languages.
    """
    if words < DETECTION_WORDS:
        return declared
    detected = str(py3langid.classify(text[:DETECTION_CHARACTERS])[0])
    if declared and any({declared, detected} <= kin for kin in _KIN):
        return declared
    return detected
