"""Close the account for good: what goes and what must stay is told plainly before.

Source: S0-20.
"""

from dialogs.accounts.words import my_phone
from dialogs.engine.dsl import Answers, Ask, Code, Desk, Flow, Need, Option, Receipt
from dialogs.engine.kinds import one_of
from domain.accounts.model import Purpose
from domain.registrations.model import RegistrationState

__all__ = ["CloseAccount"]

_CLOSE, _STAY = "我要注销", "不注销"


async def _standing(desk: Desk) -> int:
    """Return how many registrations of the citizen's family stand."""
    family = (await desk.citizen()).family
    kept = await desk.registrations.of_family(family.id) if family else []
    return sum(one.state is RegistrationState.REGISTERED for one in kept)


def _goes_on(answers: Answers) -> bool:
    return answers.sure != _STAY


class CloseAccount(Flow, id="close_account", version=1, title="注销账号"):
    """What goes and what must stay, a code to the phone, and it is closed."""

    review = False
    requires = (Need.SIGNED_IN,)
    words = ("注销账号", "注销", "注销我的账号", "删除账号", "销户")

    sure = Ask(
        one_of(_CLOSE, _STAY),
        "注销后不能恢复：\n"
        "· 删除：手机号、密码、您填写的信息、所有微信的登录和对话；"
        "没有登记过的，姓名和身份证号也删除，没有别人绑定的备案家庭信息也删除；\n"
        "· 依法保留：登记记录（含登记人、备案家庭和当时的手机号）、同意协议的记录、"
        "给工作人员的留言、人工服务记录（对话内容留 180 天）、操作记录；"
        "办事时的回执加密留存备查；\n"
        "· 到期自动删除：最近的对话回复和查到的备案信息，最多 24 小时；没发出的通知，"
        "最多 3 天，发送情况最多 7 天；防止多次尝试的次数（不含姓名和号码），最多 30 天；"
        "您名下还有别的账号时，找回账号的记录，最多 30 天；\n"
        "· 手机号空出来，可以重新注册。\n确定注销吗？",
        title="注销",
    )
    code = Code(Purpose.CLOSE_ACCOUNT, my_phone, when=_goes_on)

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Refuse it while the account is held; tell of registrations that stand."""
        (await desk.citizen()).signed_in().must_be_free(desk.clock.now())
        standing = await _standing(desk)
        if not standing:
            return ""
        return (
            f"您家还有 {standing} 条登记有效。注销账号不会取消它们；"
            "不想要的，请先回复“我的登记”取消。"
        )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Close it, or leave everything as it is."""
        if answers[self.sure] == _STAY:
            return Receipt("好的，没有注销，一切照旧。", (Option("我的数据"), Option("我的")))
        account = (await desk.citizen()).signed_in()
        gone = await desk.leaving.close(desk.openid, account, answers[self.code])
        desk.left_behind.update(gone)
        return Receipt(
            "账号已注销，手机号已空出来。谢谢您用过安居服务，需要时可以重新注册。",
            (Option("注册"), Option("菜单")),
        )
