from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipelines.config import load_settings

if TYPE_CHECKING:
    import pytest


def test_a_child_process_has_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = load_settings(
        home="elsewhere",
        api_key="secret",
        allow_nets="127.0.0.0/8, 10.0.0.0/8",
        feeds="feeds.opml",
        channels={"analysts": ["mailto://a:b@mail.example", "json://host"], "desk": ["json://other"]},
        beam_options="--job_endpoint=localhost:8099 '--name=a b'",
        workers=3,
    )
    for name in [name for name in os.environ if name.startswith("WIREPICKET_")]:
        monkeypatch.delenv(name)
    for name, value in given.environment().items():
        monkeypatch.setenv(name, value)
    had = load_settings().model_dump()
    assert had == given.model_dump() | {"store": given.store_url}
    assert had["beam_options"] == ("--job_endpoint=localhost:8099", "--name=a b")
