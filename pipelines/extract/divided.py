"""Joining of words that hard-wrapped text divides at the ends of lines."""

from __future__ import annotations

import re
from functools import lru_cache

_DIVIDED = re.compile(r"(?:^|\s)(?P<left>\S*[^\W_])[-\u2010\u2011]$")
_FIRST_WORD = re.compile(r"[^\W_]+")
_FUSING = frozenset({"da", "de", "fi", "hu", "is", "nb", "nl", "nn", "no", "sv"})
"""Languages that write compounds as one word: a hyphen before a lower-case letter is always a division mark."""
_RARER = 1.5
"""Zipf steps (powers of ten) by which the joined word is rarer than both parts if it is a hyphenated compound."""


def join_divided(line: str, following: str, language: str | None) -> str | None:
    """Join two lines if the first ends within a word; return ``None`` if it does not.

    The hyphen stays before a capital or a digit ("F-/16"), within a chain ("air-to-/air"), and in a compound, whose
    parts are common words while the joined form is rare ("long-/range"). ``language`` is an ISO 639-1 code.
    """
    divided = _DIVIDED.search(line)
    right = _FIRST_WORD.match(following)
    if divided is None or right is None:
        return None
    left = divided["left"]
    kept = not right[0][0].islower() or "-" in left or not left[-1].isalpha() or _is_compound(left, right[0], language)
    return f"{line if kept else line[:-1]}{following}"


def _is_compound(left: str, right: str, language: str | None) -> bool:
    if language in _FUSING:
        return False
    first = (_FIRST_WORD.findall(left) or [left])[-1]
    parts = min(_frequency(first, language), _frequency(right, language))
    return parts > 0 and _frequency(first + right, language) < parts - _RARER


@lru_cache(4096)
def _frequency(word: str, language: str | None) -> float:
    """Return the Zipf frequency of a word, 0 if it is not listed. The English list serves languages without a list."""
    import wordfreq  # noqa: PLC0415 - the import takes 0.2 s; only divided words need it

    listed = language if language in wordfreq.available_languages() else "en"
    return float(wordfreq.zipf_frequency(word, listed))
