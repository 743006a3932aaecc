"""Parsing in processes of their own: whatever a document does, the caller gets a feed or a typed failure."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from pipelines.collect.parser_processes import ParserProcesses
from pipelines.errors import FeedError
from pipelines.fetch.feeds import parse_feed

if TYPE_CHECKING:
    from collections.abc import Callable

FEED = b"<rss version='2.0'><channel><item><link>https://a.example/1</link></item></channel></rss>"


def busy(_: bytes) -> None:
    deadline = time.process_time() + 600
    while time.process_time() < deadline:
        pass


def greedy(_: bytes) -> int:
    return len(bytearray(4 << 30))


def dying(_: bytes) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def broken(_: bytes) -> None:
    raise KeyError("where")


def deep(_: bytes) -> None:
    deep(_)


@pytest.mark.parametrize(
    ("function", "reason"),
    [(busy, "timeout"), (greedy, "memory"), (dying, "crashed"), (broken, "unexpected: KeyError"), (deep, "memory")],
)
def test_what_goes_wrong_in_a_parser_is_typed_and_the_next_document_is_read(
    function: Callable[[bytes], object], reason: str
) -> None:
    async def run() -> None:
        with pytest.raises(FeedError, match=reason):
            await parsers.call(function, FEED)
        assert len((await parsers.call(parse_feed, FEED, "https://a.example/feed")).entries) == 1

    with ParserProcesses(seconds=5.0) as parsers:
        asyncio.run(run())


def test_a_busy_parser_does_not_hold_up_the_end() -> None:
    async def run() -> None:
        call = asyncio.create_task(parsers.call(busy, FEED))
        await asyncio.sleep(0)
        call.cancel()

    with ParserProcesses(seconds=500.0) as parsers:
        asyncio.run(run())


def test_a_document_made_to_keep_the_detection_of_encodings_busy_is_read() -> None:
    # chardet's search for words goes over a run of letters once for each of them.
    body = b"<rss version='2.0'><channel><title>\x9e\xb7 x" + b"a" * 60_000 + b"</title></channel></rss>"
    with ParserProcesses() as parsers:
        assert len(asyncio.run(parsers.call(parse_feed, body, "https://a.example/feed")).title or "") > 1_000
