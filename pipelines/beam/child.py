"""The child process of ``pipelines.beam.launch``: reads its job, runs the pipeline, writes what it did."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pipelines.alerts.rules import load_rules
from pipelines.beam.batch import Results, run_batch
from pipelines.beam.launch import CRASHED, ERROR_NAME, JOB_NAME, UNAVAILABLE, BatchJob
from pipelines.beam.transforms import Job
from pipelines.config import load_settings
from pipelines.errors import StoreUnavailableError
from schemas.serial import from_json


def main(folder: Path) -> int:
    """Run the job in ``folder``; the exit code says how it went."""
    task = from_json(BatchJob, (folder / JOB_NAME).read_bytes())
    settings = load_settings()
    job = Job(
        archive=settings.archive.resolve(),
        store=settings.store_url,
        api_key=settings.api_key.get_secret_value() if settings.api_key else None,
        ca_file=settings.ca_file,
        index_prefix=settings.index_prefix,
        rules=load_rules(Path(task.rules)),
        horizon=timedelta(days=settings.horizon_days),
        workers=settings.workers,
        origin=task.origin,
        notify=task.notify,
        progress=True,
    )
    try:
        run_batch(task.refs, job, Results(folder), task.runner)
    except Exception as error:  # noqa: BLE001 - whatever it was, the flow is told
        # Beam turns the errors of a step into texts of its own, so the store itself is asked.
        try:
            with job.open_store() as store:
                store.setup()
        except StoreUnavailableError as unavailable:
            (folder / ERROR_NAME).write_text(str(unavailable), encoding="utf-8")
            return UNAVAILABLE
        (folder / ERROR_NAME).write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return CRASHED
    return 0
