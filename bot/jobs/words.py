"""What citizens are told by WeChat without having asked; SMS are worded where they are approved."""

from typing import Final

from domain.shared.pushes import Push, PushKind

__all__ = ["worded"]

_WORDED: Final = {
    PushKind.PHONE_CHANGED: (
        "您登录过的账号，手机号已改回 {0}，这个微信已退出登录。\n"
        "不是您本人办的，请马上回复“人工”联系我们。"
    ),
    PushKind.RECOVERED: (
        "您登录过的账号，手机号已改为 {0}，这个微信已退出登录。\n"
        "不是您本人办的，请在 24 小时内回复“撤销找回”；撤销码已用短信发到原手机号，请勿告诉任何人。"
    ),
    PushKind.RESTED: (
        "有人多次输错您手机号的验证码或登录密码，为了安全，{0} 之前不能再试。"
        "不是您本人操作的，请回复“人工”联系我们。"
    ),
    PushKind.LATE_ANSWER: "{0}",
    PushKind.REGISTERED: "登记成功：{0}，编号 {1}，{2}。",
    PushKind.CANCELLED: "登记已取消：{0}，编号 {1}，{2}。不是您本人办的，请马上回复“人工”。",
    PushKind.PLAN_OPENS: (
        "{0} {1} 开始登记，里面有您家备案套型的房源。\n回复“只看我能登记的”查看。"
        "不想收到这类通知，回复“通知设置”。"
    ),
    PushKind.PLAN_CLOSES: (
        "{0} {1} 截止登记，您家还没有登记。\n回复“只看我能登记的”查看。"
        "不想收到这类通知，回复“通知设置”。"
    ),
    PushKind.DRAFT_LEFT: "您在 {0} 的登记还没有办完，{1} 截止。\n回复“继续”接着办，之前填的都在。",
    PushKind.CASE: "{0}（编号 {1}）有新进展：{2}。\n回复“我的”查看。",
    PushKind.FROM_DESK: "{0}",
    PushKind.ANSWERED: "{0}（编号 {1}）{2}，请在这里回复任意内容查看。",
    PushKind.COME_BACK: "工作人员给您回了话，请在这里回复任意内容查看。",
}


def worded(push: Push) -> str:
    """Return the words of a push for the chat."""
    return _WORDED[push.kind].format(*push.values)
