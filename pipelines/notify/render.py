"""Rendering of notices by templates: one line, plain text, HTML.

The templates are written for Jinja (https://jinja.palletsprojects.com/). A user's folder may replace any of
``title.txt``, ``text.txt`` and ``page.html``. Templates have the variable ``notice`` (``pipelines.notify.notice``) and
the filters ``time``, ``line`` and ``marked``. They run in a sandbox, since they come with the rules, not with the
program.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import ConfigurationError
from schemas.serial import time_to_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

    from pipelines.alerts.quotes import Quote
    from pipelines.notify.notice import Notice

NAMES = ("title.txt", "text.txt", "page.html")
_DEFAULTS = Path(__file__).with_name("templates")


class Renderer:
    """A renderer of notices. Jinja is loaded (0.1 s) with the first notice."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use the templates of ``folder``, and the default ones for those it lacks.

        Raises:
            ConfigurationError: the folder does not exist, has none of the templates, or one of them cannot be read.
        """
        self._folder = folder
        self._loaded: Environment | None = None
        if folder is None:
            return
        if not any((folder / name).is_file() for name in NAMES):
            raise ConfigurationError(f"templates: {folder} has none of {', '.join(NAMES)}")
        for name in NAMES:
            self._check(name)

    def title(self, notice: Notice) -> str:
        """Return the title of a notice: one line."""
        return " ".join(self._write("title.txt", notice).split())

    def text(self, notice: Notice) -> str:
        """Return a notice as plain text."""
        return self._write("text.txt", notice).strip("\n")

    def html(self, notice: Notice) -> str:
        """Return a notice as an HTML page."""
        return self._write("page.html", notice, title=self.title(notice))

    def _write(self, name: str, notice: Notice, **more: str) -> str:
        return self._environment.get_template(name).render(notice=notice, **more)

    def _check(self, name: str) -> None:
        import jinja2  # noqa: PLC0415 - only for a user's templates

        try:
            self._environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise ConfigurationError(f"{error.filename}:{error.lineno}: {error.message}") from error

    @property
    def _environment(self) -> Environment:
        if self._loaded is None:
            from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - 0.1 s
            from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - as above

            folders = [self._folder, _DEFAULTS] if self._folder else [_DEFAULTS]
            self._loaded = SandboxedEnvironment(
                loader=FileSystemLoader(folders),
                autoescape=select_autoescape(["html"]),
                undefined=StrictUndefined,
            )
            self._loaded.filters.update(time=time_to_text, line=_line, marked=_marked)
        return self._loaded


def _line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def _marked(quote: Quote) -> Markup:
    """Return a sentence as HTML with all matches marked."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with Jinja

    parts = [Markup("<mark>{}</mark>").format(text) if marked else escape(text) for text, marked in quote.parts]
    return Markup("“{}”").format(Markup("").join(parts))
