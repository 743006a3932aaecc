"""Names of the authors in feeds, without their mail addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipelines.fetch.feed_text import title_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAIL = r"[^\s@()<>]{1,100}@[^\s@()<>]{1,100}"
_MAIL_FIRST = re.compile(rf"(?:mailto:)?{_MAIL}\s*\((?P<name>[^()]+)\)?")
_NAME_FIRST = re.compile(rf"(?P<name>[^<>()@]*?)\s*[<(]\s*(?:mailto:)?{_MAIL}\s*[>)]?")
_MAIL_ALONE = re.compile(rf"(?:mailto:)?{_MAIL}")
_MAX_NAME = 400
_MAX_AUTHORS = 12


def name_in(text: str) -> str | None:
    """Return the name in ``mail (Name)``, ``Name <mail>``, ``Name (mail)``, ``Name``; ``None`` for a mail alone."""
    text = text.strip()[:_MAX_NAME]
    if "@" in text:
        match = _MAIL_FIRST.fullmatch(text) or _NAME_FIRST.fullmatch(text)
        text = match["name"] if match else _MAIL_ALONE.sub("", text)
    return (title_of(text, plain=False) or "").strip(" \t\r\n\"'") or None


def joined_names(people: Iterable[Any]) -> str | None:
    """Return the distinct names of people (mappings with ``name``, or texts), joined by ", "; ``None`` without any."""
    texts = (person.get("name") if isinstance(person, dict) else person for person in people)
    names = dict.fromkeys(name for text in texts if isinstance(text, str) and (name := name_in(text)))
    return ", ".join([*names][:_MAX_AUTHORS]) or None
