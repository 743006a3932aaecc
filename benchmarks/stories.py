"""Stories on labelled events, and the fit of the story model.

    .venv/bin/python -m benchmarks.stories FILE.jsonl.gz

FILE has an object a line: id, event, title, text, date. Prints the coefficients that a logistic regression over all
pairs gives (those in pipelines/stories/model.py are these, rounded), B³ and pair F1 of the model in the repository,
and B³ of a model fitted without the events it is measured on (five folds).
"""

from __future__ import annotations

import gzip
import json
import sys
from datetime import UTC, datetime
from itertools import combinations, combinations_with_replacement
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.groups import b_cubed, pair_scores, pairs
from pipelines.grouping.linkage import group_similar
from pipelines.stories.features import StoryFeatures, story_features
from pipelines.stories.model import COEFFICIENTS, INPUTS, INTERCEPT, THRESHOLD, inputs
from schemas.records import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

FOLDS = 5
HARD, HARD_WEIGHT = 0.15, 4.0
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


def seconds(a: Fingerprint, b: Fingerprint) -> float | None:
    """Time between two articles, as grouping takes it."""
    return abs((a.published - b.published).total_seconds()) if a.published and b.published else None


def fit(views: NDArray[np.float64], same: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, L2 penalty 1 on all but the intercept, which comes last.

    Pairs of different events with a body cosine above ``HARD`` count ``HARD_WEIGHT`` times; numbers are left out.
    """
    weigh = np.where((same == 0) & (views[:, INPUTS.index("body")] > HARD), HARD_WEIGHT, 1.0)
    used = np.array([name != "numbers" for name in INPUTS])
    columns = np.column_stack([views[:, used], np.ones(len(views))])
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
    fitted = np.zeros(len(INPUTS) + 1)
    fitted[:-1][used], fitted[-1] = weights[:-1], weights[-1]
    return fitted


def stories(keys: Sequence[Collection[int]], likely: Mapping[tuple[int, int], float]) -> list[int]:
    """Story of each article, as grouping finds it, given the likelihood of each pair."""
    names = [f"{number:08}" for number in range(len(keys))]
    groups, _ = group_similar(dict(zip(names, keys, strict=True)), lambda a, b: likely[int(a), int(b)], THRESHOLD)
    story = {int(member): number for number, group in enumerate(groups) for member in group}
    return [story[number] for number in range(len(keys))]


def likelihoods(views: NDArray[np.float64], model: NDArray[np.float64]) -> NDArray[np.float64]:
    """Likelihood of each row of inputs under coefficients and intercept."""
    return np.asarray(1 / (1 + np.exp(-(views @ model[:-1] + model[-1]))))


def main(path: Path) -> None:
    """Measure and print."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    events = [document["event"] for document in documents]
    prints = [fingerprint(number, document) for number, document in enumerate(documents)]
    features = [StoryFeatures.unpack(one.story_features) for one in prints]
    both = list(combinations(range(len(prints)), 2))
    views = np.array([inputs(features[a], features[b], seconds(prints[a], prints[b])) for a, b in both])
    same = np.array([float(events[a] == events[b]) for a, b in both])
    keyed = [set(one.story_keys) for one in prints]
    reached = np.mean([not keyed[a].isdisjoint(keyed[b]) for (a, b), true in zip(both, same, strict=True) if true])

    fitted = fit(views, same)
    told = "  ".join(f"{view} {weight:.2f}" for view, weight in zip((*INPUTS, "intercept"), fitted, strict=True))
    print(f"{len(prints)} articles, {len(set(events))} events; {reached:.3f} of the true pairs share a look-up key")
    print(f"fitted:        {told}")
    print(f"in repository: {'  '.join(str(one) for one in (*COEFFICIENTS, INTERCEPT))}  threshold {THRESHOLD}")
    found = likelihoods(views, np.array([*COEFFICIENTS, INTERCEPT]))
    report("the repository's model", stories(keyed, dict(zip(both, found, strict=True))), events)

    # Every pair is judged by a model fitted without any pair of the folds that its two events are in.
    fold = {event: number % FOLDS for number, event in enumerate(sorted(set(events)))}
    folds = np.array([sorted((fold[events[a]], fold[events[b]])) for a, b in both])
    held_out = np.zeros(len(both))
    for first, second in combinations_with_replacement(range(FOLDS), 2):
        judged = (folds == (first, second)).all(axis=1)
        known = ~np.isin(folds, (first, second)).any(axis=1)
        held_out[judged] = likelihoods(views[judged], fit(views[known], same[known]))
    report("fitted without the events measured", stories(keyed, dict(zip(both, held_out, strict=True))), events)


def report(name: str, found: Sequence[object], true: Sequence[object]) -> None:
    """A line of scores."""
    precision, recall, f1 = b_cubed(found, true)
    _, _, pair_f1 = pair_scores(pairs(found), pairs(true))
    print(f"{name}: B³ precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}; pair F1 {pair_f1:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
