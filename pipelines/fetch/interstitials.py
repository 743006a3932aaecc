"""Pages that stand before the article: bot challenges, consent and login pages, paywalls, home pages. Pure.

Each is told by something its maker put there to be told by (a header, the address of a script, schema.org's
``isAccessibleForFree``) or by where the request ended, never by the words of the page: an article may quote them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from schemas.records import Capture

_HEAD = 200_000
"""Bytes of a page that are looked at."""
_CHALLENGE_BYTES = 100_000
"""A page of more bytes is not a challenge, though it may load a protection's script as every page of its site does."""
_CHALLENGE_HEADERS = {"cf-mitigated": "challenge", "x-amzn-waf-action": "challenge"}
_CHALLENGE_MARKS = (
    b"window._cf_chl_opt",  # Cloudflare
    b"_Incapsula_Resource?SWUDNSAI",  # Imperva
    b"captcha-delivery.com/captcha",  # DataDome
    b"px-captcha",  # HUMAN (PerimeterX)
    b"awsWafCookieDomainList",  # AWS WAF
    b"/_sec/cp_challenge/",  # Akamai
    b"sucuri_cloudproxy_js",
)
_CONSENT_HOST = re.compile(r"(?:^|\.)(?:consent|guce|cmp|privacy-gate|myprivacy)\.")
_CONSENT_PATH = re.compile(r"/(?:collect-?consent|consent|cookie-?wall|privacy-gate)(?:[/?]|$)", re.IGNORECASE)
_LOGIN_PATH = re.compile(r"/(?:login|log-in|signin|sign-in|sso|authorize)(?:[/.?]|$)", re.IGNORECASE)
_PAYWALL = re.compile(rb"\"isAccessibleForFree\"\s*:\s*\"?false\b", re.IGNORECASE)
PASSING = frozenset({"challenge"})
"""Barriers that may be gone at the next request."""


def barrier(capture: Capture) -> str | None:
    """What stands in place of the article: ``challenge``, ``consent``, ``login``, ``home_page``; ``None``: nothing."""
    for name, value in capture.headers:
        if _CHALLENGE_HEADERS.get(name.lower()) == value.strip().lower():
            return "challenge"
    if len(capture.body) <= _CHALLENGE_BYTES and any(mark in capture.body for mark in _CHALLENGE_MARKS):
        return "challenge"
    return _led_away(capture.url, capture.final_url) if capture.final_url else None


def _led_away(asked: str, got: str) -> str | None:
    before, after = urlsplit(asked), urlsplit(got)
    if _CONSENT_HOST.search(after.hostname or "") and before.hostname != after.hostname:
        return "consent"
    if _CONSENT_PATH.search(after.path) and not _CONSENT_PATH.search(before.path):
        return "consent"
    if _LOGIN_PATH.search(after.path) and not _LOGIN_PATH.search(before.path):
        return "login"
    if after.path in {"", "/"} and not after.query and before.path not in {"", "/"} and not before.query:
        return "home_page"
    return None


def behind_paywall(capture: Capture) -> bool:
    """Whether a page says of itself that it is not free to read (schema.org ``isAccessibleForFree``)."""
    return _PAYWALL.search(capture.body[:_HEAD]) is not None
