"""All of feedparser's own test corpus, from its source distribution, through our reader."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
from collections import Counter
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipelines.errors import FeedError
from pipelines.fetch.feeds import ParsedFeed, parse_feed
from schemas.serial import to_json

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
        options = ["--no-binary", "feedparser", "--require-hashes", "--requirement", wanted, "--dest", CACHE]
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
