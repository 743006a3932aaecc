"""Pages for ``benchmarks.wrapped_pages``: made-up stories in five layouts and three styles, with widgets all around.

Layouts are ways to nest: one article element, columns, a section for each part, a block around each paragraph, and
everything flat in the body. Styles are ways to name: WordPress classes, hashed classes, and none at all, where
elements with a meaning become ``div`` too. Which widgets a page has, and in which words, is drawn by chance.
"""

from __future__ import annotations

import json
import random
import re
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Words = Literal["build", "test"]
_LAYOUTS = {
    "article": (
        '<main class="site-main"><article class="post hentry"><header class="entry-header">{head}{top}</header>'
        '<div class="entry-content">{blocks}</div><footer class="entry-footer">{end}</footer></article></main>'
    ),
    "columns": (
        '<div class="row"><div class="col-8 post"><div class="post-head">{head}{top}</div>'
        '<div class="post-body">{blocks}{end}</div></div>'
        '<div class="col-4 sidebar"><h4>Tide tables</h4><ul><li><a href="/t">Low water</a></li></ul></div></div>'
    ),
    "sections": '<article class="story">{head}{top}<section class="story-part">{sections}</section>{end}</article>',
    "blocks": (
        '<main class="story-page"><div class="story-head">{head}</div>{top}<div class="story-text">{wrapped}</div>'
        '<div class="story-end">{end}</div></main>'
    ),
    "flat": "{head}{top}{blocks}{end}",
}
LAYOUTS = tuple(_LAYOUTS)
STYLES = ("wordpress", "hashed", "bare")
WIDGETS_A_PAGE = {"top": 3, "middle": 4, "end": 5}

_WHO = (
    "The regiment", "A pilot from the northern yard", "Colonel Maren Holt", "The harbour board",
    "One of the sappers", "The town's engineer", "A clerk at the ministry", "Nobody on the far bank",
    "The ferry company", "Sergeant Dov Aran",
)  # fmt: skip
_DID = (
    "moved the last pontoon before dawn", "asked for two more batteries of howitzers",
    "counted nineteen lorries on the road",
    "signed for the new radar", "refused to say where the launchers would stand", "found the lock gates frozen",
    "paid for the repairs out of its own pocket", "kept the old charts in a drawer", "heard the guns from the mill",
)  # fmt: skip
_WHEN = (
    "on Monday", "after the second storm of the winter", "while the ice still held", "in front of the whole council",
    "without waiting for orders", "for the first time in eleven years", "although the road was closed",
)  # fmt: skip
_WHY = (
    "because the spring tide was two days away", "since no other crossing can carry the weight",
    "which surprised those who had planned the exercise", "and the minutes of the meeting say so in one line",
    "as the report of the audit office shows", "so that the depot could be reached by night",
)  # fmt: skip
_SHORT = ("It held.", "He did not say more.", "The rest is silence.", "She laughed at that.", "No date was given.")
_HEADINGS = (
    "A crossing nobody wanted", "Twelve hours on the ice", "What the pilots knew", "Orders from two desks",
    "The price of a winter",
    "Who holds the key", "Back to the old road", "Seven pontoons short", "Why did it hold?", "The night of the flood",
)  # fmt: skip
_SEMANTIC = re.compile(r"<(/?)(?:article|main|header|footer|section|aside|nav)\b")
_CLASS = re.compile(r' (?:class|id)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class WrappedPage:
    """A page and what must become of its parts."""

    name: str
    html: str
    headings: tuple[str, ...]
    paragraphs: tuple[str, ...]
    """Paragraphs, list items and quotes, in order."""
    widgets: tuple[tuple[str, str], ...]
    """(kind, line): the visible lines of each widget; none of them is in the story."""


def wrapped_pages(count: int, words: Words, seed: int = 1) -> Iterator[WrappedPage]:
    """``count`` pages, going through all layouts and styles in turn; the same seed gives the same pages."""
    kinds = _kinds()
    decks = {place: _Deck([kind for kind in kinds if kinds[kind]["place"] == place], seed) for place in WIDGETS_A_PAGE}
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        style = STYLES[number % len(STYLES)]
        layout = LAYOUTS[number // len(STYLES) % len(LAYOUTS)]
        chosen = {
            place: [_widget(kind, kinds[kind], chance.choice(kinds[kind][words])) for kind in decks[place].draw(wanted)]
            for place, wanted in WIDGETS_A_PAGE.items()
        }
        story = _story(chance)
        page = _page(layout, chance, story, {place: [html for _, html, _ in drawn] for place, drawn in chosen.items()})
        widgets = [(kind, line) for drawn in chosen.values() for kind, _, lines in drawn for line in lines]
        yield WrappedPage(
            name=f"{layout}-{style}-{number}",
            html=_styled(page, style, number),
            headings=tuple(text for tag, text in story if tag == "h2"),
            paragraphs=tuple(text for tag, text in story if tag != "h2"),
            widgets=tuple(widgets),
        )


class _Deck:
    """Kinds of widgets as a pack of cards, so that each comes as often as the others."""

    def __init__(self, kinds: list[str], seed: int) -> None:
        random.Random(seed).shuffle(kinds)
        self._kinds = cycle(kinds)

    def draw(self, count: int) -> list[str]:
        return [next(self._kinds) for _ in range(count)]


def _kinds() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("wrapped_widgets.toml").read_text(encoding="utf-8"))


def _widget(kind: str, entry: dict[str, Any], words: list[str]) -> tuple[str, str, list[str]]:
    markup = str(entry["html"])
    for number, text in enumerate(words):
        markup = markup.replace(f"{{{number}}}", escape(text))
    return kind, markup, words


def _sentence(chance: random.Random, said: set[str]) -> str:
    while True:
        text = f"{chance.choice(_WHO)} {chance.choice(_DID)} {chance.choice(_WHEN)}"
        text += f" {chance.choice(_WHY)}." if chance.random() < 0.6 else "."
        if text not in said:
            said.add(text)
            return text


def _story(chance: random.Random) -> list[tuple[str, str]]:
    said: set[str] = set()
    headings = chance.sample(_HEADINGS, chance.randint(2, 3))
    parts: list[tuple[str, str]] = []
    for number in range(len(headings) + 1):
        if number:
            parts.append(("h2", headings[number - 1]))
        parts += [
            ("p", " ".join(_sentence(chance, said) for _ in range(chance.randint(1, 3))))
            for _ in range(chance.randint(2, 4))
        ]
        if number == 1:
            parts += [("li", _sentence(chance, said)) for _ in range(3)]
            parts.append(("p", _sentence(chance, said)))
        if number == 2 and chance.random() < 0.5:
            parts += [("blockquote", _sentence(chance, said)), ("p", chance.choice(_SHORT))]
            parts.append(("p", _sentence(chance, said)))
    return parts


def _blocks(story: list[tuple[str, str]], middle: list[str]) -> list[str]:
    """The story's markup, a block an entry, with the widgets behind some of its paragraphs."""
    blocks: list[str] = []
    items: list[str] = []
    paragraphs = [number for number, (tag, _) in enumerate(story) if tag == "p"]
    # Never behind the last paragraph: what stands there is at the end, not in the middle.
    places = {paragraphs[1 + step * (len(paragraphs) - 2) // len(middle)]: html for step, html in enumerate(middle)}
    for number, (tag, text) in enumerate(story):
        if tag == "li":
            items.append(f"<li>{escape(text)}</li>")
            continue
        if items:
            blocks.append(f"<ul>{''.join(items)}</ul>")
            items = []
        inside = f"<p>{escape(text)}</p>" if tag == "blockquote" else escape(text)
        blocks.append(f"<{tag}>{inside}</{tag}>")
        if number in places:
            blocks.append(places[number])
    return blocks


def _page(layout: str, chance: random.Random, story: list[tuple[str, str]], widgets: dict[str, list[str]]) -> str:
    title = f"{chance.choice(_WHO)} {chance.choice(_DID)}"
    blocks = _blocks(story, widgets["middle"])
    top, end = "".join(widgets["top"]), "".join(widgets["end"])
    head = f'<h1 class="entry-title">{escape(title)}</h1>'
    inside = {"blocks": "".join(blocks), "sections": _sections(blocks), "wrapped": _wrapped(blocks)}
    body = _LAYOUTS[layout].format(head=head, top=top, end=end, **inside)
    menu = "".join(
        f'<li><a href="/m/{n}">{name}</a></li>' for n, name in enumerate(("Yards", "Rivers", "Quays", "Letters"))
    )
    data = json.dumps({"@type": "NewsArticle", "headline": title, "datePublished": "2026-06-03T08:00:00Z"})
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<script type="application/ld+json">{data}</script></head><body class="single">'
        f'<header class="site-header"><ul class="menu">{menu}</ul></header>{body}'
        f'<footer class="site-footer"><ul class="menu">{menu}</ul></footer></body></html>'
    )


def _wrapped(blocks: list[str]) -> str:
    return "".join(f'<div class="story-block">{block}</div>' for block in blocks)


def _sections(blocks: list[str]) -> str:
    return "".join(
        f'</section><section class="story-part">{block}' if block.startswith("<h2") else block for block in blocks
    )


def _styled(page: str, style: str, number: int) -> str:
    if style == "wordpress":
        return page
    if style == "hashed":
        return _CLASS.sub(
            lambda found: f' class="css-{sha256(f"{number // 15} {found[1]}".encode()).hexdigest()[:7]}"', page
        )
    return _SEMANTIC.sub(r"<\1div", _CLASS.sub("", page))
