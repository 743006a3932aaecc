"""A reader of YAML rule files whose errors name file, line and column."""

from __future__ import annotations

import re
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import yaml

from pipelines.collector import collector_paused
from pipelines.errors import ConfigurationError, RuleSyntaxError
from pipelines.rules.language.query import parse
from pipelines.rules.rule_yaml import NULL, error_at, rule_nodes
from schemas.records import Escalation, Rule, RuleTests, Throttle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Part = TypeVar("Part")
MAX_FILE = 50_000_000
"""Bytes of a rule file at most; a hundred thousand rules take a tenth of that."""
SEVERITIES = ("low", "medium", "high", "critical")
THROTTLES = ("story", "rule", "source")
_QUOTED = 30
"""Characters of a query over several lines that an error quotes."""
RULE_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
CHANNEL = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
WINDOW = r"[1-9][0-9]{0,4}[smhd]"
ESCALATIONS = ("source", "term")
ARTICLES = r"[1-9][0-9]{0,4}"

_KEYS = ("id", "query", "severity", "notify", "throttle", "escalate", "tests", "description")
_THROTTLE, _ESCALATION = Throttle(), Escalation()
"""Defaults of a rule."""


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Read and check a rule file.

    Raises:
        RuleSyntaxError: the file is invalid; states file, line, column and the expected input for every error.
        ConfigurationError: the file cannot be read.
    """
    rules, errors = read_rules(path)
    if errors:
        first, *others = errors
        raise RuleSyntaxError(
            first.message, file=first.file, line=first.line, column=first.column, others=tuple(others)
        ) from first
    return rules


def read_rules(path: Path) -> tuple[tuple[Rule, ...], list[RuleSyntaxError]]:
    """Return the valid rules of a file, and all errors, in the order of the file.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: the rule file cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE:
        raise ConfigurationError(f"{path}: the rule file has {len(raw)} bytes; at most {MAX_FILE} are read")
    reader = _Reader(str(path))
    with collector_paused():
        rules = reader.read(raw)
    return rules, sorted(reader.errors, key=lambda error: (error.line or 0, error.column or 0))


class _Reader:
    """A reader of one rule file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lines: list[str] = []
        self.errors: list[RuleSyntaxError] = []

    def read(self, raw: bytes) -> tuple[Rule, ...]:
        """Return the valid rules, and collect the errors in ``errors``."""
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            column = error.start - raw.rfind(b"\n", 0, error.start)
            self.errors.append(
                RuleSyntaxError("this byte is not UTF-8; expected text", file=self._file, line=line, column=column)
            )
            return ()
        self._lines = text.split("\n")
        rules: dict[str, Rule] = {}
        lines: dict[str, int] = {}
        nodes, self.errors = rule_nodes(text, self._file)
        for node in nodes:
            before = len(self.errors)
            rule = self._part(partial(self._rule, node), None)
            if rule is None:
                continue
            if rule.id in lines:
                at = self._mapping(node, _KEYS, "a rule")["id"]
                self._note(f"the id '{rule.id}' is taken by the rule in line {lines[rule.id]}; expected another", at)
            lines.setdefault(rule.id, node.start_mark.line + 1)
            if len(self.errors) == before:
                rules[rule.id] = rule
        return tuple(rules.values())

    def _part(self, read: Callable[[], Part], default: Part) -> Part:
        """Return the result of ``read``; on an error, collect it and return ``default``, so that reading goes on."""
        try:
            return read()
        except RuleSyntaxError as error:
            self.errors.append(error)
            return default

    def _fail(self, message: str, at: yaml.Node) -> NoReturn:
        raise self._error(message, at)

    def _note(self, message: str, at: yaml.Node) -> None:
        self.errors.append(self._error(message, at))

    def _error(self, message: str, at: yaml.Node) -> RuleSyntaxError:
        return error_at(message, self._file, at.start_mark)

    def _mapping(self, node: yaml.Node, keys: tuple[str, ...], kind: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(f"expected {kind} with the keys {', '.join(keys)}", node)
        entries: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value not in keys:
                shown = key.value if isinstance(key, yaml.ScalarNode) else "…"
                self._note(f"{kind} has no key '{shown}'; expected one of {', '.join(keys)}", key)
                continue
            if key.value in entries:
                self._note(f"the key '{key.value}' is given twice; expected it once", key)
            entries[key.value] = value
        return entries

    def _text(self, node: yaml.Node, kind: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag == NULL or not node.value.strip():
            self._fail(f"expected {kind}", node)
        text: str = node.value
        return text

    def _matching(self, node: yaml.Node, pattern: str, kind: str) -> str:
        text = self._text(node, kind)
        if not re.fullmatch(pattern, text):
            self._fail(f"'{text[:60]}' is not {kind}; expected {_EXPECTED[pattern]}", node)
        return text

    def _one_of(self, node: yaml.Node, choices: tuple[str, ...], kind: str) -> str:
        text = self._text(node, kind)
        if text not in choices:
            self._fail(f"'{text[:60]}' is not {kind}; expected {', '.join(choices[:-1])} or {choices[-1]}", node)
        return text

    def _list(self, node: yaml.Node, kind: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self._fail(f"expected a list of {kind}, as in [first, second]", node)
        items: list[yaml.Node] = node.value
        return items

    def _rule(self, node: yaml.Node) -> Rule | None:
        """Return the rule of a node; ``None`` if its id or query is missing or invalid."""
        entries = self._mapping(node, _KEYS, "a rule")
        for key in ("id", "query"):
            if key not in entries:
                self._note(f"this rule has no '{key}'; expected the keys id and query", node)
        of = {key: partial(read, entries[key]) for key, read in self._readers.items() if key in entries}
        values = {key: self._part(read, None) for key, read in of.items()}
        known = {key: value for key, value in values.items() if value is not None}
        return Rule(**known) if {"id", "query"} <= known.keys() else None

    @cached_property
    def _readers(self) -> dict[str, Callable[[yaml.Node], Any]]:
        """The reader of the value of each key of a rule."""
        return {
            "id": lambda node: self._matching(node, RULE_ID, "a rule id"),
            "query": self._query,
            "severity": lambda node: self._one_of(node, SEVERITIES, "a severity"),
            "notify": self._channels,
            "throttle": self._throttle,
            "escalate": self._escalation,
            "tests": self._tests,
            "description": lambda node: self._text(node, "a description"),
        }

    def _query(self, node: yaml.Node) -> str:
        query = self._text(node, "a query, such as HIMARS")
        self._check_query(query, node)
        return query

    def _channels(self, node: yaml.Node) -> tuple[str, ...]:
        items = self._list(node, "channel names")
        return tuple(dict.fromkeys(self._matching(item, CHANNEL, "a channel name") for item in items))

    def _throttle(self, node: yaml.Node) -> Throttle:
        entries = self._mapping(node, ("per", "window"), "a throttle")
        per, window = entries.get("per"), entries.get("window")
        return Throttle(
            per=self._one_of(per, THROTTLES, "a throttle key") if per else _THROTTLE.per,
            window=self._matching(window, WINDOW, "a window") if window else _THROTTLE.window,
        )

    def _escalation(self, node: yaml.Node) -> Escalation:
        entries = self._mapping(node, ("by", "articles"), "an escalation")
        reasons = self._list(entries["by"], "reasons") if "by" in entries else None
        return Escalation(
            by=_ESCALATION.by
            if reasons is None
            else tuple(dict.fromkeys(self._one_of(item, ESCALATIONS, "a reason to escalate") for item in reasons)),
            articles=int(self._matching(entries["articles"], ARTICLES, "a number of articles"))
            if "articles" in entries
            else None,
        )

    def _tests(self, node: yaml.Node) -> RuleTests:
        entries = self._mapping(node, ("match", "no_match"), "tests")

        def texts(key: str) -> tuple[str, ...]:
            if key not in entries:
                return ()
            return tuple(self._text(item, "a text") for item in self._list(entries[key], "texts"))

        return RuleTests(match=texts("match"), no_match=texts("no_match"))

    def _check_query(self, query: str, node: yaml.Node) -> None:
        try:
            parse(query)
        except RuleSyntaxError as error:
            line, column = self._position(node, error.column)
            prefix = "query"
            # The position of a query over several lines is that of its beginning.
            if error.column and node.start_mark.line != node.end_mark.line:
                wrong = query[error.column - 1 :][:_QUOTED].strip()
                prefix += f", at '{wrong}'" if wrong else ", at its end"
            raise RuleSyntaxError(f"{prefix}: {error.message}", file=self._file, line=line, column=column) from error

    def _position(self, node: yaml.Node, column: int | None) -> tuple[int, int]:
        """Return line and column in the file of a column of the query."""
        line, first = node.start_mark.line, node.start_mark.column
        if column is None or node.start_mark.line != node.end_mark.line:
            return line + 1, first + 1  # the beginning of a query over several lines
        source = self._lines[line][first:]
        style = getattr(node, "style", None)
        position = 1 if style in {"'", '"'} else 0
        for _ in range(column - 1):
            position += _width(source[position:], style)
        return line + 1, first + position + 1


def _width(source: str, style: str | None) -> int:
    """Return the number of characters that encode the next character of a quoted YAML scalar."""
    if style == "'":
        return 2 if source.startswith("''") else 1
    if style == '"' and source.startswith("\\"):
        return {"x": 4, "u": 6, "U": 10}.get(source[1:2], 2)
    return 1


_EXPECTED = {
    RULE_ID: "letters, digits, '.', '_' and '-', at most 100, beginning with a letter or digit",
    ARTICLES: "a whole number from 1 to 99999",
    WINDOW: "a number and s, m, h or d, such as 6h",
}
