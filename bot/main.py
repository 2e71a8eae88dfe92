"""The application: routes, life, and what is told when something breaks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from bot.faults import answer_faults
from bot.h5 import checks, exports, faces, forms, prints
from bot.h5.look import STATIC_FOLDER, STATIC_PATH
from bot.jobs import jobs
from bot.settings import Encryption, Settings
from bot.simulator import faces as simulated_faces
from bot.simulator import routes as simulator
from bot.simulator.sandbox import CITIZENS, Citizen, Poster, Sandbox
from bot.turns import Turns
from bot.wechat import webhook
from bot.wechat.crypto import OfficialAccount
from bot.wiring import VERSION, Resources, StandIns
from dialogs.catalog import catalog
from domain.shared.chance import Randomness
from domain.shared.clock import Clock

__all__ = ["create_app", "healthz", "readyz", "which_version"]

log = structlog.get_logger(__name__)

_DRAIN_SECONDS = 8.0


def create_app(
    settings: Settings, *, clock: Clock | None = None, chance: Randomness | None = None
) -> FastAPI:
    """Return the application; it opens its stores when it starts."""
    _set_up_logs()
    flows = catalog()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        house = await Resources.open(settings, clock=clock, chance=chance)
        turns = Turns(house, flows)
        app.state.house = house
        app.state.clock = house.clock
        app.state.flows = flows
        app.state.account = _official_account(settings)
        app.state.answer = turns.answer
        if house.stand_ins:
            app.state.sandbox = _sandbox(app, house, house.stand_ins)
            app.state.face_page = house.stand_ins.face_check
        async with jobs(house):
            app.state.ready = True
            yield
            app.state.ready = False
            await turns.drain(_DRAIN_SECONDS)
        await house.aclose()

    app = FastAPI(lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    answer_faults(app)
    app.router.routes.extend(webhook.routes)
    for router in (checks.router, exports.router, faces.router, forms.router, prints.router):
        app.include_router(router)
    app.mount(STATIC_PATH, StaticFiles(directory=STATIC_FOLDER))
    if settings.sandboxed:
        app.include_router(simulator.router)
        app.include_router(simulated_faces.router)
    app.add_api_route("/healthz", healthz, methods=["GET"])
    app.add_api_route("/readyz", readyz, methods=["GET"])
    app.add_api_route("/version", which_version, methods=["GET"])
    return app


async def healthz() -> Response:
    """Tell that the process is alive."""
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    """Tell whether citizens can be served: the stores answer and the schema is current."""
    house: Resources = request.app.state.house
    ready = request.app.state.ready and await house.ready()
    return JSONResponse({"ready": ready}, status_code=200 if ready else 503)


async def which_version() -> Response:
    """Tell which release answers. Source: S0-65."""
    return JSONResponse({"version": VERSION})


def _official_account(settings: Settings) -> OfficialAccount:
    wechat = settings.wechat
    return OfficialAccount(
        token=wechat.token.get_secret_value(),
        aes_key=wechat.encoding_aes_key.get_secret_value(),
        app_id=wechat.app_id,
        original_id=wechat.original_id,
        previous_aes_key=wechat.previous_aes_key.get_secret_value() or None,
        encryption="secure" if wechat.encryption is Encryption.SECURE else "plain",
        freshness=wechat.freshness_seconds,
    )


def _sandbox(app: FastAPI, house: Resources, stand_ins: StandIns) -> Sandbox:
    settings = house.settings
    return Sandbox(
        account=app.state.account,
        account_name=settings.wechat.account_name,
        app=lambda: app,
        clock=house.clock,
        sms=lambda phone: [one.to_json() for one in stand_ins.sms.inbox(phone)],
        outbox=lambda _: [],
        posters=_posters(house),
        menu=settings.menu,
        citizens=_citizens(stand_ins) or CITIZENS,
        public_url=settings.server.base_url,
        card=stand_ins.sample_card,
        keep_picture=stand_ins.pictures.keep,
    )


def _citizens(stand_ins: StandIns) -> Sequence[Citizen]:
    """Offer the applicant of each family of the world, with what to type when asked."""
    applicants = [(family, family.members[0]) for family in stand_ins.world.families.values()]
    return [
        Citizen(
            openid=f"oSimAnju{family.number}".ljust(28, "0")[:28],
            name=member.name,
            phone=f"1990000{1000 + index}",
            real_name=member.name,
            id_number=member.id_number,
            filing_number=family.number,
        )
        for index, (family, member) in enumerate(applicants, start=1)
    ]


def _posters(house: Resources) -> Callable[[], Awaitable[Sequence[Poster]]]:
    async def posters() -> Sequence[Poster]:
        async with house.open_work() as work:
            book = await work.plans.book()
        return [
            Poster(project.scene, project.name, plan.name)
            for plan in book.plans()
            for project in book.projects(plan.id)
        ]

    return posters


def _set_up_logs() -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
