from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from pipelines.errors import ConfigurationError
from pipelines.notify.channels import open_channels
from pipelines.notify.deliver import deliver
from pipelines.notify.webhook import MESSAGE_ID, SIGNATURE, TOLERANCE, sign, verify
from tests.unit.notify.conftest import NOW, POLICY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipelines.stores.protocol import Store
    from schemas.records import Alert

SECRET = "a secret of some length"
FAR = NOW.replace(year=NOW.year + 1)


def test_a_signature_proves_secret_content_and_time() -> None:
    header = sign(b"body", SECRET.encode(), 1_000_000)
    # As RFC 2104 has it; by another implementation: printf '1000000.body' | openssl dgst -sha256 -hmac SECRET
    assert header == "t=1000000,v1=39063fa9b1d3a153c3e2005b60f790dac8344dc1494d68214407ed996276877b"
    assert verify(b"body", SECRET.encode(), header, 1_000_000 + TOLERANCE)
    assert not verify(b"body", SECRET.encode(), header, 1_000_001 + TOLERANCE)
    assert not verify(b"body", SECRET.encode(), header, 999_999 - TOLERANCE)
    assert not verify(b"bodY", SECRET.encode(), header, 1_000_000)
    assert not verify(b"body", b"another secret, also long", header, 1_000_000)
    for wrong in ("", header[:-1], header.replace("t=1000000", "t=1000001"), f"{header},v1={'0' * 64}"):
        assert not verify(b"body", SECRET.encode(), wrong, 1_000_000)


def webhook(address: str, home: Path) -> Any:
    return open_channels({"team": [SecretStr(f"webhook+http://:{SECRET.replace(' ', '%20')}@{address}/in?x=1")]}, home)


def test_a_webhook_gets_signed_json_with_the_message_s_id(
    store: Store, raise_alerts: Callable[..., list[Alert]], hook: Any, tmp_path: Path
) -> None:
    (alert,) = raise_alerts(1, "team")
    assert deliver(store, webhook(hook.address, tmp_path), NOW, POLICY).sent == 1
    ((headers, body),) = hook.posted
    at = int(headers[SIGNATURE].partition(",")[0].removeprefix("t="))
    assert verify(body, SECRET.encode(), headers[SIGNATURE], at)
    posted = json.loads(body)
    assert posted["message_id"] == headers[MESSAGE_ID]
    assert [one["id"] for one in posted["alerts"]] == [alert.id]
    assert posted["title"] == "[high] himars: Story of article0"
    assert "Authorization" not in headers


def test_only_an_answer_of_2xx_is_taken_for_delivered(
    store: Store, raise_alerts: Callable[..., list[Alert]], hook: Any, tmp_path: Path
) -> None:
    raise_alerts(1, "team")
    when = NOW
    for status, said in ((500, "answered 500"), (302, "no redirect is followed"), (410, "answered 410")):
        hook.status = status
        report = deliver(store, webhook(hook.address, tmp_path), when)
        assert (report.sent, report.failed) == (0, 1)
        (waiting,) = store.outbox_pending(FAR)
        assert said in str(waiting.last_error)
        assert SECRET not in f"{report} {waiting}"
        when = waiting.next_attempt


def test_a_receiver_that_is_away(store: Store, raise_alerts: Callable[..., list[Alert]], tmp_path: Path) -> None:
    raise_alerts(1, "team")
    assert deliver(store, webhook("127.0.0.1:1", tmp_path), NOW).failed == 1
    (waiting,) = store.outbox_pending(FAR)
    assert "target 1 (webhook+http) could not be reached: ConnectError" in str(waiting.last_error)


@pytest.mark.parametrize("url", ["webhook+https://host/x", "webhook+https://:short@host/x", "webhook+http://:@/x"])
def test_an_address_without_host_or_a_good_secret_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="channel 'team', target 2: expected a") as raised:
        open_channels({"team": [SecretStr("json://x"), SecretStr(url)]}, tmp_path)
    assert "short" not in str(raised.value)
