"""The exceptions of wirepicket.

::

    WirepicketError
    ├── ConfigurationError      wrong use or configuration; nothing was done (exit code 2)
    │   └── RuleSyntaxError     a rule file is wrong; names file, line, column and what was expected
    ├── StoreUnavailableError   the store could not be reached; the archive holds everything (exit code 3)
    ├── CopyError               a file could not be copied to or from the remote archive; it is tried again
    └── InputError              one input is bad; it goes to quarantine and the rest goes on
        ├── FetchError
        ├── SeedError
        ├── FeedError
        ├── CaptureError
        └── ExtractionError
"""

from __future__ import annotations


class WirepicketError(Exception):
    """Base of everything we raise on purpose. Its text is meant for the user: it names the thing and the remedy."""


class ConfigurationError(WirepicketError):
    """Wrong use or configuration. Nothing has been done."""


class RuleSyntaxError(ConfigurationError):
    """A rule file or query is wrong.

    ``line`` and ``column`` count from 1; ``None`` where the query did not come from a file.
    """

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, column: int | None = None
    ) -> None:
        """Keep the place beside the message, so that callers can add the file to an error of the query."""
        self.message = message
        self.file = file
        self.line = line
        self.column = column
        place = ":".join(str(part) for part in (file, line, column) if part is not None)
        super().__init__(f"{place}: {message}" if place else message)


class StoreUnavailableError(WirepicketError):
    """The store could not be reached, or refused us."""


class CopyError(WirepicketError):
    """A file could not be copied to or from the remote archive, or that could not be reached."""


class InputError(WirepicketError):
    """One input is bad. ``reason`` is a short fixed word, ``detail`` says more."""

    stage = "input"

    def __init__(self, reason: str, detail: str = "") -> None:
        """Take the fixed word and the particulars."""
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else reason)

    def __reduce__(self) -> tuple[type[InputError], tuple[str, str]]:
        """Pickle by the constructor's own arguments: these errors cross process borders."""
        return type(self), (self.reason, self.detail)


class FetchError(InputError):
    """A page or feed could not be fetched."""

    stage = "fetch"


class SeedError(InputError):
    """A seed file or line cannot be read."""

    stage = "seed"


class FeedError(InputError):
    """A feed document cannot be read."""

    stage = "feed"


class CaptureError(InputError):
    """A capture cannot be archived: its address or a header holds what a record cannot carry."""

    stage = "archive"


class ExtractionError(InputError):
    """No article could be got out of a capture."""

    stage = "extract"
