"""Which version of the service is talking.

Source: S0-65.
"""

from collections.abc import Sequence

from dialogs.engine.dsl import Answers, Desk, Flow, Menu, Option

__all__ = ["Version"]


async def _shown(_answers: Answers, desk: Desk) -> str:
    return (
        f"现在是安居 {desk.office.version} 版，您看到的总是最新的，不用下载，也不用更新。\n"
        "之前打开的网页如果提示有更新，回到这里回复“继续”，点新的链接就行。"
    )


async def _next(_answers: Answers, _desk: Desk) -> Sequence[Option]:
    return (Option("快速配租"), Option("我的"), Option("菜单"))


class Version(Flow, id="version", version=1, title="版本"):
    """One page with the version."""

    reading = True
    review = False
    words = ("版本", "版本号", "当前版本", "更新版本")

    page = Menu(_next, _shown)
