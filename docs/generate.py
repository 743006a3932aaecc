"""Generator of ``docs/reference/commands.md`` and ``docs/reference/settings.md`` from the code.

``python -m docs.generate`` writes both; a test says when one is stale. Help texts stand beside the options in
``flows/commands``, those of settings below the fields in ``pipelines/config.py``: change them there.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from enum import Enum
from ipaddress import IPv4Network, IPv6Network
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import typer
from pydantic import BaseModel, SecretStr

from flows.cli import app
from pipelines.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

REFERENCE = Path(__file__).parent / "reference"
_COMMANDS_HEAD = """# Commands

Made from the code by `make reference`; change the help texts there, not this page.

Results go to standard output, everything else to standard error. Every command takes `--help`. The exit codes are
explained in [operations](../operations.md#exit-codes).
"""
_SETTINGS_HEAD = """# Settings

Made from `pipelines/config.py` by `make reference`; change the docstrings there, not this page.

Settings are read from `wirepicket.toml` in the working directory, or from the file that `--config` names, and from the
environment. The environment takes precedence over the file, and options of a command over both. A setting that does not
exist, or a value that is not valid, ends the command with exit code 2.
"""
_PLAIN_TYPES: dict[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Path: "path",
    SecretStr: "secret text",
    type(None): "",
    IPv4Network: "network",
    IPv6Network: "network",
}
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def commands_page() -> str:
    """Return the reference of the command line, in Markdown."""
    sections = [_command_section(path, command) for path, command in commands()]
    return "\n".join([_COMMANDS_HEAD, *sections])


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command and group with its path, such as ``("rules", "check")``; each group before its commands."""

    def below(path: tuple[str, ...], group: Any) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - click's
        for name, command in group.commands.items():
            yield (*path, name), command
            if hasattr(command, "commands"):
                yield from below((*path, name), command)

    return below((), typer.main.get_command(app))


def _command_section(path: tuple[str, ...], command: Any) -> str:  # noqa: ANN401 - a command of click
    name = " ".join(("wirepicket", *path))
    level = "#" * (1 + len(path))
    parts = [f"{level} {name}\n", f"{_plain(command.help or '')}\n"]
    runs = not hasattr(command, "commands") or command.invoke_without_command
    if not runs:
        return "\n".join(parts)
    context = typer.Context(command, info_name=name)
    arguments = [_argument(parameter) for parameter in command.params if parameter.param_type_name == "argument"]
    parts.append(f"```text\n{' '.join((name, '[OPTIONS]', *arguments))}\n```\n")
    if command.params:
        rows = [_parameter_row(parameter, context) for parameter in command.params]
        parts.append("| argument or option | default | meaning |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def _argument(parameter: Any) -> str:  # noqa: ANN401 - a parameter of click
    name = (parameter.metavar or parameter.name).strip("[]…").upper()
    several = f"{name}…" if parameter.nargs == -1 else name
    return several if parameter.required else f"[{several}]"


def _parameter_row(parameter: Any, context: typer.Context) -> str:  # noqa: ANN401 - a parameter of click
    """Return the row of one argument or option: its spelling with metavariable or choices, default and help."""
    spelling = re.fullmatch(r"(.*?)(?: <([^>]*)>)?", parameter.get_help_record(context)[0])
    assert spelling, "the pattern takes any line"
    spelled, kind = spelling.groups()
    if parameter.param_type_name == "argument":
        spelled = _argument(parameter)
    elif kind and "|" not in kind:
        spelled += f" {(kind.partition('[')[2].strip(']') or kind).upper().removesuffix(' RANGE')}"
    if kind and "|" in kind:
        spelled += f" {kind}"
    return f"| `{_cell(spelled)}` | {_cell(_default(parameter))} | {_cell(parameter.help or '')} |"


def _default(parameter: Any) -> str:  # noqa: ANN401 - a parameter of click
    if parameter.required:
        return "required"
    if parameter.secondary_opts:
        return f"`{(parameter.opts if parameter.default else parameter.secondary_opts)[0]}`"
    value = parameter.default.value if isinstance(parameter.default, Enum) else parameter.default
    return "–" if value is None or value is False else f"`{value}`"


def settings_page() -> str:
    """Return the reference of the settings, in Markdown."""
    rows = [
        f"| `{name}` | `{variable}` | {_cell(_type_name(field))} | {_cell(_default_value(field))} | {_cell(text)} |"
        for name, variable, field, text in settings()
    ]
    table = "| name in the file | environment | type | default | meaning |\n|---|---|---|---|---|\n"
    return "\n".join([_SETTINGS_HEAD, table + "\n".join(rows) + "\n"])


def settings(model: type[BaseModel] = Settings, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, str, Any, str]]:
    """Yield name, environment variable, field and docstring of every setting, those of sections included."""
    texts = _attribute_docstrings(model)
    delimiter = str(Settings.model_config.get("env_nested_delimiter") or "__")
    for name, field in model.model_fields.items():
        path = (*prefix, name)
        section = _section(field)
        if section:
            yield from settings(section, path)
        else:
            variable = f"{Settings.model_config.get('env_prefix', '')}{delimiter.join(path)}".upper()
            yield ".".join(path), variable, field, texts.get(name, "")


def _section(field: FieldInfo) -> type[BaseModel] | None:
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _attribute_docstrings(model: type) -> dict[str, str]:
    """Return the text literal below each attribute of a class; Python itself drops these."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef)
    return {
        statement.target.id: " ".join(str(below.value.value).split())
        for statement, below in pairwise(definition.body)
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
    }


def _type_name(field: FieldInfo) -> str:
    name = _hint_name(field.annotation)
    constraints = [*field.metadata, *_inner_constraints(field.annotation)]
    bounds = [
        f"{words} {getattr(constraint, bound):,}"
        for constraint in constraints
        for bound, words in _BOUNDS.items()
        if getattr(constraint, bound, None) is not None
    ]
    patterns = [f"`{found}`" for constraint in constraints if (found := getattr(constraint, "pattern", None))]
    return ", ".join([name, *bounds, *patterns])


def _inner_constraints(hint: Any) -> list[Any]:  # noqa: ANN401 - any annotation
    """Return the constraints of a type that may also be missing, which pydantic leaves in the annotation."""
    fields = [found for member in get_args(hint) for found in getattr(member, "__metadata__", ())]
    return [constraint for found in fields for constraint in getattr(found, "metadata", ())]


def _hint_name(hint: Any) -> str:  # noqa: ANN401 - any annotation
    if getattr(hint, "__metadata__", None):
        return _hint_name(hint.__origin__)
    if hint in _PLAIN_TYPES:
        return _PLAIN_TYPES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f"`{member.value}`" for member in hint)
    arguments = list(dict.fromkeys(filter(None, map(_hint_name, filter(lambda one: one is not ..., get_args(hint))))))
    origin = getattr(hint, "__origin__", None)
    if origin is tuple:
        return f"list of {arguments[0]}s"
    if origin is dict:
        return f"table: {arguments[0]} to {arguments[1]}"
    return " or ".join(arguments)


def _default_value(field: FieldInfo) -> str:
    value = field.default.value if isinstance(field.default, Enum) else field.default
    return "–" if value is None or value in ((), {}) else f"`{value}`"


def _plain(text: str) -> str:
    return inspect.cleandoc(text).replace("``", "`")


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def write(folder: Path = REFERENCE) -> None:
    """Write both pages."""
    folder.mkdir(exist_ok=True)
    (folder / "commands.md").write_text(commands_page(), encoding="utf-8")
    (folder / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    write()
