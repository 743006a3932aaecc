"""Made-up news pages for benchmarks: some copies, some of one event, most of neither."""

from __future__ import annotations

import json
import random
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYLLABLES = ("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "dra", "fle", "gri", "plo", "stu", "el", "an")
_COMMON = ("the", "of", "and", "to", "in", "a", "was", "for", "on", "that", "with", "by", "it", "from", "at", "its")
WORDS = 420
"""Words of a page: with its layout some 6.5 KB, as the pages of the measurements in the design."""
COPIED = 500
"""The latest texts, which copies are made of: all of them would be most of the memory of a soak."""


def _vocabulary(chance: random.Random, size: int) -> list[str]:
    return ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(size)]


def _paragraphs(chance: random.Random, words: list[str], count: int) -> list[str]:
    text = [chance.choice(_COMMON) if chance.random() < 0.4 else chance.choice(words) for _ in range(count)]
    sentences = [" ".join(text[at : at + 18]).capitalize() + "." for at in range(0, count, 18)]
    return [" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3)]


def pages(count: int, seed: int = 1) -> Iterator[tuple[str, str, str]]:
    """``count`` pages as (URL, outlet, HTML). One in six is a copy of an earlier one, cut or wrapped."""
    chance = random.Random(seed)
    words = _vocabulary(chance, 20_000)
    texts: deque[tuple[str, list[str]]] = deque(maxlen=COPIED)
    for number in range(count):
        outlet = f"Outlet {number % 40}"
        if texts and chance.random() < 1 / 6:
            title, body = chance.choice(texts)
            body = body[: chance.randint(3, len(body))] if chance.random() < 0.5 else body
        else:
            own = chance.sample(words, 150)
            title = " ".join(chance.choices(own, k=8)).capitalize()
            body = _paragraphs(chance, own, WORDS)
            texts.append((title, body))
        yield f"https://outlet{number % 40}.example/{number}", outlet, _page(title, outlet, body, chance)


def _page(title: str, outlet: str, body: list[str], chance: random.Random) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": title,
        "datePublished": f"2026-06-{chance.randint(1, 14):02}T08:00:00Z",
        "publisher": {"@type": "Organization", "name": outlet},
    }
    links = "".join(f'<li><a href="/s/{n}">Section {n}</a></li>' for n in range(20))
    teasers = "".join(f'<div class="card"><a href="/t/{n}">Teaser number {n} of the day</a></div>' for n in range(8))
    story = "".join(f"<p>{paragraph}</p>" for paragraph in body)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} | {outlet}</title>'
        f'<script type="application/ld+json">{json.dumps(data)}</script></head><body><header><ul>{links}</ul></header>'
        f'<main><article class="post"><h1>{title}</h1><div class="entry-content">{story}'
        f"<p>Advertisement</p></div></article><aside>{teasers}</aside></main>"
        f"<footer><ul>{links}</ul>© {outlet}</footer></body></html>"
    )
