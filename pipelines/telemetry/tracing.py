"""Traces by OpenTelemetry: a span for each step, where the environment names a receiver.

``OTEL_EXPORTER_OTLP_ENDPOINT`` (or ``…_TRACES_ENDPOINT``) is OpenTelemetry's own variable; without it nothing of
OpenTelemetry is imported. A child process goes on with the trace of its parent, which tells it of its span by
``TRACEPARENT`` (https://www.w3.org/TR/trace-context/).
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
    """Spans to the receiver of the environment; without one it does nothing."""

    def __init__(self) -> None:
        """Raises ``ConfigurationError`` where a receiver is named and the extra is not installed."""
        self._provider: Any = _provider() if _asked() else None
        self._parent: Any = _parent() if self._provider else None

    @contextmanager
    def span(
        self, name: str, attributes: Mapping[str, str | int] | None = None, *, leading: bool = False
    ) -> Iterator[Any]:
        """A span around what is done in the context; an exception is recorded with it and goes on.

        With ``leading`` it is the parent of what other threads do meanwhile: they know of no span of this one.
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
        """Send what has not been sent yet."""
        if self._provider is not None:
            self._provider.shutdown()


@cache
def here() -> Tracer:
    """The tracer of this process, for what is far from whoever began it."""
    return Tracer()


def for_a_child() -> dict[str, str]:
    """What a child process must find in its environment to go on with the trace."""
    if not _asked():
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    told: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(told)
    return {PARENT: told["traceparent"]} if told else {}


def _asked() -> bool:
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
            f"a receiver of traces is named ({RECEIVERS[1]}), which needs the extra {EXTRA}: pip install '{EXTRA}'."
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "wirepicket"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
