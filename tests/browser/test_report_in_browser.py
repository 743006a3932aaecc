"""Whatever an article says, a report of it runs nothing and asks nobody, in a real browser."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.alerts.quotes import Quote
from pipelines.report import render
from pipelines.report.model import (
    Activity,
    AlertCard,
    FeedRow,
    FirstRow,
    Report,
    StoryCard,
    StoryReport,
    Totals,
)
from schemas.records import AlertMatch, RunRecord
from tests.http_server import WebServer

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
RUN = "document.documentElement.dataset.ran = 1"
ATTACKS = (
    f"<script>{RUN}; fetch('URL/fetched')</script>",
    f"<img src='URL/image' onerror='{RUN}'>",
    f"\"'><svg/onload=\"{RUN}\"><link rel=stylesheet href='URL/style'>",
    f"</style></title></bdi><iframe src='URL/frame' srcdoc=\"<script>parent.{RUN}</script>\">",
    "<meta http-equiv=refresh content=\"0;url=URL/refresh\"><base href='URL/base/'>",
    f"<style>body {{ background: url(URL/ground) }}</style><form action='URL'><input autofocus onfocus='{RUN}'>",
    "{{ cycler.__init__.__globals__ }}{% raw %}\x00\x1b\u202e",
)


def report(text: str, link: str | None) -> Report:
    """A report in which every text that can be other people's is this one."""
    telling = StoryReport(title=text, link=link, source=text, time=NOW, copy=True, first=True, delay=text)
    story = StoryCard(
        id=text, title=text, first=NOW, last=NOW, sources=2, independent_sources=1, reports=(telling,) * 2, more=1
    )
    place = AlertMatch(article_id=text, field="body", sentence=text * 3, start=0, end=1, form=text, term=text)
    spans = ((len(text), 2 * len(text)),)
    quote = Quote(article_id=text, field="body", sentence=text * 3, spans=spans, matches=(place,))
    alert = AlertCard(
        id=text,
        rule_id=text,
        severity=text,
        state=text,
        matched_at=NOW,
        title=text,
        link=link,
        source=text,
        published=NOW,
        quotes=(quote,),
        articles=2,
    )
    feed = FeedRow(name=text, url=text, health=text, advice=text, error=text, last_success=None, failures=1)
    run = RunRecord(
        id=text,
        started_at=NOW,
        articles=1,
        new=1,
        revised=0,
        duplicates=0,
        stories=1,
        alerts=1,
        quarantined=0,
        seconds=1.5,
    )
    return Report(
        since=NOW - timedelta(days=7),
        until=NOW,
        store=text,
        totals=Totals(articles=1, texts=1, sources=1, stories=1, alerts=1, feeds=1, feeds_unwell=1, quarantined=1),
        alerts=(alert,),
        alerts_more=1,
        stories=(story,),
        stories_more=1,
        singles=(replace(story, reports=(telling,), more=0),),
        singles_more=1,
        activity=Activity(unit="day", starts=(NOW,), texts=(1,), copies=(1,), rows=((text, (2,)),), undated=1),
        firsts=(FirstRow(source=text, stories=2, first=1, lead=text),),
        feeds=(feed,),
        runs=(run,),
        dropped=((text, 1),),
        quarantine=((text, 1),),
    )


def texts(told: Any) -> int:
    """How many texts a report holds."""
    if is_dataclass(told):
        return sum(texts(getattr(told, field.name)) for field in fields(told))
    return sum(map(texts, told)) if isinstance(told, tuple) else isinstance(told, str)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_hostile_texts_run_nothing_and_ask_nobody(attack: str, dom_of: Callable[[str], str]) -> None:
    with WebServer() as server:
        text = attack.replace("URL", server.url)
        page = render(report(text, None))
        assert page.count("&lt;") + page.count("{{") >= texts(report(text, None)) / 2, "the texts are on the page"
        shown = dom_of(page)
        assert "data-ran" not in shown
        assert "wirepicket report" in shown
        assert not server.requests
    assert not {"\x00", "\x1b", "\u202e"} & set(page)


def test_the_browser_would_have_shown_it(dom_of: Callable[[str], str]) -> None:
    """The same texts in a page without escaping and policy do run and ask: the test above can fail."""
    with WebServer() as server:
        shown = dom_of("<body>" + "".join(attack.replace("URL", server.url) for attack in ATTACKS[:3]))
        assert "data-ran" in shown
        assert server.requests["/image"]


def test_the_policy_alone_stops_what_escaping_would_miss(dom_of: Callable[[str], str]) -> None:
    with WebServer() as server:
        page = render(report("harmless", None))
        for attack in ATTACKS[:4]:
            page = page.replace("<main", attack.replace("URL", server.url) + "<main")
        assert "data-ran" not in dom_of(page)
        assert not server.requests


def test_the_style_sheet_is_allowed_by_the_policy(dom_of: Callable[[str], str]) -> None:
    """By a probe whose script may run here and tells what the browser made of the sheet."""
    page = render(report("harmless", "https://news.example/1"))
    probe = "document.documentElement.dataset.size = getComputedStyle(document.querySelector('.kicker')).textTransform"
    page = page.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'")
    assert 'data-size="uppercase"' in dom_of(page.replace("</body>", f"<script>{probe}</script></body>"))
