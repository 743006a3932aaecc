"""A rule file that may change while it is in use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError
from pipelines.rules.rule_file import load_rules

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.records import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """What became of a file that has changed."""

    rules: tuple[Rule, ...]
    """The rules in force: the new ones, or the former where the file is broken."""
    error: str | None = None
    """What is wrong with the file."""


class RuleFile:
    """The rules of a file, read again when it changes: ask ``refresh`` between two windows.

    A file that is broken, half written or gone leaves the former rules in force; it is said once for each change.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            RuleSyntaxError: the file is wrong.
            ConfigurationError: the file cannot be read.
        """
        self.path = path
        self._seen = self._signature()
        self.rules = load_rules(path)

    def refresh(self) -> Reload | None:
        """What has changed since the last call; ``None`` when nothing has, or nothing that matters."""
        signature = self._signature()
        if signature == self._seen:
            return None
        self._seen = signature
        try:
            rules = load_rules(self.path)
        except ConfigurationError as error:
            return Reload(rules=self.rules, error=str(error))
        if rules == self.rules:
            return None
        self.rules = rules
        return Reload(rules=rules)

    def _signature(self) -> tuple[int, ...] | None:
        """What tells one state of the file from another; editors and deployments put a new file in its place."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns)
