"""What is said of an escalation: the sentences and links of the articles that brought it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pipelines.alerts.policy import AlertPolicy
from pipelines.notify.notice import notice_of
from pipelines.notify.render import Renderer
from schemas.records import AlertMatch, MessageKind, OutboxMessage
from tests.unit.notify.conftest import NOW, make_alert, make_article, make_story

if TYPE_CHECKING:
    from pipelines.notify.notice import Notice


def match(article: str, sentence: str, *forms: str) -> list[AlertMatch]:
    return [
        AlertMatch(
            article_id=article,
            field="body",
            sentence=sentence,
            start=100 + sentence.index(form),
            end=100 + sentence.index(form) + len(form),
            form=form,
            term=form,
        )
        for form in forms
    ]


def escalated(*brought: str, kind: MessageKind = MessageKind.ESCALATED) -> Notice:
    alert = replace(
        make_alert("first"),
        matches=(
            *match("first", "A HIMARS fired.", "HIMARS"),
            *match("second", "The HIMARS & the M270 fired near <here>.", "HIMARS", "M270"),
            *match("third", "An M270 came.", "M270"),
        ),
    )
    message = OutboxMessage(
        id="m",
        alert_id=alert.id,
        channel="desk",
        kind=kind,
        reason="new term: M270",
        article_ids=brought,
        created_at=NOW,
        next_attempt=NOW,
    )
    articles = {name: make_article(name) for name in ("first", "second", "third")}
    return notice_of([message], {alert.id: alert}, {"first": make_story("first")}, articles, AlertPolicy())


def test_an_escalation_quotes_and_links_what_brought_it() -> None:
    notice = escalated("second", "third")
    text = Renderer().text(notice)
    assert "A HIMARS fired." not in text
    assert "“The HIMARS & the M270 fired near <here>.”\n    matched: HIMARS, M270\n" in text
    assert "“An M270 came.”" in text
    assert "https://news.example/second (Example News)\nhttps://news.example/third (Example News)\n" in text
    assert "first matched 2026-05-04T03:02:01Z" in text
    html = Renderer().html(notice)
    assert "The <mark>HIMARS</mark> &amp; the <mark>M270</mark> fired near &lt;here&gt;." in html
    assert html.count('href="https://news.example/third"') == 1
    told = notice.first.as_dict()
    assert told["url"] == "https://news.example/first"
    assert [(one["url"], one["sentences"]) for one in told["news"]] == [
        ("https://news.example/second", ["The HIMARS & the M270 fired near <here>."]),
        ("https://news.example/third", ["An M270 came."]),
    ]


def test_a_new_alert_speaks_of_its_first_article() -> None:
    notice = escalated(kind=MessageKind.NEW)
    assert notice.first.url == "https://news.example/first"
    assert "news" not in notice.first.as_dict()
    assert "A HIMARS fired." in Renderer().text(notice)


def test_what_is_no_longer_there_is_not_spoken_of() -> None:
    notice = escalated("fourth")
    assert notice.first.url == "https://news.example/first"
    assert "A HIMARS fired." in Renderer().text(notice)
