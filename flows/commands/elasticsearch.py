"""``wirepicket elasticsearch``: an Elasticsearch node on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.options import ConfigOption
from flows.progress import Reporter
from pipelines.config import load_settings
from pipelines.stores import local_node

app = typer.Typer(help="A real Elasticsearch node on loopback, for tests and trial.", no_args_is_help=True)


@app.command()
def up(
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65535)] = 9200,
    config: ConfigOption = None,
) -> None:
    """Start the node and wait until it answers. The first start fetches its jars (40 MB)."""
    settings = load_settings(config)
    Reporter().say("Starting Elasticsearch; the first start takes about a minute …")
    print(local_node.up(settings.home, port))


@app.command()
def down(config: ConfigOption = None) -> None:
    """Stop the node. Its data are kept."""
    settings = load_settings(config)
    print("stopped" if local_node.down(settings.home) else "was not running")


@app.command()
def status(config: ConfigOption = None) -> None:
    """Print the state and address of the node."""
    print(local_node.status(load_settings(config).home))
