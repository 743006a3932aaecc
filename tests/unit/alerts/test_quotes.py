"""Quoting: every term that matched is shown and marked."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipelines.alerts.quotes import MOST_TERMS, Quote, quotes
from pipelines.rules.fields import TextFields
from pipelines.rules.matcher import Matcher
from pipelines.rules.tokens.document import MAX_SENTENCE
from schemas.records import Match, Rule

WORDS = ("drone", "port", "treaty", "cutter")


def found(query: str, body: str, title: str | None = None) -> tuple[Match, ...]:
    hits = Matcher([Rule(id="r", query=query)]).match(TextFields(title=title, body=body))
    return hits[0].matches if hits else ()


def marked(quote: Quote) -> list[str]:
    return [text for text, is_marked in quote.parts if is_marked]


def test_near_marks_both_sides() -> None:
    (quote,) = quotes(found("drone NEAR/8 port", "A drone fell near the port at noon. Nothing else."), 3)
    assert quote.sentence == "A drone fell near the port at noon."
    assert marked(quote) == ["drone", "port"]
    assert "".join(text for text, _ in quote.parts) == quote.sentence
    assert quote.forms == "drone, port"


def test_and_quotes_a_sentence_for_each_term() -> None:
    body = "A drone fell. It was cold. A drone flew on. Later the port was closed. The treaty stands."
    matches = found("drone AND port AND treaty", body)
    assert [quote.sentence for quote in quotes(matches, 1)] == [
        "A drone fell.",
        "Later the port was closed.",
        "The treaty stands.",
    ]
    assert [quote.sentence for quote in quotes(matches, 4)][1] == "A drone flew on."


def test_a_form_that_stands_twice_is_marked_where_it_matched() -> None:
    body = "The port is far from here, and nobody could say when the old port would see a drone again."
    (quote,) = quotes(found("drone NEAR/4 port", body), 1)
    assert [quote.sentence[start:end] for start, end in quote.spans] == ["port", "drone"]
    assert quote.spans[0][0] == body.rindex("port")


def test_in_a_long_sentence_what_is_quoted_around_one_term_marks_the_others_within() -> None:
    filler = "and so on " * 12
    body = f"{filler * 4} a drone {filler} the port {filler * 4}"
    every = quotes(found("drone AND port", body), 5)
    assert all(len(quote.sentence) <= MAX_SENTENCE for quote in every)
    assert {form for quote in every for form in marked(quote)} == {"drone", "port"}
    for quote in every:
        assert marked(quote) == [form for form in ("drone", "port") if form in quote.sentence]


def test_of_a_hostile_number_of_terms_some_are_quoted() -> None:
    match = Match(field="body", sentence="", start=0, end=1, form="x", term="")
    many = [replace(match, sentence=f"x {number}", term=str(number), start=9 * number) for number in range(50)]
    assert len(quotes(many, 2)) == MOST_TERMS
    assert quotes([], 3) == ()


SENTENCES = st.lists(
    st.lists(st.sampled_from((*WORDS, "the", "near", "“quoted”", "ß")), min_size=1, max_size=6), min_size=1, max_size=6
)


@given(SENTENCES, st.integers(0, 3))
def test_every_term_is_marked_in_what_is_quoted_whatever_the_text(sentences: list[list[str]], most: int) -> None:
    body = " ".join(f"{' '.join(words).capitalize()}." for words in sentences)
    matches = found(" OR ".join(WORDS), body)
    every = quotes(matches, most)
    shown = {form.lower() for quote in every for form in marked(quote)}
    assert shown == {match.form.lower() for match in matches}
    for quote in every:
        assert "".join(text for text, _ in quote.parts) == quote.sentence
        assert {form.lower() for form in marked(quote)} == {word for word in WORDS if word in quote.sentence.lower()}
