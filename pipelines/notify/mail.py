"""Mail: one message per notice, in plain text and HTML, threaded by alert.

The ``Message-ID`` contains the notice's id, so that a repeat has the same one. The messages of an alert refer to its
thread, so that mail programs show them together.
"""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from schemas.records import now_utc

if TYPE_CHECKING:
    from pipelines.notify.notice import Notice
    from pipelines.notify.render import Renderer

SCHEMES = ("smtp", "smtps")
_PORTS = {"smtp": 587, "smtps": 465}
"""Submission with STARTTLS (RFC 6409) and over TLS from the start (RFC 8314)."""
_TIMEOUT = 30
"""Seconds for each response of the server."""
_EXPECTED = "smtp://USER:PASSWORD@host/?from=wirepicket@example.org&to=desk@example.org"
_PRIORITY = {"critical": "1", "high": "2"}
"""``X-Priority`` by severity; most mail programs show this header."""


class MailTarget:
    """Target ``smtp://user:password@host:port/?from=…&to=…`` (STARTTLS unless ``tls=no``), or ``smtps://…``."""

    def __init__(self, url: str, renderer: Renderer) -> None:
        """Parse the address.

        Raises:
            ValueError: the address lacks a host, a sender or a receiver, or would send a password in the clear.
        """
        parts = urlsplit(url)
        self.kind = parts.scheme
        self._renderer = renderer
        options = parse_qs(parts.query)
        if not parts.hostname or "from" not in options or "to" not in options:
            raise ValueError(f"expected a host, a sender and receivers, as in {_EXPECTED}")
        self._host, self._port = parts.hostname, parts.port or _PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._plain = options.get("tls") == ["no"]
        if self._plain and self._password:
            raise ValueError("expected no password with tls=no, which would send it in the clear")
        try:
            self._sender = Address(addr_spec=options["from"][0], display_name="wirepicket")
            self._receivers = [
                Address(addr_spec=spec.strip()) for listed in options["to"] for spec in listed.split(",")
            ]
        except Exception as error:  # the parser raises errors of many kinds, whose texts contain the address
            raise ValueError(f"expected mail addresses, as in {_EXPECTED}") from error

    def send(self, notice: Notice) -> str | None:
        """Send a notice to all receivers; return the problem, or ``None``."""
        message = self.message(notice)
        context = ssl.create_default_context()
        try:
            with (
                smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT, context=context)
                if self.kind == "smtps"
                else smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT)
            ) as server:
                if self.kind == "smtp" and not self._plain:
                    server.starttls(context=context)
                if self._user:
                    server.login(self._user, self._password)
                refused = server.send_message(message)
        except smtplib.SMTPResponseException as error:
            return f"answered {error.smtp_code} ({type(error).__name__})"
        except (smtplib.SMTPException, OSError) as error:
            return f"could not be reached: {type(error).__name__}"
        return f"refused {len(refused)} of {len(self._receivers)} receivers" if refused else None

    def message(self, notice: Notice) -> EmailMessage:
        """Return the mail of a notice."""
        message = EmailMessage()
        message["Subject"] = self._renderer.title(notice)
        message["From"] = self._sender
        message["To"] = self._receivers
        message["Date"] = format_datetime(now_utc())
        message["Message-ID"] = f"<{notice.message_id}@{self._sender.domain}>"
        threads = [item.alert.thread or item.alert.id for item in notice.items]
        if len(threads) == 1:
            message["References"] = f"<{threads[0]}@{self._sender.domain}>"
        message["X-Priority"] = _PRIORITY.get(notice.severity, "3")
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic replies
        message.set_content(self._renderer.text(notice))
        message.add_alternative(self._renderer.html(notice), subtype="html")
        return message
