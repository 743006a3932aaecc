"""Options that several commands take."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.inputs import store_of
from pipelines.config import Settings, load_settings
from pipelines.errors import ConfigurationError
from pipelines.telemetry.stderr import write_stderr_as_json
from pipelines.telemetry.step import LogForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.stores.protocol import Store

StoreOption = Annotated[
    str | None,
    typer.Option("--store", help="sqlite:///FILE or the http(s):// address of an Elasticsearch.", metavar="URL"),
]


def _set_message_format(config: Path | None) -> Path | None:
    """Set the format of messages before the command prints any; the command itself reports invalid settings."""
    with suppress(ConfigurationError):
        if load_settings(config).log is LogForm.JSON:
            write_stderr_as_json()
    return config


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="Configuration file; default: wirepicket.toml here.",
        metavar="FILE",
        callback=_set_message_format,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
RulesOption = Annotated[
    Path | None,
    typer.Option("--rules", help="Alert rules (YAML); default: the shipped examples.", metavar="FILE"),
]
FeedsOption = Annotated[
    str | None,
    typer.Option("--feeds", help="Feed list (OPML, TOML, YAML, addresses) or a feed's address.", metavar="FILE"),
]
SeedsOption = Annotated[
    list[Path] | None,
    typer.Option("--seeds", help="Seed file or folder; may be given several times.", metavar="PATH"),
]
DeadlineOption = Annotated[
    float | None,
    typer.Option(
        "--deadline",
        help="Minutes after which nothing more is fetched; the rest is due in the next run. Default: 30.",
        min=0.01,
        metavar="MINUTES",
    ),
]
RunnerOption = Annotated[
    str, typer.Option("--runner", help="Beam runner: inprocess, prism, flink, portable or dataflow.", metavar="NAME")
]


@contextmanager
def opened(store: str | None, config: Path | None) -> Iterator[tuple[Store, Settings]]:
    """Open the store for a command; yields the store and the settings."""
    settings = load_settings(config, store=store)
    with store_of(settings) as opened_store:
        opened_store.setup()
        yield opened_store, settings
