from __future__ import annotations

import pickle

import pytest

from pipelines.rules.evaluate import MAX_MATCHES
from pipelines.rules.fields import TextFields
from pipelines.rules.language.query import parse
from pipelines.rules.matcher import Matcher, confirm
from pipelines.rules.patterns.gazetteer import default_gazetteer
from pipelines.rules.prefilter.candidates import CandidateIndex
from pipelines.rules.prefilter.word_set import word_set_of
from pipelines.rules.tokens.document import sentence_ends
from schemas.records import Rule


def places(query: str, body: str, title: str | None = None) -> list[tuple[str, str, str]] | None:
    found = confirm(parse(query), TextFields(title=title, body=body))
    if found is None:
        return None
    for match in found:
        text = title if match.field == "title" else body
        assert text is not None
        assert text[match.start : match.end] == match.form
        assert match.form in match.sentence
    return [(match.field, match.form, match.term) for match in found]


def test_every_place_is_reported_with_the_term_it_stands_for() -> None:
    body = "The HIMARS fired. Two M142s left.\n\nA High-Mobility Artillery Rocket System stayed."
    assert places("HIMARS", body, title="HIMARS in action") == [
        ("title", "HIMARS", "HIMARS"),
        ("body", "HIMARS", "HIMARS"),
        ("body", "M142s", "HIMARS"),
        ("body", "High-Mobility Artillery Rocket System", "HIMARS"),
    ]


def test_the_sentence_is_quoted() -> None:
    body = "First one. The F-16 Blk. 70 of Gen. Smith cost 2.5 million in the U.S. Navy budget. Last one."
    found = confirm(parse('"F-16 Block 70"'), TextFields(title=None, body=body))
    assert found
    assert found[0].sentence == "The F-16 Blk. 70 of Gen. Smith cost 2.5 million in the U.S. Navy budget."


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("He said “no.” Then he left.", ["He said “no.”", "Then he left."]),
        ("Lt. Col. A. B. Jones, No. 5, arrived.", ["Lt. Col. A. B. Jones, No. 5, arrived."]),
        ("It cost $2.5 million. It flew.", ["It cost $2.5 million.", "It flew."]),
        ("A title\n\nA paragraph", ["A title", "A paragraph"]),
        ("It rose approx. 5 per cent. so far.", ["It rose approx. 5 per cent. so far."]),
        ("第一句。第二句。", ["第一句。", "第二句。"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    ends = sentence_ends(text)
    starts = [0, *ends[:-1]]
    found = [text[a:b].strip() for a, b in zip(starts, ends, strict=True)]
    assert [one for one in found if one] == sentences


def test_a_phrase_does_not_run_from_title_to_body() -> None:
    assert places('"F-16 Block 70"', "Block 70 jets", title="F-16") is None
    assert places("drone NEAR/5 strike", "strike", title="drone") is None


@pytest.mark.parametrize(
    ("query", "body", "matches"),
    [
        ("a1x ONEAR/2 b1x", "a1x one two b1x", True),
        ("a1x ONEAR/2 b1x", "a1x one two three b1x", False),
        ("a1x ONEAR/2 b1x", "b1x one a1x", False),
        ("a1x NEAR/2 b1x", "b1x one a1x", True),
        ("tank NEAR/2 tank", "a tank", False),
        ("tank NEAR/2 tank", "tank after tank", True),
        ("tank NEAR/1 ship NEAR/1 jet", "tank, ship, jet", True),
        ("tank NEAR/1 ship NEAR/1 jet", "tank, ship, one, two, jet", False),
        ("(tank OR ship) NEAR/1 jet", "ship jet", True),
        ("tank NEAR/1 jet", "tank HIMARS-equipped jet", True),
        ("atleast/2(tank OR ship)", "tank and ship", True),
        ("atleast/2(tank OR tank)", "tank", False),
        ("atleast/2(HIMARS)", "the M142 HIMARS", True),
        ("tank AND NOT jet", "tank and jet", False),
        ("tank AND NOT jet", "tank", True),
        ("tank jet", "jet tank", True),
        ("drones", "a drone", True),
        ("batteries", "a battery", True),
        ("battery", "batteries", True),
        ("torch", "torches", True),
        ("AWACS", "an AWAC", False),
        ("gas", "ga", False),
        ('"7.62"', "7.62mm", True),
        ('"7.62"', "17.62mm", False),
        ('"7.62"', "7.625", False),
        ('"Block 70"', "Block 70mm", False),
        ('"Block 70"', "Block 70A", True),
        ('"7.62mm"', "7.62 mm", True),
        ("7.62*", "17.62", False),
        ("155mm", "155-mm shells", True),
        ("F-16*", "F-160", True),
        ("F-16C", "F-16C/D", True),
        ("F-16D", "F-16C/D", True),
        ("F-16E", "F-16C/D", False),
        ("F-16C/D", "F-16D", True),
        ("=F-16C", "F-16c", False),
        ("M1A2", "M1A2 SEPv3", True),
        ("M1A2", "M1A22", False),
        ("AIM-120", "AIM-120C-7", True),
        ("C-130", "C-130J-30s", True),
        ("KC-46A", "KC-46As", True),
        ("Su-30", "Su-30MKIs", True),
        ("MiG-35", "MiG-29/35", True),
        ("GR.4", "Tornado GR.4s", True),
        ('"US Army"', "the U.S. Army", True),
        ("SAMP/T", "a SAMP-T battery", True),
        ('"Hello, world"', "hello, world", True),
        ('"Hello, world"', "hello world", True),
        ('"Block 72"', "Block 70/72", True),
        ('"Block 72"', "Block 70,72", False),
        ('"F-16 Block 70/72"', "F-16 Block 72", True),
        ("F-16", "16 F-15s", False),
    ],
)
def test_operators_and_forms(query: str, body: str, matches: bool) -> None:  # noqa: FBT001 - a parameter
    assert (places(query, body) is not None) is matches


def test_fields() -> None:
    query = parse('HIMARS AND source:"defense news" AND lang:en')
    given = {"body": "HIMARS."}
    assert confirm(query, TextFields(**given, source="Defense News (US)", language="en"))
    assert confirm(query, TextFields(**given, source="Defense Daily", language="en")) is None
    assert confirm(query, TextFields(**given, source="Defense News", language="fr")) is None
    assert confirm(query, TextFields(**given)) is None
    assert confirm(parse("lang:en"), TextFields(**given, language="EN")) == ()
    assert places("title:HIMARS", "HIMARS", title="none") is None


def test_exact_needs_the_case_and_uses_no_aliases() -> None:
    assert places("=HIMARS", "M142 and himars") is None
    assert places("=SAM", "SAMs, SAM’s and Sam") == [("body", "SAMs", "SAM"), ("body", "SAM", "SAM")]
    assert places('="Iron Dome"', "iron dome") is None


def test_ambiguous_names_count_in_context_only() -> None:
    assert places("AIM-7", "Sparrow missiles were bought.") == [("body", "Sparrow", "AIM-7")]
    assert places("AIM-7", "A sparrow met a missile.") is None
    assert places("AIM-7", "Sparrow said nothing at all about what they might have to do with a missile.") is None


def test_a_mention_inside_a_longer_one_counts_once() -> None:
    assert places("HIMARS", "the M142 HIMARS") == [("body", "M142", "HIMARS"), ("body", "HIMARS", "HIMARS")]
    assert places("F-35", "F-35 Lightning II") == [("body", "F-35", "F-35"), ("body", "Lightning II", "F-35")]


def test_matcher_gives_hits_by_rule_id_and_pickles() -> None:
    rules = [
        Rule(id="b", query="HIMARS"),
        Rule(id="a", query="F-16 AND lang:en"),
        Rule(id="c", query="lang:en"),
        Rule(id="d", query="never"),
    ]
    matcher = Matcher(rules)
    for one in (matcher, pickle.loads(pickle.dumps(matcher))):
        hits = one.match(TextFields(title="An F-16", body="and HIMARS", source=None, language="en"))
        assert [hit.rule_id for hit in hits] == ["a", "b", "c"]
        assert [len(hit.matches) for hit in hits] == [1, 1, 0]
        assert len({hit.rule_version for hit in hits}) == 3
        assert one.match(TextFields(title=None, body="nothing", language="fr")) == ()
    assert Matcher([]).match(TextFields(title="HIMARS", body="")) == ()


def test_of_ten_thousand_rules_only_candidates_are_decided() -> None:
    queries = [parse(f'"Model-{number}" AND arrived') for number in range(10_000)]
    index = CandidateIndex(queries, default_gazetteer())
    assert index.find(word_set_of("", "The HIMARS battery arrived.")) == []
    assert index.find(word_set_of("Model-17 and Model-4711", "arrived")) == [17, 4711]
    assert index.find(word_set_of("Model-17", "")) == []


def test_hostile_texts_are_bounded() -> None:
    found = confirm(parse("F-16 NEAR/100 F-16"), TextFields(title=None, body="F-16 " * 20_000))
    assert found is not None
    assert len(found) == MAX_MATCHES
    assert all(len(match.sentence) <= 600 for match in found)
    assert confirm(parse("AIM-7"), TextFields(title=None, body="Sparrow missile " * 20_000))
    assert confirm(parse('"F-16 Block 70"'), TextFields(title=None, body="F-16 " + "of the " * 50_000)) is None
    assert confirm(parse("F-16"), TextFields(title=None, body="F-" + "15/" * 50_000)) is None
