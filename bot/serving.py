"""Listening: one process, one socket, and a word to whoever started it."""

import socket
from contextlib import suppress

import typer
import uvicorn
from starlette.types import ASGIApp

from bot.settings import Server

__all__ = ["NotServedError", "listen"]


class NotServedError(Exception):
    """Nothing was served; the words say why."""


class _Announcing(uvicorn.Server):
    """Says where it listens, but only once it does."""

    def __init__(self, config: uvicorn.Config, welcome: str) -> None:
        super().__init__(config)
        self._welcome = welcome

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then announce."""
        await super().startup(sockets)
        if self.started:
            typer.echo(self._welcome)


def listen(app: ASGIApp, server: Server, welcome: str) -> None:
    """Serve an application until a signal ends it.

    Raises
    ------
    NotServedError
        The address is taken or not ours, or the application refused to start.
    """
    # No access log: one line per message costs more than the message does.
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    serving = _Announcing(config, welcome)
    # Ctrl+C has done its work when the server gives it back to us.
    with _bound(server) as door, suppress(KeyboardInterrupt):
        serving.run(sockets=[door])
    if not serving.started:
        raise NotServedError("服务没有启动，原因见上。 The service did not start; see above.")


def _bound(server: Server) -> socket.socket:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    try:
        return socket.create_server((server.host, server.port), family=family, backlog=2048)
    except OSError as error:
        raise NotServedError(
            f"{server.host}:{server.port} 不能使用（{error.strerror}），"
            f"请换一个端口，例如 ANJU_SERVER__PORT={server.port + 1}。 This address is not free."
        ) from error
