"""All of feedparser's own test corpus, from its source distribution, through our reader."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from calendar import timegm
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import feedparser
import pytest

from pipelines.errors import FeedError
from pipelines.fetch.feed_entries import entry_of, facts_of, from_document
from pipelines.fetch.feed_parser import parse_document
from pipelines.fetch.feed_people import joined_names
from pipelines.fetch.feed_text import web_address
from pipelines.fetch.feeds import ParsedFeed, parse_feed
from pipelines.text.lines import letters
from schemas.records import FeedEntry
from schemas.serial import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent.parent.parent
CACHE = ROOT / "var" / "corpus"
URL = "https://news.example/feeds/rss"
NO_FEEDS = {
    # Packed bytes, which HTTP unpacks before we see them; documents without a channel; CDF without an item.
    "compression": 6,
    "http": 1,
    "illformed": 1,
    "cdf": 7,
}
"""Files which are refused whole, by folder: at most so many."""


def source_distribution() -> Path:
    """The locked feedparser's source distribution, fetched once by pip, which checks it against our lock file."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    found = re.search(r"^feedparser==(\S+) \\\n((?:\s+--hash=sha256:\w+(?: \\)?\n)+)", lock, re.MULTILINE)
    assert found
    hashes = re.findall(r"sha256:(\w+)", found[2])
    path = CACHE / f"feedparser-{found[1]}.tar.gz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        wanted = CACHE / "feedparser.txt"
        wanted.write_text(f"feedparser=={found[1]} {' '.join(f'--hash=sha256:{one}' for one in hashes)}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        options = ["--no-binary", "feedparser", "--require-hashes", "--requirement", str(wanted), "--dest", str(CACHE)]
        done = subprocess.run([*pip, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert sha256(path.read_bytes()).hexdigest() in hashes
    return path


@pytest.fixture(scope="module")
def corpus() -> dict[str, bytes]:
    """The files of the corpus by their path below ``tests/``."""
    with tarfile.open(source_distribution()) as archive:
        members = [
            member
            for member in archive.getmembers()
            if member.isfile() and "/tests/" in member.name and not member.name.endswith(".py")
        ]
        files = {}
        for member in members:
            opened = archive.extractfile(member)
            assert opened is not None
            files[member.name.partition("/tests/")[2]] = opened.read()
    assert len(files) > 2_000
    return files


def hold(feed: ParsedFeed) -> None:
    """What every accepted entry must have."""
    for entry in feed.entries:
        parts = urlsplit(entry.link or "")
        assert parts.scheme.lower() in {"http", "https"}
        assert parts.hostname
        assert entry.entry_id
        assert entry.published is None or entry.published.utcoffset() is not None
        assert entry.published is None or 1990 < entry.published.year < 2100
        to_json(entry)
    for refused in feed.refused:
        assert refused.reason
        assert refused.detail


def test_every_file_is_read_or_refused_with_a_reason(corpus: dict[str, bytes]) -> None:
    refused: Counter[tuple[str, str]] = Counter()
    entries = 0
    for name, body in corpus.items():
        try:
            feed = parse_feed(body, URL)
        except FeedError as error:
            refused[name.rpartition("/")[0].rpartition("/")[2], error.reason] += 1
            continue
        hold(feed)
        entries += len(feed.entries) + len(feed.refused)
        # The same bytes are the same feed: ids are stable.
        assert parse_feed(body, URL) == feed, name
    assert entries > 1_000
    assert refused.keys() <= {(folder, "not_a_feed") for folder in NO_FEEDS}, refused
    assert all(count <= NO_FEEDS[folder] for (folder, _), count in refused.items()), refused


@dataclass(frozen=True)
class Difference:
    """A field of an entry in which we differ from plain feedparser."""

    file: str
    field: str
    plain: str | None
    ours: str | None
    entry: Any
    """As plain feedparser has it."""
    version: str

    def reason(self) -> str | None:
        """Why we differ; ``None``: for no reason that is known."""
        return next((why for why, holds in REASONS.items() if holds(self)), None)


def _says(markup: str, text: str) -> bool:
    """Whether two texts have the same letters: the first with markup or without, the second likewise."""
    bare = letters(unescape(_TAG.sub("", markup)))
    return letters(unescape(markup)) == letters(unescape(text)) or bare in {
        letters(unescape(text)),
        letters(unescape(_TAG.sub("", text))),
    }


REASONS: Mapping[str, Callable[[Difference], bool]] = {
    "an entry without the address of a page cannot be shown or linked to: refused as no_link, and said": lambda d: (
        d.field == "entry" and d.ours == "no_link" and web_address(d.entry.get("link"), None) is None
    ),
    "an id is no address, and is not joined to the feed's": lambda d: (
        d.field in {"id", "entry"} and (d.plain or "").startswith(urljoin(URL, "/"))
    ),
    "an id that is a web address is the page, where no other is named": lambda d: (
        d.field == "link" and d.plain is None and d.ours == d.entry.get("id")
    ),
    "an enclosed web page is the page, where no other is named": lambda d: (
        d.field == "link" and d.plain is None and d.ours in {link.get("href") for link in d.entry.get("links", ())}
    ),
    "a mail address is not part of a name": lambda d: (
        d.field == "author" and "@" in (d.plain or "") and (d.ours is None or d.ours in (d.plain or ""))
    ),
    "all authors of an entry, not only the last": lambda d: (
        d.field == "author" and (d.ours or "").endswith(f", {d.plain}")
    ),
    "an entry without an author has that of its source or feed (RFC 4287, 4.2.1)": lambda d: (
        d.field == "author" and d.plain is None and d.version.startswith("atom")
    ),
    "the description of a medium is its caption, not the entry's text": lambda d: (
        d.field == "text" and d.ours is None and "media" in d.file
    ),
    "the title of a picture is not the entry's": lambda d: d.field == "title" and d.ours is None and "media" in d.file,
    "a date whose zone has several meanings or is not given is not read": lambda d: (
        d.field == "date" and d.ours is None
    ),
}
_TAG = re.compile(r"<[^<>]*>")
LISTED = Path(__file__).with_name("feedparser_differences.txt")


def differences(name: str, body: bytes) -> Iterator[Difference]:
    """Every field in which an entry of a document differs from what plain feedparser yields.

    Texts are compared without their markup, since plain feedparser may be asked to keep it or not; fields of entries
    that we refuse for want of a link are compared as well.
    """
    headers = {"content-location": URL, "content-type": "application/xml"}
    plain = feedparser.parse(body, response_headers=headers, sanitize_html=False)
    try:
        feed = parse_feed(body, URL)
    except FeedError:
        assert not plain.entries, name
        return
    document = parse_document(body, URL)
    # Neither more nor fewer entries: each is an entry, or refused.
    assert len(plain.entries) == len(document.entries) == len(feed.entries) + len(feed.refused), name
    author = joined_names(document.feed.get("authors") or ()) if document.version.startswith("atom") else None
    facts = facts_of(URL, title=None, author=author, language=document.feed.get("language"))
    for theirs, read in zip(plain.entries, document.entries, strict=True):
        raw = from_document(read, facts, document)
        entry = entry_of(replace(raw, links=(*raw.links, URL)), facts)
        assert isinstance(entry, FeedEntry)
        texts = [part.get("value") or "" for part in theirs.get("content", ())] + [theirs.get("summary") or ""]
        dates = [dict.get(theirs, f"{which}_parsed") for which in ("published", "updated", "created")]
        moment = next((datetime.fromtimestamp(timegm(date), UTC) for date in dates if date), None)
        told: list[tuple[str, str | None, str | None]] = [
            ("title", theirs.get("title"), entry.title),
            ("text", max(texts, key=len), entry.html),
            ("author", theirs.get("author"), entry.author),
        ]
        found = [(field, a, b) for field, a, b in told if not _says(a or "", b or "")]
        if moment != entry.published:
            found.append(("date", str(moment), str(entry.published or "") or None))
        if theirs.get("id") and theirs.id != entry.entry_id:
            found.append(("id", theirs.id, entry.entry_id))
        if not any(raw.links):
            found.append(("entry", theirs.get("link"), "no_link"))
        elif (theirs.get("link") or None) != entry.link:
            found.append(("link", theirs.get("link"), entry.link))
        for field, a, b in found:
            yield Difference(name, field, a, b, theirs, document.version)


def test_every_difference_from_plain_feedparser_has_a_reason(corpus: dict[str, bytes]) -> None:
    """The list beside this file has them all; a failure writes the new one into the folder of the corpus."""
    found = [difference for name, body in corpus.items() for difference in differences(name, body)]
    unexplained = [(one.file, one.field, one.plain, one.ours) for one in found if one.reason() is None]
    assert not unexplained
    now = listed(found)
    (CACHE / LISTED.name).write_text(now, encoding="utf-8")
    assert LISTED.read_text(encoding="utf-8") == now


def listed(found: Sequence[Difference]) -> str:
    """The differences by reason, field and file."""
    lines = [f"How we differ from plain feedparser over its own corpus: {len(found)} fields of entries\n"]
    for reason in REASONS:
        of_reason = sorted({(one.field, one.file) for one in found if one.reason() == reason})
        if of_reason:
            lines += [f"\n{reason}: {len(of_reason)}\n", *(f"  {field}  {file}\n" for field, file in of_reason)]
    return "".join(lines)
