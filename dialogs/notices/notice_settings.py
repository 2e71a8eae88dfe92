"""What I am told unasked, and by which way: one thing at a time, on or off.

Source: S0-20; ecosystem 31.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from dialogs.engine.dsl import Answers, Choose, Desk, Flow, Need, Option, Receipt, Reply
from domain.notices.model import TOPICS, Choice, Topic
from domain.shared.pushes import MANNERS

__all__ = ["TOPIC_NAMES", "NoticeSettings"]

TOPIC_NAMES: Mapping[Topic, str] = MappingProxyType(
    {
        Topic.REGISTRATION: "登记和取消",
        Topic.PLANS: "可登记的计划",
        Topic.DRAFTS: "没办完的登记",
        Topic.CASES: "办理进度",
    }
)
_ABOUT: Mapping[Topic, str] = MappingProxyType(
    {
        Topic.REGISTRATION: "登记成功、登记取消后告诉您。",
        Topic.PLANS: "有您家能登记的计划开始登记、快要截止时告诉您。",
        Topic.DRAFTS: "登记填了一半、计划快要截止时提醒您。",
        Topic.CASES: "您办理的事项有新进展时告诉您。",
    }
)
_WECHAT, _SMS = "wechat", "sms"
_BY_SMS = frozenset(topic for kind, topic in TOPICS.items() if MANNERS[kind].by_sms)


def _standing(topic: Topic, choice: Choice) -> str:
    told = [f"微信{'开' if choice.wechat else '关'}"]
    if topic in _BY_SMS:
        told.append(f"短信{'开' if choice.sms else '关'}")
    return "，".join(told)


async def _choices(desk: Desk) -> Mapping[Topic, Choice]:
    return await desk.notices.choices((await desk.citizen()).signed_in())


async def _topics(_answers: Answers, desk: Desk) -> Sequence[Option]:
    return [
        Option(
            f"{TOPIC_NAMES[topic]}（{_standing(topic, choice)}）",
            topic.value,
            say=TOPIC_NAMES[topic],
        )
        for topic, choice in (await _choices(desk)).items()
    ]


async def _ways(answers: Answers, desk: Desk) -> Sequence[Option]:
    topic = Topic(answers[NoticeSettings.topic])
    choice = (await _choices(desk))[topic]
    wechat = Option(f"{'关闭' if choice.wechat else '打开'}微信通知", _WECHAT)
    sms = Option(f"{'关闭' if choice.sms else '打开'}短信通知", _SMS)
    return (wechat, sms) if topic in _BY_SMS else (wechat,)


async def _about(answers: Answers, desk: Desk) -> Reply:
    topic = Topic(answers[NoticeSettings.topic])
    choice = (await _choices(desk))[topic]
    text = f"{TOPIC_NAMES[topic]}：{_ABOUT[topic]}\n现在：{_standing(topic, choice)}"
    if choice.wechat and desk.office.agree_url:
        # The platform takes the citizen's own tap there, and no word of ours.
        link = (("在微信里同意接收订阅通知", desk.office.agree_url),)
        return Reply(
            f"{text}\n超过 48 小时没来聊天时，要您在微信里同意过，才能通知到您。", links=link
        )
    return Reply(text)


class NoticeSettings(Flow, id="notice_settings", version=1, title="通知设置"):
    """What about, then which way; each time one thing is turned on or off."""

    review = False
    requires = (Need.SIGNED_IN,)
    words = ("通知设置", "消息设置", "提醒设置", "关闭通知", "不想收到通知", "退订", "订阅通知")

    topic = Choose(
        _topics,
        "这些通知会主动发给您（晚上 9 点到早上 8 点不打扰）。要改哪一项？\n"
        "账号安全的提醒总会发给您。",
        title="通知",
        resets=("way",),
    )
    way = Choose(_ways, _about, title="方式")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Turn one way on or off."""
        account = (await desk.citizen()).signed_in()
        topic = Topic(answers[self.topic])
        before = (await _choices(desk))[topic]
        if answers[self.way] == _WECHAT:
            after = replace(before, wechat=not before.wechat)
        else:
            after = replace(before, sms=not before.sms)
        await desk.notices.choose(desk.openid, account, topic, after)
        return Receipt(
            f"改好了。{TOPIC_NAMES[topic]}：{_standing(topic, after)}。",
            (Option("通知设置"), Option("我的"), Option("菜单")),
        )
