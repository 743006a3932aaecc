"""Alert rules: what a rule must be, its version, its own tests. ``rule_file`` reads them from YAML."""

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
    """Twelve hexadecimal digits for what decides a rule's matches: its query and the gazetteer."""
    known = gazetteer or default_gazetteer()
    return hashlib.sha256(f"{rule.query}\0{known.version}".encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTest:
    """An example of a rule which came out wrong."""

    text: str
    expected: bool
    """Whether the rule should have matched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCheck:
    """How a rule did on its own examples."""

    rule_id: str
    examples: int
    failed: tuple[FailedTest, ...]
    reads_as: str | None
    """The query as it is understood, where that is not how it is written: terms side by side mean AND."""

    @property
    def ok(self) -> bool:
        """Whether every example came out right."""
        return not self.failed


def check_rules(rules: Iterable[Rule], gazetteer: Gazetteer | None = None) -> tuple[RuleCheck, ...]:
    """Run the examples of rules, in the order of the rules.

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
    """Where a rule matches a text, taken for a body or else for a title; ``None`` when it does not.

    A text has no outlet and no language: ``source:`` and ``lang:`` are taken for fulfilled.
    """
    root = _without_fields(parse(rule.query).root)
    if root is None:
        return ()
    for title, body in ((None, text), (text, "")):
        subject = Subject(TextFields(title=title, body=body), gazetteer=gazetteer or default_gazetteer())
        places = subject.places(Query(root))
        if places is not None:
            return subject.matches(places)
    return None


def _without_fields(node: Node) -> Node | None:
    """The node without ``source:`` and ``lang:`` among the parts of its AND; ``None`` when nothing is left."""
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
    """A query without what does not change its meaning: brackets, white space, kinds of quotation marks."""
    return re.sub(r"[\s()]+", "", re.sub(r"[“”„‟«»＂]", '"', query))  # noqa: RUF001 - the quotes people paste
