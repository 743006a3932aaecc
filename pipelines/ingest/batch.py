"""Writing of a batch of refined captures: articles, revisions, quarantined items and seen captures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.archive.warc import payload_digest
from pipelines.errors import InputError
from pipelines.identify.revisions import observe
from pipelines.ingest.drift import extraction_days
from pipelines.ingest.failures import Success, settle
from pipelines.ingest.outcome import Outcome
from pipelines.ingest.refine import Refined
from pipelines.stores.rejected import REJECTED, STAGE
from schemas.records import MediaKind, Observation, Quarantined, SeenCapture, now_utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.stores.protocol import Store
    from schemas.records import Article, Capture, CaptureRef, Fingerprint


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of a batch."""

    outcomes: tuple[tuple[str, Outcome], ...]
    """Article id and outcome, for each capture that is an article."""
    fingerprints: tuple[Fingerprint, ...]
    """Fingerprints of the articles' current texts that are in this batch."""
    quarantined: tuple[Quarantined, ...]


def store_batch(
    captures: Sequence[tuple[CaptureRef, Capture]],
    results: Sequence[Refined | InputError],
    store: Store,
    *,
    again: bool = False,
) -> BatchResult:
    """Write the results of captures. Writing the same results again changes nothing.

    With ``again`` (a replay of the archive), only captures that the store did not have count as new or revised.
    """
    refined: list[tuple[CaptureRef, Capture, Refined]] = []
    quarantined = []
    for (ref, capture), result in zip(captures, results, strict=True):
        if isinstance(result, InputError):
            quarantined.append(_quarantined(ref, capture, result))
        else:
            refined.append((ref, capture, result))
            if result.failure:
                quarantined.append(_quarantined(ref, capture, result.failure))
    written = _write_articles(refined, store, again=again)
    store.quarantine(quarantined)
    store.add_extraction_days(extraction_days(captures, results))
    store.mark_seen(
        [
            _seen(ref, capture, None if str(ref) in written.refused else result)
            for (ref, capture), result in zip(captures, results, strict=True)
        ]
    )
    successes = [_success(*item) for item in refined if _succeeded(*item, written.refused)]
    settle(store, quarantined, successes, now_utc())
    fingerprints = {
        article_id: replace(item.fingerprint, first_seen=written.articles[article_id].first_seen)
        for ref, _, item in refined
        for article_id in [item.content.article_id]
        if str(ref) not in written.refused and item.content.digest == written.articles[article_id].content.digest
    }
    # The store has quarantined these itself, with its reason.
    quarantined += [_refused(ref, capture) for ref, capture, _ in refined if str(ref) in written.refused]
    return BatchResult(written.outcomes, tuple(fingerprints.values()), tuple(quarantined))


@dataclass(frozen=True, slots=True)
class _Written:
    articles: Mapping[str, Article]
    """Articles by id, as they are now in the store."""
    outcomes: tuple[tuple[str, Outcome], ...]
    refused: frozenset[str]
    """Archive records of the captures whose articles the store cannot hold."""


def _write_articles(refined: Sequence[tuple[CaptureRef, Capture, Refined]], store: Store, *, again: bool) -> _Written:
    observed: defaultdict[str, list[tuple[Observation, Refined]]] = defaultdict(list)
    for ref, capture, item in refined:
        observation = Observation(
            fetched_at=capture.fetched_at,
            digest=item.content.digest,
            archive_record=str(ref),
            listed_at=capture.listed_at,
        )
        observed[item.content.article_id].append((observation, item))

    earlier: dict[str, Article] = {}

    def merge(stored: Mapping[str, Article]) -> list[Article]:
        earlier.update(stored)
        changed = []
        for article_id, seen in observed.items():
            article = before = stored.get(article_id)
            for observation, item in seen:
                article = observe(article, item.content, observation)
            if article is not None and article is not before:
                changed.append(article)
        return changed

    store.put_revisions([item.content for _, _, item in refined])
    store.update_articles(sorted(observed), merge)
    articles = store.articles(sorted(observed))
    outcomes, refused = [], set()
    for article_id, seen in observed.items():
        article = articles.get(article_id)
        for observation, _ in seen:
            if article is not None and observation in article.observations:
                known = earlier.get(article_id) if again else None
                outcomes.append((article_id, _known_outcome(known, observation) or _outcome(article, observation)))
            else:
                refused.add(observation.archive_record)
    return _Written(articles, tuple(outcomes), frozenset(refused))


def _known_outcome(article: Article | None, observation: Observation) -> Outcome | None:
    """Return the outcome of a capture that the article had before; ``None`` if it did not."""
    for known in article.observations if article else ():
        if known.archive_record == observation.archive_record:
            return Outcome.SEEN if known.digest == observation.digest else Outcome.REVISED
    return None


def _outcome(article: Article, observation: Observation) -> Outcome:
    """Return the outcome of a capture by the history alone, so that a repeated batch gives the same counts."""
    at = article.observations.index(observation)
    if at == 0:
        return Outcome.NEW
    changed = article.observations[at - 1].digest != observation.digest
    return Outcome.REVISED if changed else Outcome.SEEN


def _seen(ref: CaptureRef, capture: Capture, result: Refined | InputError | None) -> SeenCapture:
    """Return the record of a processed capture; ``result`` is ``None`` if the store cannot hold its article."""
    refined = result if isinstance(result, Refined) else None
    itself = refined is not None and not refined.failure and capture.kind is not MediaKind.FEED_ENTRY
    return SeenCapture(
        url=capture.url,
        payload_digest=payload_digest(capture.body),
        fetched_at=capture.fetched_at,
        archive_record=str(ref),
        article_id=refined.content.article_id if refined else None,
        succeeded_at=capture.fetched_at if itself else None,
    )


def _succeeded(ref: CaptureRef, _capture: Capture, result: Refined, refused: frozenset[str]) -> bool:
    return not result.failure and str(ref) not in refused


def _success(ref: CaptureRef, capture: Capture, result: Refined) -> Success:
    return Success(
        urls=tuple(dict.fromkeys((capture.url, result.content.url, str(ref)))),
        archive_record=str(ref),
        captured_at=capture.fetched_at,
        of_entry=capture.kind is MediaKind.FEED_ENTRY,
    )


def _quarantined(ref: CaptureRef, capture: Capture, error: InputError) -> Quarantined:
    return Quarantined(
        url=capture.url,
        stage=error.stage,
        reason=error.reason,
        detail=error.detail,
        archive_record=str(ref),
        captured_at=capture.fetched_at,
        kind=capture.kind,
    )


def _refused(ref: CaptureRef, capture: Capture) -> Quarantined:
    return Quarantined(
        url=capture.url,
        stage=STAGE,
        reason=REJECTED,
        detail="the store cannot take it; `wirepicket quarantine list` has its reason",
        archive_record=str(ref),
        captured_at=capture.fetched_at,
        kind=capture.kind,
    )
