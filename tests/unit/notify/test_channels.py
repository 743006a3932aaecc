from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from pipelines.errors import ConfigurationError
from pipelines.notify.channels import (
    AppriseChannel,
    DeliveryError,
    JsonLinesChannel,
    StandardOutputChannel,
    open_channels,
)
from pipelines.notify.deliver import deliver
from pipelines.notify.notice import Notice
from schemas.export import export_alert
from schemas.serial import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from schemas.records import Alert

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)  # as in conftest
SECRET = "s3cr3t-t0ken"

# A plug-in of Apprise imports a module which Python 3.13 has dropped; it does without there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def notice(store: Store, raise_alerts: Callable[..., list[Alert]]) -> Notice:
    (alert,) = raise_alerts(1)
    return Notice(
        message_id="m1",
        alert=alert,
        severity="high",
        story=store.stories(["article0"])["article0"],
        article=store.articles(["article0"])["article0"],
    )


def test_a_notice_says_what_matched_where_and_why(notice: Notice) -> None:
    assert notice.title == "[high] himars: Story of article0"
    assert notice.text.splitlines() == [
        "“Two M142s fired.”",
        "    matched: M142s (for HIMARS)",
        "https://news.example/article0 (Example News)",
        "1 independent source",
        f"alert {notice.alert.id}, message m1",
    ]


def test_a_notice_without_story_and_article_still_speaks(notice: Notice) -> None:
    bare = Notice(message_id="m1", alert=notice.alert, severity="low", story=None, article=None)
    assert bare.title == "[low] himars: (no title)"
    assert "Two M142s fired." in bare.text
    assert bare.as_dict()["url"] is None


def test_json_lines_hold_the_exported_alert_and_are_on_the_disk(
    notice: Notice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new folder" / "alerts.jsonl"
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: (synced.append(number), real(number)))
    channel = JsonLinesChannel(path)
    channel.send(notice)
    channel.send(notice)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == lines[1]
    assert lines[0] == {
        "message_id": "m1",
        **to_dict(export_alert(notice.alert)),
        "severity": "high",
        "title": "Title of article0",
        "url": "https://news.example/article0",
        "source": "Example News",
    }
    assert len(synced) == 2


def test_a_line_cut_short_by_a_crash_does_not_spoil_the_next(notice: Notice, tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"message_id": "half')
    JsonLinesChannel(path).send(notice)
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1])["message_id"] == "m1"


def test_a_log_that_cannot_be_written_is_a_failure_not_a_loss(
    store: Store, raise_alerts: Callable[..., list[Alert]], tmp_path: Path
) -> None:
    raise_alerts(1, "log")
    (tmp_path / "alerts.jsonl").mkdir()
    report = deliver(store, open_channels({}, tmp_path), NOW)
    assert (report.failed, report.waiting) == (1, 1)


def test_standard_output_prints_for_people(notice: Notice, capsys: pytest.CaptureFixture[str]) -> None:
    StandardOutputChannel().send(notice)
    printed = capsys.readouterr()
    assert printed.out == f"{notice.title}\n{notice.text}\n\n"
    assert printed.err == ""
    stream = io.StringIO()
    StandardOutputChannel(stream).send(notice)
    assert stream.getvalue() == printed.out


def test_apprise_posts_to_a_web_hook(notice: Notice, hook: Any) -> None:
    channel = AppriseChannel("team", [f"json://user:{SECRET}@{hook.address}/alerts"])
    channel.send(notice)
    (posted,) = hook.got
    assert posted["title"] == notice.title
    assert posted["message"].splitlines()[0] == "“Two M142s fired.”"
    assert "message m1" in posted["message"]
    assert posted["type"] == "warning"


def test_a_refusing_web_hook_is_tried_again_and_its_url_never_shown(
    store: Store,
    raise_alerts: Callable[..., list[Alert]],
    hook: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    raise_alerts(1, "log", "team")
    channels = open_channels({"team": [SecretStr(f"json://user:{SECRET}@{hook.address}/x")]}, tmp_path)
    hook.status = 500
    report = deliver(store, channels, NOW)
    assert (report.sent, report.failed) == (1, 1)
    (waiting,) = store.outbox_pending(NOW.replace(year=NOW.year + 1))
    told = f"{report.problems} {waiting.last_error} {channels!r} {caplog.text}"
    assert SECRET not in told
    assert "channel 'team': target 1 (json) did not take the message" in told
    hook.status = 200
    assert deliver(store, channels, waiting.next_attempt).sent == 1
    assert len(hook.got) == 1
    assert len((tmp_path / "alerts.jsonl").read_text().splitlines()) == 1


def test_of_several_targets_only_those_that_failed_get_it_again(notice: Notice, hook: Any) -> None:
    channel = AppriseChannel("team", [f"json://{hook.address}/one", "json://127.0.0.1:1/closed"])
    for _ in range(2):
        with pytest.raises(DeliveryError, match="target 2"):
            channel.send(notice)
    assert len(hook.got) == 1


def test_an_url_apprise_does_not_know_is_said_by_number(notice: Notice) -> None:
    with pytest.raises(DeliveryError, match="target 1 is not an Apprise URL") as raised:
        AppriseChannel("team", [f"nosuchthing://{SECRET}"]).send(notice)
    assert SECRET not in str(raised.value)


def test_configuration_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'log' is taken"):
        open_channels({"log": [SecretStr("json://x")]}, tmp_path)
    with pytest.raises(ConfigurationError, match="no target"):
        open_channels({"team": []}, tmp_path)
    assert set(open_channels({"team": [SecretStr("json://x")]}, tmp_path)) == {"log", "stdout", "team"}
    assert not (tmp_path / "alerts.jsonl").exists()
