"""Installation of the dashboards on a Kibana. All objects have fixed ids, so it can be repeated."""

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
    """The result of an installation."""

    version: str
    by_api: bool
    """True if the dashboards were installed by the Dashboards API, not as saved objects."""
    objects: int
    rules: int


class Kibana:
    """A client of a Kibana, or of a space of it, whose address includes the space (``…/s/SPACE``).

    Use it as a context manager. Every method raises ``StoreUnavailableError`` if the server cannot be reached or
    refuses a request.
    """

    def __init__(self, url: str, *, api_key: str | None = None, ca_file: Path | None = None) -> None:
        """Keep the address without connecting; raise ``ConfigurationError`` if it is invalid."""
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
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Close the connections."""
        self._client.close()

    def install(self, description: Description, prefix: str, *, with_rules: bool) -> InstalledDashboards:
        """Install data views, saved searches, dashboards and, if requested, rules; replace objects with the same ids.

        Dashboards are installed by the Dashboards API if the server has it, else as saved objects.
        """
        version = self._version()
        by_api = tuple(int(part) for part in version.split(".")[:2]) >= API_SINCE
        objects = data_views_and_searches(description, prefix) if by_api else saved_objects(description, prefix)
        self._import(objects)
        boards = dashboards(description, prefix) if by_api else {}
        for object_id, body in boards.items():
            self._request("PUT", f"/api/dashboards/{object_id}", body)
        rules = alerting_rules(description, prefix) if with_rules else {}
        for object_id, rule in rules.items():
            self._put_rule(object_id, rule)
        return InstalledDashboards(version=version, by_api=by_api, objects=len(objects) + len(boards), rules=len(rules))

    def _version(self) -> str:
        """Return the server's version, such as ``9.5.3``."""
        answer = self._request("GET", "/api/status").json()
        version = answer.get("version", {}).get("number") if isinstance(answer, dict) else None
        if not isinstance(version, str):
            raise StoreUnavailableError(f"The server at {self.url} is not Kibana. Check the address.")
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

    def _put_rule(self, rule_id: str, rule: JsonObject) -> None:
        path = f"/api/alerting/rule/{rule_id}"
        if self._send("GET", path, accepted=(HTTPStatus.NOT_FOUND,)).status_code == HTTPStatus.NOT_FOUND:
            self._request("POST", path, rule)
            return
        # The type of a rule cannot be changed, and need not be.
        fixed = {"rule_type_id", "consumer", "enabled"}
        self._request("PUT", path, {name: value for name, value in rule.items() if name not in fixed})

    def _request(self, method: str, path: str, body: JsonObject | None = None) -> httpx.Response:
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
