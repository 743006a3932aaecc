"""Files that come with the program: example rules, the example's seeds, the feed list."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent / "shipped"
_CHECKOUT = Path(__file__).parent.parent / "infra"


def shipped(name: str) -> Path:
    """Return the path of a shipped file, in the installed package or in ``infra/`` of a checkout."""
    return next((path for folder in (_PACKAGED, _CHECKOUT) if (path := folder / name).exists()), _CHECKOUT / name)


RULES = "rules.yaml"
FEEDS = "feeds.opml"
EXAMPLE = "example"
DASHBOARDS = "kibana/dashboards.yaml"
