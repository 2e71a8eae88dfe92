"""A question that is answered by showing one's face, on the vendor's page.

Source: S0-68.
"""

from collections.abc import Awaitable, Callable

from dialogs.engine.dsl import Answers, Desk, Option, Reply, UnfitError
from dialogs.engine.steps import Heard, Step
from domain.identity.model import RecoveryState
from domain.identity.recoveries import RecoveryEndedError, RecoveryMovedError
from domain.shared.conversations import Json
from domain.shared.errors import UnavailableError

__all__ = ["Face"]

_NOT_YET = (RecoveryEndedError, RecoveryMovedError, UnavailableError)


class Face(Step[bool]):
    """A face check: the page's address is handed out, and the vendor asked what became of it.

    Parameters
    ----------
    recovery
        Which recovery the face is shown for.
    page
        The address of the vendor's page; a session that still runs keeps its own.
    """

    def __init__(
        self,
        recovery: Callable[[Answers], str],
        page: Callable[[Answers, Desk], Awaitable[str]],
    ) -> None:
        super().__init__(
            title="人脸识别",
            why="确认办理的是您本人，别人拿着您的身份证也找不走账号。照片由核验机构比对，我们不保存。",
            hint="点链接，按页面提示对着屏幕；不想刷脸可以回复“人工”。",
        )
        self.recovery = recovery
        self.page = page

    async def ask(self, answers: Answers, desk: Desk) -> Reply:
        """Hand out the address."""
        if self.failed(answers) is not None:
            raise RecoveryEndedError
        url = await self.page(answers, desk)
        return Reply(
            "请点下面的链接做人脸识别，需要您本人对着手机。",
            self.choices(),
            links=(("👉 点这里开始人脸识别", url),),
            closing="页面 15 分钟内有效。做完回到这里，回复“继续”。",
        )

    def choices(self) -> tuple[Option, ...]:
        """Offer to go on, and the other way."""
        return (Option("继续"), Option("人工"))

    async def arrived(self, answers: Answers, desk: Desk) -> Json:
        """Ask what became of the session; ``None`` while nothing did."""
        try:
            recovery = await desk.faces.seen(desk.openid, self.recovery(answers))
        except _NOT_YET:
            return None
        match recovery.state:
            case RecoveryState.PROVEN:
                return {"passed": True}
            case RecoveryState.FAILED:
                locked_until = await desk.faces.locked_until(recovery)
                return {"failed": locked_until.timestamp() if locked_until else 0.0}
            case _:
                return None

    async def hear(self, heard: Heard, answers: Answers, desk: Desk) -> Json:
        """Words are no face."""
        if self.failed(answers) is not None:
            raise RecoveryEndedError
        raise UnfitError("还没有收到人脸识别的结果。请点链接做完，再回复“继续”。")

    def failed(self, answers: Answers) -> float | None:
        """Return until when none can be shown after a failure, 0 for at once; ``None`` if none."""
        match answers.stored(self):
            case {"failed": float(locked_until)}:
                return locked_until
            case _:
                return None

    def answered(self, stored: Json) -> bool:
        """Tell whether the face was known."""
        return isinstance(stored, dict) and stored.get("passed") is True

    def load(self, stored: Json) -> bool:
        """Return that it was."""
        return self.answered(stored)

    def show(self, stored: Json) -> str:
        """Say that it was."""
        return "已通过"
