"""Elasticsearch is overloaded, its disk full, or it does not take an article: words, exit codes, nothing lost."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import elasticsearch
import pytest

from tests.fault_proxy import Faults, proxy, set_full_disk
from tests.synthetic import prose

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.conftest import Program

TEXTS = 3


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    """Of indices of its own, and some seeds to fill them with."""
    (tmp_path / "seeds").mkdir()
    for number in range(TEXTS):
        (tmp_path / "seeds" / f"{number}.txt").write_text(f"Title number {number} of words\n\n{prose(number, 80)}")
    return f"e{uuid.uuid4().hex[:12]}"


def test_a_store_that_takes_no_writes_is_code_3_and_the_next_run_stores_what_waits(
    program: Program, prefix: str, elasticsearch_url: str
) -> None:
    faults = Faults()
    own = {"WIREPICKET_INDEX_PREFIX": prefix, "WIREPICKET_STORE_PATIENCE": "1"}
    with proxy(elasticsearch_url, faults) as url:
        command = ("run", "--seeds", "seeds", "--json", "--store", url)
        assert program("setup", "elasticsearch", "--store", url, **own).code == 0
        faults.refuse_writes = 503
        ran = program(*command, **own)
        assert (ran.code, ran.out) == (3, ""), ran.err
        assert "answers 503" in ran.err
        assert "Traceback" not in ran.err
        faults.refuse_writes = 0
        faults.full_disk = f"{prefix}-*"
        ran = program(*command, **own)
        assert (ran.code, ran.out) == (3, ""), ran.err
        assert "flood-stage watermark" in ran.err
        assert "Traceback" not in ran.err
        faults.full_disk = None
        set_full_disk(elasticsearch_url, f"{prefix}-*", full=False)
        ran = program(*command, **own)
        assert ran.code == 0, ran.err
        exported = program("export", "articles", "--store", url, **own).lines
        assert [one["revision"] for one in exported] == [1] * TEXTS
        assert program("export", "quarantine", "--store", url, **own).lines == []


def test_an_article_that_the_store_cannot_take_is_quarantined_and_said(
    program: Program, prefix: str, tmp_path: Path, elasticsearch_url: str
) -> None:
    """One too large for a request, and one that does not fit an index that somebody has made by hand."""
    faults = Faults(largest_body=60_000)
    own = {"WIREPICKET_INDEX_PREFIX": prefix}
    (tmp_path / "seeds" / "long.txt").write_text(f"A title of words\n\n{prose(7, 9_000)}")
    (tmp_path / "seeds" / "odd.jsonl").write_text(
        '{"url": "https://odd.example/1", "source": "odd", "title": "An odd one of words", "published": null, '
        f'"text": "{prose(8, 80)}"}}\n'
    )
    with proxy(elasticsearch_url, faults) as url:
        assert program("setup", "elasticsearch", "--store", url, **own).code == 0
        alias = f"{prefix}-articles"
        with elasticsearch.Elasticsearch(elasticsearch_url) as client:
            client.indices.delete(index=f"{alias}-000001")
            client.indices.create(
                index=f"{alias}-000001",
                mappings={"properties": {"source": {"type": "integer"}}},
                settings={"index.mapping.ignore_malformed": False},
                aliases={alias: {"is_write_index": True}},
            )
        reasons = {"seed:long.txt": "too large", "https://odd.example/1": "source"}
        for new in (TEXTS, 0):
            ran = program("run", "--seeds", "seeds", "--json", "--store", url, **own)
            assert ran.code == 1, ran.err
            assert (ran.summary["new"], ran.summary["quarantined"]) == (new, len(reasons))
            kept = {one["url"]: one for one in program("export", "quarantine", "--store", url, **own).lines}
            assert kept.keys() == reasons.keys()
            for one, reason in reasons.items():
                assert (kept[one]["stage"], kept[one]["reason"]) == ("store", "rejected")
                assert reason in kept[one]["detail"]
                assert kept[one]["archive_record"]
        assert len(program("export", "articles", "--store", url, **own).lines) == TEXTS
