"""The child processes of ``launch`` and ``launch_stream``: they read their job, run the pipeline and report results."""

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
from pipelines.telemetry.tracing import process_tracer
from schemas.records import AlertOrigin
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.beam.launch_stream import WindowReport
    from pipelines.config import Settings


def main(folder: Path) -> int:
    """Run the batch job in ``folder``; return the exit code: 0, ``CRASHED`` or ``UNAVAILABLE``."""
    task = from_json(BatchJob, (folder / JOB_NAME).read_bytes())
    job = make_job(load_settings(), task.rules, task.origin, notify=task.notify, progress=True)
    try:
        with process_tracer().span("pipeline", {"runner": task.runner, "captures": len(task.refs)}, leading=True):
            run_batch(task.refs, job, Results(folder), task.runner, task.options)
    except Exception as error:  # noqa: BLE001 - every error is reported to the flow
        return _write_error(error, job, folder)
    finally:
        process_tracer().close()
    return 0


def stream_main(folder: Path) -> int:
    """Run the stream job in ``folder`` until SIGTERM or SIGINT; return the exit code: 0, ``CRASHED``, ``UNAVAILABLE``.

    Each window's report is a line of JSON on standard output.
    """
    task = from_json(StreamJob, (folder / JOB_NAME).read_bytes())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=_end_with_parent, args=(os.getppid(), stop), daemon=True).start()
    job = make_job(load_settings(), task.rules, AlertOrigin.LIVE, notify=task.notify, endless=True)
    try:
        if task.runner == INPROCESS:
            run_in_rounds(job, task.store_key, stop, _print_report)
        else:
            with _engine_job(job, task) as name:
                options = [f"--runner={task.runner}", f"--job_name={name}", *task.options]
                run_unbounded(job, task.store_key, options, stop, _print_report, recovers=task.runner != PRISM)
    except Exception as error:  # noqa: BLE001 - likewise
        return _write_error(error, job, folder)
    finally:
        process_tracer().close()
    return 0


@contextmanager
def _engine_job(job: Job, task: StreamJob) -> Iterator[str]:
    """Yield the name of the stream's job on an engine; cancel jobs of this name on a Flink cluster before and after."""
    identity = f"{socket.gethostname()}\n{job.archive}\n{task.store_key}"
    name = f"wirepicket-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"
    master = master_of(task.options) if task.runner == FLINK else None
    if master:
        cancel_jobs(master, name)
    try:
        yield name
    finally:
        if master:
            cancel_jobs(master, name)


def _end_with_parent(parent: int, stop: threading.Event) -> None:
    """Stop when the parent has died: alerts would not be delivered, and no other stream could continue."""
    while not stop.wait(1):
        if os.getppid() != parent:
            stop.set()


def _print_report(report: WindowReport) -> None:
    print(to_json(report).decode(), flush=True)


def make_job(settings: Settings, rules: str, origin: AlertOrigin, **options: bool) -> Job:
    """Return the job of a run with these settings, the rule file at the path ``rules``, and flags of ``Job``."""
    return Job(
        archive=settings.archive.resolve(),
        store=StoreConfig.of(settings),
        rules=load_rules(Path(rules)),
        horizon=timedelta(days=settings.horizon_days),
        workers=settings.workers,
        origin=origin,
        **options,
    )


def _write_error(error: Exception, job: Job, folder: Path) -> int:
    """Write the error message into the folder; return the exit code.

    If the error does not name the store as its cause, the store itself is tried.
    """
    message = _store_message(error)
    try:
        with job.store.open() as store:
            store.setup()
    except StoreUnavailableError as unavailable:
        message = message or str(unavailable)
    (folder / ERROR_NAME).write_text(message or f"{type(error).__name__}: {error}", encoding="utf-8")
    return UNAVAILABLE if message else CRASHED


def _store_message(error: Exception) -> str | None:
    """Return the message of a ``StoreUnavailableError`` in a step; ``None`` for another error.

    Beam adds text of its own to messages. An error of another process arrives as the text of its traceback.
    """
    text, name = str(error), f"{StoreUnavailableError.__name__}: "
    if not isinstance(error, StoreUnavailableError) and name not in text:
        return None
    return text.rpartition(name)[2].partition(" [while running")[0].strip()
