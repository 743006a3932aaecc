"""The inputs of a pass, and the store it writes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.beam.runners import INPROCESS, find_runner
from pipelines.rules.checks import load_rules
from pipelines.seeds.files import left_out, seed_files
from pipelines.stores import StoreConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.config import Settings
    from pipelines.fetch.sources import FeedSource
    from pipelines.stores.protocol import Store
    from schemas.records import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The inputs of a pass."""

    seeds: tuple[Path, ...] = ()
    """Files, in order."""
    feeds: tuple[FeedSource, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    """Kinds of files in seed folders that no reader takes, each with the number of files."""
    nothing_read: bool = False
    """True if the seeds given hold no seed file and no feed is given."""
    rule_file: Path
    rules: tuple[Rule, ...]
    """Rules of the rule file."""
    runner: str = INPROCESS
    only_due: bool = False
    """True if feeds that are not due yet, by their polling interval, are left out."""

    @classmethod
    def of(
        cls,
        seeds: Sequence[Path],
        feeds: Sequence[FeedSource],
        rule_file: Path,
        runner: str,
        settings: Settings,
        *,
        only_due: bool = False,
    ) -> Inputs:
        """Return checked inputs; nothing is read or fetched yet.

        Raises:
            ConfigurationError: a path is no seed, the rule file is invalid, or the runner is unknown or not installed.
        """
        find_runner(runner, settings)
        files = tuple(seed_files(seeds))
        return cls(
            seeds=files,
            feeds=tuple(feeds),
            left_out=tuple(left_out(seeds).items()),
            nothing_read=bool(seeds) and not files and not feeds,
            rule_file=rule_file,
            rules=load_rules(rule_file),
            runner=runner,
            only_due=only_due,
        )


def store_of(settings: Settings) -> Store:
    """Return the store of the settings, without contacting it."""
    return StoreConfig.of(settings).open()
