"""Stories on labelled events, and the fit of the story model.

    .venv/bin/python -m benchmarks.stories FILE.jsonl.gz

FILE has an object a line: id, event, title, text, date. Prints the coefficients that a logistic regression over all
pairs gives (those in pipelines/likeness/same_event.py are these, rounded), B³ and pair F1 of the model in the
repository and of models fitted without the events they are measured on (five folds, cut in several ways), and beside
them an online TF-IDF centroid at its best threshold.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from datetime import UTC, datetime
from itertools import combinations, combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.groups import b_cubed, pair_scores, pairs
from pipelines.grouping.linkage import Threshold, average_link, candidate_pairs
from pipelines.likeness.fingerprint import words
from pipelines.likeness.same_event import COEFFICIENTS, INPUTS, INTERCEPT, LARGE_STORY_THRESHOLD, THRESHOLD, StoryViews
from pipelines.likeness.story_features import story_features
from schemas.records import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

FOLDS = 5
HARD, HARD_WEIGHT = 0.15, 2.0
CUTS = 5
"""Ways to cut the events into folds: what one cut says differs by a hundredth from the next."""
CENTROID_THRESHOLDS = np.arange(0.08, 0.4, 0.02)
_SEEN = datetime(2026, 1, 1, tzinfo=UTC)


def fingerprint(number: int, document: dict[str, str]) -> Fingerprint:
    """Fingerprint of a labelled article, without shingles: copies are not measured here."""
    features, keys = story_features(document["title"], document["text"], "en")
    date = document.get("date")
    return Fingerprint(
        article_id=f"{number:08}",
        digest="",
        source=None,
        title_key=0,
        published=datetime.fromisoformat(date).replace(tzinfo=UTC) if date else None,
        first_seen=_SEEN,
        word_count=0,
        shingles=b"",
        numbers=b"",
        copy_keys=(),
        story_features=features.pack(),
        story_keys=keys,
    )


def pair_inputs(prints: Sequence[Fingerprint], both: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """What the model looks at, for each pair: shape ``(pairs, len(INPUTS))``."""
    views = StoryViews.of([one.story_features for one in prints])
    at = np.array([one.published.timestamp() if one.published else np.nan for one in prints])
    first, second = np.array(both, np.intp).T
    return views.inputs(first, second, np.abs(at[first] - at[second]))


def fit(views: NDArray[np.float64], same: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, L2 penalty 1 on all but the intercept, which comes last.

    Pairs of different events with a body cosine above ``HARD`` count ``HARD_WEIGHT`` times.
    """
    weigh = np.where((same == 0) & (views[:, INPUTS.index("body")] > HARD), HARD_WEIGHT, 1.0)
    columns = np.column_stack([views, np.ones(len(views))])
    weights = np.zeros(columns.shape[1])
    penalty = np.diag([1.0] * (len(weights) - 1) + [0.0])
    for _ in range(100):
        likely = 1 / (1 + np.exp(-columns @ weights))
        gradient = columns.T @ (weigh * (likely - same)) + penalty @ weights
        curvature = (columns * (weigh * likely * (1 - likely))[:, None]).T @ columns + penalty
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def stories(keys: Sequence[Collection[int]], likely: Mapping[tuple[int, int], float]) -> list[int]:
    """Story of each article, as grouping finds it, given the likelihood of each pair."""
    names = [f"{number:08}" for number in range(len(keys))]
    first, second = candidate_pairs(keys, np.arange(len(keys)))
    sharing = zip(first.tolist(), second.tolist(), strict=True)
    edges = {(names[a], names[b]): likely[a, b] for a, b in sharing if likely[a, b] >= THRESHOLD}
    groups = average_link(
        names,
        edges,
        lambda pairs: [likely[int(a), int(b)] for a, b in pairs],
        Threshold(THRESHOLD, LARGE_STORY_THRESHOLD),
    )
    story = {int(member): number for number, group in enumerate(groups) for member in group}
    return [story[number] for number in range(len(keys))]


def likelihoods(views: NDArray[np.float64], model: NDArray[np.float64]) -> NDArray[np.float64]:
    """Likelihood of each row of inputs under coefficients and intercept."""
    return np.asarray(1 / (1 + np.exp(-(views @ model[:-1] + model[-1]))))


def held_out(
    views: NDArray[np.float64],
    same: NDArray[np.float64],
    events: Sequence[str],
    both: Sequence[tuple[int, int]],
    cut: int,
) -> NDArray[np.float64]:
    """Likelihoods where every pair is judged by a model fitted without any pair of the folds its two events are in."""
    names = sorted(set(events))
    fold = dict(zip(names, np.random.default_rng(cut).permutation(len(names)) % FOLDS, strict=True))
    folds = np.array([sorted((fold[events[a]], fold[events[b]])) for a, b in both])
    judged = np.zeros(len(both))
    for first, second in combinations_with_replacement(range(FOLDS), 2):
        here = (folds == (first, second)).all(axis=1)
        known = ~np.isin(folds, (first, second)).any(axis=1)
        judged[here] = likelihoods(views[here], fit(views[known], same[known]))
    return judged


def centroid_stories(documents: Sequence[Mapping[str, str]], threshold: float) -> list[int]:
    """The baseline: each article, in order of dates, joins the story with the nearest TF-IDF centroid or opens one."""
    counts = [Counter(words(f"{document['title']} {document['text']}")) for document in documents]
    seen = Counter(term for count in counts for term in count)
    place = {term: number for number, term in enumerate(sorted(seen))}
    vectors = np.zeros((len(documents), len(place)))
    for row, count in enumerate(counts):
        for term, times in count.items():
            vectors[row, place[term]] = (1 + np.log(times)) * np.log(len(documents) / seen[term])
    vectors /= np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))
    sums: list[NDArray[np.float64]] = []
    found = [0] * len(documents)
    for number in sorted(range(len(documents)), key=lambda one: (documents[one].get("date") or "~", one)):
        near = [float(vectors[number] @ total / np.linalg.norm(total)) for total in sums]
        best = int(np.argmax(near)) if near else -1
        if best < 0 or near[best] < threshold:
            best = len(sums)
            sums.append(np.zeros(len(place)))
        sums[best] += vectors[number]
        found[number] = best
    return found


def main(path: Path) -> None:
    """Measure and print."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    events = [document["event"] for document in documents]
    prints = [fingerprint(number, document) for number, document in enumerate(documents)]
    both = list(combinations(range(len(prints)), 2))
    views = pair_inputs(prints, both)
    same = np.array([float(events[a] == events[b]) for a, b in both])
    keyed = [set(one.story_keys) for one in prints]
    meet = np.array([not keyed[a].isdisjoint(keyed[b]) for a, b in both])

    fitted = fit(views, same)
    told = "  ".join(f"{view} {weight:.2f}" for view, weight in zip((*INPUTS, "intercept"), fitted, strict=True))
    print(f"{len(prints)} articles, {len(set(events))} events; {sum(map(len, keyed)) / len(prints):.0f} keys each:")
    print(f"{meet[same == 1].mean():.3f} of the true pairs and {meet[same == 0].sum():,} others share one")
    print(f"fitted:        {told}")
    told = "  ".join(str(one) for one in (*COEFFICIENTS, INTERCEPT))
    print(f"in repository: {told}; thresholds {THRESHOLD} and {LARGE_STORY_THRESHOLD}")
    print("                                     B³ precision, recall, F1   pairs precision, recall, F1")
    found = likelihoods(views, np.array([*COEFFICIENTS, INTERCEPT]))
    report("model in the repository", scores(stories(keyed, dict(zip(both, found, strict=True))), events))
    cuts = [held_out(views, same, events, both, cut) for cut in range(CUTS)]
    judged = [scores(stories(keyed, dict(zip(both, likely, strict=True))), events) for likely in cuts]
    report("fitted without the events, mean", np.mean(judged, axis=0))
    report(f"the worst of {CUTS} cuts into folds", np.min(judged, axis=0))
    tried = [scores(centroid_stories(documents, float(one)), events) for one in CENTROID_THRESHOLDS]
    report("TF-IDF centroid, best threshold", max(tried, key=lambda one: float(one[2])))


def scores(found: Sequence[object], true: Sequence[object]) -> NDArray[np.float64]:
    """B³ and pair precision, recall and F1, shape ``(6,)``."""
    return np.array([*b_cubed(found, true), *pair_scores(pairs(found), pairs(true))])


def report(name: str, told: NDArray[np.float64]) -> None:
    """A line of scores."""
    print(f"{name:37}{told[0]:.3f}  {told[1]:.3f}  {told[2]:.3f}        {told[3]:.3f}  {told[4]:.3f}  {told[5]:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
