"""``wirepicket setup``: prepare a server for us."""

from __future__ import annotations

import typer

from flows.commands.options import ConfigOption, StoreOption, opened

app = typer.Typer(help="Prepare servers: templates and aliases.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``elasticsearch`` a sub-command while it is the only one."""


@app.command()
def elasticsearch(store: StoreOption = None, config: ConfigOption = None) -> None:
    """Put index templates and aliases on the Elasticsearch at --store. Safe to repeat."""
    with opened(store, config) as (opened_store, settings):
        print(f"{opened_store.url} is ready; its indices begin with {settings.index_prefix}-")
