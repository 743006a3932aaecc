# ruff: noqa: RUF001 - texts in their own scripts
"""Pages in place of the article are told from articles whose headlines differ from the feed's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipelines.ingest.refine import Refined, refine
from pipelines.rules.matcher import Matcher
from schemas.records import Capture, FeedEntry, MediaKind, ReadingOptions, Rule
from tests.synthetic import prose

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LINK = "https://news.example/2026/report"
TITLE = "Third minehunter joins the northern flotilla"
SUMMARY = "The third minehunter has joined the northern flotilla at Hald, the navy said on Monday."


def page(title: str, *paragraphs: str, lang: str = "en", head: str = "") -> str:
    text = "".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        f"<!doctype html><html lang={lang}><head><meta charset=utf-8><title>{title}</title>{head}</head>"
        f"<body><h1>{title}</h1>{text}</body></html>"
    )


def read(html: str, title: str | None = TITLE, summary: str | None = SUMMARY, source: str | None = "Wire") -> Refined:
    entry = FeedEntry(
        feed_url="https://news.example/feed", entry_id="1", link=LINK, title=title, author=None, published=NOON,
        html=summary, source=source,
    )  # fmt: skip
    capture = Capture(
        url=LINK, fetched_at=NOON, kind=MediaKind.HTML, body=html.encode(), content_type="text/html", status=200,
        entry=entry, reading=ReadingOptions(),
    )  # fmt: skip
    return refine(capture, Matcher([Rule(id="hunt", query="minehunter")]))


CONSENT = (
    "We and our partners store and access personal data, such as browsing data or unique identifiers, on your device.",
    "By selecting accept you enable tracking technologies to support the purposes shown on this page.",
    "You can change your choices at any time by selecting the privacy settings at the bottom of each page.",
)
HOME = (
    "The council has voted for a budget of the town, and the new school will open its doors in the autumn.",
    "Rain is expected until Thursday, and drivers should leave more time for their way to work in the morning.",
    "The museum shows paintings of the last century from tomorrow; tickets are sold at the door and by telephone.",
    "After the final match the supporters of both clubs celebrated in the streets of the old town until late.",
    "A bakery that opened in 1921 will close because nobody wants to take it over from its present owner.",
)


@pytest.mark.parametrize(
    "html",
    [
        page("Before you continue", *CONSENT),
        page("Before you continue", *CONSENT, prose(4, 400)),
        page("Loading", "You need to enable JavaScript to run this app."),
        page(TITLE, "You need to enable JavaScript to run this app."),
        page("Redirecting", 'If you are not redirected within five seconds <a href="/x">follow this link</a> please.'),
        page("Page not found", "The page that you are looking for has been moved or is gone. Try our search instead."),
        page("Not available in your region", "This content is not available in your country for legal reasons."),
        page("Nordpost: all the news of today", *HOME),
        page("Подождите", "Проверяем ваш браузер. Это займёт несколько секунд, затем страница откроется."),
    ],
)
def test_a_page_that_says_nothing_of_its_entry_is_not_the_article(html: str) -> None:
    result = read(html)
    assert result.failure is not None
    assert result.failure.reason == "not_the_article"
    assert (result.content.title, result.content.body) == (TITLE, SUMMARY)
    assert result.content.url == LINK
    assert [hit.rule_id for hit in result.content.hits] == ["hunt"]


@pytest.mark.parametrize(
    ("title", "paragraphs"),
    [
        (TITLE, (SUMMARY, prose(1, 100))),
        ("Navy gets the ship it has waited for", ("Sailors cheered when the minehunter came in. " + prose(2, 80),)),
        ("Waiting is over for Hald", (prose(3, 99), f"The northern flotilla has three minehunters. {prose(5, 90)}")),
        ("Navy gets the ship it has waited for", ("The third of the minehunters, built at Koger, sailed into Hald.",)),
        (TITLE, (prose(6, 100),)),
    ],
)  # fmt: skip
def test_an_article_is_taken_however_its_headline_differs(title: str, paragraphs: tuple[str, ...]) -> None:
    result = read(page(title, *paragraphs))
    assert result.failure is None
    assert result.content.title == title


@pytest.mark.parametrize(
    ("entry", "summary", "wall", "article", "lang"),
    [
        (
            "第三艘猎雷舰加入北方舰队",
            "海军周一表示，第三艘猎雷舰已抵达哈尔德港，加入北方舰队。",
            "我们使用本网站的数据来改善您的浏览体验。请选择接受以继续访问本页面的全部内容。",
            "哈尔德港迎来新船。海军发言人说，这艘猎雷舰是北方舰队的第三艘同类舰艇，周一上午抵达港口。",
            "zh",
        ),
        (
            "Третий тральщик вошёл в состав северной флотилии",
            "Третий тральщик прибыл в порт Хальд и вошёл в состав северной флотилии, сообщили моряки.",
            "Мы используем файлы cookie, чтобы сайт работал лучше. Продолжая, вы соглашаетесь с условиями обработки.",
            "В порту Хальд встретили новый корабль. Северная флотилия получила третьего тральщика, сказал командир.",
            "ru",
        ),
        (
            "كاسحة الغام ثالثة تنضم الى الاسطول الشمالي",
            "انضمت كاسحة الالغام الثالثة الى الاسطول الشمالي في ميناء هالد يوم الاثنين.",
            "نستخدم ملفات تعريف الارتباط لتحسين تجربتك. يرجى الموافقة للمتابعة وقراءة الصفحة.",
            "استقبل ميناء هالد سفينة جديدة. وقال قائد الاسطول الشمالي ان الكاسحة للالغام هي الثالثة من نوعها.",
            "ar",
        ),
        (
            "세번째 기뢰탐색함 북부함대 합류",
            "해군은 월요일 세번째 기뢰탐색함이 할드항에서 북부함대에 합류했다고 밝혔다.",
            "당사와 협력사는 기기에 저장된 개인정보를 이용합니다. 계속하려면 동의를 선택하십시오.",
            "할드항에 새 함정이 들어왔다. 북부함대가 받은 기뢰탐색함은 이번이 세번째다.",
            "ko",
        ),
        (
            "三隻目の機雷掃討艦が北方艦隊に加わる",
            "海軍は月曜日、三隻目の機雷掃討艦がハルド港で北方艦隊に加わったと発表した。",
            "当サイトでは利便性の向上のためクッキーを使用しています。続けるには同意してください。",
            "ハルド港に新しい船が着いた。北方艦隊の司令は、機雷掃討艦はこれで三隻目だと述べた。",
            "ja",
        ),
    ],
)
def test_in_any_script(entry: str, summary: str, wall: str, article: str, lang: str) -> None:
    shut = read(page("Cookies", wall, lang=lang), entry, summary)
    assert shut.failure is not None
    assert shut.failure.reason in {"not_the_article", "no_text"}
    assert shut.content.title == entry
    there = read(page("Ein anderer Titel", article, lang=lang), entry, summary)
    assert there.failure is None, "the words of the entry are in its text"


@pytest.mark.parametrize(
    ("title", "summary"),
    [
        ("Update", None),
        ("Ship ahoy", "Read more"),
        (None, "The navy"),
        ("You will not believe it", None),
        ("Wire", "Wire"),
    ],
)
def test_an_entry_with_few_words_is_never_judged(title: str | None, summary: str | None) -> None:
    assert read(page("Budget of the town", prose(8, 120)), title, summary).failure is None


def test_a_long_page_in_another_language_is_a_translation() -> None:
    german = (
        "Der Stadtrat hat am Abend über die Zukunft des Hafens beraten und dabei viele Fragen der Bürger beantwortet. "
        "Die Verwaltung will bis zum Herbst einen Plan vorlegen, der auch die Kosten der Arbeiten genau beschreibt. "
    ) * 4
    assert read(page("Der Hafen bekommt Verstärkung", german, lang="de")).failure is None


def test_a_page_without_an_entry_is_not_judged() -> None:
    capture = Capture(url=LINK, fetched_at=NOON, kind=MediaKind.HTML, body=page("Loading", prose(1, 60)).encode())
    assert refine(capture, Matcher([])).failure is None
