"""What revisions of an article changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipelines.identify.changes import names, other_changes, revision_changes, revisions_of, word_diff
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


def test_a_paragraph_that_is_divided_is_neither_gone_nor_new() -> None:
    parts = [f"{sentence}." for sentence in FIRST.body.replace("\n\n", " ").split(". ")]
    joined = edited("b", body=FIRST.body.replace("\n\n", " "))
    (change,) = changes(FIRST, joined)
    assert change.cosmetic
    assert (change.removed, change.added, change.rewritten) == ((), (), ())
    (back,) = changes(joined, edited("c", body="\n\n".join([*parts, "Snow fell."])))
    assert (back.cosmetic, back.removed, back.added, back.rewritten) == (False, (), ("Snow fell.",), ())


def test_another_currency_a_share_and_a_sign_are_of_substance() -> None:
    first = edited("x", body="The deal is worth $14 million, and the shares fell to 12.")
    for digest, old, new in (("b", "$", "€"), ("c", "to 12", "to 12%"), ("d", "to 12", "to -12")):
        (change,) = changes(first, edited(digest, body=first.body.replace(old, new)))
        assert not change.cosmetic


def test_a_number_is_exchanged_though_the_text_has_it_elsewhere() -> None:
    first = edited("x", body="On 12 June a fire hurt 12 soldiers, the army said.\n\nThe depot of 17 bunkers burnt out.")
    (change,) = changes(first, edited("b", body=first.body.replace("12 soldiers", "17 soldiers")))
    assert (change.numbers_removed, change.numbers_added) == (("12",), ("17",))
    shorter = first.body.replace("17 bunkers", "17 bunkers near the town")
    (change,) = changes(replace(first, title="Fire hurts 12"), edited("d", body=shorter, title="Fire hurts soldiers"))
    assert (change.numbers_removed, change.numbers_added) == ((), ())
    moved = "The army said.\n\nThe depot of 17 bunkers burnt out on 12 June, and 12 soldiers were hurt."
    (change,) = changes(first, edited("c", body=moved))
    assert (change.numbers_removed, change.numbers_added) == ((), ())


def test_names_are_told_in_their_order_and_a_sentence_s_first_word_is_none() -> None:
    text = "Then General Ana Velk spoke… A third man, Ilya, left.\n“Nobody knew,” he said. «Они» видели Москву."
    assert names(text) == ["General", "Ana", "Velk", "Ilya", "Москву"]


def test_names_side_by_side_are_one_name() -> None:
    before = edited("b", body="The launchers were handed over by Oren Halloway of Estmark and Ilsa Brandt.")
    after = edited("c", body="The launchers were handed over by Pavel Orlin of Estmark and Ilsa Lund.")
    (change,) = changes(before, after)
    assert (change.names_removed, change.names_added) == (("Oren Halloway", "Brandt"), ("Pavel Orlin", "Lund"))


def test_other_fields_are_told_as_well() -> None:
    article: Article | None = None
    contents = {
        one.digest: one
        for one in (FIRST, edited("b", author="Ann Lee"), replace(FIRST, digest="c", published=DAY + timedelta(days=2)))
    }
    for hour, digest in enumerate(contents):
        seen = Observation(fetched_at=DAY + timedelta(hours=hour), digest=digest, archive_record=f"a@{hour}")
        article = observe(article, contents[digest], seen)
    assert article is not None
    first, second = map(other_changes, revisions_of(article, contents))
    assert first == {"author": Rewritten(before="", after="Ann Lee")}
    assert second["published"] == Rewritten(before="2026-06-01T00:00:00Z", after="2026-06-03T00:00:00Z")


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
