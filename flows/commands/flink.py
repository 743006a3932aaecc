"""``wirepicket flink``: a standalone Flink cluster on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.options import ConfigOption
from flows.progress import Reporter
from pipelines.beam.flink import cluster
from pipelines.config import load_settings

app = typer.Typer(help="A Flink cluster of real processes on loopback, for tests and trial.", no_args_is_help=True)


@app.command()
def up(
    port: Annotated[int, typer.Option("--port", help="Port of its REST interface.", min=1, max=65535)] = 8081,
    task_managers: Annotated[
        int, typer.Option("--task-managers", help="Number of task managers.", min=1, max=16)
    ] = cluster.TASK_MANAGERS,
    config: ConfigOption = None,
) -> None:
    """Start a job manager and task managers, except those that run already. `make flink` fetches what they need."""
    settings = load_settings(config)
    Reporter().say("Starting Flink …")
    print(cluster.up(settings.home, port, task_managers).address)


@app.command()
def down(config: ConfigOption = None) -> None:
    """Stop the cluster."""
    print("stopped" if cluster.down(load_settings(config).home) else "was not running")


@app.command()
def status(config: ConfigOption = None) -> None:
    """Print the running processes of the cluster and its address."""
    here = cluster.cluster_of(load_settings(config).home)
    for name, pid in here.pids().items():
        print(f"{name}: process {pid}")
    count = here.task_managers()
    print(f"{here.address}: {count} task managers" if count else "does not answer")
