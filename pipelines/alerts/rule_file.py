"""Reading rule files: YAML with the place of everything, so that an error can name file, line and column."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from pipelines.alerts.query import parse
from pipelines.collector import collector_paused
from pipelines.errors import ConfigurationError, RuleSyntaxError
from schemas.records import Escalation, Rule, RuleTests, Throttle

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE = 50_000_000
"""Bytes of a rule file: a hundred thousand rules have a tenth of that."""
MAX_NESTING = 8
"""Levels of lists and mappings; a rule file has four."""
SEVERITIES = ("low", "medium", "high", "critical")
THROTTLES = ("story", "rule", "source")
_QUOTED = 30
"""Characters of a query over several lines that show where it is wrong."""
RULE_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
CHANNEL = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
WINDOW = r"[1-9][0-9]{0,4}[smhd]"
ESCALATIONS = ("source", "term")
ARTICLES = r"[1-9][0-9]{0,4}"

_KEYS = ("id", "query", "severity", "notify", "throttle", "escalate", "tests", "description")
_THROTTLE, _ESCALATION, _TESTS = Throttle(), Escalation(), RuleTests()
"""What a rule has that says nothing of it."""
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_NULL, _TEXT = "tag:yaml.org,2002:null", "tag:yaml.org,2002:str"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _TooDeepError(Exception):
    """Lists and mappings within each other, more than ``MAX_NESTING``."""


class _Loader(_LOADER):  # type: ignore[misc]
    """Composes nodes, no deeper than it may: composing calls itself for each level. Scalars are texts or nothing."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._within: dict[yaml.Node | None, object] = {}
        """What the node lies in, kept by methods in C: they are called twice for each node."""
        self.descend_resolver = self._within.setdefault
        self.ascend_resolver = self._within.popitem

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if len(self._within) > MAX_NESTING + 1:  # a scalar is a level here
            raise _TooDeepError
        return _NULL if kind is yaml.ScalarNode and implicit[0] and value in _NULLS else _TEXT


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Read and check a rule file.

    Raises:
        RuleSyntaxError: the file is wrong; names file, line, column and what was expected.
        ConfigurationError: the file cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: the rule file cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE:
        raise ConfigurationError(f"{path}: the rule file has {len(raw)} bytes; at most {MAX_FILE} are read")
    with collector_paused():
        return _Reader(str(path)).read(raw)


class _Reader:
    """Reads one file; every complaint names it."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._lines: list[str] = []

    def read(self, raw: bytes) -> tuple[Rule, ...]:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            column = error.start - raw.rfind(b"\n", 0, error.start)
            raise RuleSyntaxError(
                "this byte is not UTF-8; expected text", file=self._file, line=line, column=column
            ) from error
        self._lines = text.split("\n")
        root = self._compose(text)
        if not isinstance(root, yaml.SequenceNode):
            self._fail("expected a list of rules, each beginning with '- id:'", root)
        rules: list[Rule] = []
        nodes: dict[str, yaml.Node] = {}
        for node in root.value:
            rule = self._rule(node)
            if rule.id in nodes:
                line = nodes[rule.id].start_mark.line + 1
                at = self._mapping(node, _KEYS, "a rule")["id"]
                self._fail(f"the id '{rule.id}' is taken by the rule in line {line}; expected another", at)
            nodes[rule.id] = node
            rules.append(rule)
        return tuple(rules)

    def _compose(self, text: str) -> yaml.Node | None:
        try:
            if "&" in text:  # what an alias stands for has a name that begins so
                self._check_structure(text)
            try:
                return yaml.compose(text, Loader=_Loader)
            except _TooDeepError:
                self._check_structure(text)
                raise
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem = ": ".join(part for part in (error.context, error.problem) if part)
            raise RuleSyntaxError(
                f"not YAML: {problem}; expected 'key: value' lines and quotes around text with special characters",
                file=self._file,
                line=mark.line + 1 if mark else None,
                column=mark.column + 1 if mark else None,
            ) from error
        except yaml.YAMLError as error:  # a control character
            raise RuleSyntaxError(f"not YAML: {error}; expected printable text", file=self._file) from error

    def _check_structure(self, text: str) -> None:
        depth = 0
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.AliasEvent):
                self._fail("expected no '*alias': rule files have none", event)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_NESTING:
                self._fail(f"expected at most {MAX_NESTING} levels of nesting", event)

    def _fail(self, message: str, at: yaml.Node | yaml.Event | None) -> NoReturn:
        mark = at.start_mark if at is not None else None
        raise RuleSyntaxError(
            message,
            file=self._file,
            line=mark.line + 1 if mark else 1,
            column=mark.column + 1 if mark else 1,
        )

    def _mapping(self, node: yaml.Node, keys: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(f"expected {what} with the keys {', '.join(keys)}", node)
        entries: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value not in keys:
                shown = key.value if isinstance(key, yaml.ScalarNode) else "…"
                self._fail(f"{what} has no key '{shown}'; expected one of {', '.join(keys)}", key)
            if key.value in entries:
                self._fail(f"the key '{key.value}' is given twice; expected it once", key)
            entries[key.value] = value
        return entries

    def _text(self, node: yaml.Node, what: str) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL or not node.value.strip():
            self._fail(f"expected {what}", node)
        text: str = node.value
        return text

    def _matching(self, node: yaml.Node, pattern: str, what: str) -> str:
        text = self._text(node, what)
        if not re.fullmatch(pattern, text):
            self._fail(f"'{text[:60]}' is not {what}; expected {_EXPECTED[pattern]}", node)
        return text

    def _one_of(self, node: yaml.Node, choices: tuple[str, ...], what: str) -> str:
        text = self._text(node, what)
        if text not in choices:
            self._fail(f"'{text[:60]}' is not {what}; expected {', '.join(choices[:-1])} or {choices[-1]}", node)
        return text

    def _list(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self._fail(f"expected a list of {what}, as in [first, second]", node)
        items: list[yaml.Node] = node.value
        return items

    def _rule(self, node: yaml.Node) -> Rule:
        entries = self._mapping(node, _KEYS, "a rule")
        for key in ("id", "query"):
            if key not in entries:
                self._fail(f"this rule has no '{key}'; expected the keys id and query", node)
        rule_id = self._matching(entries["id"], RULE_ID, "a rule id")
        query = self._text(entries["query"], "a query, such as HIMARS")
        self._check_query(query, entries["query"])
        described = entries.get("description")
        return Rule(
            id=rule_id,
            query=query,
            severity=self._one_of(entries["severity"], SEVERITIES, "a severity") if "severity" in entries else "medium",
            notify=self._channels(entries["notify"]) if "notify" in entries else (),
            throttle=self._throttle(entries["throttle"]) if "throttle" in entries else _THROTTLE,
            escalate=self._escalation(entries["escalate"]) if "escalate" in entries else _ESCALATION,
            tests=self._tests(entries["tests"]) if "tests" in entries else _TESTS,
            description=self._text(described, "a description") if described is not None else None,
        )

    def _channels(self, node: yaml.Node) -> tuple[str, ...]:
        items = self._list(node, "channel names")
        return tuple(dict.fromkeys(self._matching(item, CHANNEL, "a channel name") for item in items))

    def _throttle(self, node: yaml.Node) -> Throttle:
        entries = self._mapping(node, ("per", "window"), "a throttle")
        per, window = entries.get("per"), entries.get("window")
        return Throttle(
            per=self._one_of(per, THROTTLES, "what a throttle counts by") if per else _THROTTLE.per,
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
            line, column = self._place(node, error.column)
            where = "query"
            if error.column and node.start_mark.line != node.end_mark.line:  # the place is that of its beginning
                wrong = query[error.column - 1 :][:_QUOTED].strip()
                where += f", at '{wrong}'" if wrong else ", at its end"
            raise RuleSyntaxError(f"{where}: {error.message}", file=self._file, line=line, column=column) from error

    def _place(self, node: yaml.Node, column: int | None) -> tuple[int, int]:
        """Line and column in the file of a column of the query."""
        line, first = node.start_mark.line, node.start_mark.column
        if column is None or node.start_mark.line != node.end_mark.line:
            return line + 1, first + 1  # a query over several lines: where it begins
        source = self._lines[line][first:]
        style = getattr(node, "style", None)
        position = 1 if style in {"'", '"'} else 0
        for _ in range(column - 1):
            position += _width(source[position:], style)
        return line + 1, first + position + 1


def _width(source: str, style: str | None) -> int:
    """How many characters of a quoted YAML scalar stand for its next character."""
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
