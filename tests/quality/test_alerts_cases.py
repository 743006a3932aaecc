"""The matcher on labelled sentences of ours, and on variants and decoys of every designator in the gazetteer."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.rules.fields import TextFields
from pipelines.rules.language.query import parse
from pipelines.rules.matcher import Matcher, confirm
from pipelines.rules.patterns.gazetteer import default_gazetteer
from pipelines.rules.tokens.normalise import index_text
from schemas.records import Rule

if TYPE_CHECKING:
    from typing import Any

DATA = json.loads(Path(__file__).with_name("alert_cases.json").read_text(encoding="utf-8"))
TOGETHER = Matcher([Rule(id=rule["id"], query=rule["query"]) for rule in DATA["rules"]])
QUERIES = {rule["id"]: rule["query"] for rule in DATA["rules"]}

DESIGNATORS = sorted(
    {
        name
        for system in default_gazetteer().systems
        for name in system.aliases
        if re.fullmatch(r"[A-Z][A-Za-z]{0,3}-[0-9]{1,4}", name)
    }
)


def test_there_are_enough_cases_and_every_rule_has_both_kinds() -> None:
    assert len(DATA["cases"]) >= 100
    kinds = Counter((case["rule"], case["match"]) for case in DATA["cases"])
    assert {(rule, kind) for rule in QUERIES for kind in (True, False)} == set(kinds)


@pytest.mark.parametrize("case", DATA["cases"], ids=lambda case: f"{case['rule']}: {case['text'][:40]}")
def test_every_labelled_case_is_right_alone_and_among_all_rules(case: dict[str, Any]) -> None:
    fields = TextFields(title=case.get("title"), body=case["text"])
    hits = {hit.rule_id: hit for hit in TOGETHER.match(fields)}
    alone = confirm(parse(QUERIES[str(case["rule"])]), fields)
    assert (alone is not None) is (case["rule"] in hits) is case["match"]


def test_the_gazetteer_has_designators_to_try() -> None:
    assert len(DESIGNATORS) >= 60


@pytest.mark.parametrize("designator", DESIGNATORS)
def test_ways_to_write_a_designator_match_and_look_alikes_do_not(designator: str) -> None:
    letters, number = designator.split("-")
    query = parse(f'"{designator}"')
    forms = [
        designator,
        f"{letters}{number}",
        f"{letters}\u00a0{number}",
        *(f"{letters}{dash}{number}" for dash in "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"),
        f"{designator}s",
        f"{designator}Ks",
        f"{designator}C/D",
        f"{designator}M2",
        f"{designator}’s",
        f"non-{designator}",
        f"{designator}-armed",
        f"“{designator}”",
        f"({letters}{number})",
        designator.lower(),
    ]
    for form in forms:
        found = confirm(query, TextFields(title=None, body=f"They saw the {form} there."))
        assert found is not None, form
        assert len(found) == 1
        assert index_text(found[0].form).startswith(index_text(designator))
    decoys = [
        f"{designator}0",
        f"{letters}-{number}5 and {letters}-9{number}",
        f"X{designator}",
        f"{letters}, {number}",
        f"{letters}. {number}",
        f"{letters} ${number}",
        f"{letters} (about {number})",
        f"{designator},500",
        f"{designator}.5",
        f"{designator}th",
        f"4{designator}",
        f"{letters}/{number}",
        f"{letters}:{number}",
        f"{letters}\n\n{number}",
        f"{letters} {number} million",
    ]
    for decoy in decoys:
        assert confirm(query, TextFields(title=None, body=f"They saw {decoy} there.")) is None, decoy
