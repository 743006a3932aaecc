"""Processing of a capture into an article: extract, clean, identify, fingerprint, match. Pure."""

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
"""Words up to which the text of a page behind a paywall counts as a teaser."""
NOTHING: Learned = {}


@dataclass(frozen=True, slots=True)
class Refined:
    """The article of a capture."""

    content: ArticleContent
    fingerprint: Fingerprint
    """Fingerprint; its ``first_seen`` is this capture's time until the article is stored."""
    failure: InputError | None = None
    """Failure of the page itself, if the article was made from the feed's own text instead."""


def refine(capture: Capture, matcher: Matcher, learned: Learned = NOTHING) -> Refined:
    """Return the article of a capture.

    The feed's own text replaces a page from a feed that has no article, or an article that has nothing in common with
    the feed entry, or only a teaser before a paywall while the feed has more. ``failure`` then holds the reason.
    ``learned`` are the lines that sources are known to print with their articles.

    Raises:
        InputError: the capture has no article.
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
    interstitial = interstitial_kind(capture)
    if interstitial:
        raise ExtractionError(interstitial, f"in place of the article; {capture.final_url or capture.url} answered")
    refined = _refined(capture, matcher, learned)
    if not is_paywalled(capture):  # a teaser may have little in common with the entry
        expect_article(capture, refined.content)
    return refined


def own_text(capture: Capture, matcher: Matcher, learned: Learned = NOTHING) -> Refined | None:
    """Return the article from its feed entry; ``None`` if the capture has no entry or the entry no text."""
    if capture.kind is not MediaKind.HTML or capture.entry is None:
        return None
    try:
        # At the address in the feed: the target of the redirects is no article.
        return _refined(replace(capture, kind=MediaKind.FEED_ENTRY, final_url=None), matcher, learned)
    except InputError:
        return None


def _refined(capture: Capture, matcher: Matcher, learned: Learned) -> Refined:
    extracted = extract(capture)
    cleaned = clean(extracted)
    kept, dropped = drop_learned(cleaned.paragraphs, of_source(learned, source_of(capture, extracted)))
    cleaned = replace(cleaned, paragraphs=kept, dropped=cleaned.dropped + dropped)
    # A feed entry may be a headline alone, which is news too. A page without a text is a failure.
    if not cleaned.paragraphs and not (capture.kind is MediaKind.FEED_ENTRY and cleaned.title):
        raise ExtractionError("no_text", "nothing was left but boilerplate")
    content = identify(capture, extracted, cleaned)
    hits = matcher.match(content)
    content = replace(content, hits=hits)
    content = replace(content, dropped_hits=hits_in_dropped(matcher, content))
    return Refined(content, fingerprint(content, capture.fetched_at))
