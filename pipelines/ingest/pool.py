"""Worker processes for extraction, with hard limits of time and memory.

A page can send a parser into minutes of work or into a crash. A process can be killed, a thread cannot; and
several processes are also what makes extraction, the dearest step, use every core.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from concurrent.futures import TimeoutError as FutureTimeoutError
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Self

from pebble import ProcessExpired, ProcessPool

from pipelines.errors import ExtractionError, InputError
from pipelines.ingest.memory import limit_memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.context import ForkServerContext
    from types import TracebackType

    from pipelines.alerts.matcher import Matcher
    from pipelines.ingest.refine import Refined
    from schemas.records import Capture, CaptureRef, Rule

    Portion = list[tuple[CaptureRef, Capture]]

SECONDS = 10.0
"""Longest time for one capture. A page of usual size takes 10 to 20 ms, the largest sound ones a second."""
MEMORY = 1 << 30
"""Bytes which a worker may take on top of what it has when it starts. Pages of the largest size taken need 300 MB."""
AHEAD = 2
"""Portions which the workers have while one is stored."""
TASKS_PER_PROCESS = 2_000
"""Captures after which a worker is replaced, so that what libraries leak cannot add up."""

_matcher: Matcher | None = None


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


def _start(rules: Sequence[Rule], memory: int) -> None:
    from pipelines.alerts.matcher import Matcher  # noqa: PLC0415 - likewise

    global _matcher  # noqa: PLW0603 - the one state of a worker process, set once
    _matcher = Matcher(rules)
    limit_memory(memory)


def _work(capture: Capture) -> Refined:
    from pipelines.ingest.refine import refine  # noqa: PLC0415 - loaded already, and only in workers

    assert _matcher is not None
    try:
        return refine(capture, _matcher)
    except InputError:
        raise
    except MemoryError:
        # The error itself holds the frames, and with them what took the memory.
        refused = ExtractionError("memory", "more memory than a worker may take")
    except Exception as error:  # noqa: BLE001 - a fault of ours on one page must not stop the others
        # Made anew, since not all errors can be pickled. lxml has its own for memory that it does not get: with
        # expressions that are constants an XPath error can mean nothing else.
        name = type(error).__name__
        refused = ExtractionError("memory" if name == "XPathEvalError" else "failed", f"{name}: {error}"[:500])
    raise refused


class RefinePool:
    """Runs ``refine`` in worker processes. Use as a context manager."""

    def __init__(
        self, rules: Sequence[Rule], workers: int | None = None, seconds: float = SECONDS, memory: int = MEMORY
    ) -> None:
        self._seconds = seconds
        self._pool = ProcessPool(
            max_workers=workers or os.cpu_count() or 1,
            max_tasks=TASKS_PER_PROCESS,
            initializer=_start,
            initargs=(tuple(rules), memory),
            context=_context(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the workers."""
        self._pool.stop()
        self._pool.join()

    def refine_all(self, captures: Sequence[Capture]) -> list[Refined | InputError]:
        """What became of each capture, in their order. Never raises for the fault of one of them."""
        return [self._outcome(future) for future in self._scheduled(captures)]

    def refine_ahead(self, portions: Iterable[Portion]) -> Iterator[tuple[Portion, list[Refined | InputError]]]:
        """Portions of placed captures with what became of them, in order.

        The workers have the next portion while the caller stores one.
        """
        waiting: deque[tuple[Portion, list[object]]] = deque()
        for portion in portions:
            waiting.append((portion, self._scheduled([capture for _, capture in portion])))
            if len(waiting) > AHEAD:
                yield self._finished(*waiting.popleft())
        while waiting:
            yield self._finished(*waiting.popleft())

    def _scheduled(self, captures: Iterable[Capture]) -> list[object]:
        return [self._pool.schedule(_work, args=(capture,), timeout=self._seconds) for capture in captures]

    def _finished(self, portion: Portion, futures: list[object]) -> tuple[Portion, list[Refined | InputError]]:
        return portion, [self._outcome(future) for future in futures]

    def _outcome(self, future: object) -> Refined | InputError:
        try:
            return future.result()  # type: ignore[attr-defined, no-any-return] # pebble is typed loosely
        except InputError as error:
            return error
        except FutureTimeoutError:
            return ExtractionError("timeout", f"not done within {self._seconds:g} s")
        except ProcessExpired as error:
            return ExtractionError("crashed", f"the extraction process died ({error}, exit code {error.exitcode})")
        except Exception as error:  # noqa: BLE001 - a fault of ours on one page must not stop the others
            return ExtractionError("failed", f"{type(error).__name__}: {error}")
