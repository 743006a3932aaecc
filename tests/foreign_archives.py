"""Archives as other programs write them, and what can happen to a file."""

from __future__ import annotations

import gzip
import io
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import zstandard
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.archive.framing import records
from pipelines.archive.packed import RawFile
from pipelines.archive.record import Damage, Record

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DICTIONARY_FRAME = b"\x5d\x2a\x4d\x18"
HTML = "text/html; charset=utf-8"


def html(number: int, words: str = "") -> bytes:
    text = f"<p>Barge {number} left the lower lock at noon with a load of gravel {words}.</p>"
    return f"<html><head><title>Barge {number}</title></head><body>{text * 3}</body></html>".encode()


def record(
    number: int,
    body: bytes | None = None,
    *,
    digest: bool = True,
    headers: Sequence[tuple[str, str]] = (("Content-Type", HTML),),
    status: str = "200 OK",
    kind: str = "response",
) -> bytes:
    """A record with an answer, as warcio writes it, unpacked."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False)
    body = html(number) if body is None else body
    http = StatusAndHeaders(status, list(headers), protocol="HTTP/1.1") if kind == "response" else None
    made = writer.create_warc_record(
        f"https://canal.example/{number}",
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        http_headers=http,
        warc_content_type="" if http else HTML,
        warc_headers_dict={
            "WARC-Date": "2026-06-02T08:00:00Z",
            "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{number:012}>",
        },
    )
    writer.write_record(made)
    written = out.getvalue()
    if not digest:
        lines = written.split(b"\r\n")
        written = b"\r\n".join(line for line in lines if b"-Digest:" not in line)
    return written


def arc(*bodies: bytes) -> list[bytes]:
    """The records of an ARC file, the one that describes it first."""
    about = b"1 0 Canal\nURL IP-address Archive-date Content-type Archive-length\n"
    head = b"filedesc://canal.arc 0.0.0.0 20080430204825 text/plain %d\n%s\n" % (len(about), about)
    answers = [b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body for body in bodies]
    return [head] + [
        b"http://canal.example/%d 192.0.2.7 20080430204826 text/html %d\n%s\n" % (number, len(answer), answer)
        for number, answer in enumerate(answers)
    ]


def zstd_with_dictionary(parts: Sequence[bytes], *, packed: bool) -> bytes:
    """Frames with a dictionary in front, after the proposal for WARC files of the Archive Team."""
    samples: list[bytes | bytearray | memoryview] = [
        record(number, html(number, f"for buyer {number * 7919}")) for number in range(300)
    ]
    dictionary = zstandard.train_dictionary(4_096, samples)
    told = dictionary.as_bytes()
    if packed:
        told = zstandard.ZstdCompressor().compress(told)
    packer = zstandard.ZstdCompressor(dict_data=dictionary)
    frame = DICTIONARY_FRAME + len(told).to_bytes(4, "little") + told
    return frame + b"".join(packer.compress(part) for part in parts)


@dataclass(frozen=True)
class Form:
    """How records become the units of a file, damage to one of which spares the others."""

    name: str

    def units(self, parts: Sequence[bytes]) -> list[tuple[bytes, list[int]]]:
        """The bytes of each unit, and the numbers of the records in it."""
        if self.name == "gz-one":
            return [(gzip.compress(b"".join(parts), mtime=0), list(range(len(parts))))]
        if self.name == "gz-pairs":
            starts = range(0, len(parts), 2)
            pairs = [(b"".join(parts[at : at + 2]), list(range(at, min(at + 2, len(parts))))) for at in starts]
            return [(gzip.compress(part, mtime=0), numbers) for part, numbers in pairs]
        pack = {
            "plain": bytes,
            "gz": lambda part: gzip.compress(part, mtime=0),
            "gz-stored": lambda part: gzip.compress(part, 0, mtime=0),
            "zst": zstandard.ZstdCompressor(write_checksum=True).compress,
        }[self.name]
        return [(pack(part), [number]) for number, part in enumerate(parts)]


FORMS = [Form(name) for name in ("plain", "gz", "gz-stored", "gz-pairs", "gz-one", "zst")]


def read(path: Path) -> tuple[dict[str, bytes], list[Damage]]:
    """The blocks of a file by address, and what is damaged in it."""
    found, damage = {}, []
    with RawFile(path) as raw:
        for one in records(raw):
            if isinstance(one, Record):
                found[one.url or ""] = one.block()
            else:
                damage.append(one)
    return found, damage


def read_by_warcio(path: Path) -> dict[str, bytes]:
    """What warcio reads of a file before it gives up."""
    found = {}
    with path.open("rb") as stream, redirect_stderr(io.StringIO()), suppress(Exception):
        for one in ArchiveIterator(stream, no_record_parse=True):
            url = one.rec_headers.get_header("WARC-Target-URI") or one.rec_headers.get_header("uri") or ""
            found[url] = one.raw_stream.read()
    return found
