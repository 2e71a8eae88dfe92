"""The custom menu under the chat: what the platform allows, and what we put in it.

Source: S0-01; platform limits 3 × 5, names 16 and 60 bytes, keys 128 bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = ["STANDARD_MENU", "Menu", "MenuButton", "MenuGroup", "on_platform", "shows"]

_GROUP_NAME_BYTES = 16
_BUTTON_NAME_BYTES = 60
_KEY_BYTES = 128
_GROUPS = 3
_BUTTONS = 5


def _within(limit: int) -> AfterValidator:
    """Refuse words that the platform would refuse: it counts bytes, not characters."""

    def fits(words: str) -> str:
        if not 0 < len(words.encode()) <= limit:
            message = f"1 to {limit} bytes of UTF-8"
            raise ValueError(message)
        return words

    return AfterValidator(fits)


class MenuButton(BaseModel):
    """One line of a group: what it is called, and the word that a tap on it says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, _within(_BUTTON_NAME_BYTES)]
    key: Annotated[str, _within(_KEY_BYTES)]


class MenuGroup(BaseModel):
    """One of the three names at the bottom; a tap on it opens its buttons and sends nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, _within(_GROUP_NAME_BYTES)]
    buttons: Annotated[tuple[MenuButton, ...], Field(min_length=1, max_length=_BUTTONS)]


Menu = Annotated[tuple[MenuGroup, ...], Field(max_length=_GROUPS)]
"""The whole menu, at most three groups of five."""


def on_platform(menu: Iterable[MenuGroup]) -> list[dict[str, Any]]:
    """Return a menu in the platform's own form: groups with buttons that are tapped."""
    return [
        {
            "name": group.name,
            "sub_button": [
                {"type": "click", "name": button.name, "key": button.key}
                for button in group.buttons
            ],
        }
        for group in menu
    ]


def shows(groups: Sequence[Mapping[str, Any]] | None, menu: Iterable[MenuGroup]) -> bool:
    """Tell whether what the platform shows is this menu; it adds fields of its own."""
    return _essence(groups or []) == _essence(on_platform(menu))


def _essence(groups: Iterable[Mapping[str, Any]]) -> list[object]:
    told = ("type", "name", "key", "url")
    return [
        (
            *(group.get(name) for name in told),
            [tuple(one.get(name) for name in told) for one in group.get("sub_button", [])],
        )
        for group in groups
    ]


def _group(name: str, **keys: str) -> MenuGroup:
    return MenuGroup(
        name=name,
        buttons=tuple(MenuButton(name=shown, key=said) for shown, said in keys.items()),
    )


STANDARD_MENU: Menu = (
    _group(
        "业务办理",
        快速配租="快速配租",
        只看我能登记的="只看我能登记的",
        实名认证="实名认证",
        备案认证="备案认证",
        注册登录="登录",
    ),
    _group(
        "我的",
        我的登记="我的登记",
        个人中心="我的",
        备案家庭="备案家庭",
        继续办理="继续",
        办理结果="结果",
    ),
    _group(
        "帮助",
        常见问题="常见问题",
        操作说明="帮助",
        联系人工="人工",
        协议与隐私="协议与隐私",
        主菜单="菜单",
    ),
)
"""The menu as shipped; each key is a word that means the same when typed."""
