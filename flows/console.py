"""Standard output for people, and safe printing of texts from outside.

In a terminal, lines fit its width. Elsewhere nothing is wrapped or cut, so that a pipe gets each row on a line of its
own. No line ends in blanks.
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
"""Width in columns of an output that is no terminal."""
_NO_TEXT = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
"""Characters that would move the cursor or change the direction of the surrounding text."""
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


class _Trimmed:
    """A renderable without trailing blanks in its lines, since tables pad their last column."""

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
        """The size of the terminal; elsewhere of unlimited width, whatever ``COLUMNS`` says, so that no id is cut."""
        size = super().size
        return size if self.is_terminal or self._chosen else ConsoleDimensions(UNWRAPPED, size.height)

    @size.setter
    def size(self, new_size: tuple[int, int]) -> None:
        self.width, self.height = new_size


console = Output()


def plain(text: str | None) -> str:
    """Return a text from outside without control characters; a dash if it is empty."""
    return _NO_TEXT.sub(" ", text or "–")


def elided(text: str, width: int, lines: int) -> list[str]:
    """Return a text as lines of a width in cells. A text of too many lines is cut after a word and ends in "…"."""
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
    """Return a line, isolated if it has right-to-left text, so that it does not reorder the columns around it."""
    turned = any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in line)
    return f"\u2068{line}\u2069" if turned else line


@dataclass(frozen=True, slots=True)
class Words:
    """A text from outside: never read as markup, and of limited height in a terminal.

    ``lines`` is the largest number of lines in a terminal.
    """

    text: str | None
    lines: int = 1
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the text, shortened to the room there is."""
        text = plain(self.text)
        if not console.is_terminal:
            yield Text(text, self.style)
            return
        shortened = elided(text, options.max_width, self.lines)
        yield Text("\n".join(map(isolated, shortened)), self.style, no_wrap=True, overflow="ignore")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return a width between that of the longest word and that of the whole text."""
        whole = cell_len(plain(self.text))
        longest = max(map(cell_len, plain(self.text).split()), default=1)
        return Measurement(min(longest, whole, 16), whole).with_maximum(options.max_width)


@dataclass(frozen=True, slots=True)
class Stacked:
    """Two parts of a cell: stacked in a terminal, side by side elsewhere."""

    upper: Words
    lower: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield both parts."""
        if console.is_terminal:
            yield from (self.upper, Text(self.lower, "dim", no_wrap=True))
        else:
            yield Text(f"{plain(self.upper.text)}  {self.lower}".rstrip())

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Return a width of at least that of the lower part, which must not be cut."""
        upper, lower = self.upper.__rich_measure__(console, options), cell_len(self.lower)
        if not console.is_terminal:
            return Measurement(1, UNWRAPPED).with_maximum(upper.maximum + 2 + lower)
        return Measurement(max(upper.minimum, lower), max(upper.maximum, lower))


def rows_table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Return an empty table without rules; the columns named in ``right`` are right-aligned."""
    numbers = frozenset(right)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    return table


def facts(values: Mapping[str, RenderableType | None]) -> Table:
    """Return a table of names and values, with a row for each value that is not empty."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    for name, value in values.items():
        if value:
            table.add_row(name, Text(plain(value)) if isinstance(value, str) else value)
    return table


def headed(title: str, *parts: RenderableType) -> Group:
    """Return parts of a view under a heading, with a blank line above."""
    return Group("", Text(title, style="bold"), *parts)


def paragraphs(text: str) -> Iterator[Text]:
    """Yield the paragraphs of a text; blank lines separate them."""
    for number, paragraph in enumerate(text.split("\n\n")):
        yield Text(("\n" if number else "") + plain(paragraph))


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: "1 article", "2 articles"."""
    return f"{count} {noun}{'s' * (count != 1)}"
