"""Processing of captures in waves, while others are still being fetched.

A slow host must not delay the alerts of a fast one: captures are processed and their alerts sent within a minute, even
if other captures are still being fetched. The last wave is the run's own last step.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from flows import steps
from flows.inputs import store_of
from pipelines.beam.launch import BatchReport, Launched
from pipelines.errors import WirepicketError
from pipelines.notify.deliver import DeliveryReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.inputs import Inputs
    from flows.progress import Reporter
    from flows.steps import StepRunner
    from pipelines.collect.intake import Intake
    from pipelines.config import Settings
    from schemas.records import CaptureRef

PAUSE = 20.0
"""Seconds between two waves. A wave takes some 2 s to start its processes."""
MOST = 1_000
"""Largest number of captures in a wave: some ten seconds of work, so that alerts are sent early."""


@dataclass(slots=True)
class Waves:
    """The waves of a run. ``report`` and ``delivery`` are the sums of their results."""

    intake: Intake
    inputs: Inputs
    settings: Settings
    reporter: Reporter
    runner: StepRunner
    as_json: bool
    report: BatchReport = field(default_factory=BatchReport)
    delivery: DeliveryReport = field(default_factory=DeliveryReport)
    _done: set[CaptureRef] = field(default_factory=set)

    def waiting(self) -> list[CaptureRef]:
        """Return the captures that no wave has processed yet."""
        return [ref for ref in self.intake.pending.refs if ref not in self._done]

    async def run(self, fetched: asyncio.Event) -> None:
        """Process waves until everything is fetched.

        A store or pipeline that fails ends the waves without an error: the last step of the run raises it again.
        """
        while not await _is_set_within(fetched, PAUSE):
            self.intake.settle()
            refs = list(islice(self.waiting(), MOST))
            if refs and not await self._wave(refs):
                return

    async def _wave(self, refs: Sequence[CaptureRef]) -> bool:
        """Process a wave; return whether another may follow."""
        launched = Launched()
        try:
            await asyncio.to_thread(self._process, refs, launched)
        except asyncio.CancelledError:
            launched.end()  # the thread waits for it
            raise
        except WirepicketError:
            return False
        self._done.update(refs)
        return True

    def _process(self, refs: Sequence[CaptureRef], launched: Launched) -> None:
        report = self.runner(steps.process, refs, self.inputs, self.settings, None, launched=launched)
        self.report += report
        with store_of(self.settings) as store:
            self.delivery += self.runner(steps.notify, store, self.inputs, self.settings, as_json=self.as_json)


async def _is_set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
