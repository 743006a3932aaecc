"""The documents against the program: every command, option and setting is in them, and every command in them parses."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from docs import generate
from pipelines.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
PROGRAM = ("wirepicket", ".venv/bin/wirepicket")
COMMANDS: dict[tuple[str, ...], Any] = dict(generate.commands())
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^ {4}.*\n)+", re.MULTILINE)


def calls(page: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of the program in the code blocks of a page."""
    shell = [block for language, block in _FENCE.findall(page) if language in {"", "console", "sh", "bash"}]
    for line in "".join([*shell, *_INDENTED.findall(_FENCE.sub("", page))]).replace("\\\n", " ").splitlines():
        if "wirepicket" not in line:
            continue
        words = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
        words.whitespace_split = True
        call: list[str] | None = None
        for word in (*words, "&"):
            if set(word) <= set("&|;<>"):
                if call is not None:
                    yield call
                call = None
            elif call is not None:
                call.append(word)
            elif word in PROGRAM:
                call = []


def mentions(page: str) -> Iterator[list[str]]:
    """Yield the words of each span of code in a page that begins with a command, with or without the program."""
    for span in re.findall(r"`([^`]+)`", _FENCE.sub("", page)):
        words = re.sub(r"(?<=\s)[\[(]|[\])…]", " ", span).replace("\\|", "|").split()
        if len(words) > 1 and words[0] in PROGRAM:
            yield words[1:]
        elif len(words) > 1 and (words[0],) in COMMANDS and "=" not in words:
            yield words


def command_of(words: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the command that some words name, and what is left of them."""
    path: tuple[str, ...] = ()
    while len(path) < len(words) and (*path, words[len(path)]) in COMMANDS:
        path = (*path, words[len(path)])
    return path, words[len(path) :]


def options(path: tuple[str, ...]) -> set[str]:
    parameters = [parameter for parameter in COMMANDS[path].params if parameter.param_type_name == "option"]
    return {name for parameter in parameters for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_the_code_blocks_of_a_page_parses(page: Path) -> None:
    for words in calls(page.read_text(encoding="utf-8")):
        path, rest = command_of(words)
        assert path or not words, f"wirepicket {' '.join(words)}: there is no such command"
        COMMANDS[path].make_context(" ".join(path), rest)  # raises where an argument or an option is wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_and_option_that_a_page_mentions_exists(page: Path) -> None:
    for words in mentions(page.read_text(encoding="utf-8")):
        paths = list(found_all(words))
        assert paths, f"wirepicket {' '.join(words)}: there is no such command"
        for path in paths:
            wrong = {word.partition("=")[0] for word in words if word.startswith("-") and len(word) > 1} - options(path)
            assert not wrong, f"wirepicket {' '.join(path)} has no {', '.join(wrong)}"


def found_all(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the command that is named, or each of several in the form ``alerts list|show``."""
    path, rest = command_of(words)
    group = path and hasattr(COMMANDS[path], "commands")
    if group and rest and not rest[0].startswith("-"):
        for name in rest[0].split("|"):
            assert (*path, name) in COMMANDS, f"wirepicket {' '.join(path)} has no command {name}"
            yield (*path, name)
    elif path:
        yield path


def test_calls_and_mentions_are_found() -> None:
    block = "```console\n$ FOO=1 wirepicket run --due \\\n  --json > a & wirepicket search 'a | b'  # both\n```\n"
    assert list(calls(block)) == [["run", "--due", "--json"], ["search", "a | b"]]
    assert list(calls("As here:\n\n    wirepicket stream\n")) == [["stream"]]
    assert list(mentions("`wirepicket run`, `feeds list|add`, `run`, `wirepicket replay [--since TIME]`")) == [
        ["run"],
        ["feeds", "list|add"],
        ["replay", "--since", "TIME"],
    ]


@pytest.mark.parametrize("wrong", [["run", "--sources", "a"], ["export", "things"], ["rules", "check", "a", "b", "c"]])
def test_a_wrong_call_does_not_parse(wrong: list[str]) -> None:
    path, rest = command_of(wrong)
    with pytest.raises(Exception, match=r"No such option|is not one of|unexpected extra argument") as raised:
        COMMANDS[path].make_context(" ".join(path), rest)
    assert getattr(raised.value, "exit_code", None) == 2


def test_the_references_are_not_stale() -> None:
    for name, page in (("commands", generate.commands_page()), ("settings", generate.settings_page())):
        assert (generate.REFERENCE / f"{name}.md").read_text(encoding="utf-8") == page, "run: make reference"


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_argument_and_option_is_documented(path: tuple[str, ...]) -> None:
    command = COMMANDS[path]
    assert command.help
    undocumented = [parameter.name for parameter in command.params if not parameter.help]
    assert not undocumented, "they have no help text"
    section = generate.commands_page().split(f" wirepicket {' '.join(path)}\n")[1].split("\n#")[0]
    if not hasattr(command, "commands"):
        assert [name for name in options(path) - {"--help"} if name not in section] == []


def test_every_setting_is_documented() -> None:
    page = generate.settings_page()
    documented = {name: text for name, _, _, text in generate.settings()}
    assert {name.partition(".")[0] for name in documented} == set(Settings.model_fields)
    for name, text in documented.items():
        assert text, f"the setting {name} has no docstring"
        assert f"| `{name}` |" in page


def test_every_page_is_reached_from_the_index_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert [name for name in records if f"]({name})" not in index] == []
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
