"""Which keys are an outlet's boilerplate, and what of a text lies under them.

A key is *common* when one outlet has it in several articles with different titles: it says the same words
again and again, so they are the outlet's and not the article's. Copies of one agency text do not make its
keys common, since an outlet carries a text once. The rule needs only the set of articles, so that the
answer is the same in whatever order they came, and it can be counted by key.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from pipelines.likeness.ragged import Ragged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from pipelines.likeness.ragged import Places
    from schemas.records import Fingerprint

MIN_TITLES = 4
"""Titles of one outlet under which a key must stand to be common; 3 to 6 measure alike."""


def common_keys(fingerprints: Iterable[Fingerprint], keys: AbstractSet[int]) -> set[int]:
    """Those of ``keys`` which are common among ``fingerprints`` (which must be all that have the keys).

    Articles without a source do not count: nobody knows whether they come from one outlet.
    """
    by_source: defaultdict[str, list[Fingerprint]] = defaultdict(list)
    for fingerprint in fingerprints:
        if fingerprint.source is not None:
            by_source[fingerprint.source].append(fingerprint)
    return set[int]().union(*(_common_of_one(prints, keys) for prints in by_source.values()))


def _common_of_one(fingerprints: Collection[Fingerprint], keys: AbstractSet[int]) -> set[int]:
    """Those which one outlet has under so many titles."""
    if len(fingerprints) < MIN_TITLES:
        return set()
    held = Counter(chain.from_iterable(fingerprint.copy_keys for fingerprint in fingerprints))
    wanted = {key for key, count in held.items() if count >= MIN_TITLES and key in keys}
    titles: defaultdict[int, set[int | str]] = defaultdict(set)
    for fingerprint in fingerprints if wanted else ():
        for key in wanted.intersection(fingerprint.copy_keys):
            # Articles under one title are counted for the title's own key: a rubric is boilerplate too.
            said = fingerprint.article_id if key == fingerprint.title_key else fingerprint.title_key
            titles[key].add(said)
    return {key for key, seen in titles.items() if len(seen) >= MIN_TITLES}


def boilerplate(texts: Ragged, fingerprints: Sequence[Fingerprint], common: AbstractSet[int]) -> NDArray[np.bool_]:
    """Which shingles of each text lie under boilerplate, whose nearest keys on both sides are common ones.

    Only keys are counted across articles, so a block of boilerplate is known by the keys in it; what lies
    between two of them, or between one of them and the edge of the text, belongs to it.
    """
    touched = np.array([not common.isdisjoint(one.copy_keys) for one in fingerprints], np.bool_)
    if not touched.any():
        return np.zeros(len(texts.values), np.bool_)
    pairs = zip(fingerprints, touched.tolist(), strict=True)
    places = _places_of_keys(texts, Ragged.of([_text_keys(one) if marked else () for one, marked in pairs]))
    are_common = np.array([key in common for key in texts.values[places].tolist()], np.bool_)
    # The edges of a text are as common keys before its first shingle and behind its last.
    at = places.searchsorted(texts.bounds)
    edges, sides = np.insert(places, at, texts.bounds), np.insert(are_common, at, True)
    under = np.repeat(sides[:-1] & sides[1:], np.diff(edges))
    under[places] = are_common
    return under & np.repeat(touched, texts.lengths)


def _text_keys(fingerprint: Fingerprint) -> list[int]:
    """The keys without the title's, which is no shingle."""
    return [key for key in fingerprint.copy_keys if key != fingerprint.title_key]


def _places_of_keys(texts: Ragged, keys: Ragged) -> Places:
    """Where shingles stand that are keys of their own text, which are given sorted."""
    some = keys.lengths > 0
    above = np.zeros(len(some), np.uint64)
    above[some] = keys.values[keys.bounds[1:][some] - 1] + 1
    # Keys are among a text's least shingles, so that few others are left to be looked up.
    places = (texts.values < np.repeat(above, texts.lengths)).nonzero()[0]
    found = keys.find(texts.owners[places], texts.values[places])
    own: Places = places[keys.values[found] == texts.values[places]]
    return own
