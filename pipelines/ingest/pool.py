"""Worker processes for extraction, with hard limits of time and memory.

A page can make a parser run for minutes or crash. A process can be killed, a thread cannot. With several processes,
extraction, the most expensive step, also uses every core.
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
"""Longest time for one capture. A page of usual size takes 10 to 20 ms, the largest valid pages take a second."""
MEMORY = 1 << 30
"""Bytes that a worker may allocate beyond its use at the start. Pages of the largest accepted size need 300 MB."""
AHEAD = 2
"""Portions that the workers process while one is stored."""
TASKS_PER_PROCESS = 2_000
"""Captures after which a worker is replaced, so that memory leaks of libraries do not accumulate."""

CHUNK = 8
"""Captures passed to a worker at a time: enough that it need not wait for the next, few enough that all workers are
busy to the end."""
CHUNK_BYTES = 2 * 2**20
"""Bytes at which a chunk ends early: captures that wait in a worker count towards its memory."""


@dataclass(frozen=True, slots=True)
class _Task:
    capture: Capture
    given_up: ExtractionError | None = None
    """Reason for which a worker was lost to the page; the task then is to use the feed's own text instead."""


def _context() -> ForkServerContext:
    # A fork of this process would inherit its threads' locks. A server that has imported all modules forks clean
    # workers in milliseconds.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.warm"])
    return context


def start_server() -> None:
    """Start the process that forks workers ahead of need: it takes a second or two to import all modules."""
    _context()
    forkserver.ensure_running()


def _prepare(rules: Sequence[Rule], learned: Learned, memory: int) -> Callable[[_Task], Refined | InputError]:
    """Return the function that a worker applies to its tasks."""
    from pipelines.rules.matcher import Matcher  # noqa: PLC0415 - loaded already, and only in workers

    matcher = Matcher(rules)
    limit_memory(memory)

    def work(task: _Task) -> Refined | InputError:
        given_up = task.given_up
        try:
            with collector_paused():  # a page's memory is freed after it, and contains no cycles
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
        # The error refers to the frames, and so to the memory; hence a new error.
        refused = ExtractionError("memory", "more memory than a worker may take")
    except Exception as error:  # noqa: BLE001 - a fault of ours on one page must not stop the others
        # lxml reports a failed allocation as XPathEvalError: with constant expressions, that error has no other cause.
        name = type(error).__name__
        refused = ExtractionError("memory" if name == "XPathEvalError" else "unexpected", f"{name}: {error}"[:500])
    return _fallback(capture, matcher, learned, refused)


def _fallback(capture: Capture, matcher: Matcher, learned: Learned, failure: ExtractionError) -> Refined:
    """Return the article from the feed's own text.

    Raises:
        ExtractionError: ``failure``, if the feed has no text of its own or no article can be extracted from it.
    """
    from pipelines.ingest.refine import own_text  # noqa: PLC0415 - likewise

    own = None
    with suppress(Exception):  # the first failure is what counts
        own = own_text(capture, matcher, learned)
    if own is None:
        raise failure
    return replace(own, failure=failure)


class RefinePool:
    """A pool of worker processes that run ``refine``. Use as a context manager."""

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
        """Return the result of each capture, in their order. A bad capture never raises an error."""
        return self._outcomes(captures, self._scheduled(captures))

    def refine_ahead(self, portions: Iterable[Portion]) -> Iterator[tuple[Portion, list[Refined | InputError]]]:
        """Yield portions of archived captures with their results, in order.

        The workers process the next portions while the caller stores one.
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
