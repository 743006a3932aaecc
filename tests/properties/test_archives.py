"""Whatever happens to an archive, what it did not happen to is read, and what it happened to is reported."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.foreign_archives import FORMS, Form, arc, html, read, read_by_warcio, record

if TYPE_CHECKING:
    from collections.abc import Callable

SNIPPETS = (b"\r\n\r\n", b"WARC/1.0\r\n", b"\x1f\x8b\x08\x00", b"Content-Length: 0\r\n", b"\x28\xb5\x2f\xfd", b"\0" * 9)
junk = st.one_of(st.sampled_from(SNIPPETS), st.binary(min_size=1, max_size=40))
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=400)
forms = st.sampled_from(FORMS)


def blocks(parts: list[bytes]) -> dict[str, bytes]:
    return {
        f"https://canal.example/{number}": part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n\r\n")
        for number, part in enumerate(parts)
    }


def spans(form: Form, parts: list[bytes]) -> tuple[bytes, list[tuple[int, int, list[int]]]]:
    """A file, and where in it each unit stands with the numbers of its records."""
    whole, found = b"", []
    for unit, numbers in form.units(parts):
        found.append((len(whole), len(whole) + len(unit), numbers))
        whole += unit
    return whole, found


def parted_at(form: Form, parts: list[bytes], at: int) -> bool:
    """Whether an offset is where units are parted, the line ends behind them included."""
    _, units = spans(form, parts)
    return at == 0 or any(end - 4 * (form.name == "plain") <= at <= end for _, end, _ in units)


def joins_headers(parts: list[bytes], start: int, end: int) -> bool:
    """Whether two offsets of a plain file stand within headers: then the halves may be the headers of one record."""
    within, at = [], 0
    for part in parts:
        within += [one for one in (start, end) if at <= one < at + part.index(b"\r\n\r\n") + 4]
        at += len(part)
    return len(within) == 2


def check(
    form: Form, parts: list[bytes], damaged: bytes, touched: Callable[[int, int], bool], *, can_tell: bool = True
) -> None:
    """``touched`` says whether something happened between two offsets of the whole file.

    Where whole units are gone nothing can tell of it.
    """
    whole, units = spans(form, parts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canal.warc"
        path.write_bytes(damaged)
        found, damage = read(path)
        plain = read_by_warcio(path)
    expected = blocks(parts)
    spared = {
        url
        for start, end, numbers in units
        if not touched(start, end)
        for url in list(expected)
        if int(url.rpartition("/")[2]) in numbers
    }
    assert {url: found.get(url) for url in spared} == {url: expected[url] for url in spared}, damage
    lost = {url for url, block in expected.items() if found.get(url) != block}
    renamed = set(found) - set(expected)
    assert not lost or damage or renamed or whole == damaged or not can_tell
    by_warcio = {url for url, block in plain.items() if expected.get(url) == block}
    assert by_warcio <= {url for url in expected if url not in lost} or damage or not can_tell


@settings(max_examples=150)
@given(forms, st.lists(words, min_size=1, max_size=5), st.booleans())
def test_whole_files_are_read_as_warcio_reads_them(form: Form, texts: list[str], digest: bool) -> None:  # noqa: FBT001
    parts = [record(number, html(number, text), digest=digest) for number, text in enumerate(texts)]
    whole, _ = spans(form, parts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canal.warc"
        path.write_bytes(whole)
        found, damage = read(path)
        plain = read_by_warcio(path)
    assert found == blocks(parts)
    assert not damage
    if form.name in {"plain", "gz", "gz-stored"}:
        assert found == plain
    elif form.name != "zst":  # of which warcio knows nothing
        assert plain.items() <= found.items()


@settings(max_examples=400)
@given(forms, st.lists(words, min_size=2, max_size=5), st.floats(0, 0.9999), st.integers(0, 7), st.booleans())
def test_a_flipped_bit_costs_its_record_at_most(
    form: Form,
    texts: list[str],
    where: float,
    bit: int,
    digest: bool,  # noqa: FBT001
) -> None:
    parts = [record(number, html(number, text), digest=digest) for number, text in enumerate(texts)]
    whole, _ = spans(form, parts)
    at = int(where * len(whole))
    damaged = bytearray(whole)
    damaged[at] ^= 1 << bit
    if digest or form.name != "plain":  # nothing tells of a flipped bit in a text without a digest
        check(form, parts, bytes(damaged), lambda start, end: start <= at < end)


@settings(max_examples=300)
@given(forms, st.lists(words, min_size=2, max_size=5), st.floats(0, 1))
def test_what_stands_before_a_cut_is_read(form: Form, texts: list[str], where: float) -> None:
    parts = [record(number, html(number, text)) for number, text in enumerate(texts)]
    whole, _ = spans(form, parts)
    at = int(where * len(whole))
    check(form, parts, whole[:at], lambda _, end: at < end, can_tell=not parted_at(form, parts, at))


@settings(max_examples=400)
@given(forms, st.lists(words, min_size=2, max_size=5), st.floats(0, 1), junk)
def test_junk_costs_nothing_but_what_it_stands_in(form: Form, texts: list[str], where: float, more: bytes) -> None:
    parts = [record(number, html(number, text)) for number, text in enumerate(texts)]
    whole, _ = spans(form, parts)
    at = int(where * len(whole))
    check(form, parts, whole[:at] + more + whole[at:], lambda start, end: start < at < end)


@settings(max_examples=300)
@given(forms, st.lists(words, min_size=3, max_size=5), junk)
def test_junk_between_records_costs_nothing(form: Form, texts: list[str], more: bytes) -> None:
    parts = [record(number, html(number, text)) for number, text in enumerate(texts)]
    units = [unit for unit, _ in form.units(parts)]
    check(form, parts, more.join(units), lambda _start, _end: False)


@settings(max_examples=300)
@given(forms, st.lists(words, min_size=2, max_size=5), st.floats(0, 1), st.integers(1, 3_000))
def test_a_hole_costs_what_it_takes_away(form: Form, texts: list[str], where: float, size: int) -> None:
    parts = [record(number, html(number, text)) for number, text in enumerate(texts)]
    whole, _ = spans(form, parts)
    at = int(where * len(whole))
    check(
        form,
        parts,
        whole[:at] + whole[at + size :],
        lambda start, end: start < at + size and at < end,
        can_tell=not parted_at(form, parts, at) and not (form.name == "plain" and joins_headers(parts, at, at + size)),
    )


@settings(max_examples=200)
@given(
    st.sampled_from([form for form in FORMS if form.name != "gz-one"]),
    st.lists(words, min_size=3, max_size=5),
    st.integers(0, 4),
    st.one_of(st.integers(-1, 5_000), st.just(10**15), st.none()),
    st.booleans(),
)
@example(form=FORMS[0], texts=["", "", ""], which=0, length=0, digest=False)
def test_a_wrong_length_hides_nothing(
    form: Form,
    texts: list[str],
    which: int,
    length: int | None,
    digest: bool,  # noqa: FBT001
) -> None:
    parts = [record(number, html(number, text), digest=digest) for number, text in enumerate(texts)]
    number = which % len(parts)
    right = len(blocks(parts)[f"https://canal.example/{number}"])
    told = b"many" if length is None else b"%d" % length
    forged = list(parts)
    forged[number] = parts[number].replace(b"Content-Length: %d\r\n" % right, b"Content-Length: %s\r\n" % told)
    damaged, _ = spans(form, forged)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canal.warc"
        path.write_bytes(damaged)
        found, damage = read(path)
    expected = blocks(parts)
    if form.name == "plain" and not digest and length is not None and length > right:
        return  # a length that ends where another record does is taken at its word
    others = {url: block for url, block in expected.items() if not url.endswith(f"/{number}")}
    assert {url: found.get(url) for url in others} == others
    assert found.get(f"https://canal.example/{number}") == expected[f"https://canal.example/{number}"] or damage


@settings(max_examples=300)
@given(
    st.sampled_from([bytes, gzip.compress]),
    st.lists(words, min_size=2, max_size=4),
    st.floats(0, 0.9999),
    st.one_of(st.integers(0, 7), junk),
)
@example(pack=bytes, texts=["", ""], where=0.0, what=b"WARC/1.0\r\n")
def test_damage_to_an_arc_file_costs_what_it_hits(
    pack: Callable[[bytes], bytes], texts: list[str], where: float, what: int | bytes
) -> None:
    units = [pack(part) for part in arc(*(html(number, text) for number, text in enumerate(texts)))]
    whole = bytearray(b"".join(units))
    at = int(where * len(whole))
    if isinstance(what, int):
        whole[at] ^= 1 << what
    else:
        whole[at:at] = what
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "canal.arc"
        path.write_bytes(whole)
        found, _ = read(path)
    end = 0
    for number, unit in enumerate(units[1:]):
        start = end = end + len(units[number])
        if not start <= at <= start + len(unit):
            block = found[f"http://canal.example/{number}"]
            assert block.endswith(html(number, texts[number]))
