"""Detection of interstitials: bot challenges, consent and login pages, paywalls, home pages. Pure.

An interstitial is a page that a server sends instead of the article. It is detected by a technical mark (a header, the
address of a script, schema.org's ``isAccessibleForFree``) or by the final address, never by the words of the page: an
article may quote them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from schemas.records import Capture

_HEAD = 200_000
"""Number of first bytes of a page that are searched."""
_CHALLENGE_BYTES = 100_000
"""Largest challenge page. A larger page is an article, even if it loads the challenge script of its site."""
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
TRANSIENT = frozenset({"challenge"})
"""Kinds of interstitials that may be gone at the next request."""


def interstitial_kind(capture: Capture) -> str | None:
    """Return the kind of interstitial: ``challenge``, ``consent``, ``login`` or ``home_page``; else ``None``."""
    for name, value in capture.headers:
        if _CHALLENGE_HEADERS.get(name.lower()) == value.strip().lower():
            return "challenge"
    if len(capture.body) <= _CHALLENGE_BYTES and any(mark in capture.body for mark in _CHALLENGE_MARKS):
        return "challenge"
    return _kind_by_redirect(capture.url, capture.final_url) if capture.final_url else None


def _kind_by_redirect(requested: str, final: str) -> str | None:
    before, after = urlsplit(requested), urlsplit(final)
    if _CONSENT_HOST.search(after.hostname or "") and before.hostname != after.hostname:
        return "consent"
    if _CONSENT_PATH.search(after.path) and not _CONSENT_PATH.search(before.path):
        return "consent"
    if _LOGIN_PATH.search(after.path) and not _LOGIN_PATH.search(before.path):
        return "login"
    if after.path in {"", "/"} and not after.query and before.path not in {"", "/"} and not before.query:
        return "home_page"
    return None


def is_paywalled(capture: Capture) -> bool:
    """Return whether a page declares that it is not free to read (schema.org ``isAccessibleForFree``)."""
    return _PAYWALL.search(capture.body[:_HEAD]) is not None
