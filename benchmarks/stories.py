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
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import pipelines.grouping.regroup as regrouping
from benchmarks.groups import EmptyMemory, b_cubed, pair_scores, pairs
from pipelines.grouping.regroup import regroup
from pipelines.stories.features import VIEWS, StoryFeatures, story_features
from pipelines.stories.model import COEFFICIENTS, INTERCEPT, THRESHOLD, cosines
from schemas.records import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FOLDS = 5
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


def fit(views: NDArray[np.float64], same: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logistic regression by Newton's method, L2 penalty 1 on all but the intercept, which comes last."""
    inputs = np.column_stack([views, np.ones(len(views))])
    weights = np.zeros(inputs.shape[1])
    penalty = np.diag([1.0] * (len(weights) - 1) + [0.0])
    for _ in range(100):
        likely = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (likely - same) + penalty @ weights
        curvature = (inputs * (likely * (1 - likely))[:, None]).T @ inputs + penalty
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    return weights


def stories(prints: Sequence[Fingerprint], model: NDArray[np.float64]) -> list[str]:
    """Story ids of articles under a model."""

    def likely(a: StoryFeatures, b: StoryFeatures) -> float:
        return float(1 / (1 + np.exp(-(cosines(a, b) @ model[:-1] + model[-1]))))

    kept = regrouping.same_event
    regrouping.same_event = likely
    try:
        return [entry.story_id for entry in regroup(prints, EmptyMemory(), timedelta(days=14)).entries]
    finally:
        regrouping.same_event = kept


def main(path: Path) -> None:
    """Measure and print."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    events = [document["event"] for document in documents]
    prints = [fingerprint(number, document) for number, document in enumerate(documents)]
    features = [StoryFeatures.unpack(one.story_features) for one in prints]
    both = list(combinations(range(len(prints)), 2))
    views = np.array([cosines(features[a], features[b]) for a, b in both])
    same = np.array([float(events[a] == events[b]) for a, b in both])
    keyed = [set(one.story_keys) for one in prints]
    reached = np.mean([not keyed[a].isdisjoint(keyed[b]) for (a, b), true in zip(both, same, strict=True) if true])

    fitted = fit(views, same)
    told = "  ".join(f"{view} {weight:.2f}" for view, weight in zip((*VIEWS, "intercept"), fitted, strict=True))
    print(f"{len(prints)} articles, {len(set(events))} events; {reached:.3f} of the true pairs share a look-up key")
    print(f"fitted:        {told}")
    print(f"in repository: {'  '.join(str(one) for one in (*COEFFICIENTS, INTERCEPT))}  threshold {THRESHOLD}")
    report("the repository's model", stories(prints, np.array([*COEFFICIENTS, INTERCEPT])), events)

    fold = {event: number % FOLDS for number, event in enumerate(sorted(set(events)))}
    folds = np.array([(fold[events[a]], fold[events[b]]) for a, b in both])
    found: dict[int, str] = {}
    for number in range(FOLDS):
        known = (folds != number).all(axis=1)
        held = [at for at, event in enumerate(events) if fold[event] == number]
        placed = stories([prints[at] for at in held], fit(views[known], same[known]))
        found |= dict(zip(held, placed, strict=True))
    report("fitted without the events measured", [found[at] for at in range(len(events))], events)


def report(name: str, found: Sequence[object], true: Sequence[object]) -> None:
    """A line of scores."""
    precision, recall, f1 = b_cubed(found, true)
    _, _, pair_f1 = pair_scores(pairs(found), pairs(true))
    print(f"{name}: B³ precision {precision:.3f} recall {recall:.3f} F1 {f1:.3f}; pair F1 {pair_f1:.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
