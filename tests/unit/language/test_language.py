"""Docstrings and names keep to plain technical English.

A function's docstring begins with a verb in the imperative, that of a class, a property, a module or an attribute with
a noun phrase. A verb that ``verbs.txt`` lacks may be added there.
"""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
MODULES = sorted(path for package in ("flows", "pipelines", "schemas") for path in (ROOT / package).rglob("*.py"))
VERBS = frozenset(Path(__file__).with_name("verbs.txt").read_text(encoding="utf-8").split())
NOUNS_TOO = frozenset(Path(__file__).with_name("nouns.txt").read_text(encoding="utf-8").split())
"""Plural nouns that are forms of verbs as well."""
PROPERTIES = frozenset({"property", "cached_property", "setter", "fixture"})
QUESTION = re.compile(r"^(?:what|whether|which|who|whose|whom|why|how|where|when|that|those)\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?:^|(?<=[.!?]\s)|\n\s*\n)\s*(?:What|Whether|Which|Who|Whose|Why)\b(?![^.!?]*\?)")
RIDDLES = re.compile(
    r"\bwhat (?:is|was|are|were) (?:told|said|known|there)\b|\b(?:is|are|be|was|were) told of\b|\bof which it is\b"
    r"|\bwhat there is to\b|\bsay(?:s|ing)? so\b|\bfor all (?:we|it) knows?\b|\bit is said\b",
    re.IGNORECASE,
)
EVERYDAY = frozenset(Path(__file__).with_name("everyday.txt").read_text(encoding="utf-8").split())
"""Words that name nothing: a variable has the term of what it holds."""

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def is_property(node: ast.AST) -> bool:
    """Return whether a function is a property."""
    decorators = getattr(node, "decorator_list", [])
    names = {name.rpartition(".")[2] for name in map(ast.unparse, decorators)}
    return not names.isdisjoint(PROPERTIES)


def attribute_docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and text of each string that stands behind an assignment."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for before, after in pairwise(body):
            is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if is_text and isinstance(before, ast.Assign | ast.AnnAssign) and isinstance(after.value.value, str):
                yield after.lineno, after.value.value


def third_person(verb: str) -> str:
    """Return the form of a verb in the third person."""
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z")) else f"{verb}s"


THIRD_PERSONS = frozenset(map(third_person, VERBS)) - NOUNS_TOO


def fault_of(node: Documented, text: str) -> str | None:
    """Return the fault of a docstring's first line."""
    first = text.split(maxsplit=1)[0].strip(".,;:")
    if QUESTION.match(text):
        return f"begins with {first!r}"
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_property(node):
        return None if first.lower() in VERBS else f"{first!r} is no verb of verbs.txt"
    return f"{first!r} is a verb" if first.lower() in THIRD_PERSONS else None


def documented(tree: ast.Module) -> Iterator[tuple[int, str, str | None]]:
    """Yield the line, the text and the fault of the first line of each docstring."""
    for line, text in attribute_docstrings(tree):
        yield line, text, f"begins with {text.split()[0]!r}" if QUESTION.match(text) else None
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if docstring := ast.get_docstring(node):
            yield getattr(node, "lineno", 1), docstring, fault_of(node, docstring)


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and name of each variable, argument, function and class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name


def faults(path: Path) -> Iterator[str]:
    """Yield the faults of a module's docstrings and names, each with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for line, text, fault in documented(tree):
        if fault:
            yield f"{line}: docstring {fault}"
        if match := SENTENCE.search(text):
            yield f"{line}: a sentence begins with {match[0].split()[-1]!r}"
        if match := RIDDLES.search(text):
            yield f"{line}: {match[0]!r} is a riddle"
    yield from (f"{line}: {name!r} names nothing" for line, name in names(tree) if name.strip("_") in EVERYDAY)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_and_names_are_plain(path: Path) -> None:
    assert list(faults(path)) == []


def test_every_verb_stands_once_and_in_order() -> None:
    verbs = Path(__file__).with_name("verbs.txt").read_text(encoding="utf-8").split()
    assert verbs == sorted(set(verbs))


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ('def f():\n    """The stories."""', "is no verb"),
        ('def f():\n    """Whether it is."""', "begins with 'Whether'"),
        ('class C:\n    """Reads files."""', "is a verb"),
        ('X = 1\n"""What it is."""', "docstring begins with 'What'"),
        ('def f():\n    """Return it. Which of them matters."""', "a sentence begins with 'Which'"),
        ("told = 1", "'told' names nothing"),
        ("def f(one): pass", "'one' names nothing"),
        ('"""Names of what is told."""', "is a riddle"),
    ],
)
def test_a_fault_is_seen(tmp_path: Path, source: str, fault: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert any(fault in one for one in faults(path))


def test_plain_docstrings_pass(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""Stories."""\n\nLIMIT = 3\n"""Stories at most. Where the store is empty, none."""\n\n\n'
        'class Reader:\n    """A reader of stories."""\n\n    def read(self):\n        """Return the next story."""\n'
    )
    assert list(faults(path)) == []
