"""Worker processes for extraction, with hard limits of time and memory.

A page can send a parser into minutes of work or into a crash. A process can be killed, a thread cannot; and
several processes are also what makes extraction, the dearest step, use every core.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Self

from pipelines.collector import collector_paused
from pipelines.errors import ExtractionError, InputError
from pipelines.ingest.memory import limit_memory
from pipelines.ingest.workers import Lost, Workers
from schemas.records import MediaKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from multiprocessing.context import ForkServerContext
    from types import TracebackType

    from pipelines.clean.learning import Learned
    from pipelines.ingest.refine import Refined
    from pipelines.rules.matcher import Matcher
    from schemas.records import Capture, CaptureRef, Rule

    Portion = list[tuple[CaptureRef, Capture]]
    _Answer = Future[Refined | InputError | Lost]

SECONDS = 10.0
"""Longest time for one capture. A page of usual size takes 10 to 20 ms, the largest sound ones a second."""
MEMORY = 1 << 30
"""Bytes which a worker may take on top of what it has when it starts. Pages of the largest size taken need 300 MB."""
AHEAD = 2
"""Portions which the workers have while one is stored."""
TASKS_PER_PROCESS = 2_000
"""Captures after which a worker is replaced, so that what libraries leak cannot add up."""

CHUNK = 8
"""Captures handed over to a worker at a time: it need not wait for the next one, and all are busy to the end."""
CHUNK_BYTES = 2 * 2**20
"""A larger chunk ends there: what waits in a worker counts towards its memory."""


@dataclass(frozen=True, slots=True)
class _Task:
    capture: Capture
    given_up: ExtractionError | None = None
    """Why a worker was lost to the page, where now the feed's own text is wanted in its place."""


def _context() -> ForkServerContext:
    # A fork of this process would inherit its threads' locks; a server that has imported everything forks
    # clean workers in milliseconds.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.warm"])
    return context


def start_server() -> None:
    """Start the process that forks workers, ahead of need: it takes a second or two to load everything."""
    _context()
    forkserver.ensure_running()


def _prepare(rules: Sequence[Rule], learned: Learned, memory: int) -> Callable[[_Task], Refined | InputError]:
    """What a worker does with its tasks."""
    from pipelines.rules.matcher import Matcher  # noqa: PLC0415 - loaded already, and only in workers

    matcher = Matcher(rules)
    limit_memory(memory)

    def work(task: _Task) -> Refined | InputError:
        given_up = task.given_up
        try:
            with collector_paused():  # what a page takes is given back when it is done, and holds no cycles
                if given_up is None:
                    return _refined(task.capture, matcher, learned)
                return _fallback(task.capture, matcher, learned, given_up)
        except InputError as error:
            return error

    return work


def _refined(capture: Capture, matcher: Matcher, learned: Learned) -> Refined:
    from pipelines.ingest.refine import refine  # noqa: PLC0415 - likewise

    try:
        return refine(capture, matcher, learned)
    except InputError:
        raise
    except MemoryError:
        # The error itself holds the frames, and with them what took the memory.
        refused = ExtractionError("memory", "more memory than a worker may take")
    except Exception as error:  # noqa: BLE001 - a fault of ours on one page must not stop the others
        # lxml has its own error for memory that it does not get: with expressions that are constants an XPath
        # error can mean nothing else.
        name = type(error).__name__
        refused = ExtractionError("memory" if name == "XPathEvalError" else "unexpected", f"{name}: {error}"[:500])
    return _fallback(capture, matcher, learned, refused)


def _fallback(capture: Capture, matcher: Matcher, learned: Learned, failure: ExtractionError) -> Refined:
    """The article by the feed's own text; the failure itself where there is none or it fails too."""
    from pipelines.ingest.refine import own_text  # noqa: PLC0415 - likewise

    own = None
    with suppress(Exception):  # the first failure is what counts
        own = own_text(capture, matcher, learned)
    if own is None:
        raise failure
    return replace(own, failure=failure)


class RefinePool:
    """Runs ``refine`` in worker processes. Use as a context manager."""

    def __init__(
        self,
        rules: Sequence[Rule],
        workers: int | None = None,
        *,
        learned: Learned | None = None,
        seconds: float = SECONDS,
        memory: int = MEMORY,
    ) -> None:
        self._seconds = seconds
        self._workers: Workers[_Task, Refined | InputError] = Workers(
            workers or os.cpu_count() or 1,
            _context(),
            _prepare,
            (tuple(rules), learned or {}, memory),
            seconds=seconds,
            tasks_per_process=TASKS_PER_PROCESS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        self._workers.close()

    def refine_all(self, captures: Sequence[Capture]) -> list[Refined | InputError]:
        """What became of each capture, in their order. Never raises for the fault of one of them."""
        return self._outcomes(captures, self._scheduled(captures))

    def refine_ahead(self, portions: Iterable[Portion]) -> Iterator[tuple[Portion, list[Refined | InputError]]]:
        """Portions of placed captures with what became of them, in order.

        The workers have the next portion while the caller stores one.
        """
        waiting: deque[tuple[Portion, list[_Answer]]] = deque()
        for portion in portions:
            waiting.append((portion, self._scheduled([capture for _, capture in portion])))
            if len(waiting) > AHEAD:
                yield self._finished(*waiting.popleft())
        while waiting:
            yield self._finished(*waiting.popleft())

    def _scheduled(self, captures: Iterable[Capture]) -> list[_Answer]:
        return [answer for chunk in _chunks(captures) for answer in self._workers.schedule(map(_Task, chunk))]

    def _finished(self, portion: Portion, answers: list[_Answer]) -> tuple[Portion, list[Refined | InputError]]:
        return portion, self._outcomes([capture for _, capture in portion], answers)

    def _outcomes(self, captures: Sequence[Capture], answers: Sequence[_Answer]) -> list[Refined | InputError]:
        return [self._outcome(capture, answer) for capture, answer in zip(captures, answers, strict=True)]

    def _outcome(self, capture: Capture, answer: _Answer) -> Refined | InputError:
        outcome = answer.result()
        if not isinstance(outcome, Lost):
            return outcome
        if outcome.late:
            failure = ExtractionError("timeout", f"not done within {self._seconds:g} s")
        else:
            failure = ExtractionError("crashed", f"the extraction process died (exit code {outcome.exit_code})")
        if capture.kind is not MediaKind.HTML or capture.entry is None:
            return failure
        own = self._workers.schedule([_Task(capture, failure)])[0].result()
        return failure if isinstance(own, Lost) else own


def _chunks(captures: Iterable[Capture]) -> Iterator[list[Capture]]:
    chunk: list[Capture] = []
    size = 0
    for capture in captures:
        if chunk and (len(chunk) == CHUNK or size + len(capture.body) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(capture)
        size += len(capture.body)
    if chunk:
        yield chunk
