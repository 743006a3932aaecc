"""Every example of docs/rules.md holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pipelines.rules.checks import check_rules, load_rules
from pipelines.rules.fields import TextFields
from pipelines.rules.language.construct import MAX_DEPTH, MAX_DISTANCE, MAX_MENTIONS
from pipelines.rules.language.query import MAX_QUERY, parse
from pipelines.rules.matcher import confirm

PAGE = Path("docs/rules.md").read_text(encoding="utf-8")
BLOCKS = [block.splitlines() for block in re.findall(r"```query\n(.*?)```", PAGE, re.DOTALL)]


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 12


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[0])
def test_example(block: list[str]) -> None:
    query, *lines = block
    assert {line[0] for line in lines} == {"+", "-"}
    for line in lines:
        title, body = re.fullmatch(r"[+-] (?:\[(.*?)\] )?(.*)", line).groups()  # type: ignore[union-attr] # it matches
        assert (confirm(parse(query), TextFields(title=title, body=body)) is not None) is line.startswith("+"), line


def test_the_rule_file_in_the_page_loads_and_passes_its_own_tests(tmp_path: Path) -> None:
    block, *_ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "rules.yaml"
    path.write_text(block, encoding="utf-8")
    rules = load_rules(path)
    assert all(check.ok and check.examples for check in check_rules(rules))
    keys = {key for rule in yaml.safe_load(block) for key in rule} | {"description"}
    assert all(f"| `{key}` |" in PAGE for key in keys)


def test_the_limits_in_the_page_are_the_real_ones() -> None:
    limits = PAGE.partition("## Limits")[2]
    for limit in (f"{MAX_QUERY:,}", f"{MAX_DEPTH} levels", f"{MAX_DISTANCE} words", f"{MAX_MENTIONS:,}"):
        assert limit in limits
