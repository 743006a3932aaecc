"""Verification of the digests in records."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def agrees(declared: str, chunks: Iterable[bytes]) -> bool | None:
    """Return whether bytes agree with a digest such as ``sha1:…`` in base 32, 16 or 64; ``None`` if it is unreadable.

    The WARC standard leaves the algorithm and the encoding open (WARC 1.1, 5.8).
    """
    algorithm, _, value = declared.partition(":")
    try:
        digester = hashlib.new(algorithm.strip().lower().replace("sha-", "sha"), usedforsecurity=False)
    except (ValueError, TypeError):  # TypeError for a name with a NUL
        return None
    expected = set(_decoded(value.strip()))
    if not expected or digester.digest_size == 0:
        return None
    for chunk in chunks:
        digester.update(chunk)
    return digester.digest() in expected


def _decoded(value: str) -> Iterator[bytes]:
    padding = "=" * (-len(value) % 8)
    with suppress(ValueError):
        yield base64.b32decode(value.upper() + padding)
    with suppress(ValueError):
        yield base64.b16decode(value, casefold=True)
    with suppress(ValueError):
        yield base64.b64decode(value + padding[:2], altchars=b"-_" if set(value) & set("-_") else None)
