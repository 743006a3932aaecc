"""Processes that work off tasks, each on a pipe of its own, so that the death of one can hinder no other.

A thread of the caller attends to each process: it hands over a few tasks at a time, takes the answers one by one,
and kills and replaces a process that is late or dead. Nothing is shared between the processes, neither queue nor
lock, so there is nothing that a killed one could leave locked; every wait has an end.
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
"""Longest time for a process to start: it loads everything and builds the matcher of all rules."""
MAX_STARTS = 5
"""Starts that may fail one after the other before the fault is the machine's and not chance."""
PATIENCE = 3
"""How many times as long a task may take where the processor is busy with other things."""
_READY = "ready"
_END_SECONDS = 5.0
_SLICE_SECONDS = 0.5
"""How soon an end that is asked for is noticed."""


class StartError(RuntimeError):
    """The processes do not start."""


@dataclass(frozen=True, slots=True)
class Lost:
    """What became of a task that its process did not answer."""

    late: bool
    """Whether time ran out; else the process died, twice."""
    exit_code: int | None


@dataclass(slots=True)
class _Task(Generic[T, A]):
    task: T
    answer: Future[A | Lost] = field(default_factory=Future)
    tries: int = 0


class Workers(Generic[T, A]):
    """Some processes that work off tasks.

    ``prepare`` is called in each with ``arguments`` and gives the function that turns a task into its answer, which
    must not raise. A process is replaced after ``tasks_per_process`` tasks.
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
        """Have tasks done by one process, one after the other; their answers to come, in the same order.

        A task whose process dies is tried once more, since the death may have been another's doing. An answer
        raises ``StartError`` where no process starts.
        """
        entered = [_Task[T, A](task) for task in tasks]
        for one in entered:
            one.answer.set_running_or_notify_cancel()  # whoever waits no longer must not hinder the attendant
        self._queue.put(entered)
        return [one.answer for one in entered]

    def close(self) -> None:
        """End the processes. What has not been answered is not answered any more."""
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
                    if not process.work_off(waiting, self._seconds):
                        process = None
            except Exception as error:  # noqa: BLE001 - whoever waits for the answers must hear of it
                for one in waiting:
                    one.answer.set_exception(error)
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
        raise StartError(f"a worker process did not start, {MAX_STARTS} times in a row: is there memory enough?")


class _Process(Generic[T, A]):
    """One process, from the side of its attendant."""

    def __init__(
        self,
        context: ForkServerContext | SpawnContext,
        ended: threading.Event,
        prepare: Callable[..., object],
        arguments: tuple[object, ...],
    ) -> None:
        self.done = 0
        self._ended = ended
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs, prepare, arguments), daemon=True)
        self._process.start()
        theirs.close()  # so that the pipe ends with the process

    def is_ready(self) -> bool:
        """Whether it has started in time."""
        try:
            return self._speaks(START_SECONDS) and self._pipe.recv() == _READY
        except (EOFError, OSError):
            return False

    def work_off(self, waiting: deque[_Task[T, A]], seconds: float) -> bool:
        """Hand over what is waiting, and take the answers. Whether the process is still of use."""
        try:
            self._pipe.send([one.task for one in waiting])
            while waiting:
                if not self._speaks(seconds):
                    self._give_up(waiting, late=True)
                    return False
                answer = self._pipe.recv()
                waiting.popleft().answer.set_result(answer)
                self.done += 1
        except (EOFError, OSError):
            self._give_up(waiting, late=False)
            return False
        return True

    def _speaks(self, seconds: float) -> bool:
        """Whether it says something (or dies) within this time. Not waited for once the end has been asked for.

        On a busy machine it is given up to ``PATIENCE`` times as long, while it has had less than half of that time
        of the processor: it is not its task that is slow then.
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
        # On a busy machine it may be us who are late.
        return not self._ended.is_set() and self._pipe.poll(0)

    def _processor_seconds(self) -> float:
        """Time it has had of a processor; infinite where the system does not say (all but Linux)."""
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
        """End the process, whatever it does."""
        self._pipe.close()
        self._process.kill()
        self._process.join(_END_SECONDS)


def _serve(pipe: Connection, prepare: Callable[..., Callable[[T], A]], arguments: tuple[object, ...]) -> None:
    """The life of a process: until its pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the caller's to handle
    work = prepare(*arguments)
    try:
        pipe.send(_READY)
        while True:
            for task in pipe.recv():
                pipe.send(work(task))
    except (EOFError, OSError):
        return
