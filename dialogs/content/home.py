"""The page everybody comes back to, and the first words to a newcomer.

Source: S0-01, S0-04, S0-61 to S0-63.
"""

from contextlib import suppress

from dialogs.desk import Desk
from dialogs.engine.catalog import Welcome
from dialogs.engine.choosing import nearest
from dialogs.engine.messages import Option, Reply, Start
from domain.content.model import Faq
from domain.plans.model import (
    PlanBook,
    PlanKind,
    PlanNotFoundError,
    PlanState,
    Project,
    ProjectNotFoundError,
)
from domain.posters.model import Target, TargetKind

__all__ = ["Home"]

_SERVICES = (
    Option("快速配租"),
    Option("只看我能登记的"),
    Option("我的登记"),
    Option("我的"),
    Option("常见问题"),
    Option("联系人工"),
)


class Home:
    """The home page: every service, by number, name or tap."""

    async def home(self, desk: Desk, *, left: str) -> Reply:
        """List the services; what was begun and left comes first."""
        return self.page(left)

    def page(self, left: str = "") -> Reply:
        """Return the page itself, which looks at nobody. Source: S0-04, S0-63."""
        going_on = (Option(f"继续：{left}", say="继续"),) if left else ()
        return Reply(
            "请选择要办的事：", (*going_on, *_SERVICES), closing="回复数字就可以。", mark="home.0"
        )

    async def welcome(self, desk: Desk, *, scene: str, new: bool) -> Welcome:
        """Greet a new follower and say whom this is for; a poster leads to its project.

        Source: S0-01, S0-61, S0-62.
        """
        greeting = (
            f"您好，这里是{desk.office.operator}的安居服务。\n"
            "已在本市备案的公租房家庭，可以在这里查看项目、登记房源、查结果。"
            if new
            else ""
        )
        if not scene:
            return Welcome(greeting)
        start = await self._behind(desk, scene)
        if start is None:
            unknown = "这张海报对应的内容已经下线，您可以看看现在的项目。"
            return Welcome("\n\n".join(filter(None, (greeting, unknown))))
        return Welcome(greeting, start)

    async def _behind(self, desk: Desk, scene: str) -> Start | None:
        """Find what a poster leads to; nothing is counted here. Source: S0-61."""
        poster, book = await desk.scans.poster(scene), await desk.plans.book()
        if poster is not None and poster.retired_at is not None:
            return None
        with suppress(PlanNotFoundError, ProjectNotFoundError):
            # A poster that was printed before posters were kept carries its project's own scene.
            return _to(book.project_by_scene(scene)) if poster is None else _of(poster.target, book)
        return None

    def answering(self, faq: Faq) -> Start:
        """Open the answer to a frequent question. Source: S2-14."""
        return Start("ask", {"topic": faq.id})

    async def find(self, desk: Desk, words: str) -> Start | None:
        """Find an estate by its name. Source: S0-34."""
        book, now = await desk.plans.book(), desk.clock.now()
        shown = [
            project
            for plan in book.plans()
            if plan.kind is PlanKind.QUICK and plan.state_at(now) is not PlanState.CLOSED
            for project in book.projects(plan.id)
        ]
        near = nearest(words, [project.name for project in shown])
        return None if near is None else _to(shown[near])


def _of(target: Target, book: PlanBook) -> Start:
    match target.kind:
        case TargetKind.PLAN:
            return Start("browse", {"plan": book.plan(target.id).id})
        case TargetKind.PROJECT:
            return _to(book.project(target.id))
        case TargetKind.SERVICE:
            return Start(target.id)
        case TargetKind.PERSON:
            return Start("human")


def _to(project: Project) -> Start:
    return Start("browse", {"plan": project.plan_id, "project": project.id})
