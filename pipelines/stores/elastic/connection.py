"""The connection to Elasticsearch: its client, retries and error messages."""

from __future__ import annotations

import logging
import random
import time
from itertools import count
from typing import TYPE_CHECKING, Any

import elastic_transport
import elasticsearch

from pipelines.backoff import doubled
from pipelines.errors import ConfigurationError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipelines.stores.address import ElasticsearchAddress

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
"""Statuses of an overloaded server, or of a proxy without a node: the same request may succeed a moment later."""
PATIENCE = 60.0
"""Seconds for which a request is retried: a node of a cluster restarts in less."""
FIRST_CONTACT_PATIENCE = 3.0
"""Seconds for which the first request is retried: a wrong address must be reported soon."""
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_ANSWER_SECONDS = 60.0

NOT_FOUND = 404
CONFLICT = 409
TOO_LARGE = 413
_UNAUTHORISED = (401, 403)


class Connection:
    """A client of one Elasticsearch. Safe for several threads."""

    def __init__(
        self,
        address: ElasticsearchAddress,
        *,
        api_key: str | None = None,
        ca_file: Path | None = None,
        patience: float = PATIENCE,
    ) -> None:
        if ca_file is not None and not ca_file.is_file():
            raise ConfigurationError(
                f"The file {ca_file} of the certificate authority does not exist. Check WIREPICKET_CA_FILE."
            )
        # Its warning "node has failed" is superfluous: a failure that lasts is reported by ``call``.
        logging.getLogger("elastic_transport.node_pool").setLevel(logging.ERROR)
        self.url = address.url
        self.patience = patience
        options: dict[str, Any] = {}
        if api_key:
            options["api_key"] = api_key
        elif address.user is not None:
            options["basic_auth"] = (address.user, address.password or "")
        if ca_file is not None:
            options["ca_certs"] = str(ca_file)
        self.client = elasticsearch.Elasticsearch(
            [address.url, *address.others],
            request_timeout=_ANSWER_SECONDS,
            max_retries=0,  # ``call`` retries, within its patience
            **options,
        )

    def call(self, request: Callable[[], Any], *, patience: float | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return the response to a request; retry it while the server is overloaded, restarting or unreachable.

        Raises:
            StoreUnavailableError: the server is still unavailable after the patience, or refuses access.
            elasticsearch.ApiError: status 404, 409 or 413, which the caller handles.
        """
        for pause in pauses(self.patience if patience is None else patience):
            try:
                return request()
            except elasticsearch.UnsupportedProductError as error:
                raise StoreUnavailableError(
                    f"The server at {self.url} is not Elasticsearch. Check the address."
                ) from error
            except elastic_transport.TlsError as error:
                raise StoreUnavailableError(
                    f"The certificate of {self.url} cannot be trusted: {_reason(error)}. "
                    "Name its certificate authority with WIREPICKET_CA_FILE."
                ) from error
            except elasticsearch.ApiError as error:
                if error.status_code in (NOT_FOUND, CONFLICT, TOO_LARGE):
                    raise
                if error.status_code not in RETRIED_STATUSES or pause is None:
                    raise StoreUnavailableError(self._refusal(error)) from error
            except elastic_transport.TransportError as error:
                if pause is None:
                    raise StoreUnavailableError(
                        f"Elasticsearch at {self.url} cannot be reached: {_reason(error)}. "
                        "Check that it runs (`wirepicket elasticsearch up` starts one on this machine) "
                        "and that the address is right."
                    ) from error
            time.sleep(pause or 0)
        raise AssertionError("the last pause is None")

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _refusal(self, error: elasticsearch.ApiError) -> str:
        if error.status_code in _UNAUTHORISED:
            return (
                f"Elasticsearch at {self.url} refuses us ({error.status_code}). "
                "Check WIREPICKET_API_KEY, or user and password in the URL, and their privileges."
            )
        return f"Elasticsearch at {self.url} answers {error.status_code}: {explain(error)}."


def pauses(patience: float) -> Iterator[float | None]:
    """Yield the seconds to wait before each further attempt, growing and jittered; at last ``None``: give up.

    "Full jitter": M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """
    end = time.monotonic() + patience
    for failures in count(1):
        left = end - time.monotonic()
        if left <= 0:
            break
        # Jitter of nine tenths: at least a tenth of the pause, so that a fast refusal is not retried at once.
        yield min(left, doubled(_FIRST_PAUSE, _LONGEST_PAUSE, failures) * random.uniform(0.1, 1.0))  # noqa: S311
    yield None


def explain(error: elasticsearch.ApiError) -> str:
    """Return the reason that Elasticsearch gives, without the request."""
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return str(body["error"].get("reason") or body["error"].get("type"))
    return str(error.message)


def _reason(error: elastic_transport.TransportError) -> str:
    """Return the message of the innermost cause: "Connection refused" instead of a chain of class names."""
    cause: BaseException = error
    for inner in reversed(error.errors):
        cause = inner
        break
    while True:
        inner_cause = cause.__cause__ or cause.__context__
        if inner_cause is None:
            break
        cause = inner_cause
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(error.message)
