"""What a citizen is told around a person: waiting, who has come, how it ended.

Source: S1-57, S1-58, S4-78.
"""

from dialogs.engine.messages import Option, Reply, Start
from domain.escalation.handovers import Ending

__all__ = [
    "ASKED_AGAIN",
    "LEAVE_WORD",
    "LEFT_QUEUE",
    "LEFT_TALK",
    "STARS",
    "ended",
    "heard",
    "left_queue",
    "place",
    "waiting",
]

LEAVE_WORD = "留言"

LEFT_QUEUE = frozenset({"退出排队", "取消排队", "不排了", "不等了"})
LEFT_TALK = frozenset({"退出人工", "结束人工", "不用人工了", "退出客服", "结束服务", "退出"})
"""The words that end a talk with a person; everything else is said to them."""

ASKED_AGAIN = frozenset({"排队", "排到第几了", "还要等多久", "还有几位", "人呢", "有人吗"})

STARS = ("★ 很不满意", "★★ 不满意", "★★★ 一般", "★★★★ 满意", "★★★★★ 很满意")
"""In their order, so that the number is the stars."""

_HOW_TO_LEAVE = "不想等了，回复“退出排队”；想让我们回电，回复“留言”。"

_ENDED = {
    Ending.AGENT: "人工服务已结束，现在由我继续为您办理。",
    Ending.CITIZEN: "已退出人工服务，现在由我继续为您办理。",
    Ending.SILENCE: (
        "半小时没有新消息，人工服务已结束，现在由我继续为您办理。需要人工请再回复“人工”。"
    ),
    Ending.CLOSED: "今天的服务时间到了，没能接通，请您原谅。",
    Ending.UNFOLLOWED: "",
}


def place(position: int) -> str:
    """Return «您排在第 1 位，下一位就是您»."""
    return (
        "您排在第 1 位，下一位就是您。"
        if position == 1
        else f"您排在第 {position} 位，前面还有 {position - 1} 位。"
    )


def waiting(position: int, hotline: str) -> Reply:
    """Say honestly how many are before, what to do meanwhile, and how to leave."""
    return Reply(
        f"正在为您找工作人员。{place(position)}\n"
        "现在就可以把问题发过来，接通后他们都能看到，填到一半的内容也都留着。",
        closing=f"{_HOW_TO_LEAVE}\n电话：{hotline}",
    )


def heard(position: int) -> Reply:
    """Say that words for the person to come were kept."""
    return Reply(f"记下了，工作人员接通后就能看到。{place(position)}", closing=_HOW_TO_LEAVE)


def left_queue(left: str) -> Reply:
    """Say that the citizen no longer waits, and what they may go on with."""
    going_on = (Option(f"继续：{left}", say="继续"),) if left else ()
    return Reply(
        "已退出排队，需要时再回复“人工”。",
        (*going_on, Option("留言", say=LEAVE_WORD), Option("菜单")),
    )


def ended(ending: Ending, left: str, mark: str, *, served: bool, more: str = "") -> Reply:
    """Say that the bot is back: one tap for the stars, one to go on at the very step.

    Parameters
    ----------
    ending
        How it ended.
    left
        What the citizen may go on with; empty: nothing.
    mark
        What names these options in tap links.
    served
        Whether anybody has come, who may be rated.
    more
        What else is to be said.
    """
    stars = tuple(Option(label, start=Start("rate", {"stars": label})) for label in STARS if served)
    going_on = (Option(f"继续：{left}", say="继续"),) if left else ()
    words = [_ENDED[ending], more]
    if left:
        words.append(f"「{left}」填过的都在，可以从刚才那一步接着办。")
    if served:
        words.append("这次人工服务怎么样？点一下就行：")
    return Reply("\n".join(filter(None, words)), (*stars, *going_on, Option("菜单")), mark=mark)
