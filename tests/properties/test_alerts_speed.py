"""Fast paths must not change matches: word sets and windows."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.rules.evaluate import Subject
from pipelines.rules.fields import TextFields
from pipelines.rules.language.query import Phrase, Query, Term, parse
from pipelines.rules.matcher import confirm
from pipelines.rules.patterns.gazetteer import default_gazetteer
from pipelines.rules.prefilter.candidates import CandidateIndex
from pipelines.rules.prefilter.required_words import leaf_requirement
from pipelines.rules.prefilter.signatures import plain_signatures, requirement_signatures
from pipelines.rules.prefilter.word_set import word_set_of
from pipelines.rules.tokens.normalise import ABBREVIATIONS, MAX_TOKEN, index_text

SHORT = {word: short for short, word in ABBREVIATIONS.items()}
WORDS = """
    F 16 f16 16s S 400 Block Blk. blks 70/72 HIMARS M142 U.S. u.s.a a.b.c x.y.z.'s don't we're I'LL 16't 's \u2019s
    \u2019t - \u2011 – / , . é e\u0301 歼 歼20 20歼 अर्जुन 😀 ﬁ ½ İ ß \u13a0 \uab70 ᄀ ᅡ ᆨ \u212a ™ _ ' " the of
    standard missile Sparrow drones deliver delivery M1A1 M1A2 Abrams tank [d]rone [d]elivery [D]on't
    [F]-16 x[d]rone
"""
PARTS = "F KX HIMARS drone Drones Iron dome Block blk BLKS Mk. mod city class 16 70 007 70/72 C s"
PIECES = st.sampled_from([*WORDS.split(), "\n\n"])
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.one_of(PIECES, st.just(" "), st.characters()), max_size=30).map("".join),
    st.lists(PIECES, max_size=30).map(" ".join),
)


@settings(deadline=None, max_examples=400)
@given(TEXTS, TEXTS)
@example("ab.c.d. x" * 60, "don't" * 80)
@example("a." * 300 + "'t", "x" * 500)
@example("'t", ".a.")
@example("\u1780'T", "\u1780[A]A'T \u6b7c\u2019ll \u6b7c's")
def test_rough_words_hold_every_token(title: str, body: str) -> None:
    found = word_set_of(title, body)
    words = {word.decode() for word in found.words}
    cut = {word[:MAX_TOKEN] for word in words}
    for token in {*index_text(title).split(), *index_text(body).split()}:
        assert token in words or SHORT.get(token) in words or token in cut
    runs = (found.letters + found.digits).decode()
    assert all(f" {word}" in runs for word in words)


QUERIES = [
    *("HIMARS", "F-16", "=SAM", "deliver*", "16*", "don't", "U.S.", "AIM-7", "歼-20", "é*", "अर्जुन", "U.S.A."),
    *("Patriot", "Blk", "title:HIMARS"),
    *("atleast/2(drone)", "lang:en AND missile", "source:Reuters", "x" * 130, "M142 ONEAR/3 drone", '"a.b.c"'),
    *("HIMARS OR Sparrow", "drone AND NOT HIMARS", "F-16 NEAR/5 (missile OR deliver*)", '"F-16 Block 70"'),
    *(
        '"F-16 Block 70" OR (HIMARS AND the)',
        '"standard missile"',
        '"the drone standard"',
        '"歼 歼"',
        '"F.S. 16"',
        "US-16",
    ),
]
INDEX = CandidateIndex([parse(query) for query in QUERIES], default_gazetteer())


@settings(deadline=None, max_examples=300)
@given(TEXTS, TEXTS)
@example("U.S.", "16 or 15/16")
@example("F.S.-15/16", "S.U. - 16; I'm F.S.16")
@example("F&#49;6", "Boeing's 's F-15s/16s")
@example("F 1 16s", "x" * 60 + " F" + " " * 60 + "16, 15" + " " * 60 + "16")
@example("", "Two F-16s of the Blk. 70/72 standard and 3 M142 launchers, don't deliver in U.S.A. " + "x" * 200)
def test_every_match_is_a_candidate(title: str, body: str) -> None:
    candidates = set(INDEX.find(word_set_of(title, body)))
    for index, query in enumerate(QUERIES):
        if confirm(parse(query), TextFields(title=title, body=body, source="Reuters", language="en")) is not None:
            assert index in candidates


JOINED = st.lists(
    st.tuples(st.sampled_from(PARTS.split()), st.sampled_from(["", " ", " ", "-", ", "])), min_size=1
).map(lambda pairs: "".join(part for pair in pairs for part in pair).rstrip(" -,"))
LEAVES = st.one_of(
    st.builds(Phrase, JOINED, exact=st.booleans()),
    st.builds(Term, JOINED, exact=st.booleans()),
    st.builds(Term, JOINED, prefix=st.just(True)),  # noqa: FBT003
)


@settings(deadline=None, max_examples=600)
@given(LEAVES)
@example(Phrase("F-16 Block 70"))
@example(Phrase("Block16 Block16 Block16 drone"))
@example(Phrase("Block 70 F-16 drone", exact=True))
@example(Phrase("F-16 drone Mk 2 Block 70"))
@example(Term("blk", prefix=True))
def test_clauses_of_plain_leaves_are_those_of_their_shapes(leaf: Term | Phrase) -> None:
    plain = plain_signatures(leaf)
    without_aliases = leaf if isinstance(leaf, Term) and leaf.prefix else Phrase(leaf.text, exact=leaf.exact)
    assert plain is None or plain == requirement_signatures(leaf_requirement(without_aliases, default_gazetteer()))


def test_most_leaves_are_plain() -> None:
    for text in ("drone", "KX-417", "KX417 missile", "KX-417 Block 70", "air defence battery"):
        assert plain_signatures(Phrase(text))
    assert plain_signatures(Term("deliver", prefix=True))
    assert plain_signatures(Phrase("歼-20")) is None


def test_every_name_of_a_system_makes_its_term_a_candidate() -> None:
    gazetteer = default_gazetteer()
    terms = [name for system in gazetteer.systems[::7] for name in system.aliases if " " not in name]
    queries = [Query(Term(name)) for name in terms]
    index = CandidateIndex(queries, gazetteer)
    for place, (name, query) in enumerate(zip(terms, queries, strict=True)):
        for other in gazetteer.expand(name):
            body = f"The {other.text} {next(iter(other.context), '')}"
            assert confirm(query, TextFields(title=None, body=body)) is None or place in index.find(word_set_of(body))


LONG = st.lists(st.one_of(st.sampled_from(["the jets, which fly"] * 4), TEXTS), min_size=12, max_size=40).map(" ".join)
MORE_QUERIES = [
    "(F-16 NEAR/5 missile) ONEAR/9 (the OR standard)",
    "drones NEAR/1 drones",
    "F-16C",
    "16",
    "M1A2",
    '"Block 70" F-16',
    '"F-16 of Block 70, 72"',
    "Eagle",
    "AIM-9X",
    "=F",
    '"don\'t deliver"',
]


@settings(deadline=None, max_examples=200)
@given(LONG)
@example(
    "and so on, " * 90 + "X-F-16 Block 70/72/7, a Sparrow" + " and" * 16 + " missile (F-16's)" + ", and so on" * 90
)
@example("and so on, " * 90 + "an Abrams" + " and" * 7 + " M1A1 Abrams tank, M1A1s, AIM-9M Sidewinder" + " and" * 300)
@example("a" * 900 + " F-16 " + "b" * 900 + "-F-16 Sparrow missile " + "c " * 900 + "F16/15/16")
def test_windows_give_the_spans_of_the_whole_text(body: str) -> None:
    def subject() -> Subject:
        return Subject(TextFields(title=None, body=body, source=None, language=None), gazetteer=default_gazetteer())

    whole = subject()
    for field in ("title", "body"):
        whole.document(field)  # a tokenised field uses no windows
    for query in map(parse, QUERIES + MORE_QUERIES):
        # A new subject uses windows again.
        assert subject().spans(query) == whole.spans(query)
