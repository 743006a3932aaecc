"""Agency credits, and what copies made of their origin."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.lineage.agencies import agency, derivation, origin_of
from schemas.records import DroppedLine
from tests.synthetic import content, prose

TEXT = "Crews moved the launchers north on Monday, the ministry said.\n\nNobody was hurt."


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("Reuters", {"source": "Reuters"}),
        ("Reuters", {"author": "Jane Example, Reuters"}),
        ("AP", {"author": "Associated Press"}),
        ("AP", {"body": f"WARSAW, Poland (AP) — {TEXT}"}),
        ("AFP", {"body": f"NICOSIA, 3 June (AFP) - {TEXT}"}),
        ("TASS", {"body": f"MOSCOW, June 3. /TASS/. {TEXT}"}),
        ("Xinhua", {"body": f"BEIJING, June 3 (Xinhua) -- {TEXT}"}),
        ("ANI", {"body": f"{TEXT} (ANI)"}),
        ("PTI", {"body": f"{TEXT}\n\nPTI"}),
        ("Anadolu", {"body": f"{TEXT}\n\nSource: Anadolu Agency"}),
        ("Yonhap", {"body": f"SEOUL, June 3 (Yonhap) -- {TEXT}"}),
        ("Kyodo", {"dropped": (DroppedLine("Kyodo News", "credit"),)}),
        ("Interfax", {"body": f"КИЕВ, 3 июня (Интерфакс) — {TEXT}"}),
        (None, {"body": f"The ministry told Reuters that crews moved. {TEXT}"}),
        (None, {"body": f"{TEXT}\n\nThe AP could not reach the ministry."}),
        (None, {"body": f"Launchers (APP-6 symbols) stood there. {TEXT}"}),
        (None, {"author": "Ann Reutersward"}),
        (None, {}),
    ],
)
def test_credits_are_found_where_an_outlet_puts_them(name: str | None, changes: dict[str, object]) -> None:
    assert agency(replace(content("a", TEXT), **changes)) == name  # type: ignore[arg-type]


def test_what_a_copy_kept_and_added() -> None:
    words = prose(1, 200).split()
    origin = content("origin", " ".join(words))
    cut = content("cut", " ".join(words[:100]))
    longer = content("longer", " ".join(words) + " " + prose(2, 200))
    assert derivation(origin, origin).kept == 1
    assert derivation(origin, origin).added == 0
    assert derivation(origin, cut).kept == pytest.approx(0.5, abs=0.02)
    assert derivation(origin, cut).added == 0
    assert derivation(origin, longer).kept == pytest.approx(1, abs=0.02)
    assert derivation(origin, longer).added == pytest.approx(0.5, abs=0.02)


def test_the_origin_is_the_agency_where_it_is_among_them() -> None:
    first, own = content("a", TEXT, source="Daily"), content("b", TEXT, source="Reuters")
    assert origin_of([first, own]) is own
    assert origin_of([first]) is first
