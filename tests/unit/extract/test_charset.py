# ruff: noqa: RUF001 - tables of cases, one a line, in several scripts
from __future__ import annotations

import codecs

import pytest

from pipelines.extract.charset import decode

GERMAN = "Die Übung begann früh; größere Verbände rückten über die Brücke nach Süden vor."
RUSSIAN = "Береговая охрана получила новые катера, сообщило министерство обороны во вторник."
GREEK = "Το υπουργείο άμυνας ανακοίνωσε την Τρίτη την παραλαβή δύο νέων σκαφών για την ακτοφυλακή."


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (GERMAN.encode(), None, GERMAN),
        (GERMAN.encode(), "text/html; charset=iso-8859-1", GERMAN),
        (codecs.BOM_UTF8 + GERMAN.encode(), None, GERMAN),
        (codecs.BOM_UTF16_LE + GERMAN.encode("utf-16-le"), None, GERMAN),
        (codecs.BOM_UTF16_BE + RUSSIAN.encode("utf-16-be"), "text/html; charset=utf-8", RUSSIAN),
        (GERMAN.encode("utf-16-le"), None, GERMAN),
        (GERMAN.encode("cp1252"), "text/html; charset=ISO-8859-1", GERMAN),
        ("\u201equoted\u201c \u20ac5".encode("cp1252"), "text/html; charset=latin1", "\u201equoted\u201c \u20ac5"),
        (RUSSIAN.encode("cp1251"), 'text/html; charset="windows-1251"', RUSSIAN),
        (RUSSIAN.encode("koi8-r"), "text/html; charset=koi8-r", RUSSIAN),
        (b'<meta charset="windows-1253">' + GREEK.encode("cp1253"), None, '<meta charset="windows-1253">' + GREEK),
        ("日本語の記事です。".encode("shift_jis"), "text/html; charset=x-sjis", "日本語の記事です。"),
        (RUSSIAN.encode("cp1251"), "text/html; charset=base64", RUSSIAN),
        (RUSSIAN.encode("cp1251") * 3, "text/html; charset=utf-8", RUSSIAN * 3),
        (RUSSIAN.encode("cp1251") * 3, None, RUSSIAN * 3),
    ],
)
def test_text_is_decoded(body: bytes, content_type: str | None, text: str) -> None:
    assert decode(body, content_type) == text


def test_utf8_with_a_broken_spot_stays_utf8() -> None:
    body = (RUSSIAN * 3).encode() + b"\xd0"
    assert decode(body, "text/html; charset=windows-1251").startswith(RUSSIAN)


def test_nothing_is_too_broken_to_decode() -> None:
    assert decode(bytes(range(128, 256)), "text/html; charset=rot13")
