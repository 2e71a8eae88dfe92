"""All that is kept of me to take away: a code to my phone, then a link that works once.

Source: S0-60, S0-76 to S0-82; Q-31.
"""

from collections.abc import Sequence

from dialogs.accounts.words import my_phone
from dialogs.engine.dsl import Answers, Code, Desk, Flow, Menu, Need, Option, Reply
from domain.accounts.model import Purpose
from domain.accounts.service import CodeNotProvenError
from domain.shared.pages import EXPORT_PATH

__all__ = ["ExportMyData"]


async def _link(answers: Answers, desk: Desk) -> Reply:
    account = (await desk.citizen()).signed_in()
    proof = answers[ExportMyData.code]
    if not proof.holds(
        openid=desk.openid, phone=account.phone, purpose=Purpose.EXPORT, now=desk.clock.now()
    ):
        raise CodeNotProvenError
    url = await desk.pages.issue(
        openid=desk.openid,
        draft_id=answers.draft.id,
        flow=ExportMyData.id,
        step="page",
        about={"account": account.id},
        account_id=account.id,
        path=EXPORT_PATH,
    )
    return Reply(
        "已备好：一个压缩包，里面一份网页给人看，一份给程序读。\n"
        "里面是您的完整信息，请在自己的手机或电脑上打开，不要转发。",
        links=(("点这里下载（10 分钟内有效，只能下载一次）", url),),
    )


async def _after(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return (Option("我的数据"), Option("我的"), Option("菜单"))


class ExportMyData(Flow, id="export_my_data", version=1, title="导出我的信息"):
    """A code to my phone, then a link that works once."""

    reading = True
    review = False
    requires = (Need.SIGNED_IN,)
    words = ("导出我的信息", "导出", "导出数据", "导出我的数据", "下载我的信息")

    code = Code(Purpose.EXPORT, my_phone)
    page = Menu(_after, _link)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Refuse what a thief could wait for."""
        (await desk.citizen()).signed_in().must_be_free(desk.clock.now())
        return ""
