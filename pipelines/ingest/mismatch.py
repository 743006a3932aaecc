"""Detection of pages that are not the article of their feed entry. Pure.

Consent walls, script shells, error pages with status 200, home pages and notices of regional blocks have no common
mark, but none of them repeats the text of the entry. So the words of the entry are searched for in the page. A real
article contains nearly all of them, even under another headline. If next to none occurs, the page is not the article.
Entries with few words are never judged, nor are long pages in another language than the entry's.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from pipelines.errors import ExtractionError
from pipelines.extract.charset import decode
from pipelines.extract.feed_entry import extract_feed_entry
from pipelines.extract.tree import parse_html
from pipelines.identify.language import language_of
from pipelines.text.lines import comparable, letters, word_count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.records import ArticleContent, Capture, FeedEntry

MIN_TERMS = 4
"""Number of terms below which an entry is never judged: a headline of three words may share none with its article."""
CHANCE = 0.12
"""Share of an entry's terms that the beginning of another text contains by chance: one of nine."""
LONG_CHANCE = 0.3
"""Share of an entry's terms that a whole text of a thousand words may contain by chance."""
SHELL_WORDS = 50
"""Words up to which a page with the right headline, but none of the entry's words in its text, is an empty shell."""
LONG_WORDS = 80
"""Words from which on a page in another language counts as a translation."""
_ENTRY_CHARACTERS = 600
"""Characters compared of an entry's own text, since summaries begin as articles do."""
_LEAD_CHARACTERS = 1_500
"""Characters of a page's lead: an article states its news there, and a short text contains few words by chance."""
_PAGE_CHARACTERS = 50_000
_STEM = 5
"""Number of first letters of a word that are compared: endings differ from sentence to sentence."""
_SHORT_STEM = 4
_FREQUENT = 10**-3.7
"""Frequency in its language from which on a word is ignored: some 500 words of English are as frequent."""
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]+|[\u3040-\u30ff]+|[\u3400-\u4dbf\u4e00-\u9fff]+")
"""Runs of scripts without spaces: Thai and similar scripts, kana, Han."""
_RUNS = {"\u4e00": 2, "\u3040": 3, "\u0e00": 4}
"""Lengths of the n-grams into which such a run is cut, so that few are shared by chance."""
_WORD = re.compile(r"[^\W_]+")
_PREFIXES = re.compile("(?:[\u0648\u0628\u0643\u0641]?\u0627\u0644|\u0644\u0644|[\u0648\u0628\u0644])(?=\\w{3})")
"""The article and the prepositions that Arabic attaches to nouns."""
_HEBREW_PREFIXES = re.compile("[\u05d4\u05d5\u05d1\u05dc\u05db\u05de\u05e9](?=\\w{3})")


def expect_article(capture: Capture, content: ArticleContent) -> None:
    """Check that a page repeats the text of its feed entry; ``content`` is the article extracted from the page.

    Raises:
        ExtractionError: ``not_the_article`` if they have nothing in common.
    """
    if capture.entry is None:
        return
    headline, text = _entry_terms(capture.entry, content.language)
    if len(headline | text) < MIN_TERMS:
        return
    both, language = headline | text, content.language
    body = _without_headline(content, capture.entry)
    lead = terms([body[:_LEAD_CHARACTERS], content.description or ""], language)
    if _share(both, lead) > CHANCE or _share(both, terms([body[:_PAGE_CHARACTERS]], language)) > LONG_CHANCE:
        return
    if _is_translation(capture.entry, content):
        return
    # The page's own headlines are parsed last, since few pages need them.
    titles = _own_titles(capture)
    shell = content.word_count <= SHELL_WORDS and bool(text - headline) and not both & lead
    if not shell and _share(both, lead | terms(titles, language)) > CHANCE:
        return
    begin = next((title for title in titles if title.strip()), content.body)
    raise ExtractionError("not_the_article", f"the page has nothing of its feed entry; it says {begin.strip()[:100]!r}")


def _entry_terms(entry: FeedEntry, language: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Return the terms of an entry's headline and of the beginning of its text, without the outlet's name."""
    outlet = terms([entry.source or ""], None)
    try:
        own = extract_feed_entry(entry)
    except ExtractionError:
        return frozenset(), frozenset()
    text = " ".join(own.lines)[:_ENTRY_CHARACTERS]
    return terms([own.title or ""], language) - outlet, terms([text], language) - outlet


def _without_headline(content: ArticleContent, entry: FeedEntry) -> str:
    body = content.body.lstrip()
    for title in filter(None, (content.title, entry.title)):
        body = body.removeprefix(title).lstrip()
    return body


def _share(entry: frozenset[str], page: frozenset[str]) -> float:
    return len(entry & page) / len(entry)


def _is_translation(entry: FeedEntry, content: ArticleContent) -> bool:
    if word_count(content.body) < LONG_WORDS:
        return False
    text = f"{entry.title or ''} {entry.html or ''}"
    return language_of(text, content.language, word_count(text)) != content.language or _script(text) != _script(
        content.body
    )


def _own_titles(capture: Capture) -> list[str]:
    tree = parse_html(decode(capture.body, capture.content_type))
    titles = [element.text_content() for name in ("title", "h1") for element in list(tree.iter(name))[:3]]
    metas = ((meta.get("property") or meta.get("name") or "", meta.get("content")) for meta in tree.iter("meta"))
    return titles + [text for name, text in metas if text and name.lower() in ("og:title", "twitter:title")]


def _script(text: str) -> str:
    """Return the script of most letters of a text, by the first word of their Unicode names."""
    names = [unicodedata.name(char, "").partition(" ")[0] for char in text[:_ENTRY_CHARACTERS] if char.isalpha()]
    return max(set(names), key=names.count, default="")


def terms(texts: Iterable[str], language: str | None) -> frozenset[str]:
    """Return the terms of texts: stems of words that are not frequent, and n-grams of runs without spaces."""
    frequent = _frequent(language or "en") | _frequent("en")
    collected: set[str] = set()
    for text in texts:
        form = comparable(text)
        for run in _UNSPACED.findall(form):
            length = _RUNS["\u4e00" if run[0] >= "\u3400" else "\u3040" if run[0] >= "\u3040" else "\u0e00"]
            collected.update(run[at : at + length] for at in range(len(run) - length + 1))
        for word in _WORD.findall(_UNSPACED.sub(" ", form)):
            if word not in frequent and (stem := _stem(word)):
                collected.add(stem)
    return frozenset(collected)


def _stem(word: str) -> str | None:
    """Return the part of a word that its forms share; ``None`` if the word is too short to be significant."""
    if word[0] >= "\uac00":  # Korean attaches particles to the end of nouns
        return word[:2] if len(word) > 1 else None
    if "\u0590" <= word[0] < "\u0700":
        bare = (_HEBREW_PREFIXES if word[0] < "\u0600" else _PREFIXES).sub("", word, count=1)
        return bare[:_SHORT_STEM] if len(bare) > 2 else None  # noqa: PLR2004
    plain = letters(word)
    return plain[:_STEM] if len(plain) > 2 or plain.isdigit() else None  # noqa: PLR2004


@lru_cache(16)
def _frequent(language: str) -> frozenset[str]:
    import wordfreq  # noqa: PLC0415 - a quarter of a second, only in workers

    try:
        frequencies: dict[str, float] = wordfreq.get_frequency_dict(language, wordlist="small")
    except LookupError:
        return frozenset()
    return frozenset(word for word, share in frequencies.items() if share >= _FREQUENT)
