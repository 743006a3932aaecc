"""What the line cleaner promises for every text."""
# ruff: noqa: E501 - tables of cases, one a line, in several scripts

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipelines.clean import clean
from schemas.records import Extracted

SUBJECTS = (
    "The ministry",
    "A spokesman",
    "Its commander",
    "Two officers",
    "Lieutenant Moe",
    "The second battalion",
    "Nobody in the village",
)
VERBS = (
    "said",
    "denied",
    "had read",
    "will share",
    "subscribed to",
    "followed",
    "advertised",
    "photographed",
    "published",
    "updated",
)
OBJECTS = (
    "the comments", "a newsletter", "the related articles", "an advertisement", "the cookies", "all rights", "the photo", "a video",
    "the app", "the latest news", "a bridge", "three Patriot batteries", "the tags", "this story", "a post on Facebook",
)  # fmt: skip
ENDS = (
    "near the border on Monday",
    "before the summer recess",
    "as part of the exercise",
    "without waiting for an answer",
)
BOILERPLATE = (
    "Advertisement", "Share", "Read more: A bridge too many", "Leave a Comment", "© 2026 Island Post", "3 min read", "Home > World",
    "World", "By Jane Roe", "Jane Roe", "***", "June 3, 2026", "Related articles", "Continue reading", "@post", "About the Author", "7",
)  # fmt: skip

sentences = st.builds(
    "{} {} {} and {} {} {}.".format,
    st.sampled_from(SUBJECTS), st.sampled_from(VERBS), st.sampled_from(OBJECTS), st.sampled_from(VERBS), st.sampled_from(OBJECTS), st.sampled_from(ENDS),
)  # fmt: skip
paragraphs = st.lists(sentences, min_size=1, max_size=4).map(" ".join)
lines = st.lists(st.one_of(paragraphs, st.sampled_from(BOILERPLATE), st.text(max_size=60)), max_size=25)
titles = st.one_of(st.none(), st.just("Two batteries move to the border"), st.text(max_size=40))


@st.composite
def texts(draw: st.DrawFn) -> Extracted:
    return Extracted(
        title=draw(titles),
        lines=tuple(draw(lines)),
        site_name=draw(st.sampled_from((None, "Island Post"))),
        author=draw(st.sampled_from((None, "Jane Roe"))),
    )


@given(st.lists(paragraphs, min_size=1, max_size=12))
def test_running_prose_survives(story: list[str]) -> None:
    cleaned = clean(Extracted(title="Two batteries move to the border", lines=tuple(story)))
    assert list(cleaned.paragraphs) == story


@given(texts())
def test_every_line_is_kept_or_dropped_once_and_order_stays(text: Extracted) -> None:
    cleaned = clean(text)
    kept, dropped = list(cleaned.paragraphs), [item.line for item in cleaned.dropped]
    assert len(kept) + len(dropped) == len(text.lines)
    for line in text.lines:
        if kept and kept[0] == line and not (dropped and dropped[0] == line):
            kept.pop(0)
        elif dropped and dropped[0] == line:
            dropped.pop(0)
        else:
            kept.remove(line)  # the same line both kept and dropped: either may come first
    assert kept == dropped == []


@given(texts())
def test_cleaning_twice_is_cleaning_once(text: Extracted) -> None:
    cleaned = clean(text)
    again = clean(replace(text, lines=cleaned.paragraphs, author=cleaned.author))
    assert again.paragraphs == cleaned.paragraphs


@given(texts(), st.integers(0, 24))
def test_prose_is_never_dropped_outside_a_biography(text: Extracted, where: int) -> None:
    sentence = "The ministry denied on Monday that any of the bridges had been closed to lorries."
    kept = [line for line in text.lines if line != "About the Author"]
    cleaned = clean(replace(text, lines=(*kept[:where], sentence, *kept[where:])))
    assert sentence in cleaned.paragraphs
