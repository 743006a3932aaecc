"""Configuration from ``wirepicket.toml`` and the environment; ``WIREPICKET_…`` variables take precedence.

Every setting has the same name in both: ``horizon_days`` in the file is ``WIREPICKET_HORIZON_DAYS`` in the environment.
The settings reference of the documentation is made from the descriptions below.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shlex
import tomllib
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipelines.errors import ConfigurationError
from pipelines.telemetry.step import LogForm

CONFIG_NAME = "wirepicket.toml"
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_USER = re.compile(r"//[^/]*@")
_file: ContextVar[Path | None] = ContextVar("config_file", default=None)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _words(value: object) -> object:
    return shlex.split(value) if isinstance(value, str) else value


def _as_variable(value: object) -> str:
    """Return a setting in the form of an environment variable, which the field's validators parse again."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case dict():
            return json.dumps({name: [_as_variable(item) for item in items] for name, items in value.items()})
        case tuple() if all(isinstance(item, str) for item in value):
            return shlex.join(value)
        case tuple():
            return ",".join(str(item) for item in value)
        case _:
            return str(value)


class Settings(BaseSettings):
    """The validated settings."""

    model_config = SettingsConfigDict(env_prefix="WIREPICKET_", extra="forbid", frozen=True)

    home: Path = Path("var")
    """Folder of everything that is kept: archive, SQLite file, log of delivered alerts, local Elasticsearch."""
    store: str | None = None
    """Address of the store: ``sqlite:///FILE``, or the address of an Elasticsearch. By default the SQLite file
    ``wirepicket.db`` in ``home``.
    """
    api_key: SecretStr | None = None
    """API key of Elasticsearch."""
    api_key_file: Path | None = None
    """File with the API key of Elasticsearch, as containers are given secrets; in place of ``api_key``."""
    ca_file: Path | None = None
    """File with the certificate authority of Elasticsearch, PEM."""
    index_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,60}$")] = "wirepicket"
    """Beginning of the names of all indices, templates and aliases."""
    store_patience: Annotated[float, Field(ge=0, le=86_400)] = 60.0
    """Seconds for which a request to Elasticsearch is retried while it is overloaded, full or restarting."""
    allow_nets: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)] = ()
    """Networks that may be fetched from although they are not global unicast, such as ``10.0.0.0/8``; in the
    environment separated by commas. An address that leads on to an IPv4 address needs that one allowed, too.
    """
    horizon_days: Annotated[int, Field(ge=1, le=3650)] = 14
    """Longest time between two dated copies of one text, in days; for as long a story that nothing joins is remembered
    for grouping.
    """
    contact: str | None = None
    """Address at which a publisher reaches you: a page or ``mailto:``. It is sent in the ``User-Agent``. Set it."""
    host_interval: Annotated[float, Field(ge=0, le=60)] = 1.0
    """Seconds between two requests to the same public host."""
    deadline: Annotated[float, Field(gt=0)] = 30.0
    """Minutes after which a run fetches nothing more; the rest is due in the next run. In ``serve`` the default is half
    of ``--every``.
    """
    host_pages: Annotated[int, Field(ge=1)] = 500
    """Pages of one host fetched in one run (the default is eight minutes at a page a second); the next run continues.
    """
    run_pages: Annotated[int, Field(ge=1)] = 20_000
    """Pages fetched in one run (the default is enough for 1,000 new feeds); the next run continues."""
    archive_days: Annotated[int, Field(ge=1)] | None = None
    """Days after which archive files are deleted. By default none is deleted."""
    archive_remote: str | None = None
    """Folder or object store (``s3://…``) to which ``run`` and ``fetch`` copy WARC files, and from which ``stream``
    copies them.
    """
    feeds: Path | None = None
    """Feed list of a run without ``--feeds`` and ``--seeds``."""
    rules: Path | None = None
    """File of alert rules. By default the shipped examples."""
    gazetteer: Path | None = None
    """File of your own weapon systems, added to the shipped gazetteer; an entry with the same id replaces a shipped
    one.
    """
    channels: dict[str, tuple[SecretStr, ...]] = {}
    """Notification channels: for each name that rules use, a list of addresses (which may hold secrets). JSON in the
    environment.
    """
    failures: str | None = None
    """Name of the channel that is notified of failed flows of a Prefect server and of stopped schedules; its addresses
    are those of Apprise.
    """
    templates: Path | None = None
    """Folder of templates for messages, in place of the shipped ones."""
    beam_options: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)] = ()
    """Options of Beam's runner, such as ``--job_endpoint=HOST:PORT``; in the environment separated by blanks."""
    log: LogForm = LogForm.NONE
    """Form of the log of steps on standard error: a line a step as text or JSON. With ``json`` everything there is JSON
    lines.
    """
    metrics_file: Path | None = None
    """File of Prometheus metrics to which every process adds, for node_exporter's textfile collector. With
    ``metrics_port`` alone it is ``metrics.prom`` in ``home``.
    """
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Port on loopback at which ``stream`` and ``serve`` answer Prometheus with that file; runs beside them need none.
    """
    workers: Annotated[int, Field(ge=1, le=256)] | None = None
    """Number of extraction processes. By default one for each core."""

    @property
    def metrics_path(self) -> Path | None:
        """File of the metrics: ``metrics.prom`` in ``home`` if only the port is set, ``None`` without either."""
        return self.metrics_file or (self.home / "metrics.prom" if self.metrics_port else None)

    @property
    def archive(self) -> Path:
        """Folder of the WARC files."""
        return self.home / "archive"

    @property
    def store_url(self) -> str:
        """Address of the store."""
        return self.store or f"sqlite:///{self.home / 'wirepicket.db'}"

    @property
    def store_url_shown(self) -> str:
        """Address of the store without user and password."""
        return _USER.sub("//", self.store_url)

    @property
    def elastic_api_key(self) -> str | None:
        """The API key itself.

        Raises:
            ConfigurationError: the file of the key cannot be read or is empty.
        """
        if self.api_key:
            return self.api_key.get_secret_value()
        if self.api_key_file is None:
            return None
        try:
            key = self.api_key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The file {self.api_key_file} of the API key cannot be read. Check its name and permissions."
            ) from error
        if not key:
            raise ConfigurationError(
                f"The file {self.api_key_file} of the API key is empty. Write the key into it, or name another file."
            )
        return key

    def environment(self) -> dict[str, str]:
        """Return the given settings, home and store as environment variables for a child process, secrets included."""
        given = {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}
        given |= {"home": self.home, "store": self.store_url}
        return {f"WIREPICKET_{name.upper()}": _as_variable(value) for name, value in given.items() if value is not None}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources in order of precedence: command line, environment, file."""
        del dotenv_settings, file_secret_settings
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _file.get()))


def load_settings(file: Path | None = None, **overrides: Any) -> Settings:  # noqa: ANN401 - any field's value
    """Return the settings from ``file``, the environment and ``overrides``.

    ``file`` is by default ``wirepicket.toml`` in the working directory, if it exists. Overrides that are ``None`` are
    ignored.

    Raises:
        ConfigurationError: a setting is wrong; the message names it.
    """
    if file and not file.is_file():
        raise ConfigurationError(f"{file}: there is no such configuration file")
    path = file or Path(CONFIG_NAME)
    token = _file.set(path if path.is_file() else None)
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
        if settings.gazetteer:  # every process of a run must read it, so that rules mean the same in all of them
            os.environ["WIREPICKET_GAZETTEER"] = str(settings.gazetteer.absolute())
        if settings.failures and settings.failures not in settings.channels:
            raise ConfigurationError(
                f"setting 'failures': there is no channel {settings.failures!r} in [channels]; add it or name another"
            )
        return settings  # noqa: TRY300 - a single return is simpler here
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"setting {name!r} (in {path} or WIREPICKET_{name.upper()}): {first['msg']}"
        ) from error
    finally:
        _file.reset(token)
