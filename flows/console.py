"""Standard output for people, and how other people's texts are put on it.

In a terminal lines are as long as it is wide. Elsewhere nothing is wrapped or left out, so that a pipe gets a row a
line; and no line ends in blanks anywhere.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleDimensions, Group, RenderHook
from rich.measure import Measurement
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import ConsoleOptions, ConsoleRenderable, RenderableType, RenderResult

UNWRAPPED = 1_000_000
"""Columns of what is no terminal."""
_NO_TEXT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
"""What would move the cursor or turn the direction of what stands around."""
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


class _Trimmed:
    """A renderable without the blanks behind its lines: tables pad their last column."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line, ended in Segment.split_lines_terminator(console.render(self._renderable, options)):
            while line and not line[-1].control and not line[-1].text.rstrip(" "):
                line.pop()
            if line and not line[-1].control:
                last = line.pop()
                line.append(Segment(last.text.rstrip(" "), last.style))
            yield from line
            if ended:
                yield Segment.line()


class _Trimming(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Trimmed(renderable) for renderable in renderables]


class Output(Console):
    """Standard output."""

    def __init__(self, *, width: int | None = None, force_terminal: bool | None = None) -> None:
        super().__init__(highlight=False, emoji=False, width=width, force_terminal=force_terminal)
        self._chosen = width
        self.push_render_hook(_Trimming())

    @property
    def size(self) -> ConsoleDimensions:
        """The terminal's; elsewhere, whatever ``COLUMNS`` says, lines without an end: an id cut off is of no use."""
        size = super().size
        return size if self.is_terminal or self._chosen else ConsoleDimensions(UNWRAPPED, size.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self.width, self.height = new_size


console = Output()


def plain(text: str | None) -> str:
    """Other people's text without what a terminal would obey; a dash where there is none."""
    return _NO_TEXT.sub(" ", text or "–")


def elided(text: str, width: int, lines: int) -> list[str]:
    """A text in at most so many lines of a width in cells; what does not fit is cut off behind a word, and "…" said."""
    wrapped = [line.plain.rstrip() for line in Text(text).wrap(console, max(1, width), overflow="fold")]
    if len(wrapped) <= lines:
        return wrapped
    last = wrapped[lines - 1]
    while cell_len(last) + 2 > width and " " in last:
        last = last.rpartition(" ")[0].rstrip()
    if cell_len(last) + 1 > width:
        last = set_cell_size(last, max(0, width - 1)).rstrip()
    separator = " " if cell_len(last[-1:]) == 1 and cell_len(last) + 2 <= width else ""
    return [*wrapped[: lines - 1], f"{last.rstrip(' ,;:–-')}{separator}…"]


def isolated(line: str) -> str:
    """A line whose direction, if it is written from right to left, leaves the columns around it where they are."""
    turned = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line)
    return f"\u2068{line}\u2069" if turned else line


@dataclass(frozen=True, slots=True)
class Words:
    """Other people's text: never read as markup, in at most so many lines of a terminal."""

    text: str | None
    lines: int = 1
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The text, elided where there is no room for it."""
        text = plain(self.text)
        if not console.is_terminal:
            yield Text(text, self.style)
            return
        told = elided(text, options.max_width, self.lines)
        yield Text("\n".join(map(isolated, told)), self.style, no_wrap=True, overflow="ignore")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """From the longest word to the whole text."""
        whole = cell_len(plain(self.text))
        longest = max(map(cell_len, plain(self.text).split()), default=1)
        return Measurement(min(longest, whole, 16), whole).with_maximum(options.max_width)


@dataclass(frozen=True, slots=True)
class Stacked:
    """Two parts of a cell: one below the other in a terminal, side by side elsewhere."""

    upper: Words
    lower: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Both parts."""
        if console.is_terminal:
            yield from (self.upper, Text(self.lower, "dim", no_wrap=True))
        else:
            yield Text(f"{plain(self.upper.text)}  {self.lower}".rstrip())

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Never narrower than the lower part, which is whole or of no use."""
        upper, lower = self.upper.__rich_measure__(console, options), cell_len(self.lower)
        if not console.is_terminal:
            return Measurement(1, UNWRAPPED).with_maximum(upper.maximum + 2 + lower)
        return Measurement(max(upper.minimum, lower), max(upper.maximum, lower))


def rows_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """A table without lines; the columns named in ``right`` hold numbers."""
    numbers = frozenset(right)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    return table


def facts(told: Mapping[str, RenderableType | None]) -> Table:
    """What is known, a line each; nothing of what is not."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    for name, value in told.items():
        if value:
            table.add_row(name, Text(plain(value)) if isinstance(value, str) else value)
    return table


def headed(title: str, *parts: RenderableType) -> Group:
    """Parts of a view under a heading, a blank line above."""
    return Group("", Text(title, style="bold"), *parts)


def paragraphs(text: str) -> Iterator[Text]:
    """A text of paragraphs that blank lines part."""
    for number, paragraph in enumerate(text.split("\n\n")):
        yield Text(("\n" if number else "") + plain(paragraph))


def counted(count: int, noun: str) -> str:
    """A number of things, in words: "1 article", "2 articles"."""
    return f"{count} {noun}{'s' * (count != 1)}"
