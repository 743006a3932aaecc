"""The command line ``wirepicket``.

Results go to standard output, everything else to standard error. Exit codes: 0 success; 1 the command ran, but
something is quarantined, skipped or failed; 2 wrong use or configuration; 3 the store could not be reached.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from pipelines.errors import ConfigurationError, StoreUnavailableError, WirepicketError
from pipelines.telemetry.stderr import write_stderr_as_json
from pipelines.telemetry.step import LogForm

RAN_WITH_FAULTS, WRONG_USE, STORE_UNAVAILABLE, INTERRUPTED = 1, 2, 3, 130
_INTERRUPTED = "interrupted; everything fetched is in the archive; run again to continue"

_COMMANDS = {
    "run": "run:run",
    "stream": "stream:stream",
    "serve": "serve:serve",
    "fetch": "fetch:fetch",
    "replay": "replay:replay",
    "export": "export:export",
    "search": "look:search",
    "stories": "look:stories",
    "show": "show:show",
    "report": "report:report",
    "status": "status:status",
    "rules": "rules:app",
    "feeds": "feeds:app",
    "alerts": "alerts:app",
    "archive": "archive:app",
    "quarantine": "quarantine:app",
    "gazetteer": "gazetteer:app",
    "lines": "lines:app",
    "setup": "setup:app",
    "elasticsearch": "elasticsearch:app",
    "flink": "flink:app",
}
"""Module and attribute in ``flows.commands`` of each command or group of commands, in the order of the help."""


class _Commands(Mapping[str, Any]):
    """The commands. Each is imported on first use, so that it loads only the libraries it needs."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - a command of typer's own copy of click
        module, _, attribute = _COMMANDS[name].partition(":")
        command = getattr(import_module(f"flows.commands.{module}"), attribute)
        group = typer.Typer(rich_markup_mode=None)
        if isinstance(command, typer.Typer):
            group.add_typer(command, name=name)
        else:
            group.command(name)(command)
        return typer.main.get_group(group).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Group(TyperGroup):
    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's
        super().__init__(**attributes | {"commands": _Commands()})


app = typer.Typer(
    name="wirepicket",
    cls=_Group,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _wirepicket() -> None:
    """Monitor defence news: clean articles, one entry per text, one story per event, alerts you can trust."""


def main() -> None:
    """Run the program and leave with its exit code."""
    if os.environ.get("WIREPICKET_LOG", "").lower() == LogForm.JSON:
        write_stderr_as_json()  # first, so that errors in options and settings are JSON too
    try:
        app()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:  # typer turns the interrupt into this exit without a message
            _leave(_INTERRUPTED, INTERRUPTED)
        raise
    except ConfigurationError as error:
        _leave(error, WRONG_USE)
    except StoreUnavailableError as error:
        _leave(error, STORE_UNAVAILABLE)
    except WirepicketError as error:
        _leave(error, RAN_WITH_FAULTS)
    except KeyboardInterrupt:
        _leave(_INTERRUPTED, INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has closed the pipe, as `| head` does
        sys.exit(0)


def _leave(message: object, code: int) -> None:
    print(f"wirepicket: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
