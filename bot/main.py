"""The application: routes, life, and what is told when something breaks."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from bot import logs, metrics
from bot.console.live import Live
from bot.console.rooms import furnish
from bot.failpoints import Orders
from bot.faults import answer_faults
from bot.ground import sheets
from bot.h5 import checks, exports, faces, forms, openers, prints
from bot.h5.look import STATIC_FOLDER, STATIC_PATH
from bot.jobs import jobs
from bot.poster_words import plan_name
from bot.settings import Encryption, Settings
from bot.simulator import agreements
from bot.simulator import browser as simulated_browser
from bot.simulator import faces as simulated_faces
from bot.simulator import routes as simulator
from bot.simulator.sandbox import CITIZENS, Agreement, Citizen, Poster, Sandbox
from bot.traces import tracing
from bot.turn_counts import counting
from bot.turns import Turns
from bot.watch import looking, watched
from bot.wechat import webhook
from bot.wechat.crypto import OfficialAccount
from bot.wechat.refused import RefusedCalls
from bot.wiring import VERSION, Resources, StandIns
from dialogs.catalog import catalog
from dialogs.notices.notice_settings import TOPIC_NAMES
from domain.shared.chance import Randomness
from domain.shared.clock import Clock
from domain.shared.failpoints import arm

__all__ = ["create_app", "healthz", "readyz", "which_version"]

_DRAIN_SECONDS = 8.0
"""How long turns under way may take when we are told to end."""


class _Service(FastAPI):
    """The application; the platform's messages pass by all that is there for browsers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or live as long as the process."""
        if webhook.is_message(scope):
            scope["app"] = self
            await webhook.receive_message(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    settings: Settings, *, clock: Clock | None = None, chance: Randomness | None = None
) -> FastAPI:
    """Return the application; it opens its stores when it starts."""
    logs.set_up(settings.logs.level)
    flows = catalog()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        if settings.sandbox.failpoints:
            arm(Orders(settings.sandbox.failpoints))
        opened = await Resources.open(settings, clock=clock, chance=chance)
        async with aclosing(opened) as house, tracing(settings.traces.endpoint, VERSION) as spans:
            turns = Turns(house, flows)
            app.state.house = house
            app.state.clock = house.clock
            app.state.flows = flows
            app.state.live = Live(house)
            app.state.account = _official_account(settings)
            app.state.turns = turns
            app.state.answer = watched(turns.answer, spans)
            if house.stand_ins:
                app.state.sandbox = _sandbox(app, house, house.stand_ins)
                app.state.face_page = house.stand_ins.face_check
            # Where stores are shared, workers do what no message asks for.
            alone = not settings.shared
            background = jobs(house) if alone else nullcontext()
            refused = app.state.refused = RefusedCalls(house)
            async with (
                aclosing(refused),
                counting(house, turns.passages),
                background,
                looking(house, lambda: turns.under_way, outbox=alone),
            ):
                app.state.ready = True
                yield
                app.state.ready = False
                await turns.drain(_DRAIN_SECONDS)
        logs.flush()

    app = _Service(lifespan=life, docs_url=None, redoc_url=None, openapi_url=None)
    answer_faults(app)
    app.router.routes.extend(webhook.routes)
    for front in (checks, exports, faces, forms, openers, prints):
        app.include_router(front.router)
    app.mount(STATIC_PATH, sheets(STATIC_FOLDER))
    furnish(app)
    if settings.sandboxed:
        app.include_router(simulator.router)
        app.include_router(agreements.router)
        app.include_router(simulated_browser.router)
        app.include_router(simulated_faces.router)
        app.router.routes.extend(metrics.routes)
    app.state.ready = False
    app.add_api_route("/healthz", healthz, methods=["GET"])
    app.add_api_route("/readyz", readyz, methods=["GET"])
    app.add_api_route("/version", which_version, methods=["GET"])
    return app


async def healthz() -> Response:
    """Tell that the process is alive, whatever has become of its stores."""
    return PlainTextResponse("ok")


async def readyz(request: Request) -> Response:
    """Tell whether citizens can be served: the stores answer and the schema is current."""
    ready = request.app.state.ready and await request.app.state.house.ready()
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
        sms=_inbox(stand_ins),
        posters=_posters(house),
        menu=settings.menu,
        citizens=_citizens(stand_ins) or CITIZENS,
        public_url=settings.server.base_url,
        card=stand_ins.sample_card,
        platform=stand_ins.platform,
        agreements=[
            Agreement(card.subscription, TOPIC_NAMES[topic])
            for topic, card in house.cards.items()
            if card.subscription
        ],
    )


def _inbox(stand_ins: StandIns) -> Callable[[str | None], Awaitable[Sequence[Mapping[str, str]]]]:
    async def inbox(phone: str | None) -> Sequence[Mapping[str, str]]:
        return [one.to_json() for one in await stand_ins.sms.received(phone)]

    return inbox


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
            hanging = [one for one in (await work.posters.book()).posters() if not one.retired_at]
            book = await work.plans.book()
        return [Poster(one.scene, one.title, plan_name(one.target, book)) for one in hanging]

    return posters
