from __future__ import annotations

import pytest

from pipelines.extract.tree import parse_html
from pipelines.extract.widgets import remove_unnamed_widgets

PARAGRAPH = "The regiment moved its last bridge across the river before the ice could reach the pontoons on the bank."
STORY = f"<p>{PARAGRAPH}</p>" * 12

WIDGETS = [
    "<div><h4>A letter</h4><p>One mail each morning.</p><form><input type=email><button>Go</button></form></div>",
    "<div><div><button>Left</button><span>3 of 9</span></div></div>",
    "<div><p>Our presses are kept warm.</p><a href=/give>Give</a></div>",
    "<div role=dialog><p>Small files are kept.</p></div>",
    "<section><h4>Others</h4><ol><li><a href=/1>Salt</a></li><li><a href=/2>Rope</a></li></ol></section>",
    "<ol><li><cite>mara</cite><p>I doubt it.</p></li><li><cite>tom</cite><p>Me too.</p></li></ol>",
    "<p><small>The text goes on below</small></p>",
    "<p><em>Earlier: <a href=/x>Harbour crane stands still</a></em></p>",
    "<p>Is a fact wrong? <a href=mailto:desk@ledger.example>desk@ledger.example</a></p>",
    "<a href=#c>14 voices</a>",
    "<div><h4>A letter</h4><p>One mail each morning.</p><span>Go</span></div>",
]
STORIES = [
    "<p>He wrote to the board (<a href=/board>minutes</a>) and had no answer.</p>",
    "<div>Loose text with <a href=/x>a link</a> in its middle and more behind it.</div>",
    "<p>Earlier: a bridge, a mill and <a href=/x>a lock</a> were lost to the ice.</p>",
    "<ul><li>Six <a href=/x>lorries</a></li><li>Two boats</li></ul>",
    "<ol><li><h3>A mill</h3><p>It stands.</p></li><li><h3>A lock</h3><p>It is shut.</p></li></ol>",
    "<div><h2>A winter of repairs</h2><p>The mill stands.</p></div>",
    "<div><span>A heading in a box of its own</span></div>",
    "<div><blockquote>We plan around the fuel</blockquote><p>Colonel Holt</p></div>",
    "<p>It held. <small>For now.</small></p>",
    f"<div><p>{PARAGRAPH}</p><p>{PARAGRAPH}</p><p>{PARAGRAPH}</p><button>Share</button></div>",
]


def text_after(inside: str) -> str:
    tree = parse_html(f"<html><body><h1>Bridge saved</h1><div>{STORY}{inside}{STORY}</div></body></html>")
    remove_unnamed_widgets(tree, 2 * len(STORY))
    assert tree.text_content().count(PARAGRAPH) >= 24
    return str(tree.text_content()).replace(PARAGRAPH, "").removeprefix("Bridge saved")


@pytest.mark.parametrize("widget", WIDGETS)
def test_widgets_go_whole(widget: str) -> None:
    assert text_after(widget).strip() == ""


@pytest.mark.parametrize("story", STORIES)
def test_the_story_stays(story: str) -> None:
    whole = parse_html(f"<html><body>{story}</body></html>").text_content().replace(PARAGRAPH, "")
    assert text_after(story).strip() == whole.strip()


def test_a_page_written_in_small_blocks_with_links_is_left_alone() -> None:
    parts = "".join(f"<div><p>{PARAGRAPH}</p><a href=/{n}>Part {n}</a></div>" for n in range(10))
    tree = parse_html(f"<html><body><main>{parts}</main></body></html>")
    remove_unnamed_widgets(tree, 10 * len(PARAGRAPH))
    assert tree.text_content().count(PARAGRAPH) == 10
