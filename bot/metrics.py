"""Figures of the service, for Prometheus: how long turns take and how they end, and what breaks.

Labels hold nothing of a citizen and take few values: flows are the catalogue's, everything else
is a closed set. Where many processes serve, each writes its figures into a folder of the parent's,
and whoever answers adds them up.
"""

import os
from functools import cache
from pathlib import Path
from typing import Final

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.responses import Response
from starlette.routing import Route

from bot import logs
from bot.course import Course
from bot.settings import shared_metrics

__all__ = [
    "bury",
    "heard",
    "outbox",
    "page",
    "refused",
    "routes",
    "sample",
    "serve",
    "store_failed",
    "taken",
    "turned",
]

_TURN_SECONDS: Final = Histogram(
    "anju_turn_seconds",
    "From a message taken to its answer, by flow and outcome.",
    ["flow", "outcome"],
    # Dense where the promises lie: 30 and 100 ms, 1 s, and the platform's 5 s.
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 2.0, 4.0, 5.0),
)
_MESSAGES: Final = Counter("anju_messages", "Messages from the platform, by kind.", ["kind"])
_REFUSED: Final = Counter(
    "anju_refused_envelopes", "Requests that were not the platform's, by reason.", ["reason"]
)
_STORE_ERRORS: Final = Counter(
    "anju_store_errors", "Times a store was silent or broke, by store.", ["store"]
)
_LINES_DROPPED: Final = Gauge(
    "anju_log_lines_dropped", "Lines that nobody took.", multiprocess_mode="livesum"
)
_RUNNING: Final = Gauge("anju_turns_running", "Turns under way.", multiprocess_mode="livesum")
_OUTBOX: Final = Gauge(
    "anju_outbox",
    "Messages that are to leave, by state.",
    ["state"],
    multiprocess_mode="mostrecent",
)
_RESIDENT: Final = Gauge(
    "anju_resident_bytes", "Memory of the largest process.", multiprocess_mode="livemax"
)
_BUILD: Final = Gauge("anju_build", "Which release serves.", ["version"], multiprocess_mode="max")

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@cache
def _turns(flow: str, outcome: str) -> Histogram:
    """Return the figure of a flow and outcome; looking it up anew costs more than counting."""
    return _TURN_SECONDS.labels(flow or "none", outcome)


@cache
def _kinds(kind: str) -> Counter:
    return _MESSAGES.labels(kind)


def heard(kind: str) -> None:
    """Count a message of the platform's."""
    _kinds(kind).inc()


def taken() -> int:
    """Return how many messages this process has taken since it began."""
    samples = (sample for family in _MESSAGES.collect() for sample in family.samples)
    return int(sum(one.value for one in samples if one.name.endswith("_total")))


def turned(course: Course, seconds: float) -> None:
    """Note how long a message took, and how it ended."""
    _turns(course.flow, course.outcome).observe(seconds)


def refused(reason: str) -> None:
    """Count a request that was not let in."""
    _REFUSED.labels(reason).inc()


def store_failed(store: str) -> None:
    """Count the silence of a store: records, conversations, or somebody outside."""
    _STORE_ERRORS.labels(store).inc()


def outbox(*, waiting: int, parked: int) -> None:
    """Tell how many messages are to leave, and how many were given up."""
    _OUTBOX.labels("waiting").set(waiting)
    _OUTBOX.labels("parked").set(parked)


def sample(*, version: str, running: int) -> None:
    """Look at what is a state, not an event: to be called about once a second."""
    _BUILD.labels(version).set(1)
    _RUNNING.set(running)
    _RESIDENT.set(int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE_BYTES)
    _LINES_DROPPED.set(logs.dropped())


def page() -> bytes:
    """Return every figure as Prometheus reads it, over all processes."""
    return generate_latest(_registry())


def serve(host: str, port: int) -> None:
    """Answer Prometheus from a thread of this process."""
    start_http_server(port, host, _registry())


def _registry() -> CollectorRegistry:
    if shared_metrics() is None:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # untyped there
    return registry


def bury(pid: int) -> None:
    """Forget the states of a process that has died; what it counted stays counted."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call] # untyped there


async def _answer(_: object) -> Response:
    return Response(page(), media_type=CONTENT_TYPE_LATEST)


routes = [Route("/metrics", _answer, methods=["GET"])]
