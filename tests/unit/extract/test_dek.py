from __future__ import annotations

import pytest

from pipelines.extract.dek import mark_subheadings, take_dek
from pipelines.extract.tree import parse_html

DEK = "A shortage of pontoons has kept the river regiment at its barracks since spring"
STORY = "<p>The regiment moved its last bridge across the river before the ice could reach the pontoons.</p>" * 3
BYLINE = '<div class="meta">By Jane Roe</div>'


def page(inside: str) -> str:
    return f"<html><body><main>{inside}</main></body></html>"


@pytest.mark.parametrize(
    "inside",
    [
        f"<h1>No bridge</h1><h2>{DEK}.</h2>{STORY}",
        f"<h1>No bridge</h1><h2>{DEK}</h2>{BYLINE}{STORY}",
        f"<h1>No bridge</h1><p>{DEK}.</p>{BYLINE}{STORY}",
        f"<div><h1>No bridge</h1></div><div><div>{DEK}.</div><time>today</time></div>{STORY}",
        f"<h1>No bridge</h1><p>{DEK}.</p><div class='post-author'>the desk</div>{STORY}",
        f"<h1>No bridge</h1><p>{DEK}.</p><span>3 June 2026</span>{STORY}",
    ],
)
def test_a_dek_stands_above_a_byline_or_right_below_the_headline(inside: str) -> None:
    tree = parse_html(page(inside))
    dek = take_dek(tree)
    assert dek is not None
    assert dek.rstrip(".") == DEK
    assert DEK not in tree.text_content()
    assert tree.text_content().count("The regiment moved") == 3


@pytest.mark.parametrize(
    "inside",
    [
        f"<h1>No bridge</h1>{STORY}{BYLINE}",
        f"<h1>No bridge</h1>{BYLINE}{STORY}",
        f"<h1>No bridge</h1><p>{DEK}.</p>{STORY}",
        f"<h1>No bridge</h1><p>{DEK}.</p><h2>What now</h2>{BYLINE.replace('By', 'Says')}{STORY}",
        f"{STORY}<h1>Part two</h1><p>{DEK}.</p>{BYLINE}{STORY}",
        f"<h1>No bridge</h1><p>On 3 June 2026 {DEK}.</p>{BYLINE}{STORY}",
    ],
)
def test_the_first_paragraph_of_a_story_is_no_dek(inside: str) -> None:
    tree = parse_html(page(inside))
    before = tree.text_content()
    assert take_dek(tree) is None
    assert tree.text_content() == before


def test_blocks_called_subheadings_between_paragraphs_become_headings() -> None:
    tree = parse_html(
        page(
            f'{STORY}<div class="post__sub-headline">What <b>now</b></div>{STORY}<p class="crosshead">Later</p>{STORY}'
            f'<div class="box">Not one</div>{STORY}<div class="subhead"><ul><li>list</li></ul></div>{STORY}'
        )
    )
    mark_subheadings(tree)
    assert [heading.text_content() for heading in tree.iter("h3")] == ["What now", "Later"]
