"""Traces of turns for an OpenTelemetry collector, where the operator has one.

A span says of each message what the metrics say of all: its kind, flow, outcome and reference,
and how long it took. Nothing of OpenTelemetry is loaded where no collector is set.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol

from bot.course import Course

__all__ = ["Traces", "tracing"]

_SECONDS_TO_SEND = 2.0
_MOST_WAITING = 2048
"""Spans beyond these are dropped: a collector that is gone costs neither memory nor time."""


class Traces(Protocol):
    """Where the course of messages is sent."""

    def begin(self, course: Course) -> Callable[[], None]:
        """Begin a span now; it ends when what is returned is called."""


@asynccontextmanager
async def tracing(endpoint: str, version: str) -> AsyncIterator[Traces | None]:
    """Lend somebody to send spans to, for as long as the block lasts; none without an endpoint."""
    if not endpoint:
        yield None
        return
    collector = _Collector(endpoint, version)
    try:
        yield collector
    finally:
        # What waits is sent now, for a moment at most.
        await asyncio.to_thread(collector.close)


class _Collector:
    def __init__(self, endpoint: str, version: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415 (heavy)
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 (as above)
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 (as above)
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 (as above)

        named = Resource({"service.name": "anju", "service.version": version})
        self._provider = TracerProvider(resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                OTLPSpanExporter(endpoint=endpoint, timeout=_SECONDS_TO_SEND),
                max_queue_size=_MOST_WAITING,
                export_timeout_millis=_SECONDS_TO_SEND * 1000,
            )
        )
        self._tracer = self._provider.get_tracer("anju")

    def begin(self, course: Course) -> Callable[[], None]:
        """Begin a span now; it ends when what is returned is called."""
        span = self._tracer.start_span("turn")

        def end() -> None:
            span.set_attribute("anju.kind", course.kind)
            span.set_attribute("anju.flow", course.flow)
            span.set_attribute("anju.outcome", course.outcome)
            span.set_attribute("anju.reference", course.reference)
            span.end()

        return end

    def close(self) -> None:
        """Send what waits and end."""
        self._provider.shutdown()
