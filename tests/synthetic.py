"""Made-up articles for tests: words without meaning, in numbers, with a seed for each text; and a memory for them."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, cast

from pipelines.grouping.apply import remember
from pipelines.grouping.regroup import regroup
from pipelines.identify.article import fingerprint
from pipelines.identify.url import article_id
from pipelines.stores.memory import Space
from schemas.records import ArticleContent, Fingerprint, MemoryEntry

DAY = datetime(2026, 6, 1, tzinfo=UTC)
HORIZON = timedelta(days=14)
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from pipelines.stores.protocol import Store

_SYLLABLES = ("ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "dra", "fle", "gri", "plo", "stu")


def prose(seed: int, count: int) -> str:
    """``count`` words of text, the same for the same seed, in sentences."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(count)]
    sentences = [" ".join(words[start : start + 12]).capitalize() + "." for start in range(0, count, 12)]
    return " ".join(sentences)


def content(
    name: str,
    body: str,
    *,
    title: str | None = None,
    source: str | None = "Example Post",
    published: datetime | None = DAY,
) -> ArticleContent:
    """An article content; its URL and id follow from ``name``."""
    url = f"https://news.example/{name}"
    return ArticleContent(
        article_id=article_id(url),
        digest=sha256(f"{title}\0{body}".encode()).hexdigest()[:32],
        url=url,
        external_id=name,
        source=source,
        title=title or f"Title of {name}",
        description=None,
        author=None,
        published=published,
        published_from=None,
        language="en",
        body=body,
        dropped=(),
        word_count=len(body.split()),
    )


def print_of(
    name: str, body: str, *, day: int = 0, hour: int = 0, title: str | None = None, source: str | None = None
) -> Fingerprint:
    """Fingerprint of a made-up article, published some days and hours after ``DAY``; at the hour 0 only its day is."""
    published = DAY + timedelta(days=day, hours=hour)
    made = content(name, body, title=title, source=source or f"Source of {name}", published=published)
    return fingerprint(made, DAY)


class DictMemory:
    """The memory of a store, in a dictionary."""

    def __init__(self) -> None:
        self.entries: dict[str, MemoryEntry] = {}
        self.common: set[int] = set()
        self._left: int | None = None

    def remembered(self, ids: Collection[str]) -> dict[str, MemoryEntry]:
        return {one: self.entries[one] for one in ids if one in self.entries}

    def related(self, space: Space, keys: Collection[int]) -> list[MemoryEntry]:
        wanted = set(keys)
        return [
            entry
            for entry in self.entries.values()
            if wanted.intersection(entry.fingerprint.copy_keys if space is Space.COPY else entry.story_keys)
        ]

    def members(self, space: Space, groups: Collection[str]) -> list[MemoryEntry]:
        return [
            entry
            for entry in self.entries.values()
            if (entry.canonical_id if space is Space.COPY else entry.story_id) in groups
        ]

    def common_keys(self, keys: Collection[int]) -> set[int]:
        return self.common & set(keys)

    def count_holders(self, space: Space, keys: Collection[int], most: int) -> dict[int, int]:
        counts = Counter(
            key
            for entry in self.entries.values()
            for key in (entry.fingerprint.copy_keys if space is Space.COPY else entry.story_keys)
        )
        return {key: min(counts[key], most) for key in keys if counts[key]}

    def remember(
        self, entries: Sequence[MemoryEntry], *, common: Collection[int] = (), rare: Collection[int] = ()
    ) -> None:
        for entry in entries:
            self._write(partial(self.entries.update, {entry.fingerprint.article_id: entry}))
        for key in sorted(common):
            self._write(partial(self.common.add, key))
        for key in sorted(rare):
            self._write(partial(self.common.discard, key))

    def take(self, new: Sequence[Fingerprint], writes: int | None = None) -> None:
        """Regroup and remember; with ``writes`` the process dies after so many."""
        self._left = writes
        with suppress(_Death):
            remember(regroup(new, self, HORIZON), cast("Store", self))

    def _write(self, write: Callable[[], object]) -> None:
        if self._left == 0:
            raise _Death
        if self._left:
            self._left -= 1
        write()


class _Death(BaseException):
    """The process dies."""
