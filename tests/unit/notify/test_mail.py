from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from pipelines.errors import ConfigurationError
from pipelines.notify.channels import open_channels
from pipelines.notify.deliver import deliver
from tests.unit.notify.conftest import NOW, POLICY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from schemas.records import Alert

FAR = NOW.replace(year=NOW.year + 1)


class MailServer(socketserver.ThreadingTCPServer):
    """As much of SMTP (RFC 5321) as takes a message on loopback; refuses receivers it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], bytes]] = []
        self.refuse = ""
        super().__init__(("127.0.0.1", 0), Session)


class Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        receivers: list[str] = []
        self.answer("220 mail.example")
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb == "RCPT":
                refused = bool(self.server.refuse) and self.server.refuse in line
                receivers += [] if refused else [line.partition("<")[2].rstrip(">")]
                self.answer("550 no such mailbox" if refused else "250 ok")
            elif verb == "DATA":
                self.answer("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.taken.append((receivers, b"".join(lines)))
                self.answer("250 taken")
            elif verb == "QUIT":
                self.answer("221 bye")
                return
            else:
                self.answer("250 ok")

    def answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def channels(port: int, home: Path, options: str = "&tls=no") -> Any:
    address = f"smtp://127.0.0.1:{port}/?from=watch@news.example&to=a@desk.example,b@desk.example{options}"
    return open_channels({"team": [SecretStr(address)]}, home)


def test_a_mail_has_text_and_html_and_ids_that_stay(
    store: Store, raise_alerts: Callable[..., list[Alert]], mail: MailServer, tmp_path: Path
) -> None:
    (alert,) = raise_alerts(1, "team")
    (message,) = store.outbox_pending(FAR)
    assert deliver(store, channels(mail.server_address[1], tmp_path), NOW, POLICY).sent == 1
    ((receivers, raw),) = mail.taken
    assert receivers == ["a@desk.example", "b@desk.example"]
    got = email.message_from_bytes(raw, policy=email.policy.default)
    assert got["Subject"] == "[high] himars: Story of article0"
    assert got["Message-ID"] == f"<{message.id}@news.example>"
    assert got["References"] == f"<{alert.id}@news.example>"
    assert got["X-Priority"] == "2"
    text, html = (got.get_body((kind,)) for kind in ("plain", "html"))
    assert text
    assert html
    assert "“Two M142s fired.”" in text.get_content()
    assert "<mark>M142s</mark>" in html.get_content()


def test_a_receiver_that_is_refused_is_a_failure(
    store: Store, raise_alerts: Callable[..., list[Alert]], mail: MailServer, tmp_path: Path
) -> None:
    raise_alerts(1, "team")
    mail.refuse = "b@desk"
    assert deliver(store, channels(mail.server_address[1], tmp_path), NOW).failed == 1
    (waiting,) = store.outbox_pending(FAR)
    assert "target 1 (smtp) refused 1 of 2 receivers" in str(waiting.last_error)


def test_a_server_without_tls_gets_nothing_unless_told(
    store: Store, raise_alerts: Callable[..., list[Alert]], mail: MailServer, tmp_path: Path
) -> None:
    raise_alerts(1, "team")
    assert deliver(store, channels(mail.server_address[1], tmp_path, options=""), NOW).failed == 1
    assert mail.taken == []
    (waiting,) = store.outbox_pending(FAR)
    assert "could not be reached: SMTPNotSupportedError" in str(waiting.last_error)


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example/?from=a@b.example",
        "smtp:///?from=a@b.example&to=c@d.example",
        "smtp://user:hunter2@mail.example/?from=a@b.example&to=c@d.example&tls=no",
        "smtp://mail.example/?from=a@b.example&to=c(hunter2",
    ],
)
def test_an_address_that_cannot_work_is_refused_without_being_shown(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="channel 'team', target 1: expected") as raised:
        open_channels({"team": [SecretStr(url)]}, tmp_path)
    assert "hunter2" not in str(raised.value)
