"""The version of a rule, and checks of a rule against its own examples. ``rule_file`` reads rules from YAML."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.rules.evaluate import Subject
from pipelines.rules.fields import TextFields
from pipelines.rules.language.query import And, Language, Node, Not, Query, Source, format_query, parse
from pipelines.rules.patterns.gazetteer import default_gazetteer
from pipelines.rules.rule_file import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.rules.patterns.gazetteer import Gazetteer
    from schemas.records import Match, Rule

__all__ = ["FailedTest", "RuleCheck", "check_rules", "load_rules", "match_text", "rule_version"]


def rule_version(rule: Rule, gazetteer: Gazetteer | None = None) -> str:
    """Return twelve hexadecimal digits that identify what decides a rule's matches: its query and the gazetteer."""
    known = gazetteer or default_gazetteer()
    return hashlib.sha256(f"{rule.query}\0{known.version}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """An example of a rule with an unexpected result."""

    text: str
    expected: bool
    """True if the rule should have matched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCheck:
    """The results of a rule on its own examples."""

    rule_id: str
    examples: int
    failed: tuple[FailedTest, ...]
    reads_as: str | None
    """The parsed query, if it differs from the text of the query: adjacent terms mean AND."""

    @property
    def ok(self) -> bool:
        """True if every example has the expected result."""
        return not self.failed


def check_rules(rules: Iterable[Rule], gazetteer: Gazetteer | None = None) -> tuple[RuleCheck, ...]:
    """Check rules against their own examples, in the order of the rules.

    Raises:
        RuleSyntaxError: a query is wrong.
    """
    checks: list[RuleCheck] = []
    for rule in rules:
        examples = [(text, True) for text in rule.tests.match] + [(text, False) for text in rule.tests.no_match]
        failed = tuple(
            FailedTest(text=text, expected=expected)
            for text, expected in examples
            if (match_text(rule, text, gazetteer) is not None) is not expected
        )
        checks.append(RuleCheck(rule_id=rule.id, examples=len(examples), failed=failed, reads_as=_reads_as(rule.query)))
    return tuple(checks)


def match_text(rule: Rule, text: str, gazetteer: Gazetteer | None = None) -> tuple[Match, ...] | None:
    """Return the matches of a rule in a text, taken as a body or else as a title; ``None`` if it does not match.

    A text has no outlet and no language, so ``source:`` and ``lang:`` are taken as fulfilled.
    """
    root = _without_fields(parse(rule.query).root)
    if root is None:
        return ()
    for title, body in ((None, text), (text, "")):
        subject = Subject(TextFields(title=title, body=body), gazetteer=gazetteer or default_gazetteer())
        spans = subject.spans(Query(root))
        if spans is not None:
            return subject.matches(spans)
    return None


def _without_fields(node: Node) -> Node | None:
    """Return a node without the ``source:`` and ``lang:`` parts of its AND; ``None`` if nothing remains."""
    match node:
        case Source() | Language() | Not(Source() | Language()):
            return None
        case And(parts):
            left = tuple(part for part in map(_without_fields, parts) if part is not None)
            positive = any(not isinstance(part, Not) for part in left)
            return And(left) if positive else None
        case _:
            return node


def _reads_as(query: str) -> str | None:
    understood = format_query(parse(query))
    return None if _bare(understood) == _bare(query) else understood


def _bare(query: str) -> str:
    """Return a query without brackets and white space, and with plain quotation marks, for comparison."""
    return re.sub(r"[\s()]+", "", re.sub(r"[“”„‟«»＂]", '"', query))  # noqa: RUF001 - the quotes people paste
