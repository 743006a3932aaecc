"""Which keys are an outlet's boilerplate.

A key is *common* when one outlet has it in several articles with different titles: it says the same words
again and again, so they are the outlet's and not the article's. Copies of one agency text do not make its
keys common, since an outlet carries a text once. The rule needs only the set of articles, so that the
answer is the same in whatever order they came, and it can be counted by key.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from collections.abc import Set as AbstractSet

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
    wanted = keys & {key for key, count in held.items() if count >= MIN_TITLES}
    titles: defaultdict[int, set[int | str]] = defaultdict(set)
    for fingerprint in fingerprints if wanted else ():
        for key in wanted & set(fingerprint.copy_keys):
            # Articles under one title are counted for the title's own key: a rubric is boilerplate too.
            said = fingerprint.article_id if key == fingerprint.title_key else fingerprint.title_key
            titles[key].add(said)
    return {key for key, seen in titles.items() if len(seen) >= MIN_TITLES}
