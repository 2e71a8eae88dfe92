"""A small HTTP server in the place of somebody outside, which can be made to misbehave."""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["Answer", "Fault", "OutsideServer", "Request", "served"]


class Fault(StrEnum):
    """How an answer goes wrong. The request was taken in and done all the same."""

    DROPPED = "the connection is closed instead"
    SILENT = "nothing is ever said"
    BROKEN = "500"
    NONSENSE = "200, but no JSON"
    ELSEWHERE = "302 to somewhere else"


@dataclass(frozen=True)
class Request:
    """What came in; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What goes out."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


class OutsideServer(ThreadingHTTPServer):
    """Answers by one function; ``faults`` are used up one a request, in their order."""

    daemon_threads = True

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.faults: deque[Fault] = deque()
        self.seen: list[Request] = []
        self.released = threading.Event()
        self.base = f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OutsideServer

    def do_POST(self) -> None:
        self._attend(self.rfile.read(int(self.headers["Content-Length"])))

    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.server.seen.append(Request("GET", self.path, {}, b""))
            self._say(Answer(b"{}"))
        else:
            self._attend(b"")

    def _attend(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        self.server.seen.append(request)
        answer = self.server.answer(request)
        fault = self.server.faults.popleft() if self.server.faults else None
        match fault:
            case None:
                self._say(answer)
            case Fault.DROPPED:
                self.close_connection = True
            case Fault.SILENT:
                self.server.released.wait(20)
                self.close_connection = True
            case Fault.BROKEN:
                self._say(Answer(b"<h1>Internal Server Error</h1>", 500))
            case Fault.NONSENSE:
                self._say(Answer(b"<html>Please log in</html>"))
            case Fault.ELSEWHERE:
                self._say(Answer(b"", 302, {"Location": f"{self.server.base}/elsewhere"}))

    def _say(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        if "Date" not in answer.headers:
            self.send_header("Date", self.date_time_string())
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(answer: Callable[[Request], Answer]) -> Iterator[OutsideServer]:
    """Serve on a free port for as long as the block lasts."""
    with OutsideServer(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()
