"""From a capture to an article: extract, clean, identify, fingerprint, match. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.clean import clean
from pipelines.clean.learning import Learned, drop_learned, of_source
from pipelines.errors import ExtractionError, InputError
from pipelines.extract import extract
from pipelines.fetch.interstitials import interstitial_kind, is_paywalled
from pipelines.identify.article import fingerprint, identify, source_of
from pipelines.ingest.mismatch import expect_article
from pipelines.rules.matcher import hits_in_dropped
from schemas.records import MediaKind

if TYPE_CHECKING:
    from pipelines.rules.matcher import Matcher
    from schemas.records import ArticleContent, Capture, Fingerprint

TEASER_WORDS = 120
"""Words up to which the text of a page behind a paywall counts as its teaser."""
NOTHING: Learned = {}


@dataclass(frozen=True, slots=True)
class Refined:
    """What became of a capture."""

    content: ArticleContent
    fingerprint: Fingerprint
    """Its ``first_seen`` is this capture's time, until the store has said when the first was."""
    failure: InputError | None = None
    """Why the page itself did not do, where the article was made of the feed's own text instead."""


def refine(capture: Capture, matcher: Matcher, learned: Learned = NOTHING) -> Refined:
    """The article which a capture shows. Raises ``InputError`` where it shows none.

    A page that a feed led to and that shows no article, or none that says what the feed says (or only the teaser
    before a paywall, where the feed has more), is replaced by what the feed itself said; the reason is kept in
    ``failure``. ``learned`` are the lines which sources are known to print with their articles.
    """
    try:
        refined = (_page if capture.kind is MediaKind.HTML else _refined)(capture, matcher, learned)
    except InputError as error:
        own = own_text(capture, matcher, learned)
        if own is None:
            raise
        return replace(own, failure=error)
    if (
        capture.kind is MediaKind.HTML
        and refined.content.word_count <= TEASER_WORDS
        and is_paywalled(capture)
        and (own := own_text(capture, matcher, learned)) is not None
    ):
        fuller = own if own.content.word_count > refined.content.word_count else refined
        return replace(fuller, failure=ExtractionError("paywall", "the page says that it is not free to read"))
    return refined


def _page(capture: Capture, matcher: Matcher, learned: Learned) -> Refined:
    stands_before = interstitial_kind(capture)
    if stands_before:
        raise ExtractionError(stands_before, f"in place of the article; {capture.final_url or capture.url} answered")
    refined = _refined(capture, matcher, learned)
    if not is_paywalled(capture):  # a teaser may say little of what the entry says
        expect_article(capture, refined.content)
    return refined


def own_text(capture: Capture, matcher: Matcher, learned: Learned = NOTHING) -> Refined | None:
    """The article by what the feed said of it; ``None`` where no feed led here or it said nothing."""
    if capture.kind is not MediaKind.HTML or capture.entry is None:
        return None
    try:
        # At the address that the feed names: where redirects led to, there is no article.
        return _refined(replace(capture, kind=MediaKind.FEED_ENTRY, final_url=None), matcher, learned)
    except InputError:
        return None


def _refined(capture: Capture, matcher: Matcher, learned: Learned) -> Refined:
    extracted = extract(capture)
    cleaned = clean(extracted)
    kept, dropped = drop_learned(cleaned.paragraphs, of_source(learned, source_of(capture, extracted)))
    cleaned = replace(cleaned, paragraphs=kept, dropped=cleaned.dropped + dropped)
    # A feed entry may be no more than a headline, and that is news too; a page without a text is a failure.
    if not cleaned.paragraphs and not (capture.kind is MediaKind.FEED_ENTRY and cleaned.title):
        raise ExtractionError("no_text", "nothing was left but boilerplate")
    content = identify(capture, extracted, cleaned)
    hits = matcher.match(content)
    content = replace(content, hits=hits)
    content = replace(content, dropped_hits=hits_in_dropped(matcher, content))
    return Refined(content, fingerprint(content, capture.fetched_at))
