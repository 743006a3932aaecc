"""Agency credits, and what is none."""
# ruff: noqa: RUF001 - credits are written in many scripts

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipelines.clean import clean
from pipelines.extract import extract
from pipelines.identify.article import identify
from pipelines.lineage.agencies import agency, credited_party, own_publication
from schemas.records import Capture, DroppedLine, MediaKind
from tests.synthetic import DAY, content, prose

if TYPE_CHECKING:
    from schemas.records import ArticleContent

TEXT = "Crews moved the launchers north on Monday, the ministry said.\n\nNobody was hurt."


def credited(**changes: object) -> str | None:
    return agency(replace(content("a", TEXT), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("Reuters", "Reuters"),
        ("AP", "The Associated Press"),
        ("AP", "AP News"),
        ("ANI", "ANI News"),
        ("TASS", "TASS Russian News Agency"),
        ("Anadolu", "ANADOLU AGENCY"),
        ("Reuters", "Reuters via Example Portal"),
        ("AFP", "www.afp.com"),
        ("KCNA", "KCNA"),
        (None, "Apex Post"),
        (None, "The Aniston Star"),
    ],
)
def test_the_outlet_is_an_agency(name: str | None, source: str) -> None:
    assert credited(source=source) == name


def test_the_site_is_an_agency_s_whatever_it_calls_itself() -> None:
    own = replace(content("a", TEXT), url="https://www.reuters.com/world/launchers", source="World News Desk")
    assert own_publication(own) == agency(own) == "Reuters"
    assert own_publication(replace(own, url="https://notreuters.com/world/launchers")) is None


NAMESAKES = [
    (None, {"source": "CNA", "url": "https://www.asian-channel.example/a"}),
    (None, {"source": "CNA", "author": "CNA"}),
    (None, {"source": "CNA", "body": f"{TEXT}\n\nSource: CNA"}),
    (None, {"source": "PTI"}),
    ("AP", {"source": "CNA", "body": f"{TEXT}\n\nSource: AP"}),
    ("CNA", {"source": "CNA", "url": "https://www.cna.com.tw/a"}),
    ("CNA", {"source": "CNA", "url": "https://portal.tw/a"}),
    ("CNA", {"source": "CNA", "body": f"Taipei, June 3 (CNA) {TEXT}"}),
    ("CNA", {"source": "CNA", "author": "Central News Agency"}),
    ("CNA", {"source": "CNA", "dropped": (DroppedLine("© 2026 Central News Agency", "copyright"),)}),
    (None, {"source": "CNA", "dropped": (DroppedLine("More from Central News Agency", "links"),)}),
    (None, {"source": "Channel of Northern Asia", "body": f"{TEXT}\n\nSource: CNA"}),
    (None, {"source": "Christian News Agency", "body": f"Rome, June 3 (CNA) {TEXT}"}),
    ("CNA", {"source": "Christian News Agency", "body": f"{TEXT}\n\nSource: Central News Agency"}),
    ("APA", {"source": "Alpen Post Aktuell", "body": f"Wien (APA) - {TEXT}", "url": "https://post.at/a"}),
    ("AP", {"source": "Akron Post", "body": f"WARSAW, Poland (AP) — {TEXT}"}),
    ("CNA", {"source": "Daily", "body": f"Taipei, June 3 (CNA) {TEXT}"}),
]


@pytest.mark.parametrize(("name", "changes"), NAMESAKES)
def test_letters_that_an_outlet_goes_by_are_the_agency_s_where_more_says_so(
    name: str | None, changes: dict[str, object]
) -> None:
    assert credited(**changes) == name


def test_a_namesake_of_an_agency_has_not_published_for_it() -> None:
    own = content("a", TEXT, source="CNA")
    assert own_publication(own) is None
    assert credited_party(own) == "CNA"
    assert own_publication(replace(own, url="https://focustaiwan.tw/a")) == "CNA"


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("Reuters", "Jane Example, Reuters"),
        ("AP", "Jane Example, Associated Press"),
        ("AP", "JANE EXAMPLE and JOHN SAMPLE, Associated Press"),
        ("AP", "Jane Example for The Associated Press"),
        ("AP", "Jane Example Associated Press"),
        ("AFP", "Jane Example AFP"),
        ("AFP", "Agence France-Presse"),
        ("Reuters", "REUTERS"),
        ("dpa", "Jane Example | dpa"),
        ("AFP", "Jane Example with AFP"),
        (None, "Ann Reutersward"),
        (None, "Efe Sample"),
        (None, "Michael Bloomberg"),
        (None, "Photo: Jane Example/AFP"),
    ],
)
def test_bylines(name: str | None, author: str) -> None:
    assert credited(author=author) == name


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("AP", "WARSAW, Poland (AP) — "),
        ("AFP", "NICOSIA, 3 June (AFP) - "),
        ("Reuters", "(Reuters) - "),
        ("Reuters", "June 3 (Reuters) - "),
        ("Reuters", "KYIV/BERLIN (Reuters) "),
        ("Reuters", "SPRINGFIELD (Illinois), June 3 (Reuters) - "),
        ("AFP", "AFP - "),
        ("TASS", "MOSCOW, June 3. /TASS/. "),
        ("TASS", "TASS, Nov 3. "),
        ("TASS", "МОСКВА, 3 июня. /ТАСС/. "),
        ("Interfax", "КИЕВ, 3 июня (Интерфакс) — "),
        ("Interfax-Ukraine", "KYIV, June 3 (Interfax-Ukraine) - "),
        ("Xinhua", "BEIJING, June 3 (Xinhua) -- "),
        ("Xinhua", "新华社北京6月3日电 "),
        ("Xinhua", "新华社北京6月3日电（记者某某） "),
        ("Yonhap", "SEOUL, June 3 (Yonhap) -- "),
        ("Yonhap", "(서울=연합뉴스) "),
        ("Reuters", "［ワシントン ３日 ロイター］ - "),
        ("EFE", "Madrid, 3 jun (EFE).- "),
        ("EFE", "Santiago de Chile, 3 de junio de 2026 (EFE) - "),
        ("AFP", "Paris, mercredi 3 juin (AFP) - "),
        ("dpa", "Berlin (dpa/lnw) - "),
        ("PTI", "New Delhi, Jun 3 (PTI) "),
        ("PTI", "नई दिल्ली, तीन जून (भाषा) "),
        ("PTI", "NEW DELHI, PTI: "),
        ("Anadolu", "ANKARA (AA) - "),
        ("Anadolu", "أنقرة/ الأناضول - "),
        ("AP", "Jane Example, Associated Press\n\n"),
        (None, "Reuters, AFP cut staff\n\n"),
        (None, "The ministry told Reuters that crews moved. "),
        (None, "Reuters reported that the crews had moved. "),
        (None, "据新华社报道，"),
        (None, "AP-1 missiles were seen. "),
        (None, "AA-12 missiles - six of them - were seen. "),
        (None, "Boeing (PA) shares fell. "),
        (None, "Launchers (APP-6 symbols) stood there. "),
        (None, "Anti-Personnel (AP) mines lay there. "),
        (None, "The Palestinian Authority (PA) — which governs there — said nothing. "),
        (None, "Anti-aircraft guns (AA) - six of them - were seen. "),
        (None, "The agency, TASS - long the voice of the state - said so. "),
        (None, "Reuters – an agency with many desks – opens a bureau. "),
        (None, "(Photo: AFP) "),
        (None, "(AP Photo/Jane Example) "),
    ],
)
def test_datelines(name: str | None, head: str) -> None:
    assert credited(body=head + TEXT) == name


@pytest.mark.parametrize(
    ("name", "tail"),
    [
        ("ANI", " (ANI)"),
        ("ANI", " (ANI)."),
        ("AFP", " (With inputs from AFP)"),
        ("AP", " – Associated Press"),
        ("Anadolu", " —Anadolu Agency"),
        ("Reuters", "\n\n— Reuters"),
        ("PTI", "\n\nPTI"),
        ("PTI", "\n\nPTI ABC DE DE"),
        ("Anadolu", "\n\nSource: Anadolu Agency"),
        ("AFP", "\n\nAgence France-Presse contributed to this report."),
        (
            "AP",
            "\n\nAssociated Press writers Jane Example in Kyiv and John Sample in Warsaw contributed to this report.",
        ),
        ("Reuters", "\n\nReuters, AFP"),
        (None, "\n\nThe AP could not reach the ministry."),
        (None, "\n\nReuters, which has an office there, was not let in."),
        (None, "\n\nVia Reuters, the ministry let it be known on Monday that it was sorry for what had happened."),
        (None, "\n\nReuters contributed nothing to what the ministry knew."),
        (None, "\n\nThe mines were of the kind that kills people: anti-personnel (AP)."),
        (None, "\n\nPhoto: AFP"),
        (None, "\n\nFile picture - Reuters"),
        (None, "\n\nLaunchers on Monday (Getty Images/AFP)"),
        (None, "\n\nThe film is shown by Reuters"),
    ],
)
def test_endings(name: str | None, tail: str) -> None:
    assert credited(body=TEXT + tail) == name


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("Kyodo", "Kyodo News", "credit"),
        ("AP", "By Jane Example, Associated Press", "byline"),
        ("AP", "Jane Example | The Associated Press", "byline"),
        ("PTI", "(With PTI inputs)", "credit"),
        ("PTI", "With inputs from agencies and PTI", "credit"),
        (
            "ANI",
            "(Taken over unread from the ANI news service, for which The Example cannot vouch.)",
            "credit",
        ),
        (
            "AP",
            "Copyright 2026 The Associated Press. Ask the desk in Example Street before you reuse a word of it.",
            "copyright",
        ),
        ("AFP", "© 2026 AFP", "copyright"),
        (None, "© AFP 2026 / Jane Example", "copyright"),
        (None, "Follow Reuters on social media", "byline"),
        (None, "Reuters", "tags"),
        ("Reuters", "— Reuters", "image"),
        (None, "AFP", "image"),
        (None, "Source of the picture: Reuters", "credit"),
    ],
)
def test_lines_that_cleaning_has_dropped(name: str | None, line: str, reason: str) -> None:
    assert credited(dropped=(DroppedLine(line, reason),)) == name


@pytest.mark.parametrize(
    ("name", "above", "below"),
    [
        ("AP", "By Jane Example, Associated Press", ""),
        ("AP", "Associated Press", ""),
        ("PTI", "", "(With inputs from PTI)"),
        ("AFP", "", "Agence France-Presse contributed to this report."),
        ("Anadolu", "", "— Anadolu Agency"),
        ("AP", "", "Copyright 2026 The Associated Press. Ask the desk before you reuse it."),
        ("TASS", "", "По материалам ТАСС"),
        ("EFE", "", "Con información de EFE"),
        (None, "Photo: AFP", ""),
        (None, "Jane Example/AFP", ""),
        (None, "", "Tags: Reuters, AFP"),
        (None, "", "Read more at Reuters"),
        (None, "", "Follow AP on social media"),
    ],
)
def test_credits_outlive_cleaning(name: str | None, above: str, below: str) -> None:
    story = [prose(seed, 40) for seed in (1, 2, 3)]
    text = "\n\n".join(line for line in (above, *story, below) if line)
    seed = json.dumps({"url": "https://daily.example/a", "title": "Launchers go north", "text": text}).encode()
    assert agency(_identified(MediaKind.JSON_ARTICLE, seed)) == name


def test_an_agency_that_a_page_declares_as_its_author_is_credited() -> None:
    declared = {"@type": "NewsArticle", "author": {"@type": "Organization", "name": "Associated Press"}}
    head = f'<script type="application/ld+json">{json.dumps(declared)}</script>'
    body = "".join(f"<p>{prose(seed, 60)}</p>" for seed in (1, 2, 3))
    page = f"<html><head>{head}</head><body><article>{body}</article></body></html>"
    told = _identified(MediaKind.HTML, page.encode())
    assert (told.author, agency(told)) == (None, "AP")


def _identified(kind: MediaKind, body: bytes) -> ArticleContent:
    capture = Capture(url="https://daily.example/a", fetched_at=DAY, kind=kind, body=body)
    extracted = extract(capture)
    return identify(capture, extracted, clean(extracted))


def test_an_article_about_an_agency_is_not_the_agency_s() -> None:
    body = (
        "The news agency Reuters is to close three bureaus, its owner, Thomson Reuters, said on Monday.\n\n"
        "Rivals such as AP, AFP and dpa have cut their staff as well. Reuters - founded in 1851 - employs 2,600 people."
    )
    assert credited(body=body, title="Reuters to close three bureaus") is None


def test_an_agency_answers_for_its_text_whoever_carries_it() -> None:
    plain = content("a", TEXT, source="Daily")
    assert credited_party(plain) == "Daily"
    assert credited_party(replace(plain, source=None)) == plain.article_id
    assert credited_party(replace(plain, body=f"{TEXT} (AFP)")) == "AFP"
