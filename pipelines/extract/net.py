"""A safety net under the removal of furniture: Trafilatura's own result on the page as it is.

Removal goes by names and structure, and a site may use them for its stories. Where much of a page's prose has gone, or
little of what is left was found to be the story, the page is read once more with nothing removed. That reading is taken
where the first lacks a good part of its sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.text.lines import ends_sentence, is_prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

_DOUBTFUL_REMOVED = 0.1
"""Share of a page's prose from which its removal is looked into."""
_DOUBTFUL_KEPT = 0.6
"""Share of the remaining prose below which a story is looked for again."""
_LOST_SHARE = 0.2
"""Share of the sentences of the untouched page that the first reading may lack."""
_MIN_PROSE = 400
"""Characters of prose on a page from which there is something to lose."""


def prose_size(tree: HtmlElement) -> int:
    """Return the number of characters in the paragraphs of a page."""
    return sum(len(" ".join(paragraph.text_content().split())) for paragraph in tree.iter("p"))


def is_doubtful(before: int, after: int, lines: Iterable[str]) -> bool:
    """Return whether a reading may have lost text, at the cost of a look at its sizes.

    ``before`` and ``after`` are the characters in paragraphs before and after removal, ``lines`` what was read.
    """
    if before < _MIN_PROSE:
        return False
    return before - after > _DOUBTFUL_REMOVED * before or sum(map(len, lines)) < _DOUBTFUL_KEPT * after


def loses(lines: Iterable[str], untouched: Iterable[str]) -> bool:
    """Return whether a reading lacks too much of the prose that the untouched page gives."""
    kept = set(lines)
    prose = [line for line in untouched if is_prose(line) and ends_sentence(line)]
    lost = sum(len(line) for line in prose if line not in kept)
    return lost > _LOST_SHARE * sum(map(len, prose))
