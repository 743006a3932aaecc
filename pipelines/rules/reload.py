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
    """The result of reading a changed rule file."""

    rules: tuple[Rule, ...]
    """The rules in force: the new ones, or the former ones if the file is invalid."""
    error: str | None = None
    """The error in the file, if any."""


class RuleFile:
    """The rules of a file that may change; call ``refresh`` between two windows.

    If the file becomes invalid, incomplete or missing, the former rules stay in force. Each change is reported once.
    """

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            RuleSyntaxError: the file is invalid.
            ConfigurationError: the file cannot be read.
        """
        self.path = path
        self._last_signature = self._signature()
        self.rules = load_rules(path)

    def refresh(self) -> Reload | None:
        """Return the rules if they have changed since the last call, or the error of a changed file; else ``None``."""
        signature = self._signature()
        if signature == self._last_signature:
            return None
        self._last_signature = signature
        try:
            rules = load_rules(self.path)
        except ConfigurationError as error:
            return Reload(rules=self.rules, error=str(error))
        if rules == self.rules:
            return None
        self.rules = rules
        return Reload(rules=rules)

    def _signature(self) -> tuple[int, ...] | None:
        """Return inode, size and modification time: editors and deployments replace the file."""
        try:
            status = self.path.stat()
        except OSError:
            return None
        return (status.st_ino, status.st_size, status.st_mtime_ns)
