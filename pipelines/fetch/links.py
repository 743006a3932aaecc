"""Addresses that stand for another one: AMP caches and counting redirects whose target stands in them. Pure."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from pipelines.printable import escaped, is_printable

_AMP_VIEWER = re.compile(r"/amp/(s/)?(?P<rest>[^/]+\.[^/]+/.*)")
"""``www.google.com/amp/s/HOST/PATH``; ``s`` means https."""
_AMP_CACHE = re.compile(r"/[cv]/(s/)?(?P<rest>[^/]+\.[^/]+/.*)")
"""``NAME.cdn.ampproject.org/c/s/HOST/PATH``: the AMP cache URL format."""
_COUNTERS = {
    ("www.google.com", "/url"): ("url", "q"),
    ("l.facebook.com", "/l.php"): ("u",),
    ("lm.facebook.com", "/l.php"): ("u",),
    ("out.reddit.com", ""): ("url",),
    ("www.bing.com", "/news/apiclick.aspx"): ("url",),
}
"""Host and start of the path, and the parameters in which the target stands."""


def direct_link(url: str) -> str:
    """Return the address that a link stands for, if it is known without a request; else the link itself.

    It has no control characters, whatever the link holds, percent-encoded or not.
    """
    url = escaped(url)
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    found = None
    if host.endswith(".cdn.ampproject.org"):
        found = _AMP_CACHE.fullmatch(parts.path)
    elif host in {"www.google.com", "google.com"}:
        found = _AMP_VIEWER.fullmatch(parts.path)
    if found:
        query = f"?{parts.query}" if parts.query else ""
        return f"http{'s' if found[1] else ''}://{found['rest']}{query}"
    for (counter, path), names in _COUNTERS.items():
        if host == counter and parts.path.lower().startswith(path):
            told = parse_qs(parts.query, max_num_fields=100)
            for name in names:
                target = told.get(name, [""])[0]
                if _is_address(target):
                    return target
    return url


def _is_address(target: str) -> bool:
    """Return whether a decoded parameter is a web address; one with a line end in it is none."""
    if not target.lower().startswith(("http://", "https://")) or not is_printable(target):
        return False
    try:
        return bool(urlsplit(target).hostname)
    except ValueError:
        return False
