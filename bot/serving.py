"""Listening: one socket, one process or many on it, and a word to whoever started them."""

import asyncio
import gc
import resource
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Final

import typer
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot import logs
from bot.settings import Metrics, Server, Settings, load, share_metrics
from bot.supervisor import Beat, Supervisor, Work, figures

__all__ = [
    "Line",
    "NotServedError",
    "announce",
    "bound",
    "listen",
    "listen_together",
    "measure",
    "serve_on",
]

_HEAD_BYTES: Final = 16 * 1024
_HEAD_SECONDS: Final = 5.0
_KEEP_ALIVE_SECONDS: Final = 75
"""Longer than the minute for which nginx keeps a connection: who asks is who hangs up."""

_LAST_WISH_SECONDS: Final = 2.0
"""How long a connection that was taken up last may take to say what it wants."""

_GLANCE_SECONDS: Final = 0.05

_ANSWERS_SECONDS: Final = 8
_END_SECONDS: Final = 20.0
"""In which answers under way, turns that take long, and the closing of stores have room."""

_NOT_STARTED: Final = "服务没有启动，原因见上。 The service did not start; see above."
_SELDOM: Final = 10_000
"""How many more objects there must be before those in circles are looked for."""

_FILES: Final = 65_536
_BACKLOG: Final = 2048


class NotServedError(Exception):
    """Nothing was served; the words say why."""


class _TooMuchError(Exception):
    """The head of a request is longer than any that is meant for us."""


class Line(HttpToolsProtocol):
    """A connection that must come to the point: a short head, and soon."""

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True

    @property
    def new(self) -> bool:
        """Whether nothing has been asked on it yet."""
        return self.cycle is None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as theirs
        """Give the first request its time."""
        super().connection_made(transport)
        self._begin_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, received: bytes) -> None:
        """Read on; a head that is not whole yet has its time, most come whole."""
        super().data_received(received)
        if not self._in_head:
            self._end_head()
        elif self._deadline is None:
            self._begin_head()

    def on_message_begin(self) -> None:
        """Begin a head, of this request or a further one."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take the target, unless it is longer than any of ours."""
        self._weigh(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, unless they are more than anybody needs."""
        self._weigh(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the head; who reads the body gives it a time of its own."""
        self._in_head = False
        super().on_headers_complete()

    def _weigh(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > _HEAD_BYTES:
            raise _TooMuchError  # the parser stops, and 400 is answered

    def _begin_head(self) -> None:
        self._deadline = self.loop.call_later(_HEAD_SECONDS, self.timeout_keep_alive_handler)

    def _end_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Server(uvicorn.Server):
    """Says where it listens once it does, and ends in good order.

    Told to end, it first says so at ``/readyz`` and goes on for a moment, so that a balancer looks
    elsewhere; then it takes no new connection, lets every answer be given, and closes the stores.

    Parameters
    ----------
    started
        Called once it listens.
    beat
        Called about once a second; tells whether to go on.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        app: FastAPI,
        drain_seconds: float,
        *,
        started: Callable[[], object],
        beat: Beat = lambda: True,
    ) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._announce = started
        self._beat = beat
        self._patient = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; whoever presses Ctrl+C does not wait for a balancer."""
        self._patient = self._patient and sig != signal.SIGINT
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce."""
        await super().startup(sockets)
        if self.started:
            # What was made until now stays: the collector need never look at it again.
            gc.collect()
            gc.freeze()
            # Turns leave hardly anything in circles: looked for at each, it costs a twentieth.
            gc.set_threshold(_SELDOM, 20, 20)
            self._announce()

    async def on_tick(self, counter: int) -> bool:
        """Look around, ten times a second."""
        over = await super().on_tick(counter)
        return over or (counter % 10 == 0 and not self._beat())

    async def main_loop(self) -> None:
        """Serve until told to end, and a moment longer."""
        await super().main_loop()
        self._app.state.ready = False
        # Whoever keeps a connection is asked to open its next one elsewhere.
        self.server_state.default_headers = [
            *self.server_state.default_headers,
            (b"connection", b"close"),
        ]
        until = asyncio.get_running_loop().time() + self._drain_seconds
        while self._patient and asyncio.get_running_loop().time() < until:
            self._beat()
            await asyncio.sleep(_GLANCE_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, hear what the last ones want, then end."""
        for server in self.servers:
            server.close()
        until = asyncio.get_running_loop().time() + (_LAST_WISH_SECONDS if self._patient else 0)
        while self._wishes() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 (as uvicorn)
            await asyncio.sleep(_GLANCE_SECONDS)
        await super().shutdown(sockets)

    def _wishes(self) -> bool:
        """Tell whether a connection was taken up that has not said yet what it wants."""
        return any(isinstance(line, Line) and line.new for line in self.server_state.connections)


def listen(settings: Settings, welcome: str) -> None:
    """Serve from this process until a signal ends it.

    Raises
    ------
    NotServedError
        The address is taken or not ours, or the application refused to start.
    """
    measure(settings)
    from bot.main import create_app  # noqa: PLC0415 (most of the time that a start takes)

    app = create_app(settings)
    with bound(settings) as door:
        started = serve_on(door, app, settings, started=lambda: announce(welcome))
    if not started:
        raise NotServedError(_NOT_STARTED)


def listen_together(settings: Settings, workers: int, welcome: str) -> None:
    """Serve from many processes until a signal ends them.

    Raises
    ------
    NotServedError
        The address is taken or not ours, or one of them did not start.
    """
    logs.set_up(settings.logs.level)
    with bound(settings) as door, figures() as folder:
        share_metrics(folder)
        # Only now: what counts looks for the folder when it is loaded. And before the workers are
        # forked: each begins with the program at hand, and with memory they all share.
        from bot import main, metrics  # noqa: PLC0415 (see above)

        works: list[Work] = [partial(_serve_one, door, main.create_app)] * workers
        if _measured_apart(settings):
            works.append(partial(_measure_on, settings))
        gc.collect()
        gc.freeze()
        supervisor = Supervisor(
            works,
            stop_seconds=settings.server.drain_seconds + _END_SECONDS,
            started=lambda: announce(welcome),
            buried=metrics.bury,
        )
        if not supervisor.run():
            raise NotServedError(_NOT_STARTED)


def _serve_one(door: socket.socket, create: Callable[[Settings], FastAPI], beat: Beat) -> None:
    """Serve as one of many, with the settings as they are now."""
    settings = load()
    if not serve_on(door, create(settings), settings, started=beat, beat=beat):
        raise SystemExit(1)


def _measure_on(settings: Settings, beat: Beat) -> None:
    """Answer Prometheus for all processes, from one that does nothing else."""
    measure(settings)
    while beat():
        time.sleep(1)


def _measured_apart(settings: Settings) -> bool:
    """Tell whether the figures have an address of their own; in sandbox they do not."""
    return not settings.sandboxed and settings.metrics.port > 0


def measure(settings: Settings) -> None:
    """Answer Prometheus beside what this process does, where the figures have an address.

    Raises
    ------
    NotServedError
        The address is taken or not ours.
    """
    from bot import metrics  # noqa: PLC0415 (looks for a shared folder when it is loaded)

    if not _measured_apart(settings):
        return
    try:
        metrics.serve(settings.metrics.host, settings.metrics.port)
    except OSError as error:
        raise NotServedError(_taken(settings.metrics, "METRICS", error)) from error


def serve_on(
    door: socket.socket,
    app: FastAPI,
    settings: Settings,
    *,
    started: Callable[[], object],
    beat: Beat = lambda: True,
) -> bool:
    """Serve on a socket until a signal ends it; return whether it ever served."""
    logs.adopt(settings.logs.level)
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=Line,
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        # No access log: one line per message costs more than the message does.
        access_log=False,
        server_header=False,
        limit_concurrency=settings.server.most_connections,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_ANSWERS_SECONDS,
    )
    server = _Server(config, app, settings.server.drain_seconds, started=started, beat=beat)
    # Ctrl+C has done its work when the server gives it back to us.
    with suppress(SystemExit, KeyboardInterrupt):
        server.run(sockets=[door])
    return server.started


def announce(welcome: str) -> None:
    """Say where we are; where nobody listens any more, that is no reason not to be there."""
    with suppress(OSError):
        typer.echo(welcome)


def bound(settings: Settings) -> socket.socket:
    """Return a socket at our address, and room for as many connections as we may hold."""
    _make_room()
    server = settings.server
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        return socket.create_server((server.host, server.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise NotServedError(_taken(server, "SERVER", error)) from error


def _taken(address: Server | Metrics, section: str, error: OSError) -> str:
    return (
        f"{address.host}:{address.port} 不能使用（{error.strerror}），"
        f"请换一个端口，例如 ANJU_{section}__PORT={address.port + 1}。 This address is not free."
    )


def _make_room() -> None:
    """Have as many files open as the machine allows: every connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
