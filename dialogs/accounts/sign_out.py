"""Sign this citizen's WeChat out of the account.

Source: S0-20.
"""

from dialogs.engine.dsl import Answers, Ask, Desk, Flow, Need, Option, Receipt
from dialogs.engine.kinds import one_of

__all__ = ["SignOut"]

_YES, _NO = "退出登录", "不退出"


class SignOut(Flow, id="sign_out", version=1, title="退出登录"):
    """One question, then out; the account and its registrations stay."""

    review = False
    requires = (Need.SIGNED_IN,)
    words = ("退出登录", "退出账号", "注销登录")

    sure = Ask(
        one_of(_YES, _NO),
        "退出后，这个微信就看不到您的登记了，再登录就能看到。确定吗？",
        title="退出",
    )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Sign out, or leave everything as it is."""
        if answers[self.sure] == _NO:
            return Receipt("好的，没有退出。", (Option("快速配租"), Option("我的")))
        await desk.accounts.leave(desk.openid)
        return Receipt("已退出登录。", (Option("登录"), Option("快速配租")))
