"""Detection of boilerplate: keys that an outlet repeats, and the parts of a text that they cover.

A key is *common* if one outlet has it in several articles with different titles: such repeated words belong to the
outlet, not to the article. Copies of one agency text do not make its keys common, since an outlet carries a text once.
The rule depends only on the set of articles, so the result does not depend on their order, and it can be counted by
key.
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

    from pipelines.likeness.ragged import Indices
    from schemas.records import Fingerprint

MIN_TITLES = 4
"""Titles of one outlet with a key for the key to be common; 3 to 6 give the same quality."""


def common_keys(fingerprints: Iterable[Fingerprint], keys: AbstractSet[int]) -> set[int]:
    """Return the ``keys`` that are common among ``fingerprints``, which must be all fingerprints with these keys.

    Articles without a source do not count, since their outlets are unknown.
    """
    by_source: defaultdict[str, list[Fingerprint]] = defaultdict(list)
    for fingerprint in fingerprints:
        if fingerprint.source is not None:
            by_source[fingerprint.source].append(fingerprint)
    return set[int]().union(*(_common_in_outlet(prints, keys) for prints in by_source.values()))


def _common_in_outlet(fingerprints: Collection[Fingerprint], keys: AbstractSet[int]) -> set[int]:
    """Return the keys that occur under at least ``MIN_TITLES`` titles of one outlet."""
    if len(fingerprints) < MIN_TITLES:
        return set()
    counts = Counter(chain.from_iterable(fingerprint.copy_keys for fingerprint in fingerprints))
    wanted = {key for key, count in counts.items() if count >= MIN_TITLES and key in keys}
    titles: defaultdict[int, set[int | str]] = defaultdict(set)
    for fingerprint in fingerprints if wanted else ():
        for key in wanted.intersection(fingerprint.copy_keys):
            # For the title's own key, articles count instead of titles, since a rubric is boilerplate too.
            title = fingerprint.article_id if key == fingerprint.title_key else fingerprint.title_key
            titles[key].add(title)
    return {key for key, seen in titles.items() if len(seen) >= MIN_TITLES}


def boilerplate(texts: Ragged, fingerprints: Sequence[Fingerprint], common: AbstractSet[int]) -> NDArray[np.bool_]:
    """Return a mask of the shingles in boilerplate: those whose nearest keys on both sides are common.

    Only keys are counted across articles, so a block of boilerplate is identified by its keys. Shingles between two
    common keys, or between a common key and the edge of the text, belong to the block.
    """
    has_common = np.array([not common.isdisjoint(fingerprint.copy_keys) for fingerprint in fingerprints], np.bool_)
    if not has_common.any():
        return np.zeros(len(texts.values), np.bool_)
    pairs = zip(fingerprints, has_common.tolist(), strict=True)
    keys = Ragged.of([_text_keys(fingerprint) if marked else () for fingerprint, marked in pairs])
    positions = _key_positions(texts, keys)
    key_is_common = np.array([key in common for key in texts.values[positions].tolist()], np.bool_)
    # The edges of a text count as common keys before its first shingle and after its last.
    at = positions.searchsorted(texts.bounds)
    edges, edge_is_common = np.insert(positions, at, texts.bounds), np.insert(key_is_common, at, True)
    under = np.repeat(edge_is_common[:-1] & edge_is_common[1:], np.diff(edges))
    under[positions] = key_is_common
    return under & np.repeat(has_common, texts.lengths)


def _text_keys(fingerprint: Fingerprint) -> list[int]:
    """Return the keys of a fingerprint without the title's key, which is no shingle."""
    return [key for key in fingerprint.copy_keys if key != fingerprint.title_key]


def _key_positions(texts: Ragged, keys: Ragged) -> Indices:
    """Return the indices of the shingles that are keys of their own text; the keys must be sorted."""
    nonempty = keys.lengths > 0
    above = np.zeros(len(nonempty), np.uint64)
    above[nonempty] = keys.values[keys.bounds[1:][nonempty] - 1] + 1
    # Keys are among a text's smallest shingles, so few others remain to be looked up.
    positions = (texts.values < np.repeat(above, texts.lengths)).nonzero()[0]
    indices = keys.search(texts.owners[positions], texts.values[positions])
    own: Indices = positions[keys.values[indices] == texts.values[positions]]
    return own
