"""Traces by OpenTelemetry: a span for each step, where the environment names a receiver.

``OTEL_EXPORTER_OTLP_ENDPOINT`` (or ``…_TRACES_ENDPOINT``) is OpenTelemetry's own variable; without it nothing of
OpenTelemetry is imported.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RECEIVERS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
EXTRA = "wirepicket[tracing]"


class Tracer:
    """Spans to the receiver of the environment; without one it does nothing."""

    def __init__(self) -> None:
        """Raises ``ConfigurationError`` where a receiver is named and the extra is not installed."""
        self._provider: Any = _provider() if any(os.environ.get(name) for name in RECEIVERS) else None

    @contextmanager
    def span(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[Any]:
        """A span around what is done in the context; an exception is recorded with it and goes on."""
        if self._provider is None:
            yield None
            return
        with self._provider.get_tracer("wirepicket").start_as_current_span(name, attributes=attributes) as span:
            yield span

    def close(self) -> None:
        """Send what has not been sent yet."""
        if self._provider is not None:
            self._provider.shutdown()


def _provider() -> Any:  # noqa: ANN401 - of an optional extra
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            f"a receiver of traces is named ({RECEIVERS[1]}), which needs the extra {EXTRA}: pip install '{EXTRA}'."
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "wirepicket"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
