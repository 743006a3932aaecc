"""The command line ``wirepicket``.

Results go to standard output, everything else to standard error. Exit codes: 0 all well; 1 it ran, and
something is quarantined or a feed failed; 2 wrong use or configuration; 3 the store could not be reached.
"""

from __future__ import annotations

import os
import sys

import typer

from flows.commands import (
    alerts,
    elasticsearch,
    export,
    feeds,
    fetch,
    flink,
    gazetteer,
    lines,
    look,
    replay,
    report,
    rules,
    run,
    serve,
    setup,
    show,
    status,
    stream,
)
from pipelines.errors import ConfigurationError, StoreUnavailableError, WirepicketError
from pipelines.telemetry.stderr import speak_json
from pipelines.telemetry.step import LogForm

RAN_WITH_FAULTS, WRONG_USE, STORE_UNAVAILABLE, INTERRUPTED = 1, 2, 3, 130
_INTERRUPTED = "interrupted; what was fetched is in the archive, run again to go on"

app = typer.Typer(
    name="wirepicket",
    help="Defence-news monitoring: clean articles, one entry per text, one story per event, alerts you can trust.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (
    run.run,
    stream.stream,
    serve.serve,
    fetch.fetch,
    replay.replay,
    export.export,
    look.search,
    look.stories,
    show.show,
    report.report,
    status.status,
):
    app.command()(command)
app.add_typer(rules.app, name="rules")
app.add_typer(feeds.app, name="feeds")
app.add_typer(alerts.app, name="alerts")
app.add_typer(gazetteer.app, name="gazetteer")
app.add_typer(lines.app, name="lines")
app.add_typer(setup.app, name="setup")
app.add_typer(elasticsearch.app, name="elasticsearch")
app.add_typer(flink.app, name="flink")


def main() -> None:
    """Run the program and leave with its exit code."""
    if os.environ.get("WIREPICKET_LOG", "").lower() == LogForm.JSON:
        speak_json()  # what is wrong with the options or the settings, too
    try:
        app()
    except SystemExit as leaving:
        if leaving.code == INTERRUPTED:  # typer has made it of the interrupt, and says nothing
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
        sys.stderr.close()  # the reader of our output has gone, as `| head` does
        sys.exit(0)


def _leave(message: object, code: int) -> None:
    print(f"wirepicket: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
