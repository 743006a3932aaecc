"""Putting the dashboards on a Kibana. Everything has an id of its own: putting it there again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from pipelines.errors import ConfigurationError, StoreUnavailableError
from pipelines.kibana.alerting import alerting_rules
from pipelines.kibana.dashboards_api import dashboards
from pipelines.kibana.saved_objects import data_views_and_searches, ndjson, saved_objects
from schemas.serial import JsonObject, dump

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from pipelines.kibana.description import Description

API_SINCE = (9, 5)
"""The first version whose Dashboards API is stable."""
_API_VERSION = "2023-10-31"
_ANSWER_SECONDS = 60.0
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledDashboards:
    """What was put on a server."""

    version: str
    by_api: bool
    """Whether the dashboards went by the Dashboards API rather than as saved objects."""
    objects: int
    rules: int


class Kibana:
    """One Kibana, or one space of it: the space is part of the address (``…/s/SPACE``).

    Use it as a context manager. Every method raises ``StoreUnavailableError`` when the server cannot be reached or
    refuses what it is asked.
    """

    def __init__(self, url: str, *, api_key: str | None = None, ca_file: Path | None = None) -> None:
        """Keep the address; nothing is contacted yet. Raises ``ConfigurationError`` where it is none."""
        try:
            address = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ConfigurationError(f"--url cannot be read: {error}") from error
        if address.scheme not in {"http", "https"} or not address.host:
            raise ConfigurationError("--url must be the http(s):// address of a Kibana")
        auth = (address.username, address.password) if address.username else None
        self.url = str(address.copy_with(userinfo=b"")).rstrip("/")
        headers = {"kbn-xsrf": "true", "Elastic-Api-Version": _API_VERSION}
        if api_key:
            headers["Authorization"] = f"ApiKey {api_key}"
        self._client = httpx.Client(
            headers=headers, auth=auth, verify=str(ca_file) if ca_file else True, timeout=_ANSWER_SECONDS
        )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close the connections."""
        self._client.close()

    def install(self, description: Description, prefix: str, *, with_rules: bool) -> InstalledDashboards:
        """Put data views, saved searches and dashboards there, over what has the same ids; rules where asked for.

        By the Dashboards API where the server has it, else all of it as saved objects.
        """
        version = self._version()
        by_api = tuple(int(part) for part in version.split(".")[:2]) >= API_SINCE
        objects = data_views_and_searches(description, prefix) if by_api else saved_objects(description, prefix)
        self._import(objects)
        boards = dashboards(description, prefix) if by_api else {}
        for one, body in boards.items():
            self._ask("PUT", f"/api/dashboards/{one}", body)
        rules = alerting_rules(description, prefix) if with_rules else {}
        for one, rule in rules.items():
            self._put_rule(one, rule)
        return InstalledDashboards(version=version, by_api=by_api, objects=len(objects) + len(boards), rules=len(rules))

    def _version(self) -> str:
        """The server's version, such as ``9.5.3``."""
        answer = self._ask("GET", "/api/status").json()
        version = answer.get("version", {}).get("number") if isinstance(answer, dict) else None
        if not isinstance(version, str):
            raise StoreUnavailableError(f"What answers at {self.url} is not Kibana. Check the address.")
        return version

    def _import(self, objects: list[JsonObject]) -> None:
        answer = self._send(
            "POST",
            "/api/saved_objects/_import",
            params={"overwrite": "true"},
            files={"file": ("wirepicket.ndjson", ndjson(objects), "application/ndjson")},
        ).json()
        if not answer.get("success"):
            errors = "; ".join(
                f"{error.get('type')} {error.get('id')}: {error.get('error', {}).get('type')}"
                for error in answer.get("errors", ())
            )
            raise StoreUnavailableError(f"Kibana at {self.url} did not take all saved objects: {errors}")

    def _put_rule(self, one: str, rule: JsonObject) -> None:
        path = f"/api/alerting/rule/{one}"
        if self._send("GET", path, accepted=(HTTPStatus.NOT_FOUND,)).status_code == HTTPStatus.NOT_FOUND:
            self._ask("POST", path, rule)
            return
        # What a rule is of cannot be changed, nor need it be.
        fixed = {"rule_type_id", "consumer", "enabled"}
        self._ask("PUT", path, {name: value for name, value in rule.items() if name not in fixed})

    def _ask(self, method: str, path: str, body: JsonObject | None = None) -> httpx.Response:
        if body is None:
            return self._send(method, path)
        return self._send(method, path, content=dump(body), headers={"Content-Type": "application/json"})

    def _send(self, method: str, path: str, *, accepted: tuple[int, ...] = (), **request: object) -> httpx.Response:
        try:
            answer = self._client.request(method, self.url + path, **request)  # type: ignore[arg-type] # httpx's own
        except httpx.HTTPError as error:
            raise StoreUnavailableError(
                f"Kibana at {self.url} cannot be reached: {error}. Check that it runs, and the address."
            ) from error
        if answer.status_code in _REFUSED:
            raise StoreUnavailableError(
                f"Kibana at {self.url} refuses us ({answer.status_code}). Check the API key, or user and password in "
                "the address, and what they are allowed to do."
            )
        if answer.is_error and answer.status_code not in accepted:
            raise StoreUnavailableError(
                f"Kibana at {self.url} answers {answer.status_code} to {method} {path}: {answer.text[:500]}"
            )
        return answer
