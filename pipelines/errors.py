"""The exceptions of wirepicket.

::

    WirepicketError
    ├── ConfigurationError      wrong use or configuration; nothing was done (exit code 2)
    │   └── RuleSyntaxError     a rule file is wrong; names file, line, column and the expected syntax
    ├── StoreUnavailableError   the store could not be reached; the archive holds everything (exit code 3)
    ├── CopyError               a file could not be copied to or from the remote archive; the copy is retried
    └── InputError              an input is bad; it is quarantined and processing continues
        ├── FetchError
        ├── SeedError
        ├── FeedError
        ├── CaptureError
        └── ExtractionError
"""

from __future__ import annotations


class WirepicketError(Exception):
    """Base of all errors that we raise deliberately. The message is for the user: it names the thing and the remedy."""


class ConfigurationError(WirepicketError):
    """Error of wrong use or configuration. Nothing has been done."""


class RuleSyntaxError(ConfigurationError):
    """Error in a rule file or query.

    ``line`` and ``column`` count from 1; ``None`` if the query is not from a file. ``others`` are the further errors of
    the same file; the message has a line for each.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: int | None = None,
        others: tuple[RuleSyntaxError, ...] = (),
    ) -> None:
        """Keep the location separate from the message, so that callers can add the file to an error of a query."""
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        self.others = others
        location = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__("\n".join([f"{location}: {message}" if location else message, *map(str, others)]))


class StoreUnavailableError(WirepicketError):
    """Error of a store that could not be reached or that refused a request."""


class CopyError(WirepicketError):
    """Error of a copy to or from the remote archive, or of an unreachable remote archive."""


class InputError(WirepicketError):
    """Error of a single input. ``reason`` is a short fixed word, ``detail`` a description."""

    stage = "input"

    def __init__(self, reason: str, detail: str = "") -> None:
        """Keep the reason and the detail."""
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        """Return the constructor's arguments for pickling, since these errors pass between processes."""
        return type(self), (self.reason, self.detail)


class FetchError(InputError):
    """Error of a page or feed that could not be fetched."""

    stage = "fetch"


class SeedError(InputError):
    """Error of a seed file or line that cannot be read."""

    stage = "seed"


class FeedError(InputError):
    """Error of a feed document that cannot be read."""

    stage = "feed"


class CaptureError(InputError):
    """Error of a capture whose address or headers a WARC record cannot hold."""

    stage = "archive"


class ExtractionError(InputError):
    """Error of a capture from which no article could be extracted."""

    stage = "extract"
