"""Metadata that a page declares as JSON-LD (schema.org)."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.text.lines import letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.html import HtmlElement

_MAX_SCRIPTS = 20
_MAX_SCRIPT_CHARACTERS = 500_000
_MAX_NODES = 2_000
_MAX_AUTHORS = 12
_ARTICLE_TYPE = re.compile(r"(?:article|blogposting|report|liveblogposting|socialmediaposting)$", re.IGNORECASE)
_PAGE_TYPE = re.compile(r"(?:webpage|itempage|videoobject)$", re.IGNORECASE)
_WRAPPING = re.compile(r"^\s*(?:<!\[CDATA\[|<!--|//\s*<!\[CDATA\[)|(?:\]\]>|-->|//\s*\]\]>)\s*$")
_ORGANISATION = re.compile(r"organi[sz]ation|corporation|company|newsmedia", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,200}>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """An article as described by JSON-LD, with every value as written there."""

    headline: str | None = None
    description: str | None = None
    published: str | None = None
    modified: str | None = None
    authors: tuple[str, ...] = ()
    """Names of persons."""
    organisations: tuple[str, ...] = ()
    """Names of organisations declared as authors."""
    publisher: str | None = None
    language: str | None = None
    section: str | None = None
    image: str | None = None


def read_json_ld(tree: HtmlElement) -> Declared:
    """Merge the values of a page's article nodes, then of its page nodes; broken scripts are skipped."""
    nodes = list(_nodes(tree))
    articles = [node for node in nodes if _is_type(node, _ARTICLE_TYPE)]
    pages = [node for node in nodes if _is_type(node, _PAGE_TYPE)]
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}
    ranked = articles + pages
    return Declared(
        headline=_first(_text(node.get("headline")) or _text(node.get("name")) for node in articles),
        description=_first(_text(node.get("description")) for node in ranked),
        published=_first(_text(node.get("datePublished")) for node in ranked),
        modified=_first(_text(node.get("dateModified")) for node in ranked),
        authors=_first_authors(ranked, by_id, organisations=False),
        organisations=_first_authors(ranked, by_id, organisations=True),
        publisher=_first(_name(node.get("publisher"), by_id) for node in ranked)
        or _first(_text(node.get("name")) for node in nodes if _is_type(node, re.compile("website$", re.IGNORECASE))),
        language=_first(_text(node.get("inLanguage")) for node in ranked),
        section=_first(_text(node.get("articleSection")) for node in articles),
        image=_first(_address(node.get("image")) for node in articles),
    )


def _nodes(tree: HtmlElement) -> Iterator[dict[str, object]]:
    """Yield every object of every JSON-LD script, parents first."""
    count = 0
    scripts = [script for script in tree.iter("script") if "ld+json" in (script.get("type") or "").lower()]
    for script in scripts[:_MAX_SCRIPTS]:
        stack = [_load(script.text or "")]
        while stack and count < _MAX_NODES:
            node = stack.pop()
            if isinstance(node, list):
                stack.extend(reversed(node[:_MAX_NODES]))
            elif isinstance(node, dict):
                count += 1
                yield node
                stack.extend(value for key, value in reversed(node.items()) if key in _NESTED)


_NESTED = frozenset(
    {"@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "hasPart", "author", "publisher", "isPartOf"}
)


def _load(text: str) -> object:
    text = _WRAPPING.sub("", text.strip())[:_MAX_SCRIPT_CHARACTERS]
    try:
        loaded: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        # Repair the two commonest errors: a comma before a closing bracket, and quotes written as HTML entities.
        try:
            repaired: object = json.loads(re.sub(r",\s*([\]}])", r"\1", html.unescape(text)), strict=False)
        except (ValueError, RecursionError):
            return None
        return repaired
    return loaded


def _is_type(node: dict[str, object], pattern: re.Pattern[str]) -> bool:
    kinds = node.get("@type")
    return any(
        isinstance(kind, str) and pattern.search(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])
    )


def _text(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("@value", value.get("name"))
    if not isinstance(value, str):
        return None
    return html.unescape(_TAG.sub(" ", html.unescape(value))).strip() or None


def _address(value: object) -> str | None:
    """Return the address of an image object, or of the first of several."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("url") or value.get("contentUrl")
    return value if isinstance(value, str) else None


def _name(value: object, by_id: dict[object, dict[str, object]]) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = by_id.get(value.get("@id"), value) if "name" not in value else value
        return _text(value.get("name"))
    return _text(value)


def _first_authors(
    nodes: list[dict[str, object]], by_id: dict[object, dict[str, object]], *, organisations: bool
) -> tuple[str, ...]:
    candidates = (_authors(node.get("author"), by_id, organisations=organisations) for node in nodes)
    return next((names for names in candidates if names), ())


def _authors(value: object, by_id: dict[object, dict[str, object]], *, organisations: bool) -> tuple[str, ...]:
    names: dict[str, str] = {}
    for item in (value if isinstance(value, list) else [value])[:_MAX_AUTHORS]:
        author = item
        if isinstance(author, dict) and "name" not in author:
            author = by_id.get(author.get("@id"), author)
        if (isinstance(author, dict) and _is_type(author, _ORGANISATION)) is not organisations:
            continue
        given = author.get("name") if isinstance(author, dict) else author
        for name in (given if isinstance(given, list) else [given])[:_MAX_AUTHORS]:
            text = _text(name)
            if text:
                names.setdefault(letters(text), text)
    return tuple(names.values())


def _first(values: Iterator[str | None]) -> str | None:
    return next((value for value in values if value), None)
