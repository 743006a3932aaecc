"""Word of flows that fail."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.config import load_settings
from pipelines.errors import ConfigurationError
from tests.http_server import WebServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_channel_that_is_none_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="no channel 'desk'"):
        load_settings(failures="desk")


def test_a_failed_flow_is_told_to_its_channel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows import deployments

    monkeypatch.chdir(tmp_path)
    flows: list[Any] = [deployments.run, deployments.fetch, deployments.replay, deployments.report]
    for one in [*flows, deployments.check_health]:
        assert deployments.report_failure in one.on_failure_hooks
        assert deployments.report_failure in one.on_crashed_hooks
    told: Any = (
        SimpleNamespace(name="wirepicket-health"),
        SimpleNamespace(name="brave-fox"),
        SimpleNamespace(name="Failed", message="3 of 41 feeds are failing"),
    )
    deployments.report_failure(*told)  # nobody is to be told
    with WebServer() as server:
        address = server.url.replace("http://", "json://") + "/failures"
        monkeypatch.setenv("WIREPICKET_CHANNELS", json.dumps({"desk": [address]}))
        monkeypatch.setenv("WIREPICKET_FAILURES", "desk")
        deployments.report_failure(*told)
        posted = json.loads(server.posted["/failures"][0])
    assert (posted["title"], posted["type"]) == ("wirepicket-health failed", "failure")
    assert posted["message"] == "brave-fox: 3 of 41 feeds are failing"
    assert capsys.readouterr().err == ""
    deployments.report_failure(*told)
    assert "1 of 1 targets of channel 'desk' refused" in capsys.readouterr().err
