"""``python -m pipelines.beam copy FOLDER``: copy between the archive and a remote one, through Beam's filesystems.

``FOLDER`` holds the job (``CopyJob``). Each round's report (``Copied``) is a line of JSON on standard output.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.archive.copying import CHUNK, Bringer, Copied, Listed, Sender, pause_after
from pipelines.archive.warc import SUFFIX
from pipelines.beam.launch import JOB_NAME
from pipelines.beam.launch_copy import LIST_SECONDS, TRIES, CopyJob
from pipelines.errors import CopyError
from schemas.records import now_utc
from schemas.serial import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.archive.copying import Copier

_QUERY = re.compile(r"\?[^\s'\">]*")
_SHARE = 4.0
"""Ratio of the pause after a listing to the time that the listing took, for large archives."""


class BeamArchive:
    """A remote archive on any filesystem that Beam supports (a ``pipelines.archive.copying.RemoteArchive``)."""

    def __init__(self, address: str, options: Sequence[str]) -> None:
        """Set the options of Beam, such as ``--s3_endpoint_url=URL``."""
        self._address = address
        FileSystems.set_options(PipelineOptions(list(options)))
        # Beam's own clients retry a failure for up to ten minutes, which no option can change. Here the next file
        # comes first, so an error ends the call when Beam logs that it will wait.
        logger = logging.getLogger("apache_beam.utils.retry")
        logger.setLevel(logging.WARNING)
        logger.addFilter(_raise_instead)

    def listed(self) -> dict[str, Listed]:
        """Return its WARC files by name."""
        with _copy_errors(self._address):
            (matches,) = FileSystems.match([f"{self._address}/*{SUFFIX}"])
            return {
                file.path.rpartition("/")[2]: Listed(file.size_in_bytes, file.last_updated_in_seconds or 0.0)
                for file in matches.metadata_list
            }

    def read(self, name: str, start: int) -> Iterator[bytes]:
        """Yield the bytes of a file from the offset ``start`` on."""
        path = f"{self._address}/{name}"
        # UNCOMPRESSED, since Beam would otherwise decompress a file whose name ends in .gz.
        with _copy_errors(path), FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            file.seek(start)
            while chunk := file.read(CHUNK):
                yield chunk

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a file, replacing the file of the same name."""
        path = f"{self._address}/{name}"
        with _copy_errors(path), FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            for chunk in chunks:
                file.write(chunk)


def _raise_instead(_record: logging.LogRecord) -> bool:
    error = sys.exc_info()[1]
    if error is not None:
        raise error
    return True


@contextmanager
def _copy_errors(path: str) -> Iterator[None]:
    try:
        yield
    except CopyError:
        raise
    except Exception as error:  # each filesystem has errors of its own
        raise CopyError(f"{path}: {_message(error)}") from error


def _message(error: Exception) -> str:
    """Return an error's message as one line, without the queries of addresses, which may hold signatures."""
    causes = list((error.exception_details or {}).values()) if isinstance(error, BeamIOError) else []
    cause = causes[0] if causes else error
    message = str(getattr(cause, "message", None) or cause) or type(cause).__name__
    return _QUERY.sub("?…", " ".join(message.split()))


def main(folder: Path) -> int:
    """Perform the job in ``folder`` until standard input ends.

    Then a sender sends the remaining files; a fetching process ends at once, even within a file.
    """
    job = from_json(CopyJob, (folder / JOB_NAME).read_bytes())
    stop = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(stop.set if job.sends else _leave,), daemon=True).start()
    remote, archive = BeamArchive(job.address, job.options), Path(job.archive)
    if job.sends:
        sender = Sender(archive, remote)
        _rounds(sender, stop)
        _send_rest(sender)
    else:
        _rounds(Bringer(archive, remote, lambda: _oldest(job.days)), stop)
    return 0


def _wait_for_the_end(then: Callable[[], None]) -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    then()


def _leave() -> None:
    os._exit(0)


def _rounds(copier: Copier, stop: threading.Event) -> None:
    pause, unanswered = 0.0, 0
    while not stop.wait(pause):
        done = copier.round(_print_report)
        _print_report(done)
        unanswered = unanswered + 1 if done.problems and not done.waiting else 0
        if unanswered:
            pause = pause_after(unanswered)
        elif done.files:
            pause = 0.0 if done.waiting else LIST_SECONDS  # no pause while files are waiting
        else:
            pause = max(LIST_SECONDS, _SHARE * done.seconds)


def _send_rest(sender: Sender) -> None:
    tried = 0
    while tried < TRIES:
        done = sender.round(_print_report, at_once=True)
        _print_report(done)
        if not (done.waiting or done.problems):
            return
        if not done.files:
            tried += 1
            time.sleep(pause_after(tried))


def _oldest(days: int | None) -> float:
    return (now_utc() - timedelta(days=days)).timestamp() if days else 0.0


def _print_report(copied: Copied) -> None:
    print(to_json(copied).decode(), flush=True)
