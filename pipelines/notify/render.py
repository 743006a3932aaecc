"""Notices written for people, by templates: one line, plain text, HTML.

The templates are Jinja's (https://jinja.palletsprojects.com/); a folder of one's own may hold any of ``title.txt``,
``text.txt`` and ``page.html`` in place of ours. They see ``notice`` (``pipelines.notify.notice``) and the filters
``time``, ``line`` and ``marked``. They run in a sandbox: a template comes with the rules, not with the program.
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
_OURS = Path(__file__).with_name("templates")


class Renderer:
    """Writes notices. Jinja (0.1 s) is loaded with the first."""

    def __init__(self, folder: Path | None = None) -> None:
        """Templates of ``folder`` come before ours.

        Raises:
            ConfigurationError: it is no folder, has none of the templates, or one of them cannot be read.
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
        """One line."""
        return " ".join(self._write("title.txt", notice).split())

    def text(self, notice: Notice) -> str:
        """Plain text."""
        return self._write("text.txt", notice).strip("\n")

    def html(self, notice: Notice) -> str:
        """A page of HTML."""
        return self._write("page.html", notice, title=self.title(notice))

    def _write(self, name: str, notice: Notice, **more: str) -> str:
        return self._environment.get_template(name).render(notice=notice, **more)

    def _check(self, name: str) -> None:
        import jinja2  # noqa: PLC0415 - only with templates of one's own

        try:
            self._environment.get_template(name)
        except jinja2.TemplateSyntaxError as error:
            raise ConfigurationError(f"{error.filename}:{error.lineno}: {error.message}") from error

    @property
    def _environment(self) -> Environment:
        if self._loaded is None:
            from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - 0.1 s
            from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415 - as above

            folders = [self._folder, _OURS] if self._folder else [_OURS]
            self._loaded = SandboxedEnvironment(
                loader=FileSystemLoader(folders),
                autoescape=select_autoescape(["html"]),
                undefined=StrictUndefined,
            )
            self._loaded.filters.update(time=time_to_text, line=_line, marked=_marked)
        return self._loaded


def _line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.split())


def _marked(quote: Quote) -> Markup:
    """A sentence as HTML, everything that matched in it marked."""
    from markupsafe import Markup, escape  # noqa: PLC0415 - comes with Jinja

    parts = [Markup("<mark>{}</mark>").format(text) if marked else escape(text) for text, marked in quote.parts]
    return Markup("“{}”").format(Markup("").join(parts))
