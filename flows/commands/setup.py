"""``wirepicket setup``: preparation of servers."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flows.commands.options import ConfigOption, StoreOption, opened
from flows.progress import Reporter
from flows.shipped import DASHBOARDS, shipped
from pipelines.config import load_settings

app = typer.Typer(help="Prepare servers: templates and aliases, dashboards.", no_args_is_help=True)


@app.command()
def elasticsearch(store: StoreOption = None, config: ConfigOption = None) -> None:
    """Put index templates and aliases on the Elasticsearch at --store, and migrate indices of earlier versions.

    Other programs may read and write meanwhile. It is safe to repeat: an interrupted migration continues.
    """
    with opened(store, config) as (opened_store, settings):
        opened_store.migrate(Reporter().say)
        opened_store.maintain()
        print(f"{opened_store.url} is ready; its indices begin with {settings.index_prefix}-")


@app.command()
def kibana(
    url: Annotated[
        str | None,
        typer.Option("--url", help="Address of the Kibana, with /s/SPACE for a space.", metavar="URL"),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="Add an example of a Kibana alerting rule.")] = False,
    ndjson: Annotated[
        bool,
        typer.Option("--ndjson", help="Print the saved objects for an import by hand, without contacting a server."),
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Put data views, saved searches and dashboards on a Kibana. It is safe to repeat."""
    # Imported here: other commands need no Kibana.
    from pipelines.errors import ConfigurationError  # noqa: PLC0415
    from pipelines.kibana import saved_objects  # noqa: PLC0415
    from pipelines.kibana.description import load_description  # noqa: PLC0415
    from pipelines.kibana.server import Kibana  # noqa: PLC0415

    settings = load_settings(config)
    description = load_description(shipped(DASHBOARDS))
    if ndjson:
        sys.stdout.buffer.write(saved_objects.ndjson(saved_objects.saved_objects(description, settings.index_prefix)))
        return
    if url is None:
        raise ConfigurationError("--url is missing: the address of a Kibana, or --ndjson")
    api_key = settings.elastic_api_key
    with Kibana(url, api_key=api_key, ca_file=settings.ca_file) as server:
        done = server.install(description, settings.index_prefix, with_rules=rules)
        method = "by the Dashboards API" if done.by_api else "as saved objects"
        print(f"{server.url} (Kibana {done.version}): {done.objects} objects, dashboards {method}, {done.rules} rules")
