"""Inputs that nobody meant to be read: mutated documents, and heaps of pieces of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def inputs(
    count: int, seed: int, documents: Sequence[bytes], pieces: Sequence[bytes], start: int = 0
) -> Iterator[bytes]:
    """Return ``count`` inputs from number ``start`` on; the same seed and documents give the same ones."""
    for number in range(start, start + count):
        chance = random.Random(f"{seed} {number}")
        yield mutated(chance, chance.choice(documents), pieces) if number % 2 else assembled(chance, documents, pieces)


def mutated(chance: random.Random, document: bytes, pieces: Sequence[bytes]) -> bytes:
    """Return a document with bytes changed, pieces put in, parts taken out, doubled or swapped, and perhaps cut off."""
    body = bytearray(document)
    for _ in range(chance.choice((1, 2, 5, 20, 100))):
        where = chance.randrange(len(body) + 1)
        length = chance.choice((1, 3, 20, 500))
        match chance.randrange(5):
            case 0:
                body[where : where + 1] = bytes([chance.randrange(256)])
            case 1:
                body[where:where] = chance.choice(pieces)
            case 2:
                del body[where : where + length]
            case 3:
                body[where:where] = body[where : where + length] * chance.choice((1, 1, 5, 50))
            case _:
                other = chance.randrange(len(body) + 1)
                body[where : where + length] = body[other : other + length]
    return bytes(body[: chance.randrange(len(body) + 1)] if chance.random() < 0.2 else body)


def assembled(chance: random.Random, documents: Sequence[bytes], pieces: Sequence[bytes]) -> bytes:
    """Return pieces of markup, slices of documents and random bytes, joined."""
    parts = []
    for _ in range(chance.choice((1, 3, 10, 60, 300))):
        kind = chance.random()
        if kind < 0.7:
            parts.append(chance.choice(pieces))
        elif kind < 0.9:
            document = chance.choice(documents)
            start = chance.randrange(len(document))
            parts.append(document[start : start + chance.choice((10, 100, 1_000))])
        else:
            parts.append(chance.randbytes(chance.choice((1, 8, 64))))
    return b"".join(parts)
