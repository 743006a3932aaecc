"""News agencies: the agency that wrote a text, by the credit in the article.

A credit counts in the usual positions: the name of the source or the site, the byline, the dateline, after the last
sentence, or on a line of its own. An agency that is quoted ("Reuters reported"), credited for a picture or mentioned is
no origin. Neither is an abbreviation that the text has just spelled out ("anti-personnel (AP) mines").

Two or three letters have many meanings, and some are other outlets: CNA is Taiwan's Central News Agency, but also
Channel NewsAsia. So an outlet with an agency's short form as its name or initials is the agency only if there is
further evidence: the site, its country, the dateline, or a longer form of the name. Otherwise the letters mean the
outlet itself, in its bylines and sign-offs too.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from pipelines.identify.url import host
from pipelines.text.names import looks_like_name

if TYPE_CHECKING:
    from schemas.records import ArticleContent, DroppedLine

_TABLE: dict[str, dict[str, list[str]]] = tomllib.loads(
    files("pipelines.lineage").joinpath("agencies.toml").read_text(encoding="utf-8")
)
_BY_NAME = {form: name for name, entry in _TABLE.items() for known in entry["names"] for form in (known, known.upper())}
_BY_SITE = {site: name for name, entry in _TABLE.items() for site in entry["sites"]}
_SHORT_FORM = 3
"""Latin letters at most of a short form, which may also be the name of another outlet."""
_BY_SHORT = {form: name for form, name in _BY_NAME.items() if len(form) <= _SHORT_FORM and form.isascii()}
_LONG_FORMS = {name: [form for form in entry["names"] if form not in _BY_SHORT] for name, entry in _TABLE.items()}
_COUNTRIES = {
    name: {end for site in entry["sites"] if len(end := site.rpartition(".")[2]) == len("tw")}
    for name, entry in _TABLE.items()
}
"""The country-code top-level domains under which each agency publishes."""
_IDEOGRAPHIC = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")


def _any_name() -> str:
    """Return a pattern of all agency names, longest first. In scripts without spaces it checks no word boundaries."""
    forms = sorted(_BY_NAME, key=lambda form: (-len(form), form))
    spaced = "|".join(re.escape(form) for form in forms if not _IDEOGRAPHIC.search(form))
    solid = "|".join(re.escape(form) for form in forms if _IDEOGRAPHIC.search(form))
    return rf"(?:(?<![\w@#])(?:{spaced})(?!\w|[-\u2010\u2011]\w)|{solid})"


_NAME = _any_name()
_NAME_ONLY = rf"\W*(?:[Tt]he )?(?P<name>{_NAME})(?:(?: [A-Z]\w+)? News Agency| Agency| News(?:wire)?)?\W*"
"""A phrase that consists only of an agency's name."""
_DASH = "[\u2010-\u2015-]"
_OPEN, _CLOSE = "[(\\[\uff08\uff3b\u3010]", "[)\\]\uff09\uff3d\u3011]"
_INSIDE = "[^()\\[\\]\uff08\uff09\uff3b\uff3d\u3010\u3011\n]"
_NAME_PHRASE = re.compile(_NAME_ONLY)
_ANYWHERE = re.compile(_NAME)
_PARTS = re.compile(
    rf"\s*[,/|;&+()\u00b7\u2022\u3001\uff0c]\s*|\s{_DASH}+\s|\s(?:and|by|of|for|from|via|with)\s", re.IGNORECASE
)
_PREFIX = re.compile(
    r"\W*(?:(?:with|agency|additional|some)\s+)*"
    r"(?:by|from|sources?|via|courtesy(?: of)?|credits?|inputs?(?: from)?)\b:?\s+",
    re.IGNORECASE,
)
_SIGNED = re.compile(rf"(?P<person>[^\W\d].*\s\S*)\s(?P<name>{_NAME})")
_CONTRIBUTED = re.compile(
    rf"\W*(?:The )?(?P<name>{_NAME})[^\n]{{0,120}}?\bcontributed(?: to th(?:is|e) \w+| reporting|\W*$)"
)
_COPYRIGHT = re.compile(
    rf"(?:\W*(?:©|\([cC]\)|[Cc]opyright))+\s*\d{{4}}\s+(?:by )?(?:[Tt]he )?(?P<name>{_NAME})(?:[.,]|\s*$)"
)
_INITIALS = re.compile(rf"(?P<name>{_NAME})(?: [A-Z]{{2,4}}){{1,4}}")
"""A desk's signature after the last line: "PTI ABC DE"."""
_PICTURE = re.compile(
    r"\b(?:photo|picture|image|video|footage|graphic|illustration|getty|foto|bild|imagen|фото|видео|صورة)"
    "|[\u56fe\u5716\u5199\u7167\u6444]|사진",
    re.IGNORECASE,
)

_BRACKETED = re.compile(rf"{_OPEN}(?P<credit>{_INSIDE}{{1,60}}){_CLOSE}(?P<dash>\W{{0,2}}[:={_DASH[1:]})?")
_SLASHED = re.compile(rf"[^\n/]{{0,60}}/\s?(?P<name>{_NAME})\s?/")
_BEHIND_PLACE = re.compile(rf"(?P<place>[^\n]{{2,60}}?)[,/]\s*(?P<name>{_NAME})(?:\s*:|\s*[\u2012-\u2015]|\s+-|\s*/)")
_LEADING = re.compile(rf"(?P<name>{_NAME})\s*(?:[\u2012-\u2015]|\s-{{1,2}}\s)(?P<then>[^\n.!?]{{0,120}}?\s{_DASH})?")
_DATED = re.compile(rf"(?P<name>{_NAME}),\s(?:\w+\.? \d\d?|\d\d?\.? \w+)(?:,? \d{{4}})?\s*[.:/\u2010-\u2015-]")
_WIRED = re.compile(rf"\W?据?(?P<name>{_NAME})[^\s\u3002\uff0c]{{0,20}}[电電]")
"""The opening of Chinese agencies: "新华社北京6月3日电"."""
_ENDING = re.compile(rf"{_OPEN}(?P<credit>{_INSIDE}{{1,60}}){_CLOSE}\W*$")
_DASHED_END = re.compile(rf"(?:^|[\s.!?\"”’'»।。]){_DASH}{{1,2}}\s*(?P<credit>[^\n]{{2,60}})$")
_SIGNED_OFF = re.compile(rf"\s*{_DASH}")
_SENTENCE_OVER = re.compile(r"[.!?…\"”’'»।。]\s*$")

_CREDIT_REASONS = frozenset({"byline", "credit", "copyright", "date", "trailing"})
"""Reasons of dropped lines that may credit an agency."""
_MAX_CREDIT = 250
"""Characters at most of a line that only gives credits."""
_MAX_SOURCE = 60
"""Characters at most of a line that gives a source."""
_MAX_DATELINE = 120
_SHORT_WORD = 3
_DATE_WORDS = 2
"""Lower-case words at most in a written date: "mercredi 3 juin"."""


def agency(content: ArticleContent) -> str | None:
    """Return the agency that wrote an article, by its credit; ``None`` without a credit."""
    first, _, _ = content.body.partition("\n\n")
    _, _, last = content.body.rpartition("\n\n")
    candidates = (
        _own_site(content),
        _exactly(content.source or ""),
        _in_byline(content.source or ""),
        _in_byline(content.author or ""),
        _in_byline(content.byline or ""),
        _in_bare_byline(first),
        _in_dateline(first),
        _at_end(last),
        _in_line(last),
        *(_in_dropped(line) for line in content.dropped),
    )
    namesake = _namesake(content)
    return next((name for name in candidates if name and name != namesake), None)


def own_publication(content: ArticleContent) -> str | None:
    """Return the agency that published an article itself, by the name of the outlet or the site."""
    source = content.source or ""
    named = _exactly(source)
    return _own_site(content) or (named if named != _namesake(content) else None)


def credited_party(content: ArticleContent) -> str:
    """Return the credited agency of a text, else its outlet, else the article's id."""
    return agency(content) or content.source or content.article_id


def _own_site(content: ArticleContent) -> str | None:
    """Return the agency whose site published an article, by its address or source."""
    return _of_site(host(content.url) or "") or _of_site((content.source or "").lower())


def _namesake(content: ArticleContent) -> str | None:
    """Return the agency whose short form is the outlet's name or initials, if the outlet is probably another one."""
    source = (content.source or "").strip()
    initials = "" if _exactly(source) else "".join(letter for letter in source if letter.isupper())
    # Two letters are the initials of too many outlets that publish texts of AP and PA.
    name = _BY_SHORT.get(source) or (_BY_SHORT.get(initials) if len(initials) == _SHORT_FORM else None)
    if name is None or _own_site(content) == name:
        return None
    first, _, _ = content.body.partition("\n\n")
    lines = (
        content.author or "",
        content.byline or "",
        first[:_MAX_DATELINE],
        content.body[-_MAX_SOURCE:],
        *(dropped.line for dropped in content.dropped if dropped.reason in _CREDIT_REASONS),
    )
    confirmed = (
        (host(content.url) or "").rpartition(".")[2] in _COUNTRIES[name]
        or any(form in line for form in _LONG_FORMS[name] for line in lines)
        or (source in _BY_SHORT and _in_dateline(first) == name)
    )
    return None if confirmed else name


def _of_site(site: str) -> str | None:
    labels = site.split(".")
    parents = (".".join(labels[at:]) for at in range(len(labels)))
    return next((_BY_SITE[parent] for parent in parents if parent in _BY_SITE), None)


def _exactly(text: str) -> str | None:
    match = _NAME_PHRASE.fullmatch(text)
    return _BY_NAME[match["name"]] if match else None


def _first_named(text: str) -> str | None:
    """Return the agency at the beginning of a credit, after its preposition."""
    text = _unprefixed(text)
    return _exactly(text) or _exactly(_PARTS.split(text, maxsplit=1)[0])


def _unprefixed(text: str) -> str:
    match = _PREFIX.match(text)
    return text[match.end() :] if match else text


def _in_byline(text: str) -> str | None:
    """Return an agency among the names of a byline, or after a person's name without a comma.

    Efe is also a given name.
    """
    if _PICTURE.search(text):
        return None
    for part in _PARTS.split(_unprefixed(text)):
        if name := _exactly(part):
            return name
        signed = _SIGNED.fullmatch(part)
        if signed and (" " in signed["name"] or (signed["name"].isupper() and not signed["person"].isupper())):
            return _BY_NAME[signed["name"]]
    return None


def _in_bare_byline(line: str) -> str | None:
    """Return the agency in a first line that consists only of names."""
    if len(line) > _MAX_CREDIT or "/" in line:  # "Name/AFP" credits a picture
        return None
    parts = [part for part in _PARTS.split(line) if part]
    return _in_byline(line) if all(_exactly(part) or looks_like_name(part) for part in parts) else None


def _in_dateline(paragraph: str) -> str | None:
    for bracket in _BRACKETED.finditer(paragraph[:_MAX_DATELINE]):
        before, credit = paragraph[: bracket.start()], bracket["credit"]
        # Without a dash after it, it may be the short form of a firm; a date or capitals before it confirm a dateline.
        plain = bracket["dash"] or ((before == before.upper() or any(map(str.isdigit, before))) and _is_place(before))
        if plain and not _PICTURE.search(credit) and not _spelled_out(before, credit):
            name = _first_named(credit) or _last_named(credit)
            if name:
                return name
    for pattern in (_SLASHED, _DATED, _WIRED):
        if match := pattern.match(paragraph):
            return _BY_NAME[match["name"]]
    if (match := _BEHIND_PLACE.match(paragraph)) and _is_place(match["place"]):
        return _BY_NAME[match["name"]]
    # Text between two dashes explains the agency's name, unless it is a place and date.
    if (match := _LEADING.match(paragraph)) and (match["then"] is None or _is_place(match["then"])):
        return _BY_NAME[match["name"]]
    return None


def _last_named(text: str) -> str | None:
    """Return the agency at the end of a credit, after its place and date: "서울=연합뉴스"."""
    last = next((match for match in _ANYWHERE.finditer(text) if match.end() == len(text)), None)
    return _BY_NAME[last[0]] if last and _is_place(text[: last.start()]) else None


def _is_place(text: str) -> bool:
    """Return whether a text may be the place and date of a dateline: names and figures, few lower-case words."""
    small = [word for word in re.findall(r"[^\W\d_]+", text) if word[0].islower() and len(word) > _SHORT_WORD]
    return len(small) <= (_DATE_WORDS if any(map(str.isdigit, text)) else 0)


def _spelled_out(before: str, short: str) -> bool:
    """Return whether a short form abbreviates the words before it, or those before the last word."""
    words = re.findall(r"[^\W\d_]+", before)
    for end in (len(words), len(words) - 1):
        spelled = words[max(0, end - len(short)) : max(0, end)]
        if "".join(word[0] for word in spelled).upper() == short.upper():
            return True
    return False


def _at_end(paragraph: str) -> str | None:
    """Return the agency in brackets or after a dash at the end of a text."""
    tail = paragraph[-(_MAX_CREDIT // 2) :]
    if _PICTURE.search(tail[-_MAX_CREDIT // 4 :]):
        return None
    if match := _ENDING.search(tail):
        before, credit = tail[: match.start()], match["credit"]
        is_abbreviation = _SENTENCE_OVER.search(before) is None and _spelled_out(before, credit)
        return None if is_abbreviation else _first_named(credit)
    match = _DASHED_END.search(tail)
    return _first_named(match["credit"]) if match else None


def _in_line(line: str) -> str | None:
    """Return the agency in a line that only gives credits."""
    if len(line) > _MAX_CREDIT or _PICTURE.search(line):
        return None
    for pattern in (_CONTRIBUTED, _COPYRIGHT):
        if match := pattern.match(line):
            return _BY_NAME[match["name"]]
    if match := _INITIALS.fullmatch(line.strip()):
        return _BY_NAME[match["name"]]
    if _PREFIX.match(line) and len(line) <= _MAX_SOURCE:
        return _first_named(line)
    parts = [_exactly(part) for part in _PARTS.split(line) if part.strip()]
    return parts[0] if parts and all(parts) else None


def _in_dropped(dropped: DroppedLine) -> str | None:
    """Return the agency credited in a line that cleaning dropped.

    Lines of links, tags and pictures may name an agency without credit.
    """
    line, reason = dropped.line, dropped.reason
    if reason == "image":  # a sign-off differs from a picture's credit by its dash
        return _exactly(line) if _SIGNED_OFF.match(line) else None
    if reason not in _CREDIT_REASONS or len(line) > _MAX_CREDIT:
        return None
    if name := _in_line(line) or (_in_byline(line) if reason == "byline" else None):
        return name
    mention = None if reason != "credit" or _PICTURE.search(line) else _ANYWHERE.search(line)
    return _BY_NAME[mention[0]] if mention else None
