"""Take back what was agreed: what can then no longer be done is told plainly before.

Source: S0-16, S0-20.
"""

from dialogs.accounts.words import my_phone
from dialogs.engine.dsl import Answers, Ask, Code, Desk, Flow, Need, Option, Receipt
from dialogs.engine.kinds import one_of
from domain.accounts.model import Purpose

__all__ = ["WithdrawConsent"]

_WITHDRAW, _KEEP = "撤回同意", "不撤回"


def _goes_on(answers: Answers) -> bool:
    return answers.sure != _KEEP


class WithdrawConsent(Flow, id="withdraw_consent", version=1, title="撤回同意"):
    """One question that says what can no longer be done, and a code to the phone."""

    review = False
    requires = (Need.SIGNED_IN,)
    words = ("撤回同意", "撤回授权", "取消同意", "撤销同意")

    sure = Ask(
        one_of(_WITHDRAW, _KEEP),
        "撤回对三份协议的同意后：\n"
        "· 不能登录、登记、查询和取消登记，以后重新同意就可以再用；\n"
        "· 常用联系人电话、采集信息、同住人和紧急联系人会删除；\n"
        "· 所有微信退出登录，没办完的事不再保留。\n"
        "已经登记的房源不受影响，账号、实名和登记记录还在。确定撤回吗？",
        title="撤回同意",
    )
    code = Code(Purpose.WITHDRAW, my_phone, when=_goes_on)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Refuse it while the account is held."""
        (await desk.citizen()).signed_in().must_be_free(desk.clock.now())
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Take it back, or leave everything as it is."""
        if answers[self.sure] == _KEEP:
            return Receipt("好的，没有撤回，一切照旧。", (Option("我的数据"), Option("我的")))
        account = (await desk.citizen()).signed_in()
        gone = await desk.leaving.withdraw(desk.openid, account, answers[self.code])
        desk.left_behind.update(gone)
        return Receipt(
            "已撤回同意，并退出登录。以后要用，请重新登录并同意协议。",
            (Option("登录"), Option("菜单")),
        )
