from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from pipelines.errors import ConfigurationError
from pipelines.notify.channels import JsonLinesChannel, StandardOutputChannel, open_channels
from pipelines.notify.deliver import deliver
from pipelines.notify.notice import Item, Notice
from pipelines.notify.render import Renderer
from pipelines.notify.targets import DeliveryError, TargetsChannel, open_target
from schemas.export import export_alert
from schemas.records import AlertOrigin, MessageKind
from schemas.serial import to_dict
from tests.unit.notify.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from schemas.records import Alert

RENDERER = Renderer()
SECRET = "s3cr3t-t0ken"

# A plug-in of Apprise imports a module which Python 3.13 has dropped; it does without there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def notice(store: Store, raise_alerts: Callable[..., list[Alert]]) -> Notice:
    (alert,) = raise_alerts(1)
    item = Item(
        message_ids=("m1",),
        kind=MessageKind.NEW,
        reasons=(),
        alert=alert,
        severity="high",
        story=store.stories(["article0"])["article0"],
        article=store.articles(["article0"])["article0"],
    )
    return Notice(message_id="m1", items=(item,))


def changed(notice: Notice, **fields: Any) -> Notice:
    return replace(notice, items=(replace(notice.first, **fields),))


def team(*urls: str) -> TargetsChannel:
    return TargetsChannel("team", [open_target(url, RENDERER) for url in urls])


def test_a_notice_says_what_matched_where_when_and_why(notice: Notice) -> None:
    assert RENDERER.title(notice) == "[high] himars: Story of article0"
    assert RENDERER.text(notice).splitlines() == [
        "“Two M142s fired.”",
        "    matched: M142s (for HIMARS)",
        "https://news.example/article0 (Example News)",
        "matched 2026-05-04T03:02:01Z",
        "1 independent source, 1 matching article",
        f"alert {notice.first.alert.id}",
        "message m1",
    ]


def test_a_late_article_is_said_with_both_times(notice: Notice) -> None:
    article = notice.first.article
    assert article
    late = replace(article, content=replace(article.content, published=NOW - timedelta(days=3)))
    told = changed(notice, article=late)
    line = "published 2026-05-01T03:02:01Z, matched 2026-05-04T03:02:01Z: late"
    assert line in RENDERER.text(told).splitlines()
    assert (told.first.as_dict()["published"], told.first.as_dict()["matched_at"]) == (
        "2026-05-01T03:02:01Z",
        "2026-05-04T03:02:01Z",
    )


def test_a_notice_without_story_and_article_still_speaks(notice: Notice) -> None:
    bare = changed(notice, severity="low", story=None, article=None)
    assert RENDERER.title(bare) == "[low] himars: (no title)"
    assert "Two M142s fired." in RENDERER.text(bare)
    assert bare.first.as_dict()["url"] is None


def test_escalations_edits_and_replays_are_told_apart(notice: Notice) -> None:
    more = changed(notice, kind=MessageKind.ESCALATED, reasons=("new term: M270",))
    assert RENDERER.title(more) == "[high] himars (escalated): Story of article0"
    assert RENDERER.text(more).splitlines()[0] == "new term: M270"
    replayed = changed(notice, kind=MessageKind.EDITED, alert=replace(notice.first.alert, origin=AlertOrigin.REPLAY))
    assert RENDERER.title(replayed) == "[high] himars (edited, replay): Story of article0"


def digest_of(notice: Notice) -> Notice:
    other = replace(notice.first.alert, id="second", rule_id="mlrs")
    return replace(notice, items=(notice.first, replace(notice.first, alert=other, severity="critical")))


def test_a_digest_names_its_rules_and_has_every_alert(notice: Notice) -> None:
    both = digest_of(notice)
    assert RENDERER.title(both) == "[critical] himars, mlrs: digest of 2 alerts"
    lines = RENDERER.text(both).splitlines()
    assert [line for line in lines if line.startswith("[")] == [
        "[high] himars: Story of article0",
        "[critical] mlrs: Story of article0",
    ]
    assert lines.count("“Two M142s fired.”") == 2
    assert lines[-1] == "message m1"


def test_html_marks_the_form_and_lets_nothing_of_an_article_become_markup(notice: Notice) -> None:
    article = notice.first.article
    assert article
    hostile = replace(article, content=replace(article.content, url="javascript:alert(1)"))
    match = replace(notice.first.alert.matches[0], sentence="<b>Two M142s</b> & more.")
    page = RENDERER.html(
        changed(notice, article=hostile, story=None, alert=replace(notice.first.alert, matches=(match,)))
    )
    assert "“&lt;b&gt;Two <mark>M142s</mark>&lt;/b&gt; &amp; more.”" in page
    assert "href" not in page
    assert '<a href="https://news.example/article0">Story of article0</a>' in RENDERER.html(notice)


def test_templates_of_ones_own(notice: Notice, tmp_path: Path) -> None:
    (tmp_path / "title.txt").write_text("{{ notice.first.alert.rule_id | upper }}\n!", encoding="utf-8")
    own = Renderer(tmp_path)
    assert own.title(notice) == "HIMARS !"
    assert own.text(notice) == RENDERER.text(notice)
    (tmp_path / "text.txt").write_text("\n{% for %}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"text\.txt:2: "):
        Renderer(tmp_path)
    with pytest.raises(ConfigurationError, match=r"has none of title\.txt"):
        Renderer(tmp_path / "elsewhere")


def test_json_lines_hold_the_exported_alert_and_are_on_the_disk(
    notice: Notice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new folder" / "alerts.jsonl"
    synced: list[int] = []
    real = os.fsync

    def sync(number: int) -> None:
        synced.append(number)
        real(number)

    monkeypatch.setattr(os, "fsync", sync)
    channel = JsonLinesChannel(path)
    channel.send(notice)
    channel.send(notice)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines[0] == lines[1]
    assert lines[0] == {
        "message_id": "m1",
        **to_dict(export_alert(notice.first.alert)),
        "severity": "high",
        "title": "Title of article0",
        "url": "https://news.example/article0",
        "source": "Example News",
        "published": None,
        "kind": "new",
        "reasons": [],
        "origin": "live",
        "thread": notice.first.alert.id,
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
    StandardOutputChannel(RENDERER).send(notice)
    printed = capsys.readouterr()
    assert printed.out == f"{RENDERER.title(notice)}\n{RENDERER.text(notice)}\n\n"
    assert printed.err == ""
    stream = io.StringIO()
    StandardOutputChannel(RENDERER, stream).send(notice)
    assert stream.getvalue() == printed.out


def test_apprise_posts_to_a_web_hook(notice: Notice, hook: Any) -> None:
    team(f"json://user:{SECRET}@{hook.address}/alerts").send(notice)
    (posted,) = hook.got
    assert posted["title"] == RENDERER.title(notice)
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
    channel = team(f"json://{hook.address}/one", "json://127.0.0.1:1/closed")
    for _ in range(2):
        with pytest.raises(DeliveryError, match="target 2"):
            channel.send(notice)
    assert len(hook.got) == 1


def test_an_url_apprise_does_not_know_is_said_by_number(notice: Notice) -> None:
    with pytest.raises(DeliveryError, match=r"target 1 \(nosuchthing\) is not an Apprise URL") as raised:
        team(f"nosuchthing://{SECRET}").send(notice)
    assert SECRET not in str(raised.value)


def test_configuration_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="'log' is taken"):
        open_channels({"log": [SecretStr("json://x")]}, tmp_path)
    with pytest.raises(ConfigurationError, match="no target"):
        open_channels({"team": []}, tmp_path)
    assert set(open_channels({"team": [SecretStr("json://x")]}, tmp_path)) == {"log", "stdout", "team"}
    assert not (tmp_path / "alerts.jsonl").exists()
