"""Parsing of untrusted documents in separate processes, with limits of time and memory.

A document can make a parser run for minutes or crash. A process can be killed, and an interrupt ends the wait.
"""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from pipelines.errors import FeedError, InputError
from pipelines.ingest.memory import limit_memory
from pipelines.ingest.workers import Lost, Workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

P = ParamSpec("P")
T = TypeVar("T")

PROCESSES = 2
"""Number of parsing processes. A feed takes some 20 ms, and fetching mostly waits for servers."""
SECONDS = 20.0
"""Longest time for a document. The largest valid feeds take some 5 s."""
MEMORY = 1 << 30
"""Bytes that a process may allocate beyond its use at the start. A feed of 8 MB needs some 300 MB."""
TASKS_PER_PROCESS = 2_000
"""Documents after which a process is replaced, so that memory leaks of libraries do not accumulate."""
_LOADED = ("feedparser", "lxml.html", "pipelines.fetch.feeds")
"""Modules that are imported before the limits apply."""


@dataclass(frozen=True, slots=True)
class _Call:
    function: Callable[..., Any]
    arguments: tuple[object, ...]


class ParserProcesses:
    """Processes that call pure functions on untrusted documents. They start with the first call.

    Use as a context manager: leaving it ends the processes at once.
    """

    def __init__(self, *, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        # Not the fork server, of which a process has only one: it loads the modules of extraction, which takes seconds.
        context = multiprocessing.get_context("spawn")
        self._seconds = seconds
        self._workers: Workers[_Call, Any] = Workers(
            PROCESSES, context, _prepare, (memory,), seconds=seconds, tasks_per_process=TASKS_PER_PROCESS
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._workers.close()

    async def call(self, function: Callable[P, T], *arguments: P.args, **_none: P.kwargs) -> T:
        """Return the result of a module's function. Function, arguments and result must be picklable.

        Raises:
            InputError: the function itself raised it.
            FeedError: ``timeout``, ``crashed``, ``memory``, or ``unexpected`` for any other exception.
        """
        (future,) = self._workers.schedule([_Call(function, arguments)])
        result: T | InputError | Lost = await asyncio.wrap_future(future)
        if isinstance(result, Lost):
            if result.late:
                raise FeedError("timeout", f"not parsed within {self._seconds:g} s")
            raise FeedError("crashed", f"the parsing process died (exit code {result.exit_code})")
        if isinstance(result, InputError):
            raise result
        return result


def _prepare(memory: int) -> Callable[[_Call], object]:
    """Return the function with which a process answers its calls."""
    for name in _LOADED:
        importlib.import_module(name)
    limit_memory(memory)
    return _answer


def _answer(call: _Call) -> object:
    try:
        return call.function(*call.arguments)
    except InputError as error:
        return error
    except (MemoryError, RecursionError) as error:
        return FeedError("memory", f"{type(error).__name__}: more memory than a parser may take")
    except Exception as error:  # noqa: BLE001 - one document must not end the others
        return unexpected(error)


def unexpected(error: Exception) -> FeedError:
    """Return the typed failure for an unexpected exception."""
    return FeedError("unexpected", f"{type(error).__name__}: {error}"[:500])
