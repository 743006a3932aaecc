"""Worker processes, each with a pipe of its own, so that the death of one cannot affect the others.

A thread of the caller attends to each process: it sends a few tasks at a time, receives the answers one by one, and
kills and replaces a process that is late or dead. The processes share neither queue nor lock, so that a killed process
leaves nothing locked. Every wait has a time limit.
"""

from __future__ import annotations

import math
import os
import signal
import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, SpawnContext
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
A = TypeVar("A")

START_SECONDS = 300.0
"""Longest time for a process to start: it imports all modules and builds the matcher of all rules."""
MAX_STARTS = 5
"""Starts that may fail in a row before the machine, rather than chance, is the cause."""
PATIENCE = 3
"""Factor by which a task may exceed its time while the processor is busy with other work."""
_READY = "ready"
_END_SECONDS = 5.0
_SLICE_SECONDS = 0.5
"""Seconds within which a requested end is noticed."""


class StartError(RuntimeError):
    """Error of processes that do not start."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The result of a task that its process did not answer."""

    late: bool
    """True if the time ran out; False if the process died, twice."""
    exit_code: int | None


@dataclass(slots=True)
class _Task(Generic[T, A]):
    task: T
    answer: Future[A | Lost] = field(default_factory=Future)
    tries: int = 0


class Workers(Generic[T, A]):
    """Processes that execute tasks.

    Each process calls ``prepare`` with ``arguments``. It returns the function that turns a task into its answer, which
    must not raise an exception. A process is replaced after ``tasks_per_process`` tasks.
    """

    def __init__(
        self,
        count: int,
        context: ForkServerContext | SpawnContext,
        prepare: Callable[..., Callable[[T], A]],
        arguments: Sequence[object],
        *,
        seconds: float,
        tasks_per_process: int,
    ) -> None:
        self._context = context
        self._target = (prepare, tuple(arguments))
        self._seconds = seconds
        self._tasks_per_process = tasks_per_process
        self._queue: SimpleQueue[list[_Task[T, A]] | None] = SimpleQueue()
        self._ended = threading.Event()
        self._attendants = [threading.Thread(target=self._attend, daemon=True) for _ in range(count)]
        for attendant in self._attendants:
            attendant.start()

    def schedule(self, tasks: Iterable[T]) -> list[Future[A | Lost]]:
        """Schedule tasks for one process, one after the other; return their future answers, in the same order.

        A task whose process dies is retried once, since an earlier task may have caused the death. An answer raises
        ``StartError`` if no process starts.
        """
        entered = [_Task[T, A](task) for task in tasks]
        for item in entered:
            item.answer.set_running_or_notify_cancel()  # a caller that cancels must not disturb the attendant
        self._queue.put(entered)
        return [item.answer for item in entered]

    def close(self) -> None:
        """End the processes. Tasks without an answer get none any more."""
        self._ended.set()
        for _ in self._attendants:
            self._queue.put(None)
        for attendant in self._attendants:
            attendant.join()

    def _attend(self) -> None:
        process: _Process[T, A] | None = None
        while (chunk := self._queue.get()) is not None and not self._ended.is_set():
            waiting = deque(chunk)
            try:
                while waiting and not self._ended.is_set():
                    process = process or self._started()
                    if not process.execute(waiting, self._seconds):
                        process = None
            except Exception as error:  # noqa: BLE001 - those who wait for the answers must get the error
                for item in waiting:
                    item.answer.set_exception(error)
            if process and process.done >= self._tasks_per_process:
                process.end()
                process = None
        if process:
            process.end()

    def _started(self) -> _Process[T, A]:
        for _ in range(MAX_STARTS):
            process = _Process[T, A](self._context, self._ended, *self._target)
            if process.is_ready():
                return process
            process.end()
        raise StartError(f"a worker process failed to start {MAX_STARTS} times in a row; check the free memory")


class _Process(Generic[T, A]):
    """The attendant's handle of a process."""

    def __init__(
        self,
        context: ForkServerContext | SpawnContext,
        ended: threading.Event,
        prepare: Callable[..., object],
        arguments: tuple[object, ...],
    ) -> None:
        self.done = 0
        self._ended = ended
        self._pipe, child_end = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(child_end, prepare, arguments), daemon=True)
        self._process.start()
        child_end.close()  # so that the pipe ends with the process

    def is_ready(self) -> bool:
        """Return whether the process has started in time."""
        try:
            return self._has_output(START_SECONDS) and self._pipe.recv() == _READY
        except (EOFError, OSError):
            return False

    def execute(self, waiting: deque[_Task[T, A]], seconds: float) -> bool:
        """Send the waiting tasks and receive their answers. Return whether the process can be used further."""
        try:
            self._pipe.send([item.task for item in waiting])
            while waiting:
                if not self._has_output(seconds):
                    self._give_up(waiting, late=True)
                    return False
                answer = self._pipe.recv()
                waiting.popleft().answer.set_result(answer)
                self.done += 1
        except (EOFError, OSError):
            self._give_up(waiting, late=False)
            return False
        return True

    def _has_output(self, seconds: float) -> bool:
        """Return whether the process sends something (or dies) within this time; stop waiting if an end is requested.

        On a busy machine the limit is extended up to ``PATIENCE`` times, while the process has used less than half of
        ``seconds`` of processor time: then the task is not the cause of the delay.
        """
        started, used = time.monotonic(), self._processor_seconds()
        deadline, last = started + seconds, started + PATIENCE * seconds
        while not self._ended.is_set():
            left = deadline - time.monotonic()
            if self._pipe.poll(min(max(left, 0), _SLICE_SECONDS)):
                return True
            if left <= 0:
                starved = self._processor_seconds() - used < seconds / 2
                if deadline >= last or not starved:
                    break
                deadline += seconds
        # On a busy machine this process itself may be late.
        return not self._ended.is_set() and self._pipe.poll(0)

    def _processor_seconds(self) -> float:
        """Return its processor time in seconds; infinite if the system does not report it (all but Linux)."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return math.inf
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _give_up(self, waiting: deque[_Task[T, A]], *, late: bool) -> None:
        self.end()
        first = waiting[0]
        first.tries += 1
        if late or first.tries > 1:
            waiting.popleft().answer.set_result(Lost(late=late, exit_code=self._process.exitcode))

    def end(self) -> None:
        """End the process, whatever its state."""
        self._pipe.close()
        self._process.kill()
        self._process.join(_END_SECONDS)


def _serve(pipe: Connection, prepare: Callable[..., Callable[[T], A]], arguments: tuple[object, ...]) -> None:
    """Execute tasks from a pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller handles interrupts
    work = prepare(*arguments)
    try:
        pipe.send(_READY)
        while True:
            for task in pipe.recv():
                pipe.send(work(task))
    except (EOFError, OSError):
        return
