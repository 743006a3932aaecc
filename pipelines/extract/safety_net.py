"""Safety net for boilerplate removal: a second extraction from the page with nothing removed.

Removal relies on class names and structure, which a site may also use for its stories. The page is extracted again
if removal took much of its prose, or if little of the remaining prose was taken for the story. The second result
replaces the first if the first lacks a good part of its sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.text.lines import ends_sentence, is_prose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

_DOUBTFUL_REMOVED = 0.1
"""Share of a page's prose; if removal takes more than this, the result is doubtful."""
_DOUBTFUL_KEPT = 0.6
"""Share of the remaining prose; if the story has less than this, the result is doubtful."""
_LOST_SHARE = 0.2
"""Share of the sentences of the untouched page that the first result may lack."""
_MIN_PROSE = 400
"""Characters of prose on a page; pages with less are never doubtful."""


def prose_size(tree: HtmlElement) -> int:
    """Return the number of characters in the paragraphs of a page."""
    return sum(len(" ".join(paragraph.text_content().split())) for paragraph in tree.iter("p"))


def is_doubtful(before: int, after: int, lines: Iterable[str]) -> bool:
    """Return whether a result may lack text of the story, judged by sizes only.

    ``before`` and ``after`` are the characters in paragraphs before and after removal; ``lines`` is the result.
    """
    if before < _MIN_PROSE:
        return False
    return before - after > _DOUBTFUL_REMOVED * before or sum(map(len, lines)) < _DOUBTFUL_KEPT * after


def loses(lines: Iterable[str], untouched: Iterable[str]) -> bool:
    """Return whether a result lacks too much of the prose of the untouched page."""
    kept = set(lines)
    prose = [line for line in untouched if is_prose(line) and ends_sentence(line)]
    lost = sum(len(line) for line in prose if line not in kept)
    return lost > _LOST_SHARE * sum(map(len, prose))
