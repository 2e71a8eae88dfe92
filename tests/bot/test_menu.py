"""The custom menu stays within what the platform takes."""

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.menu import STANDARD_MENU, Menu, MenuButton, MenuGroup

BUTTON = MenuButton(name="登记", key="登记")


def test_the_standard_menu_is_full_and_no_key_stands_twice() -> None:
    assert [len(group.buttons) for group in STANDARD_MENU] == [5, 5, 5]
    keys = [button.key for group in STANDARD_MENU for button in group.buttons]
    assert len(set(keys)) == len(keys)
    assert TypeAdapter(Menu).validate_python(STANDARD_MENU) == STANDARD_MENU


def test_a_menu_survives_its_settings_file() -> None:
    table = [group.model_dump() for group in STANDARD_MENU]
    assert TypeAdapter(Menu).validate_python(table) == STANDARD_MENU


@pytest.mark.parametrize(
    ("name", "key"),
    [("", "k"), ("n", ""), ("二十一个汉字的按钮名字长得放不进去了请改短", "k"), ("n", "键" * 43)],
)
def test_a_button_the_platform_would_refuse_is_refused(name: str, key: str) -> None:
    with pytest.raises(ValidationError):
        MenuButton(name=name, key=key)


def test_names_are_counted_in_bytes() -> None:
    assert MenuGroup(name="业务办理吗", buttons=(BUTTON,)).name
    with pytest.raises(ValidationError):
        MenuGroup(name="业务办理好吗", buttons=(BUTTON,))


@pytest.mark.parametrize("count", [0, 6])
def test_a_group_has_one_to_five_buttons(count: int) -> None:
    with pytest.raises(ValidationError):
        MenuGroup(name="办理", buttons=(BUTTON,) * count)


def test_a_fourth_group_is_refused() -> None:
    group = MenuGroup(name="办理", buttons=(BUTTON,))
    with pytest.raises(ValidationError):
        TypeAdapter(Menu).validate_python((group,) * 4)
