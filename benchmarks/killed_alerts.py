"""kill -9 between match and delivery: every alert delivered at least once, recorded exactly once.

    python -m benchmarks.killed_alerts [--kills 200] [--folder FOLDER] [--store URL]

A pass takes in new articles (some of a story that was told), matches, groups, decides and delivers to two channels, one
of which fails at times. Passes are killed after a random time until so many died in the middle; then one goes to its
end. How many of the kills came while groups and alerts were decided and written is counted.
The store is SQLite in a folder of its own, or the Elasticsearch at URL, in indices of their own, where the time begins
with the grouping: a killed pass leaves its lease there, which the next one has to wait out.
Ends with exit code 1 when anything is missing or double.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.generated_alerts import Generator
from pipelines.alerts.policy import LOG_CHANNEL, AlertPolicy
from pipelines.grouping.apply import apply_regroup
from pipelines.ingest.batch import store_batch
from pipelines.ingest.refine import refine
from pipelines.notify.channels import JsonLinesChannel
from pipelines.notify.deliver import deliver
from pipelines.notify.targets import DeliveryError
from pipelines.rules.matcher import Matcher
from pipelines.stores import open_store
from pipelines.stores.address import ElasticsearchAddress, parse_store_url
from pipelines.stores.elastic import ElasticsearchStore
from schemas.records import AlertState, Capture, CaptureRef, MediaKind, Rule, now_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipelines.notify.notice import Notice
    from pipelines.stores.protocol import Store

START = datetime(2026, 6, 1, tzinfo=UTC)
RULES = (Rule(id="rockets", query="HIMARS", notify=("desk",)), Rule(id="shields", query="S-400 OR HIMARS"))
POLICY = AlertPolicy.of(RULES)
MATCHER = Matcher(RULES)
WORDS = 150
A_PASS = 6
"""Articles of a pass: enough that it has several messages on their way at once."""
_LONGEST = 0.5
"""Seconds after which a pass is killed at first; it is less when passes have ended by then."""
_LEASE = 2.0
"""Seconds after which the lease of a killed pass may be taken."""


class FailingChannel:
    """Fails one time in five, and writes lines otherwise."""

    def __init__(self, path: Path, chance: random.Random) -> None:
        self._inner = JsonLinesChannel(path)
        self._chance = chance

    def send(self, notice: Notice) -> None:
        """Write a line, or fail."""
        if self._chance.random() < 0.2:
            raise DeliveryError("as it is told to")
        self._inner.send(notice)


def report(number: int) -> dict[str, str]:
    """A text as a seed. Every third is of the story of the one before, in another outlet and with the same start."""
    chance = random.Random(number)
    event = number - (number % 3 == 2)
    own = Generator(event)
    words = [own.name() for _ in range(WORDS)]
    body = " ".join(f"{' '.join(words[at : at + 10])}." for at in range(0, WORDS, 10))
    return {
        "id": str(number),
        "url": f"https://outlet{number % 7}.example/{number}",
        "source": f"Outlet {number % 7}",
        "published": f"{START + timedelta(hours=event):%Y-%m-%dT%H:%M:%SZ}",
        "title": " ".join(words[:6]),
        "text": f"{body} {chance.choice(('A HIMARS was seen.', 'An S-400 was seen.'))}",
    }


def article(number: int) -> tuple[CaptureRef, Capture]:
    """That text as a capture, and where it might stand."""
    told = report(number)
    capture = Capture(
        url=told["url"],
        fetched_at=START + timedelta(days=30, seconds=number),
        kind=MediaKind.JSON_ARTICLE,
        body=json.dumps(told).encode(),
        external_id=told["id"],
    )
    return CaptureRef(file="a.warc.gz", offset=number), capture


@dataclass(frozen=True, slots=True)
class Place:
    """Where a series of passes keeps everything."""

    folder: Path
    open: Callable[[], Store]
    lease: float = 0.0
    """Seconds for which a killed pass may hold up the next one, from its grouping on."""


def place_of(folder: Path, url: str | None = None) -> Place:
    """A folder with an SQLite file, or with the indices of an Elasticsearch."""
    address = parse_store_url(url or f"sqlite:///{folder / 'store.db'}")
    if not isinstance(address, ElasticsearchAddress):
        return Place(folder, lambda: open_store(address.url))
    prefix = f"killed-{uuid.uuid4().hex}"
    return Place(folder, lambda: ElasticsearchStore.open(address, prefix=prefix, lease_seconds=_LEASE), _LEASE)


def run_pass(
    store: Store, numbers: Iterable[int], folder: Path, now: datetime, tell: Callable[[bytes], object] = bytes
) -> None:
    """Match, group, decide, deliver; ``tell`` is called when grouping begins and ends."""
    captures = [article(number) for number in numbers]
    result = store_batch(captures, [refine(capture, MATCHER) for _, capture in captures], store)
    tell(b"(")
    apply_regroup(result.fingerprints, store, timedelta(days=14), POLICY)
    tell(b")")
    desk = FailingChannel(folder / "desk.jsonl", random.Random(now.timestamp()))
    deliver(store, {LOG_CHANNEL: JsonLinesChannel(folder / "log.jsonl"), "desk": desk}, now, POLICY)


def _forked_pass(numbers: range, place: Place, now: datetime, seconds: float) -> tuple[bool, bool]:
    """A pass in a process of its own, killed after a time: whether it had come to its end, whether it was grouping."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with place.open() as store:
                run_pass(store, numbers, place.folder, now, lambda told: os.write(writing, told))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    told = os.read(reading, 1) if place.lease else b""
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    told += os.read(reading, 2)
    os.close(reading)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, "a pass failed by itself"
    return os.WIFEXITED(status), told == b"("


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the alerts."""

    kills: int
    while_grouping: int
    """Kills between the beginning of grouping and the last write of groups and alerts."""
    alerts: int
    deliveries: int
    """Lines of both channels."""
    repeated: int
    """Those of them that repeat a message: a kill between sending and recording."""
    faults: tuple[str, ...]


def kill_many(place: Place, kills: int) -> Outcome:
    """Passes over one store, killed until ``kills`` of them died in the middle; what they left."""
    chance = random.Random(kills)
    with place.open() as store:
        store.setup()
    longest, killed, while_grouping, done, upto = _LONGEST + 2 * place.lease, 0, 0, 0, A_PASS
    refine(article(0)[1], MATCHER)  # whatever is loaded at first use is there in every child
    now = now_utc()  # decisions are made by the clock, deliveries by this
    while killed < kills:
        now += timedelta(hours=7)  # beyond every pause and throttle
        ended, grouping = _forked_pass(range(done, upto), place, now, chance.uniform(0, longest))
        if ended:
            done, longest = upto, longest * 0.9
        else:
            killed, longest, while_grouping = killed + 1, longest * 1.02, while_grouping + grouping
        upto += A_PASS if upto - done < 4 * A_PASS else 0
    with place.open() as store:
        run_pass(store, range(done, upto), place.folder, now)
        for _ in range(50):
            now += timedelta(hours=7)
            run_pass(store, (), place.folder, now)
        return _outcome(store, place.folder, (killed, while_grouping), now)


def _outcome(store: Store, folder: Path, kills: tuple[int, int], now: datetime) -> Outcome:
    alerts = list(store.iter_alerts())
    matching = {
        (hit.rule_id, one.story_id) for one in store.iter_articles() for hit in one.content.hits if one.story_id
    }
    faults: list[str] = []
    recorded = Counter((alert.rule_id, alert.story_id) for alert in alerts)
    if recorded != dict.fromkeys(matching, 1):
        faults.append(f"recorded {len(alerts)} alerts where {len(matching)} belong")
    faults += [f"alert {alert.id} is {alert.state}" for alert in alerts if alert.state is not AlertState.DELIVERED]
    lines = 0
    seen: Counter[str] = Counter()
    for channel in (LOG_CHANNEL, "desk"):
        ids: defaultdict[str, set[str]] = defaultdict(set)
        for line in (folder / f"{channel}.jsonl").read_text(encoding="utf-8").splitlines():
            try:
                told = json.loads(line)
            except ValueError:
                continue  # cut short by a kill, and so not counted as delivered
            lines += 1
            seen[f"{channel} {told['message_id']}"] += 1
            ids[told["thread"]].add(told["message_id"])
        threads = {alert.thread for alert in alerts if channel in POLICY.channels(alert.rule_id)}
        faults += [f"alert {one} was never delivered to {channel}" for one in threads if one not in ids]
    # Messages whose alert has followed its story to another id are set aside for years, and not among these.
    left = store.outbox_pending(now + timedelta(days=300))
    faults += [f"message {message.id} is still there: {message.last_error}" for message in left]
    repeated = sum(count - 1 for count in seen.values())
    return Outcome(
        kills=kills[0],
        while_grouping=kills[1],
        alerts=len(alerts),
        deliveries=lines,
        repeated=repeated,
        faults=tuple(faults),
    )


def main() -> int:
    """Kill, and say what was left."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--store", help="the URL of an Elasticsearch")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        outcome = kill_many(place_of(options.folder or Path(folder), options.store), options.kills)
    print(
        f"{outcome.kills} passes killed, {outcome.while_grouping} while grouping: {outcome.alerts} alerts, "
        f"{outcome.deliveries} deliveries, {outcome.repeated} of them repeats with the same id; "
        f"{len(outcome.faults)} faults"
    )
    for fault in outcome.faults:
        print(f"  {fault}")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
