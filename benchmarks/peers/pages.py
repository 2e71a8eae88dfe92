"""The chat that every peer holds: menu, plans, projects, project; where each word leads.

The words and their length are those that the whole bot shows for the demo's plans.
"""

from typing import Final

__all__ = ["HOME", "PAGES", "after"]

HOME: Final = "home"

_WAYS: Final = {"home": "plans", "plans": "plan", "plan": "project"}


def after(at: str, words: str) -> str:
    """Return the page that words lead to from another."""
    return HOME if words == "菜单" else _WAYS.get(at, HOME)


def _tap(number: int, label: str, say: str, mark: str) -> str:
    address = f"weixin://bizmsgmenu?msgmenucontent={say}&msgmenuid={mark}.{number}"
    return f'<a href="{address}">{number}. {label}</a>'


def _page(text: str, mark: str, options: dict[str, str], closing: str = "") -> str:
    lines = [_tap(n, *option, mark) for n, option in enumerate(options.items(), start=1)]
    return "\n\n".join(filter(None, (text, "\n".join(lines), closing)))


PAGES: Final = {
    HOME: _page(
        "请选择要办的事：",
        "home.0",
        {
            name: name
            for name in ("快速配租", "只看我能登记的", "我的登记", "我的", "常见问题", "联系人工")
        },
        "回复数字就可以。",
    ),
    "plans": _page(
        "多元业务 › 公共租赁住房 › 业务办理 › 配租登记计划\n请选择要看的计划：",
        "Zq3vT9aB.plan",
        {
            f"{plan} {standing}": plan
            for plan, standing in (
                ("2026年第四批公租房快速配租（演示）", "登记中，还剩3天17小时"),
                ("2026年第五批公租房快速配租（演示）", "未开始，5天9小时后开始"),
                ("2026年第三批公租房快速配租（演示）", "已截止"),
            )
        },
    ),
    "plan": _page(
        "2026年第四批公租房快速配租（演示）（登记中，还剩3天17小时）\n"
        "登记时间：2026年11月11日 09:00 至 2026年11月25日 17:00\n请选择项目进行登记：",
        "Zq3vT9aB.project",
        {
            "青禾家园（演示） 朝阳 选房12月15日至12月16日": "青禾家园（演示）",
            "槐安家园（演示） 丰台 选房12月17日至12月18日": "槐安家园（演示）",
            "潞城里（演示） 通州 选房12月19日至12月20日": "潞城里（演示）",
        },
    ),
    "project": _page(
        "【青禾家园（演示）】\n朝阳区青禾路 1 号院（演示）\n精装修，家具家电齐全，拎包入住。"
        "步行约 8 分钟到地铁站，院内有社区食堂和儿童活动场地。（演示）\n\n"
        "2026年第四批公租房快速配租（演示）\n登记中，还剩3天17小时；12月15日至12月16日选房\n\n"
        "请选择房源，看详情和登记：",
        "Zq3vT9aB.unit",
        {
            "零居室 31–34㎡ 约1,488–1,632元/月 已登记0户": "青禾家园（演示）零居室",
            "一居室 39–43㎡ 约1,872–2,064元/月 已登记0户": "青禾家园（演示）一居室",
            "二居室 55–59㎡ 约2,585–2,773元/月 已登记0户": "青禾家园（演示）二居室",
        },
    ),
}
