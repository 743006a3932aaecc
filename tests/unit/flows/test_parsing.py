from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from flows.commands.moments import parse_since
from flows.orchestration import prefect_configured
from pipelines.config import load_settings
from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-01", datetime(2026, 6, 1, tzinfo=UTC)),
        ("2026-06-01T12:30", datetime(2026, 6, 1, 12, 30, tzinfo=UTC)),
        ("2026-06-01T12:30+02:00", datetime(2026, 6, 1, 10, 30, tzinfo=UTC)),
        ("90m", datetime(2026, 6, 10, 10, 30, tzinfo=UTC)),
        ("36h", datetime(2026, 6, 9, tzinfo=UTC)),
        ("2w", datetime(2026, 5, 27, 12, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert parse_since(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "soon", "7", "7y", "2026-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="expected a date"):
        parse_since(text, NOW)


def test_whether_a_prefect_server_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.delenv("PREFECT_PROFILE", raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    assert not prefect_configured()
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(
        'active = "mine"\n[profiles.mine]\nPREFECT_API_URL = "http://127.0.0.1:4200/api"\n[profiles.other]\n'
    )
    assert prefect_configured()
    monkeypatch.setenv("PREFECT_PROFILE", "other")
    assert not prefect_configured()
    profiles.write_text("not = toml = at all")
    assert not prefect_configured()
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:4200/api")
    assert prefect_configured()


@pytest.fixture
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "STORE", "ALLOW_NETS", "HORIZON_DAYS", "INDEX_PREFIX"):
        monkeypatch.delenv(f"WIREPICKET_{name}", raising=False)


@pytest.mark.usefixtures("_in_empty_folder")
def test_environment_over_file_and_command_line_over_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().store_url == "sqlite:///var/wirepicket.db"
    (tmp_path / "wirepicket.toml").write_text('store = "sqlite:///file.db"\nallow_nets = ["10.0.0.0/8"]\n')
    assert load_settings().store_url == "sqlite:///file.db"
    monkeypatch.setenv("WIREPICKET_STORE", "sqlite:///environment.db")
    assert load_settings().store_url == "sqlite:///environment.db"
    assert load_settings(store="sqlite:///option.db").store_url == "sqlite:///option.db"
    monkeypatch.setenv("WIREPICKET_ALLOW_NETS", "127.0.0.0/8, ::1/128")
    assert [str(network) for network in load_settings().allow_nets] == ["127.0.0.0/8", "::1/128"]


@pytest.mark.usefixtures("_in_empty_folder")
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("horizon_days = 0", "horizon_days"),
        ("no_such_setting = 1", "no_such_setting"),
        ('allow_nets = ["everything"]', "allow_nets"),
        ('index_prefix = "Not/Allowed"', "index_prefix"),
        ("this is not toml", "wirepicket.toml"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "wirepicket.toml").write_text(text)
    with pytest.raises(ConfigurationError, match=named):
        load_settings()


@pytest.mark.usefixtures("_in_empty_folder")
def test_the_api_key_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    assert load_settings().elastic_api_key is None
    monkeypatch.setenv("WIREPICKET_API_KEY_FILE", str(file))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        assert load_settings().elastic_api_key
    file.write_text("\n")
    with pytest.raises(ConfigurationError, match="is empty"):
        assert load_settings().elastic_api_key
    file.write_text("passphrase\n")
    assert load_settings().elastic_api_key == "passphrase"
    assert "passphrase" not in repr(load_settings())
    assert load_settings(api_key="first").elastic_api_key == "first"


@pytest.mark.usefixtures("_in_empty_folder")
def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIREPICKET_API_KEY", "passphrase")
    monkeypatch.setenv("WIREPICKET_CHANNELS", '{"desk": ["mailto://user:passphrase@mail.example"]}')
    settings = load_settings(store="https://user:passphrase@elastic.example:9200")
    assert settings.store_url_shown == "https://elastic.example:9200"
    several = load_settings(store="https://user:passphrase@a.example:1/x,https://b.example,https://user:pass@c.example")
    assert several.store_url_shown == "https://a.example:1/x,https://b.example,https://c.example"
    assert "passphrase" not in repr(settings.api_key) + repr(settings.channels) + settings.store_url_shown
