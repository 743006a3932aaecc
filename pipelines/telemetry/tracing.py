"""OpenTelemetry traces: a span for each step, if the environment names a receiver.

``OTEL_EXPORTER_OTLP_ENDPOINT`` (or ``…_TRACES_ENDPOINT``) is OpenTelemetry's own variable; without it OpenTelemetry is
not imported. A child process continues the trace of its parent, which passes its span in ``TRACEPARENT``
(https://www.w3.org/TR/trace-context/).
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from pipelines.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RECEIVERS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
EXTRA = "wirepicket[tracing]"
PARENT = "TRACEPARENT"


class Tracer:
    """A tracer that sends spans to the receiver of the environment; without a receiver it does nothing."""

    def __init__(self) -> None:
        """Connect to the receiver.

        Raises:
            ConfigurationError: a receiver is named and the extra is not installed.
        """
        self._provider: Any = _provider() if _has_receiver() else None
        self._parent: Any = _parent() if self._provider else None

    @contextmanager
    def span(
        self, name: str, attributes: Mapping[str, str | int] | None = None, *, leading: bool = False
    ) -> Iterator[Any]:
        """Open a span around the context; an exception is recorded in it and re-raised.

        With ``leading`` it is also the parent of the spans of other threads meanwhile, which do not inherit the span of
        this thread.
        """
        if self._provider is None:
            yield None
            return
        from opentelemetry import trace  # noqa: PLC0415 - of an optional extra

        within = trace.get_current_span().get_span_context().is_valid
        tracer = self._provider.get_tracer("wirepicket")
        with tracer.start_as_current_span(
            name, context=None if within else self._parent, attributes=attributes
        ) as span:
            before = self._parent
            if leading:
                self._parent = trace.set_span_in_context(span)
            try:
                yield span
            finally:
                self._parent = before

    def close(self) -> None:
        """Send the remaining spans."""
        if self._provider is not None:
            self._provider.shutdown()


@cache
def process_tracer() -> Tracer:
    """Return the tracer of this process, for code that is not given a tracer."""
    return Tracer()


def child_environment() -> dict[str, str]:
    """Return the environment variables with which a child process continues the trace."""
    if not _has_receiver():
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {PARENT: carrier["traceparent"]} if carrier else {}


def _has_receiver() -> bool:
    return any(os.environ.get(name) for name in RECEIVERS)


def _parent() -> Any:  # noqa: ANN401 - of an optional extra
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    return TraceContextTextMapPropagator().extract({"traceparent": os.environ.get(PARENT, "")})


def _provider() -> Any:  # noqa: ANN401 - of an optional extra
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(
            f"{RECEIVERS[1]} names a receiver of traces, which needs the extra {EXTRA}: pip install '{EXTRA}'."
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "wirepicket"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
