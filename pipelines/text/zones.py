"""Time zones in the notation of texts: offsets, abbreviations, names of the IANA database."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

OFFSET = r"[+-]\d\d?(?::?\d\d)?(?![\d:])"
"""A numeric offset in comparison form, without blanks. The end of a range of hours looks the same."""
_PARTS = re.compile(r"([+-])(\d\d?):?(\d\d)?")
_EASTMOST, _WESTMOST = timedelta(hours=14), timedelta(hours=-12)
_QUARTER = 15
"""All offsets in use are whole quarters of an hour."""

_MINUTES = {
    **dict.fromkeys(("utc", "ut", "gmt", "z", "zulu"), 0),
    "brt": -180, "art": -180, "adt": -180, "edt": -240, "cdt": -300, "mdt": -360, "pdt": -420, "akdt": -480,
    "akst": -540, "hst": -600,
    "cest": 120, "mesz": 120, "wat": 60, "west": 60, "cat": 120, "sast": 120, "eest": 180, "eat": 180, "msk": 180,
    "мск": 180, "trt": 180, "idt": 180, "irst": 210, "pkt": 300, "npt": 345, "wib": 420, "wita": 480, "wit": 540,
    "sgt": 480, "hkt": 480, "awst": 480, "jst": 540, "kst": 540, "acst": 570, "aest": 600, "acdt": 630, "aedt": 660,
    "nzst": 720, "nzdt": 780,
}  # fmt: skip
"""Abbreviations with one meaning, in minutes east of Greenwich."""
_STANDARD = {"cet": "europe/brussels", "mez": "europe/brussels", "eet": "europe/kyiv", "wet": "europe/lisbon"}
"""Standard times that many sites write all year round, so that they are ambiguous in summer."""
_BY_REGION = {
    "ist": {"in": 330, "ie": 60},
    "bst": {"gb": 60, "uk": 60, "bd": 360},
    "cst": {"us": -360, "ca": -360, "mx": -360, "cn": 480, "tw": 480},
    "ast": {"ca": -240, "sa": 180, "iq": 180, "kw": 180, "bh": 180, "qa": 180},
    "gst": {"ae": 240, "om": 240},
    "est": {"": -300, "au": 600},
    "mst": {"": -420, "my": 480, "mm": 390},
    "pst": {"": -480, "ph": 480, "pk": 300},
}
"""Abbreviations with several meanings, by country; ``""`` is the meaning in RFC 5322, if it has a usable one."""


def offset_of(zone: str, local: datetime, region: str | None = None) -> timedelta | None:
    """Return the offset from UTC of a zone in comparison form (``+03``, ``gmt+3``, ``cest``, ``europe/paris``).

    ``local`` is the date and time in that zone, without ``tzinfo``; ``region`` is the country of the writer (ISO 3166
    in lower case), if known. The result is ``None`` for an unknown zone, and for an abbreviation with several meanings
    if the country does not decide between them.
    """
    zone = zone.replace(" ", "")
    if "/" in zone:
        return _of_name(zone, local)
    for name in ("utc", "gmt"):
        if zone.startswith((f"{name}+", f"{name}-")):
            zone = zone.removeprefix(name)
    if zone.startswith(("+", "-")):
        return _numeric(zone)
    if zone in _STANDARD:
        winter = _of_name(_STANDARD[zone], local.replace(month=1, day=1))
        return winter if winter == _of_name(_STANDARD[zone], local) else None
    if zone in _BY_REGION:
        meanings = _BY_REGION[zone]
        minutes = meanings.get(region or "", meanings.get(""))
    else:
        minutes = _MINUTES.get(zone)
    return None if minutes is None else timedelta(minutes=minutes)


def is_zone_name(word: str) -> bool:
    """Return whether a word in comparison form is an abbreviation of a zone, with one meaning or several."""
    return word in _MINUTES or word in _STANDARD or word in _BY_REGION


def _numeric(text: str) -> timedelta | None:
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return None
    minutes = int(parts[3] or 0)
    offset = timedelta(hours=int(parts[2]), minutes=minutes)
    offset = -offset if parts[1] == "-" else offset
    return offset if minutes % _QUARTER == 0 and minutes < 60 and _WESTMOST <= offset <= _EASTMOST else None  # noqa: PLR2004


def _of_name(name: str, local: datetime) -> timedelta | None:
    known = _zone_names().get(name)
    if known is None:
        return None
    zone = ZoneInfo(known)
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first if first == second else None  # the clocks change in that hour


@cache
def _zone_names() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones()}
