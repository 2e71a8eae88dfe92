"""The sandbox's own platform over HTTP, for tests of whoever calls it, and of how it behaves."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.platform.calls import asked_of
from adapters.platform.rules import Platform
from domain.shared.clock import Clock
from tests.support.outside_server import Answer, OutsideServer, Request, served

__all__ = ["APP_ID", "SECRET", "WechatServer", "wechat"]

APP_ID = "wx1234567890abcdef"
SECRET = "s" * 32


class WechatServer(Platform):
    """One official account on the platform; ``http`` is where it is reached."""

    http: OutsideServer

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, app_id=APP_ID, secret=SECRET)

    def serve(self, request: Request) -> Answer:
        """Answer a request as the platform does."""
        said = self.answer(asked_of(request.method, request.path, request.headers, request.body))
        return Answer(said.body, said.status, said.headers)


@contextmanager
def wechat(clock: Clock) -> Iterator[WechatServer]:
    """Serve the platform for as long as the block lasts."""
    server = WechatServer(clock)
    with served(server.serve) as http:
        server.http = http
        yield server
