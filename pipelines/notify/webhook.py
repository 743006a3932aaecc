"""Signed webhooks: a notice as JSON, posted with a signature that proves sender, content and time.

The signature is the HMAC-SHA256 (RFC 2104) of the time and the body under a shared secret, in the format of Stripe and
others, for which receivers have libraries. ``docs/rules.md`` describes its verification; ``verify`` implements it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pipelines.notify.notice import Notice
    from pipelines.notify.render import Renderer

SCHEMES = ("webhook+https", "webhook+http")
SIGNATURE = "X-Wirepicket-Signature"
MESSAGE_ID = "X-Wirepicket-Message-Id"
TOLERANCE = 300
"""Seconds by which the clocks of sender and receiver may differ: the usual five minutes."""
_TIMEOUT = 15
"""Seconds for a receiver to answer; it should only store the message and process it later."""
_MIN_SECRET = 16
"""Characters of a secret at least; shorter ones can be guessed."""


class WebhookTarget:
    """Target ``webhook+https://:SECRET@host/path``: signed posts to ``https://host/path``."""

    def __init__(self, url: str, renderer: Renderer) -> None:
        """Parse the address.

        Raises:
            ValueError: the address has no host, or no secret of sufficient length.
        """
        parts = urlsplit(url)
        self.kind = parts.scheme
        secret = unquote(parts.password or "")
        if not parts.hostname:
            raise ValueError("expected a host, as in webhook+https://:SECRET@host/path")
        if parts.username or len(secret) < _MIN_SECRET:
            raise ValueError(
                f"expected a secret of at least {_MIN_SECRET} characters: webhook+https://:SECRET@host/path"
            )
        self._secret = secret.encode()
        host = parts.netloc.rpartition("@")[2]
        self._url = parts._replace(scheme=parts.scheme.removeprefix("webhook+"), netloc=host, fragment="").geturl()
        self._renderer = renderer

    def send(self, notice: Notice) -> str | None:
        """Post a notice; return the problem, or ``None`` after a response of 2xx. No redirect is followed."""
        import httpx  # noqa: PLC0415 - takes 0.2 s, which runs without alerts do not need

        body = json.dumps(self._payload(notice), ensure_ascii=False).encode("utf-8", "replace")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "wirepicket",
            MESSAGE_ID: notice.message_id,
            SIGNATURE: sign(body, self._secret, int(time.time())),
        }
        try:
            answer = httpx.post(
                self._url, content=body, headers=headers, timeout=_TIMEOUT, follow_redirects=False, trust_env=False
            )
        except httpx.HTTPError as error:
            return f"could not be reached: {type(error).__name__}"
        if answer.is_success:
            return None
        hint = "; expected the final address, since no redirect is followed" if answer.is_redirect else ""
        return f"answered {answer.status_code}{hint}"

    def _payload(self, notice: Notice) -> dict[str, Any]:
        return {
            **notice.as_dict(),
            "severity": notice.severity,
            "title": self._renderer.title(notice),
            "text": self._renderer.text(notice),
        }


def sign(body: bytes, secret: bytes, at: int) -> str:
    """Return the signature header ``t=TIME,v1=HEX``: the HMAC-SHA256 of ``TIME.BODY``, with TIME in epoch seconds."""
    mac = hmac.new(secret, b"%d.%s" % (at, body), hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def verify(body: bytes, secret: bytes, header: str, at: int) -> bool:
    """Return whether a header is the signature of a body, made at most ``TOLERANCE`` seconds before or after ``at``."""
    match = re.fullmatch(r"t=([0-9]{1,12}),v1=[0-9a-f]{64}", header)
    if not match or abs(int(match[1]) - at) > TOLERANCE:
        return False
    return hmac.compare_digest(sign(body, secret, int(match[1])), header)
