from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from pipelines.errors import ConfigurationError, RuleSyntaxError
from pipelines.rules.checks import FailedTest, check_rules, load_rules, match_text, rule_version
from pipelines.rules.patterns.gazetteer import Gazetteer, default_gazetteer
from pipelines.rules.rule_file import read_rules
from pipelines.rules.rule_schema import SCHEMA_FILE, schema_text
from schemas.records import Rule, RuleTests, Throttle

EXAMPLES = Path("infra/rules.yaml")


def write(folder: Path, text: str) -> Path:
    path = folder / "rules.yaml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return path


def test_a_whole_rule(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "- id: f16\n  query: '\"F-16 Block 70\"'\n  severity: high\n  notify: [a, b, a]\n  description: it's new\n"
        "  throttle: {per: rule, window: 2d}\n  tests: {match: [yes, F-16 Blk 70], no_match: [no]}\n"
        "- {id: x, query: 142}\n",
    )
    assert load_rules(path) == (
        Rule(
            id="f16",
            query='"F-16 Block 70"',
            severity="high",
            notify=("a", "b"),
            description="it's new",
            throttle=Throttle(per="rule", window="2d"),
            tests=RuleTests(match=("yes", "F-16 Blk 70"), no_match=("no",)),
        ),
        Rule(id="x", query="142"),
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "expected a list of rules"),
        ("a: b", 1, 1, "expected a list of rules"),
        ("- 5", 1, 3, "expected a rule with the keys id, query"),
        ("- id: x\n", 1, 3, "no 'query'"),
        ("- query: x\n", 1, 3, "no 'id'"),
        ("- id: x\n  query:\n", 2, 9, "expected a query"),
        ("- id: x\n  query: [a]\n", 2, 10, "expected a query"),
        ("- id: x\n  query: ~\n", 2, 10, "expected a query"),
        ("- id: x\n  query: !!null a\n", 2, 10, "expected a query"),
        ("- id: x\n  query: a AND\n", 2, 15, "found the end of the query; expected a term"),
        ("- id: x\n  query: 'a AND'\n", 2, 16, "expected a term"),
        ("- id: x\n  query: 'it''s AND (b'\n", 2, 21, "this '(' is not closed; expected ')'"),
        ('- id: x\n  query: "\\"a b\\" AND ("\n', 2, 23, "not closed"),
        ('- id: x\n  query: "\\u0041 OR OR"\n', 2, 21, "found 'OR'"),
        ("- id: x\n  query: |\n    a OR\n", 2, 10, "query, at its end: found the end of the query; expected a term"),
        ("- id: x\n  query: >-\n    a AND\n    (b OR\n    c\n", 2, 10, "query, at '(b OR c': this '(' is not closed"),
        ("- id: x\n  query: NOT a\n", 2, 10, "expected a term beside NOT"),
        ("- {id: x, query: a}\n- {id: x, query: b}", 2, 8, "taken by the rule in line 1"),
        ("- {id: x y, query: a}", 1, 8, "not a rule id; expected letters"),
        ("- {id: x, query: a, severity: hot}", 1, 31, "expected low, medium, high or critical"),
        ("- {id: x, query: a, sevrity: low}", 1, 21, "no key 'sevrity'; expected one of id, query, severity"),
        ("- {id: x, query: a, query: b}", 1, 21, "given twice"),
        ("- {id: x, query: a, ? [z] : b}", 1, 23, "no key"),
        ("- {id: x, query: a, throttle: {window: 6}}", 1, 40, "such as 6h"),
        ("- {id: x, query: a, throttle: {window: 0h}}", 1, 40, "such as 6h"),
        ("- {id: x, query: a, throttle: {per: day}}", 1, 37, "expected story, rule or source"),
        ("- {id: x, query: a, throttle: 6h}", 1, 31, "expected a throttle"),
        ("- {id: x, query: a, notify: me}", 1, 29, "expected a list of channel names"),
        ("- {id: x, query: a, notify: ['me too']}", 1, 30, "not a channel name"),
        ("- {id: x, query: a, tests: {match: b}}", 1, 36, "expected a list of texts"),
        ("- {id: x, query: a, tests: {mach: [b]}}", 1, 29, "expected one of match, no_match"),
        ("- {id: x, query: [a}", 1, 20, "not YAML"),
        ("- id: x\n query: a", 2, 2, "not YAML"),
        ("- id: x\n\tquery: a", 2, 1, "not YAML"),
        ("- &a [*a]", 1, 7, "no '*alias'"),
        ("[" * 100_000, 1, 9, "levels of nesting"),
        ("- " * 100_000, 1, 17, "levels of nesting"),
        ("- id: \x00", None, None, "not YAML"),
        ("- id: caf\udce9\n", 1, 10, "not UTF-8"),
    ],
)
def test_a_wrong_file_names_the_place_and_what_was_expected(
    tmp_path: Path, text: str, line: int | None, column: int | None, words: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(RuleSyntaxError) as raised:
        load_rules(path)
    assert words in raised.value.message
    assert (raised.value.file, raised.value.line, raised.value.column) == (str(path), line, column)
    assert str(raised.value).startswith(f"{path}:")


def test_what_yaml_takes_for_numbers_dates_and_nothing_is_text_within_quotes(tmp_path: Path) -> None:
    path = write(tmp_path, "- {id: 1, query: 'null'}\n- {id: 2026-01-01, query: yes}\n")
    assert [(rule.id, rule.query) for rule in load_rules(path)] == [("1", "null"), ("2026-01-01", "yes")]


def test_a_missing_file_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_rules(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_rules(tmp_path)


def test_an_empty_list_is_no_rules(tmp_path: Path) -> None:
    assert load_rules(write(tmp_path, "[]")) == ()


def test_the_shipped_examples_pass_their_own_tests_and_the_schema() -> None:
    rules = load_rules(EXAMPLES)
    assert len(rules) >= 10
    assert {"himars": "HIMARS", "f16-block-70": '"F-16 Block 70"'}.items() <= {
        one.id: one.query for one in rules
    }.items()
    for check in check_rules(rules):
        assert check.ok, check
        assert check.examples
        assert check.reads_as is None
    jsonschema.validate(yaml.safe_load(EXAMPLES.read_text(encoding="utf-8")), json.loads(schema_text()))


def test_the_schema_is_checked_in_and_valid() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for wrong in (
        [{"id": "x"}],
        [{"id": "x y", "query": "a"}],
        [{"id": "x", "query": "a", "severity": "hot"}],
        [{"id": "x", "query": " "}],
        [{"id": "x", "query": "a", "colour": "red"}],
        [{"id": "x", "query": "a", "throttle": {"window": "6"}}],
    ):
        assert not jsonschema.Draft202012Validator(schema).is_valid(wrong)


def test_the_version_follows_the_query_and_the_gazetteer_only() -> None:
    rule = Rule(id="a", query="HIMARS")
    assert len(rule_version(rule)) == 12
    assert int(rule_version(rule), 16) >= 0
    assert rule_version(rule) == rule_version(Rule(id="b", query="HIMARS", severity="low"))
    assert rule_version(rule) != rule_version(Rule(id="a", query="himars"))
    other = Gazetteer(default_gazetteer().systems, default_gazetteer().contexts, "another")
    assert rule_version(rule) != rule_version(rule, other)


def test_checks_tell_which_example_failed_and_how_the_query_reads() -> None:
    (check,) = check_rules(
        [
            Rule(
                id="a",
                query="F-16 Block 70",
                tests=RuleTests(match=("F-16", "Block 70 F-16"), no_match=("F-16, a block, 70",)),
            )
        ]
    )
    assert check.failed == (
        FailedTest(text="F-16", expected=True),
        FailedTest(text="F-16, a block, 70", expected=False),
    )
    assert not check.ok
    assert check.reads_as == "F-16 AND Block AND 70"


@pytest.mark.parametrize(
    ("query", "text", "matches"),
    [
        ("title:ICBM", "An ICBM", True),
        ("atleast/2(drone)", "a drone", False),
        ("HIMARS AND lang:en AND NOT source:X", "HIMARS", True),
        ("HIMARS AND lang:en", "nothing", False),
        ("lang:en", "anything", True),
        ("lang:en AND NOT HIMARS", "HIMARS", True),
    ],
)
def test_a_text_is_tried_as_body_and_as_title(query: str, text: str, matches: bool) -> None:  # noqa: FBT001 - a parameter
    assert (match_text(Rule(id="a", query=query), text) is not None) is matches


def test_every_error_of_a_file_is_told_and_the_right_rules_are_read(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "- {id: good, query: HIMARS}\n"
        "- {id: two, query: 'HIMARS AND', severity: urgent, color: red}\n"
        "- {query: M270, throttle: {window: 6x}, notify: desk}\n"
        "- {id: good, query: S-400}\n"
        "- {id: fine, query: Patriot, tests: {match: [Patriot]}}\n"
    )
    rules, errors = read_rules(path)
    assert [rule.id for rule in rules] == ["good", "fine"]
    assert [error.line for error in errors] == [2, 2, 2, 3, 3, 3, 4]
    words = ("a term", "urgent", "color", "no 'id'", "6x", "list of channel names", "taken by the rule in line 1")
    assert all(word in error.message for word, error in zip(words, errors, strict=True))
    with pytest.raises(RuleSyntaxError) as raised:
        load_rules(path)
    assert len(str(raised.value).splitlines()) == 7
    assert (raised.value.line, len(raised.value.others)) == (2, 6)


def test_where_a_file_is_no_yaml_each_rule_is_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(
        "# rules\n- id: one\n  query: HIMARS\n- id: two\n  query: \"M270\n- id: three\n  query: 'S-400 AND'\n"
        "- id: four\n  query: [\n"
    )
    rules, errors = read_rules(path)
    assert [rule.id for rule in rules] == ["one"]
    assert [error.line for error in errors] == [5, 7, 10]
