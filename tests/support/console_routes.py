"""Every route of the console, and what stands before it, by the application's own list."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

from bot.console.guard import Guard
from bot.console.look import HOME

__all__ = ["OPEN", "ConsoleRoute", "console_routes"]

OPEN = {
    f"GET {HOME}/sign-in": "where one signs in",
    f"POST {HOME}/sign-in": "where one signs in",
    f"GET {HOME}/start/{{token}}": "an unguessable address, taken once",
    f"POST {HOME}/start/{{token}}": "an unguessable address, taken once",
    f"GET {HOME}/static/*": "tells nothing about anybody",
}
"""The routes that nobody needs to be signed in for, and why."""


@dataclass(frozen=True)
class ConsoleRoute:
    """A verb and a path; ``guard`` is ``None`` where there is none."""

    verb: str
    path: str
    guard: Guard | None

    @property
    def name(self) -> str:
        """It as the tables of routes have it."""
        return f"{self.verb} {self.path}"


def console_routes(app: FastAPI) -> list[ConsoleRoute]:
    """Return every route below the console's address."""
    found = _routes(app.routes)
    return [one for one in found if one.path == HOME or one.path.startswith(f"{HOME}/")]


def _routes(routes: Iterable[BaseRoute]) -> Iterator[ConsoleRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            guards = [*_guards(route.dependant)]
            for verb in sorted(route.methods - {"HEAD"}):
                yield ConsoleRoute(verb, route.path, guards[0] if guards else None)
        elif isinstance(route, Mount):
            yield ConsoleRoute("GET", f"{route.path}/*", None)
        elif "original_router" in vars(route):
            # FastAPI keeps an included router as one entry; its routes carry their whole path.
            yield from _routes(vars(route)["original_router"].routes)


def _guards(dependant: Dependant) -> Iterator[Guard]:
    for below in dependant.dependencies:
        if isinstance(below.call, Guard):
            yield below.call
        yield from _guards(below)
