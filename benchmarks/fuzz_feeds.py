"""Feed documents that nobody meant to be read, parsed as a run parses them.

    python -m benchmarks.fuzz_feeds [--inputs N] [--start N] [--seed N]

``N`` inputs (100,000 unless told), half of them mutated feeds (RSS, Atom, RDF, JSON Feed, sitemaps) and half made of
pieces of feeds and random bytes, parsed in processes with limits. Every input must give a feed whose entries can be
archived, or a typed reason. A crash, an exception that is not typed (``unexpected``), time or memory running out, or
an entry that cannot be archived is printed with its seed and number (``--start`` begins there again), and the exit
status is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter

from benchmarks.mutating import inputs
from pipelines.collect.parser_processes import ParserProcesses
from pipelines.errors import InputError
from pipelines.fetch.feeds import parse_feed
from schemas.serial import to_json

INPUTS = 100_000
BATCH = 200
FAULTS = frozenset({"unexpected", "crashed", "timeout", "memory", "not archivable"})
_ITEM = (
    "<item><title>Ferry &amp; tank</title><guid isPermaLink='false'>{0}</guid><link>https://a.example/{0}</link>"
    "<dc:creator>Jane Roe</dc:creator><pubDate>Mon, 01 Jun 2026 08:0{0}:00 +0300</pubDate><description><![CDATA[<p>The"
    " bridge</p>]]></description><media:content url='x'><media:description>c</media:description></media:content>"
    "<source url='https://b.example'>Outlet</source><enclosure url='e' type='text/html'/></item>"
)
_ENTRY = (
    "<entry><id>tag:a.example,2026:{0}</id><title type='html'>&lt;b&gt;Ferry&lt;/b&gt;</title><author><name>J</name>"
    "</author><link rel='alternate' href='/x{0}'/><updated>2026-06-01T08:00:0{0}Z</updated><content type='xhtml'><div"
    " xmlns='http://www.w3.org/1999/xhtml'><p>Text</p></div></content><summary type='text'>a &lt; b</summary></entry>"
)
_NAMES = (
    "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:media='http://search.yahoo.com/mrss/'"
    " xmlns:content='http://purl.org/rss/1.0/modules/content/'"
)
DOCUMENTS = tuple(
    document.encode()
    for document in (
        f"<?xml version='1.0'?><rss version='2.0' {_NAMES}><channel><title>Wire</title><link>https://a.example</link>"
        + "".join(map(_ITEM.format, range(4)))
        + "</channel></rss>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Wire</title><author><name>Desk</name></author>"
        + "".join(map(_ENTRY.format, range(4)))
        + "</feed>",
        (
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
            "<channel rdf:about='https://a.example'><title>Wire</title></channel><item rdf:about='https://a.example/1'>"
            "<title>Ferry</title><link>https://a.example/1</link></item></rdf:RDF>"
        ),
        (
            '{"version":"https://jsonfeed.org/version/1.1","title":"Wire","items":[{"id":"1","url":"https://a.example/1",'
            '"title":"Ferry","authors":[{"name":"Jane Roe"}],"content_text":"a < b","date_published":'
            '"2026-06-01T08:00:00+02:00"},{"id":2,"external_url":"https://b.example/2","content_html":"<p>x</p>"}]}'
        ),
        (
            "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' xmlns:news='http://www.google.com/schemas/"
            "sitemap-news/0.9'><url><loc>https://a.example/1</loc><news:news><news:publication><news:name>Wire</news:name>"
            "</news:publication><news:publication_date>2026-06-01</news:publication_date><news:title>Ferry</news:title>"
            "</news:news></url></urlset>"
        ),
        "<sitemapindex><sitemap><loc>https://a.example/news.xml</loc></sitemap></sitemapindex>",
    )
)
PIECES = (
    b"<item>", b"</item>", b"<entry>", b"</entry>", b"<rss version='0.91'>", b"<channel>", b"<title>", b"</title>",
    b"<link>", b"</link>", b"<link href='http://[x'/>", b"<guid>", b"</guid>", b"<pubDate>32 Foo 99999</pubDate>",
    b"<description>", b"</description>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&a;",
    b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>]>",
    b"&#xD83D;&#xDE00;", b"&#xD800;", b"&#0;", b"&amp", b"&", b"<", b">", b"\\ud800", b'"', b"{", b"}",
    b"[" * 50,
    b"<?xml version='1.0' encoding='utf-7'?>", b"<?xml version='1.0' encoding='iso-2022-jp'?>", b"\xff\xfe",
    b"\xfe\xff\x00<", b"\x00", b"\x1b$B", b"\xf0\x9f\x98\x80", b"\xc3\x28", b"<a:b xmlns:a='x'>",
    b"xml:base='http://[",
    b"<author>" + b"a" * 500, b"<georss:point>", b"<gml:pos>1 2</gml:pos>", b"<media:rating scheme='",
    b"<itunes:image/>",
    b"<enclosure length='x'", b"<cloud domain='", b"<textInput>", b"<div>" * 200,
    b"http://www.google.com/url?url=x%0d%0a",
)  # fmt: skip


async def _outcome(parsers: ParserProcesses, number: int, body: bytes) -> str:
    try:
        feed = await parsers.call(parse_feed, body, f"https://fuzz.example/{number}")
        for entry in feed.entries:
            to_json(entry)
    except InputError as error:
        return f"{error.reason}: {error.detail}"
    except (ValueError, TypeError) as error:
        return f"not archivable: {error}"
    return "feed"


async def _run(arguments: argparse.Namespace) -> int:
    reasons: Counter[str] = Counter()
    started = time.monotonic()
    drawn = enumerate(inputs(arguments.inputs, arguments.seed, DOCUMENTS, PIECES, arguments.start), arguments.start)
    with ParserProcesses() as parsers:
        while batch := [pair for pair, _ in zip(drawn, range(BATCH), strict=False)]:
            outcomes = await asyncio.gather(*(_outcome(parsers, *pair) for pair in batch))
            for (number, _), outcome in zip(batch, outcomes, strict=True):
                reason = outcome.partition(":")[0]
                reasons[reason] += 1
                if reason in FAULTS:
                    print(f"seed {arguments.seed}, input {number}: {outcome}", flush=True)
    faults = sum(reasons[reason] for reason in FAULTS)
    print(f"{arguments.inputs} inputs in {time.monotonic() - started:.0f} s, {faults} faults: ", end="")
    print(", ".join(f"{reason} {count}" for reason, count in reasons.most_common()))
    return 1 if faults else 0


def main() -> int:
    """Read the arguments and run; the number of faults decides the exit status."""
    parser = argparse.ArgumentParser(description="Feed documents that nobody meant to be read.")
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    return asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
