"""A parser of the YAML of rule files: nodes with their positions, a limit of nesting, and errors with positions."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.errors import RuleSyntaxError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_NESTING = 8
"""Levels of lists and mappings at most; a rule file has four."""
NULL = "tag:yaml.org,2002:null"
"""Tag of a null scalar."""
_TEXT = "tag:yaml.org,2002:str"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_ITEM = "- "
"""Beginning of the first line of a rule."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _TooDeepError(Exception):
    """Lists and mappings are nested more deeply than ``MAX_NESTING``."""


class _Loader(_LOADER):  # type: ignore[misc]
    """A loader with limited nesting, since composing is recursive. Its scalars are strings or null."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._within: dict[yaml.Node | None, object] = {}
        """The ancestors of the node. The resolver methods are those of a dict, in C, as they run twice per node."""
        self.descend_resolver = self._within.setdefault
        self.ascend_resolver = self._within.popitem

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        if len(self._within) > MAX_NESTING + 1:  # a scalar counts as a level here
            raise _TooDeepError
        return NULL if kind is yaml.ScalarNode and implicit[0] and value in _NULLS else _TEXT


def rule_nodes(text: str, file: str) -> tuple[list[yaml.Node], list[RuleSyntaxError]]:
    """Return the nodes of the rules of a file, and the errors in its YAML.

    If the file as a whole is not YAML, each rule is parsed alone, so that an error in one hides none in another.
    """
    try:
        return _items(text, file), []
    except RuleSyntaxError as error:
        whole = error
    parts = _parts(text)
    nodes: list[yaml.Node] = []
    errors: list[RuleSyntaxError] = []
    for part in parts:
        try:
            nodes += _items(part, file)
        except RuleSyntaxError as error:
            errors.append(error)
    # Rules that are valid one by one need not be a valid list together.
    return (nodes, errors) if errors else ([], [whole])


def _parts(text: str) -> Sequence[str]:
    """Return the text of each rule, padded with empty lines so that positions are those in the file."""
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith(_ITEM)]
    return ["\n" * start + "\n".join(lines[start:end]) for start, end in pairwise([*starts, len(lines)])]


def _items(text: str, file: str) -> list[yaml.Node]:
    root = _compose(text, file)
    if not isinstance(root, yaml.SequenceNode):
        raise error_at("expected a list of rules, each beginning with '- id:'", file, root and root.start_mark)
    return list(root.value)


def _compose(text: str, file: str) -> yaml.Node | None:
    try:
        if "&" in text:  # an anchor, without which there is no alias
            _check_structure(text, file)
        try:
            return yaml.compose(text, Loader=_Loader)
        except _TooDeepError:
            _check_structure(text, file)
            raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ": ".join(part for part in (error.context, error.problem) if part)
        raise RuleSyntaxError(
            f"not YAML: {problem}; expected 'key: value' lines and quotes around text with special characters",
            file=file,
            line=mark.line + 1 if mark else None,
            column=mark.column + 1 if mark else None,
        ) from error
    except yaml.YAMLError as error:  # a control character
        raise RuleSyntaxError(f"not YAML: {error}; expected printable text", file=file) from error


def _check_structure(text: str, file: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise error_at("expected no '*alias': rule files have none", file, event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_NESTING:
            raise error_at(f"expected at most {MAX_NESTING} levels of nesting", file, event.start_mark)


def error_at(message: str, file: str, mark: Any) -> RuleSyntaxError:  # noqa: ANN401 - PyYAML has two classes of marks
    """Return an error at a mark of a file, or at the beginning of the file for ``None``."""
    return RuleSyntaxError(message, file=file, line=mark.line + 1 if mark else 1, column=mark.column + 1 if mark else 1)
