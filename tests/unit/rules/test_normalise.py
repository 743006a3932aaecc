from __future__ import annotations

import sqlite3
import sys
import unicodedata

import pytest

from pipelines.rules.tokens.normalise import MAX_TOKEN, Glue, index_text, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("F-16C/D Block 70/72s", "f 16 c d block 70 72"),
        ("Blk. 70 and Blks 50/52", "block 70 and blocks 50 52"),
        ("Russia's, HIMARS' and François’s", "russia himars and françois"),
        ("didn't it's o'clock", "didnt it o clock"),
        ("“[D]rones he [s]aid [É]tat", "drones he said état"),
        ("note [a] x[d]rone [12]drone [ab]c missile[s]", "note a x d rone 12 drone ab c missile s"),
        ("U.S. and U.S.A. and e.g. this.", "us and usa and eg this"),
        ("\uff28\uff29\uff2d\uff21\uff32\uff33 \uff11\uff16 ﬁre", "himars 16 fire"),
        ("HIMARS™ HIMARS® note¹ 16²", "himars himars note 16"),
        ("HI\u00admars wo\u2060rd a\ufe0fb", "himars word ab"),
        ("٣٥ \uff13\uff15", "35 35"),
        ("歼-20战机", "歼 20 战 机"),
        ("½ 7½", "7"),
        ("STRASSE Straße", "strasse strasse"),
        ("e\u0301 é", "é é"),
        ("Ⅳ", "iv"),
        ("F-16&nbsp;Block&#8209;70 R&amp;D Caf&eacute; &#x42F;", "f 16 block 70 r d café я"),
        ("AT&T &nosuch; &amp;nbsp; &#xD800; &#99999999; fish & chips;", "at t nosuch nbsp 99999999 fish chips"),
        ("", ""),
        ("—!?", ""),
    ],
)
def test_index_text(text: str, expected: str) -> None:
    assert index_text(text) == expected
    assert " ".join(token.text for token in tokens(text)) == expected


def test_none_has_no_tokens() -> None:
    assert index_text(None) == ""
    assert tokens(None) == []


@pytest.mark.parametrize(
    ("gap", "glue"),
    [
        ("-", Glue.DASH),
        ("\u2011", Glue.DASH),
        (" ", Glue.SPACE),
        ("\u00a0", Glue.SPACE),
        ("\n", Glue.SPACE),
        ("+ ", Glue.SPACE),
        ("\u2009\u2009", Glue.SPACE),
        (" – ", Glue.LOOSE),
        ("--", Glue.LOOSE),
        (' "', Glue.QUOTED),
        ("” ", Glue.QUOTED),
        ("/", Glue.SLASH),
        (" / ", Glue.SLASH),
        (".", Glue.DOT),
        (". ", Glue.BREAK),
        (", ", Glue.BREAK),
        (" $", Glue.BREAK),
        (" €", Glue.BREAK),
        (" (", Glue.BREAK),
        ("\n\n", Glue.BREAK),
        ("\n \n", Glue.BREAK),
        ("\u2029\u2029", Glue.BREAK),
        ("_", Glue.BREAK),
        ("+", Glue.BREAK),
    ],
)
def test_what_stands_between_a_letter_and_a_number(gap: str, glue: Glue) -> None:
    assert [token.glue for token in tokens(f"ab{gap}16")] == [Glue.START, glue]


@pytest.mark.parametrize("mark", [".", ",", ":", "'"])
def test_marks_within_a_number(mark: str) -> None:
    assert [token.glue for token in tokens(f"10{mark}000")] == [Glue.START, Glue.POINT]
    assert tokens(f"10{mark} 000")[1].glue is not Glue.POINT


def test_an_abbreviation_before_a_number_ends_no_sentence() -> None:
    assert tokens("Blk. 70")[1].glue is Glue.SPACE
    assert tokens("block. 70")[1].glue is Glue.BREAK


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Two F-16s.", ["Two", "F", "16s"]),
        ("Russia's army", ["Russia", "army"]),
        ("the ﬁre HI\u00adMARS №5", ["the", "ﬁre", "HI\u00adMARS", "№", "5"]),
        ("İstanbul’s x", ["İstanbul", "x"]),
        ("a\u0301b 😀 c", ["a\u0301b", "c"]),
        ("an F&#8209;16&nbsp;é caf&eacute;s", ["an", "F", "16", "é", "caf&eacute;s"]),
    ],
)
def test_offsets_are_those_of_the_original_text(text: str, forms: list[str]) -> None:
    assert [text[token.start : token.end] for token in tokens(text)] == forms


def test_long_tokens_are_cut_the_same_way_everywhere() -> None:
    assert index_text("x" * 500) == "x" * MAX_TOKEN
    assert tokens("x" * 500)[0][1:3] == (0, 500)


_ALPHABETS = 0x3400
"""Code points before the ideographs: the alphabets, the marks and the signs that texts have."""
_EVERY = 61


def characters_of_every_kind() -> list[str]:
    """Return all characters of alphabets; of what follows, both ends of each run of one category, and a part of it."""
    kinds = [unicodedata.category(chr(code)) for code in range(sys.maxunicode + 1)]
    return [
        chr(code)
        for code, kind in enumerate(kinds)
        if kind != "Cs"
        and (code < _ALPHABETS or code % _EVERY == 0 or {kind} != set(kinds[max(0, code - 1) : code + 2]))
    ]


def test_sqlite_sees_the_same_tokens_for_characters_of_every_kind() -> None:
    """Each character, alone and with a mark on it, is one token here and there, or none."""
    characters = characters_of_every_kind()
    texts = [index_text(f"x{character}y {character}\u0301 {character}") for character in characters]
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize = 'unicode61 remove_diacritics 0')")
    connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
    connection.executemany("INSERT INTO t(x) VALUES (?)", [(text,) for text in texts])
    counts = dict(connection.execute("SELECT doc, count(*) FROM v GROUP BY doc"))
    wrong = [
        hex(ord(character))
        for row, (character, text) in enumerate(zip(characters, texts, strict=True), start=1)
        if counts.get(row, 0) != len(text.split())
    ]
    assert not wrong
    assert all(index_text(text) == text for text in texts)
