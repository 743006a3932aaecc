"""What revisions of an article changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipelines.identify.changes import revision_changes, word_diff
from pipelines.identify.revisions import observe
from schemas.records import Article, ArticleContent, Observation, RevisionChange, Rewritten
from tests.synthetic import DAY, content

FIRST = content(
    "a",
    "Three launchers reached Varonia on Monday, the ministry said.\n\n"
    "They will be handed over by General Malkin in a week.\n\nCritics in the capital call the purchase hasty.",
    title="Three launchers reach Varonia",
)


def changes(*contents: ArticleContent) -> list[RevisionChange]:
    article: Article | None = None
    for hour, one in enumerate(contents):
        seen = Observation(fetched_at=DAY + timedelta(hours=hour), digest=one.digest, archive_record=f"a@{hour}")
        article = observe(article, one, seen)
    assert article is not None
    return list(revision_changes(article, {one.digest: one for one in contents}))


def edited(digest: str, **changed: str) -> ArticleContent:
    return replace(FIRST, digest=digest, **changed)  # type: ignore[arg-type]


def test_an_article_that_stays_has_no_changes() -> None:
    assert changes(FIRST, FIRST) == []


def test_punctuation_capitals_and_paragraphs_are_cosmetic() -> None:
    body = FIRST.body.replace("Monday,", "Monday –").replace("week.\n\nCritics", "week. CRITICS")
    (change,) = changes(FIRST, edited("b", body=body))
    assert change.cosmetic
    assert (change.numbers_removed, change.numbers_added, change.title) == ((), (), None)


def test_a_change_of_substance_is_taken_apart() -> None:
    body = (
        "4 launchers reached Varonia on Tuesday, the ministry said.\n\n"
        "They will be handed over by General Dragos in a week.\n\nA film of the arrival was shown on television."
    )
    (change,) = changes(FIRST, FIRST, edited("b", body=body, title="Launchers reach Varonia"))
    assert not change.cosmetic
    assert change.revision == 2
    assert (change.not_before, change.seen_at) == (DAY + timedelta(hours=1), DAY + timedelta(hours=2))
    assert change.title == Rewritten(before="Three launchers reach Varonia", after="Launchers reach Varonia")
    assert change.numbers_added == ("4",)
    assert "Malkin" in change.names_removed
    assert "Dragos" in change.names_added
    assert change.removed == ("Critics in the capital call the purchase hasty.",)
    assert change.added == ("A film of the arrival was shown on television.",)
    assert len(change.rewritten) == 2


def test_a_text_that_comes_back_is_a_change_again_and_a_lost_revision_is_passed_over() -> None:
    other = edited("b", title="Other")
    assert [one.revision for one in changes(FIRST, other, FIRST)] == [2, 3]
    article = observe(None, FIRST, Observation(fetched_at=DAY, digest=FIRST.digest, archive_record="a@0"))
    article = observe(article, other, Observation(fetched_at=DAY + timedelta(1), digest="b", archive_record="a@1"))
    assert list(revision_changes(article, {"b": other})) == []


def test_word_diff_gives_both_texts_back() -> None:
    before, after = "three launchers arrived on Monday", "four launchers came on Monday"
    pieces = list(word_diff(before, after))
    assert " ".join(text for kind, text in pieces if kind != "added") == before
    assert " ".join(text for kind, text in pieces if kind != "removed") == after
