"""Resolution of addresses that contain their target: AMP caches and click-counting redirects. Pure."""

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
"""Query parameters with the target, by host and start of the path."""


def direct_link(url: str) -> str:
    """Return the target of a link if it is known without a request; else the link itself.

    The result has no control characters, even if the link has some, percent-encoded or not.
    """
    url = escaped(url)
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    match = None
    if host.endswith(".cdn.ampproject.org"):
        match = _AMP_CACHE.fullmatch(parts.path)
    elif host in {"www.google.com", "google.com"}:
        match = _AMP_VIEWER.fullmatch(parts.path)
    if match:
        query = f"?{parts.query}" if parts.query else ""
        return f"http{'s' if match[1] else ''}://{match['rest']}{query}"
    for (counter, path), names in _COUNTERS.items():
        if host == counter and parts.path.lower().startswith(path):
            parameters = parse_qs(parts.query, max_num_fields=100)
            for name in names:
                target = parameters.get(name, [""])[0]
                if _is_address(target):
                    return target
    return url


def _is_address(target: str) -> bool:
    """Return whether a decoded parameter is a web address; a text with a line break is not."""
    if not target.lower().startswith(("http://", "https://")) or not is_printable(target):
        return False
    try:
        return bool(urlsplit(target).hostname)
    except ValueError:
        return False
