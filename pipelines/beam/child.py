"""The child processes of ``launch`` and ``launch_stream``: read their job, run the pipeline, tell what it did."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.beam.batch import Results, run_batch
from pipelines.beam.flink.jobs import cancel_jobs, master_of
from pipelines.beam.launch import CRASHED, UNAVAILABLE, BatchJob
from pipelines.beam.launch_stream import StreamJob
from pipelines.beam.runners import FLINK, INPROCESS, PRISM
from pipelines.beam.stream import run_in_rounds, run_unbounded
from pipelines.beam.transforms import Job
from pipelines.child_process import ERROR_NAME, JOB_NAME
from pipelines.config import load_settings
from pipelines.errors import StoreUnavailableError
from pipelines.rules.checks import load_rules
from pipelines.stores import StoreConfig
from pipelines.telemetry.tracing import here
from schemas.records import AlertOrigin
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.beam.launch_stream import WindowReport
    from pipelines.config import Settings


def main(folder: Path) -> int:
    """Run the job in ``folder``; the exit code says how it went."""
    task = from_json(BatchJob, (folder / JOB_NAME).read_bytes())
    job = job_of(load_settings(), task.rules, task.origin, notify=task.notify, progress=True)
    try:
        with here().span("pipeline", {"runner": task.runner, "captures": len(task.refs)}, leading=True):
            run_batch(task.refs, job, Results(folder), task.runner, task.options)
    except Exception as error:  # noqa: BLE001 - whatever it was, the flow is told
        return _tell(error, job, folder)
    finally:
        here().close()
    return 0


def stream_main(folder: Path) -> int:
    """Run the stream in ``folder`` until this process is told to end (SIGTERM); the exit code says how it went.

    Each window's report is a line of JSON on standard output.
    """
    task = from_json(StreamJob, (folder / JOB_NAME).read_bytes())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_end_with_parent, args=(os.getppid(), stop), daemon=True).start()
    job = job_of(load_settings(), task.rules, AlertOrigin.LIVE, notify=task.notify, endless=True)
    try:
        if task.runner == INPROCESS:
            run_in_rounds(job, task.store_key, stop, _say)
        else:
            with _job_of(job, task) as name:
                options = [f"--runner={task.runner}", f"--job_name={name}", *task.options]
                run_unbounded(job, task.store_key, options, stop, _say, recovers=task.runner != PRISM)
    except Exception as error:  # noqa: BLE001 - likewise
        return _tell(error, job, folder)
    finally:
        here().close()
    return 0


@contextmanager
def _job_of(job: Job, task: StreamJob) -> Iterator[str]:
    """The name of the stream's job on an engine; on a Flink cluster, without others of the name before and after."""
    told = f"{socket.gethostname()}\n{job.archive}\n{task.store_key}"
    name = f"wirepicket-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    master = master_of(task.options) if task.runner == FLINK else None
    if master:
        cancel_jobs(master, name)
    try:
        yield name
    finally:
        if master:
            cancel_jobs(master, name)


def _end_with_parent(parent: int, stop: threading.Event) -> None:
    """Stop when the parent has died without a word: nobody would deliver alerts, and no other stream could go on."""
    while not stop.wait(1):
        if os.getppid() != parent:
            stop.set()


def _say(report: WindowReport) -> None:
    print(to_json(report).decode(), flush=True)


def job_of(settings: Settings, rules: str, origin: AlertOrigin, **how: bool) -> Job:
    """What the transforms must know of a run with these settings and the rule file at a path."""
    return Job(
        archive=settings.archive.resolve(),
        store=StoreConfig.of(settings),
        rules=load_rules(Path(rules)),
        horizon=timedelta(days=settings.horizon_days),
        workers=settings.workers,
        origin=origin,
        **how,
    )


def _tell(error: Exception, job: Job, folder: Path) -> int:
    """Write down what went wrong. Where a step did not say that it was the store, the store is asked."""
    said = _of_the_store(error)
    try:
        with job.store.open() as store:
            store.setup()
    except StoreUnavailableError as unavailable:
        said = said or str(unavailable)
    (folder / ERROR_NAME).write_text(said or f"{type(error).__name__}: {error}", encoding="utf-8")
    return UNAVAILABLE if said else CRASHED


def _of_the_store(error: Exception) -> str | None:
    """What a step said of the store that could not be reached or refused us; ``None``: it was something else.

    Beam adds words of its own; an error of another process comes as the text of its traceback.
    """
    text, name = str(error), f"{StoreUnavailableError.__name__}: "
    if not isinstance(error, StoreUnavailableError) and name not in text:
        return None
    return text.rpartition(name)[2].partition(" [while running")[0].strip()
