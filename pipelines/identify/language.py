"""The language of a text: detected, and checked against the declared one."""

from __future__ import annotations

import py3langid

DETECTION_WORDS = 20
"""Words below which a declared language is believed more than a detected one."""
DETECTION_CHARACTERS = 600
"""Characters of a text that are looked at. Detection walks them one by one in Python; more change nothing."""
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
"""Languages that detection takes for each other: there a page's own word decides."""


def language_of(text: str, declared: str | None, words: int) -> str | None:
    """ISO 639-1 code of a text of so many words; ``None`` where it is too short to tell and nothing is declared.

    Pages declare the language of their template as often as that of the story, so what is detected counts, unless the
    two are close kin.
    """
    if words < DETECTION_WORDS:
        return declared
    detected = str(py3langid.classify(text[:DETECTION_CHARACTERS])[0])
    if declared and any({declared, detected} <= kin for kin in _KIN):
        return declared
    return detected
