# ruff: noqa: E501, RUF001 - tables of cases, one a line, in several scripts
from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

import pipelines.text
from pipelines.clean import clean
from pipelines.text.cues import vocabulary
from pipelines.text.lines import MAX_CUE_LENGTH
from schemas.records import DroppedLine, Extracted

FIRST = "The regiment moved its last bridge across the river before the ice could reach the pontoons."
LAST = "It will be built again in spring, when the road on the far bank has dried out and can carry lorries."
TITLE = "Regiment saves its last bridge from the ice"


def run(*lines: str, title: str | None = TITLE, site: str | None = None, author: str | None = None) -> dict[str, str]:
    cleaned = clean(Extracted(title=title, lines=lines, site_name=site, author=author))
    return {item.line: item.reason for item in cleaned.dropped}


ANYWHERE = {
    "advertisement": [
        "Advertisement", "ADVERTISEMENT", "Advertisement · Scroll to continue", "Story continues below this ad", "Sponsored",
        "Anzeige", "Werbung", "Publicité", "La suite après cette publicité", "Publicidad", "Reklam", "विज्ञापन", "Реклама",
    ],
    "comments": [
        "Leave a Comment", "12 Comments", "Comments (3)", "No comments yet", "Your email address will not be published. Required fields are marked *",
        "Be the first to comment", "Kommentar schreiben", "Laisser un commentaire", "Deja un comentario", "Yorum yap", "टिप्पणी करें", "Оставить комментарий",
    ],
    "subscription": [
        "Subscribe today to read on and open every back issue.", "Sign up for our daily newsletter", "Continue reading",
        "Already a subscriber? Log in", "Get the latest defence news delivered to your inbox", "Follow us on Telegram",
        "Newsletter abonnieren", "Abonnez-vous à notre newsletter", "Suscríbete a nuestro boletín", "Bültenimize abone olun", "हमें फॉलो करें", "Подписывайтесь на наш канал",
    ],
    "share": ["Click to tweet", "Enjoyed this article? Share it with your friends!", "Share", "Share this article", "Facebook Twitter WhatsApp Email", "Copy link", "1.2K shares", "Teilen", "Partager", "Compartir", "Paylaş", "शेयर करें", "Поделиться"],
    "related": [
        "More on bridges: https://bridges.example/all and https://ferries.example/",
        "Read : Ferry timetable changes", "Also Read | Ferry timetable changes", "READ MORE: Ferry timetable changes", "Related articles",
        "You may also like", "Lesen Sie auch: Fährplan geändert", "À lire aussi : la traversée", "Lea también: El ferry", "İlgili haber: Vapur seferleri",
        "यह भी पढ़ें: नाव का समय", "Читайте также: Паром изменил расписание",
    ],
    "reading_time": ["Tempo de leitura: 4 minutos", "Leestijd: 3 minuten", "3 min read", "Reading time: 4 minutes", "Lesezeit: 3 Minuten", "Temps de lecture : 2 min", "Okuma süresi: 3 dk", "2 मिनट पढ़ें", "Время чтения: 2 минуты"],
    "date": ["June 3, 2026", "Published: June 3, 2026 10:15 IST", "New Update", "2 hours ago", "3. Juni 2026", "3 июня 2026"],
    "image": ["author-image", "1000160356", "IMG_2034.jpg", "WhatsApp-Image-2026.jpeg", "File photo", "Photo: Ministry of Defence", "A bridge in winter (Photo: Jane Roe)"],
    "byline": ["By Jane Roe", "Written by", "Additional reporting by Amos Diggory", "(Reporting by Jane Roe; Editing by Amos Diggory)", "Jane Roe contributed to this report."],
    "credit": ["With inputs from ANI", "(With agency inputs)", "This article was originally published by Island Post."],
    "tags": ["Tags: bridges, ice, rivers", "Filed under: Defence", "#bridges #ice"],
    "copyright": ["© 2026 Island Post", "Copyright 2026 The Island Post. All rights reserved.", "Alle Rechte vorbehalten", "Tous droits réservés", "Все права защищены"],
    "cookies": ["We use cookies to improve your experience.", "Accept all cookies", "Diese Website verwendet Cookies", "Мы используем cookie"],
    "embed": ['[button link="https://bridges.example" size="big"] Send yours [/button]', "View this post on Instagram", "A post shared by Island Post (@islandpost)", "pic.twitter.com/Ab12Cd34", "यह वीडियो उपलब्ध नहीं है"],
    "navigation": ["Return to the home page", "Skip to main content", "Home", "Main menu", "Startseite", "Accueil", "Ana sayfa", "Главная"],
    "breadcrumb": ["Home > World > Asia", "• Home/", "World » Europe"],
    "title_echo": [TITLE, TITLE.upper(), "• " + TITLE, "Regiment saves its last bridge…"],
}  # fmt: skip


@pytest.mark.parametrize("language", ["de", "fr", "es", "tr", "hi", "ru"])
def test_every_class_of_cue_knows_the_language(language: str) -> None:
    cues = Path(pipelines.text.__file__).with_name("cues.toml")
    classes = tomllib.loads(cues.read_text(encoding="utf-8"))["class"]
    lacking = [
        name
        for name, parts in classes.items()
        if not any(language in forms for forms in parts.values() if isinstance(forms, dict))
    ]
    assert lacking == []


@pytest.mark.parametrize(("reason", "line"), [(reason, line) for reason, lines in ANYWHERE.items() for line in lines])
def test_boilerplate_goes_wherever_it_stands(reason: str, line: str) -> None:
    for lines in ((line, FIRST, LAST), (FIRST, line, LAST), (FIRST, LAST, line)):
        assert run(*lines) == {line: reason}


EDGES = {
    "section": ["World", "Defence | Asia", "Politik", "Политика"],
    "site_name": ["The Island Post"],
    "byline": [
        "Jane Roe",
        "(Reuters)",
        "PTI",
        "Jane Roe, Defence Correspondent",
        "ANI | Jun 03, 2026 12:30 IST",
        "Island Web Desk",
    ],
    "address": [
        "social.example.com/islandpost",
        "islandpost.com",
        "https://post.example/a",
        "@islandpost",
        "desk@post.example",
    ],
    "counter": ["3"],
    "symbols": ["* * *", "—"],
}


@pytest.mark.parametrize(("reason", "line"), [(reason, line) for reason, lines in EDGES.items() for line in lines])
def test_labels_go_at_the_edges_only(reason: str, line: str) -> None:
    facts = {"site": "The Island Post", "author": "Jane Roe"}
    assert run(line, FIRST, LAST, **facts) == {line: reason}
    assert run(FIRST, LAST, line, **facts) == {line: reason}
    assert run(FIRST, line, LAST, **facts) == {}


KEPT = [
    "Back to the old road",
    "Return to the front",
    "Thoughts on a long war",
    "What the council saw",
    "Islamabad and Washington: a new start",
    "Three questions about the bridge",
    "Read his lips",
    "A share of the market",
    "The comments caused an outcry",
    "By the end of winter",
    "By air and by sea",
    "Share prices fall",
    "Video evidence",
    "Home for Christmas",
    "• Twelve launch vehicles",
    "New Delhi:",
    "“We had no choice,” he said.",
    "He declined to comment.",
    "Read more slowly, he told them, and the rest will follow.",
    "Related to this is the question of who pays for the road on the far bank.",
    "Subscribe to that view and you will find yourself alone in the ministry, she said.",
    "The photo was taken by a passer-by on the morning of the crossing, the police said.",
    "Follow the river for an hour and you will find the place where the old bridge stood.",
    "Advertisement of the post had closed a week earlier, and nobody had noticed the mistake.",
    "Cookies were served to the sappers by a bakery whose owner had built bridges himself.",
    "Copyright in the drawings belongs to the family of the engineer, a court found on Monday.",
]


@pytest.mark.parametrize("line", KEPT)
def test_lines_of_the_story_stay(line: str) -> None:
    assert run(FIRST, line, LAST) == {}


def test_teasers_below_their_head_go_only_behind_the_story() -> None:
    teasers = ("Related articles", "Ferry timetable changes", "Seven harbours that freeze")
    assert run(FIRST, LAST, *teasers) == dict.fromkeys(teasers, "related")
    assert run(FIRST, *teasers, LAST) == {"Related articles": "related"}


def test_phrases_left_behind_a_whole_story_go() -> None:
    middle = "Its commander said that no other crossing could carry the weight of the lorries."
    assert run(FIRST, middle, LAST, "From the harbour archive") == {"From the harbour archive": "trailing"}
    assert run(FIRST, middle, LAST, "What now then", "Nobody can tell") == {
        "What now then": "trailing",
        "Nobody can tell": "trailing",
    }


def test_other_lines_behind_a_story_stay() -> None:
    middle = "Its commander said that no other crossing could carry the weight of the lorries."
    for end in (
        ("Six lorries were lost.",),
        ("Battery 2, Cap Noir",),
        ("One on land", "Two at sea", "Three in the air"),
    ):
        assert run(FIRST, middle, LAST, *end) == {}
    listed = LAST.removesuffix(".") + ":"
    assert (
        run(FIRST, middle, middle, listed + " these are the lorries and the boats of the regiment:", "A heavy lorry")
        == {}
    )
    assert run(FIRST, LAST, "From the harbour archive") == {}


def test_biography_at_the_end_goes() -> None:
    biography = ("About the Author", "Jane Roe has written about rivers and those who cross them for twenty years.")
    assert run(FIRST, LAST, *biography) == dict.fromkeys(biography, "byline")


def test_title_and_facts_are_tidied_and_dropped_lines_of_extraction_come_first() -> None:
    before = (DroppedLine("Old", "related"),)
    given = Extracted(
        title=" A  title ", description=" d ", lines=(FIRST, "Share", "By Jane Roe", LAST), dropped=before
    )
    cleaned = clean(given)
    assert (cleaned.title, cleaned.description, cleaned.author) == ("A title", "d", "Jane Roe")
    assert cleaned.paragraphs == (FIRST, LAST)
    assert cleaned.dropped == (*before, DroppedLine("Share", "share"), DroppedLine("By Jane Roe", "byline"))


def test_declared_author_wins_over_the_byline() -> None:
    cleaned = clean(Extracted(title=None, lines=("By Jane Roe", FIRST), author="Amos Diggory"))
    assert cleaned.author == "Amos Diggory"


def test_nothing_may_be_left() -> None:
    assert clean(Extracted(title=None, lines=("Share", " "))).paragraphs == ()


@pytest.mark.parametrize(
    "piece",
    ["a ", "a", "(", "read ", "by ", "share ", "1 ", "> ", "- ", "| ", "facebook ", ".", "© ", "#a ", "photo ", "12:30 ", "june 3 2026 ", "हि ", "tags: a, "],
)  # fmt: skip
def test_no_cue_takes_long_on_a_hostile_line(piece: str) -> None:
    line = (piece * MAX_CUE_LENGTH)[: MAX_CUE_LENGTH - 2] + "!x"
    started = time.process_time()
    for _ in range(20):
        run(f"{line}{_}")
    assert time.process_time() - started < 2  # measured: 0.02 s


def test_every_class_has_cues_and_every_reason_is_one_word() -> None:
    classes = vocabulary().classes
    assert len(classes) == 15
    assert all(cue.reason.isidentifier() for cue in classes)
    assert all(cue.whole.pattern != "(?!)" for cue in classes)
