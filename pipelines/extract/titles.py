"""Headlines of pages, without the name of the site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipelines.text.cues import vocabulary
from pipelines.text.lines import bare, letters, tidy, word_count

_SEPARATOR = re.compile(r"\s+[|\u2502\u00b7\u2022\u00bb\u00ab\u203a\u2014\u2013:~-]+\s+|\s*[|\u2502\u00bb]\s*|\s+::\s+")
_MAX_SITE_WORDS = 6
_MIN_NAME = 3
"""Names longer than this (characters) are also compared as parts of other names."""
_ADDED = frozenset({"online", "com", "net", "org", "tv", "radio", "the", "of", "and", "uk", "us", "digital", "english"})
"""Words that outlets add to their names, besides the ``outlet`` words of the vocabulary."""
_MIN_HEADLINE_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Headlines:
    """The headline of a page in each of its sources."""

    headline: str | None
    """``headline`` of JSON-LD."""
    social: str | None
    """``og:title`` or ``twitter:title``."""
    heading: str | None
    """The ``h1`` of the story."""
    document: str | None
    """The ``title`` element."""
    outlets: tuple[str, ...]
    """Names of the site; see ``outlet_names``."""

    def best(self) -> str | None:
        """Return the headline without the site's name.

        The visible heading wins if another source begins or ends with it: the rest is then the site's addition.
        Otherwise the order is JSON-LD, social, document, heading.
        """
        shown = without_site(self.heading or "", self.outlets) or ""
        declared = [tidy(text) for text in (self.headline, self.social, self.document) if text]
        if word_count(shown) >= _MIN_HEADLINE_WORDS and any(_contains(text, shown) for text in declared):
            return shown
        titles = (without_site(text, self.outlets) for text in declared)
        return next((title for title in titles if title), shown or None)

    def forms(self) -> tuple[str, ...]:
        """Return all distinct forms of the headline without the site's name."""
        texts = (self.headline, self.social, self.heading, self.document)
        return tuple(dict.fromkeys(title for text in texts if text and (title := without_site(text, self.outlets))))


def outlet_names(url: str, *declared: str | None) -> tuple[str, ...]:
    """Return the names of a site: the declared names, its host and the labels of the host."""
    host = (urlsplit(url).hostname or "") if "://" in url else ""
    host = host.removeprefix("www.")
    labels = [label for label in host.split(".")[:-1] if len(label) > 3]  # noqa: PLR2004 - "co", "com", "www"
    return tuple(dict.fromkeys(name for name in (*(tidy(text or "") for text in declared), host, *labels) if name))


def without_site(text: str, outlets: tuple[str, ...]) -> str | None:
    """Remove the site's name from either end of a title; return ``None`` if nothing else is left."""
    title = tidy(text)
    for _ in range(3):  # "Headline | Section | Site"
        pieces = list(_SEPARATOR.finditer(title))
        if not pieces:
            break
        head, tail = title[: pieces[-1].start()], title[pieces[-1].end() :]
        first, rest = title[: pieces[0].start()], title[pieces[0].end() :]
        if head and _names_site(tail, outlets):
            title = head
        elif rest and _names_site(first, outlets):
            title = rest
        else:
            break
    return None if not title or _names_site(title, outlets) else title


def _names_site(text: str, outlets: tuple[str, ...]) -> bool:
    text = text.lower().removeprefix("www.")
    key = letters(text)
    if not key or word_count(text) > _MAX_SITE_WORDS:
        return False
    if bare(text) in ("home", "homepage", "startseite", "accueil", "inicio"):
        return True
    for outlet in outlets:
        name = letters(outlet)
        if key == name or key.removeprefix("the") == name.removeprefix("the"):
            return True
        # "Example News" for example.com, "example.com" for "Example": one name contains the other.
        if min(len(key), len(name)) > _MIN_NAME and (name.startswith(key) or _extends(text, outlet)):
            return True
    return False


def _extends(text: str, outlet: str) -> bool:
    """Return whether a text is an outlet's name followed only by usual additions: "News", "Online", ".com"."""
    if not letters(text).startswith(letters(outlet)):
        return False
    if "." in text and " " not in text:
        return True
    words, name = text.split(), letters(outlet)
    fronts = (count for count in range(1, len(words)) if letters(" ".join(words[:count])) == name)
    rest = words[next(fronts, len(words)) :]
    return bool(rest) and all(bare(word) in vocabulary().words["outlet"] or bare(word) in _ADDED for word in rest)


def _contains(text: str, shown: str) -> bool:
    whole, part = letters(text), letters(shown)
    return bool(part) and (whole.startswith(part) or whole.endswith(part))
