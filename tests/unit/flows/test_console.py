"""How texts are put on standard output: in a terminal of any width, and elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from flows.console import Output, Stacked, Words, elided, isolated, plain, rows_table

LONG = "Varonia moves forty-two rocket launchers across the river on pontoon bridges in a single night"
WIDE = "瓦罗尼亚军队夜间架设三座浮桥将四十二辆火箭炮运过塞尔瓦河引发邻国抗议"
TURNED = "انتقال قاذفات الصواريخ عبر نهر سيلفا ليلا على جسور عائمة"


def said(*rows: str, width: int | None = None) -> list[str]:
    console = Output(width=width, force_terminal=width is not None)
    table = rows_table("articles", "title and id", right=["articles"])
    for row in rows:
        table.add_row("7", Stacked(Words(row, 2), "f" * 32))
    with console.capture() as told:
        console.print(table)
    return told.get().splitlines()


@given(st.text(alphabet="ab 河ع-", max_size=80), st.integers(2, 40), st.integers(1, 3))
def test_what_is_elided_fits(text: str, width: int, lines: int) -> None:
    told = elided(text, width, lines)
    assert len(told) <= lines
    assert all(cell_len(line) <= width for line in told)


def test_long_titles_end_behind_a_word() -> None:
    told = elided(LONG, 30, 2)
    assert told[-1].endswith(" …")
    assert LONG.startswith(" ".join(told).removesuffix(" …"))
    assert LONG[len(" ".join(told).removesuffix(" …"))] == " "
    assert elided("Short", 30, 2) == ["Short"]
    assert elided(WIDE, 20, 1) == [f"{WIDE[:9]}…"]


def test_a_pipe_gets_whole_rows_without_blanks_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = said(LONG, WIDE, "Short")
    assert len(lines) == 4
    assert all(line == line.rstrip() for line in lines)
    assert lines[1].endswith(f"{LONG}  {'f' * 32}")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_s_rows_fit_and_wide_and_turned_titles_leave_columns_where_they_are(width: int) -> None:
    for line in said(LONG, WIDE, TURNED, "A " * 200, width=width):
        assert cell_len(line.replace("\x1b[2m", "").replace("\x1b[0m", "")) <= width
    turned = [line for line in said(TURNED, width=width) if "\u2068" in line]
    assert turned
    assert all(line.count("\u2068") == line.count("\u2069") == 1 for line in turned)
    assert not any("\u2068" in line for line in said(TURNED))


def test_other_people_s_texts_do_not_speak_to_the_terminal() -> None:
    assert plain("red \x1b[31malert\x07\u202e") == "red  [31malert "
    assert plain(None) == "–"
    assert isolated("plain") == "plain"
    console = Output(width=80)
    with console.capture() as told:
        console.print(Words("[bold]x[/] :fire: \x1b[2J"))
    assert told.get() == "[bold]x[/] :fire:  [2J\n"
