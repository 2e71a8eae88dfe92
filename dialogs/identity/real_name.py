"""Real name: name and ID number, on a one-time page, from a photo of the card, or typed.

Source: S0-21 to S0-24, S0-27.
"""

import re
from collections.abc import Mapping
from datetime import date

from dialogs.engine.dsl import (
    Answers,
    Desk,
    Field,
    Flow,
    FromPhoto,
    Need,
    Option,
    Receipt,
    SecureOrPhoto,
    SettledError,
    UnfitError,
)
from dialogs.engine.kinds import person, resident_id
from domain.identity.model import Verified
from domain.shared.conversations import Json
from domain.shared.idents import Masked, half_width, mask

__all__ = ["RealName"]

_NUMBER = re.compile(r"\d[\dXx\s-]{5,24}[\dXx]")


def _from_words(typed: str) -> Mapping[str, str]:
    """Split «王小安 1101…» into its two parts, in either order."""
    words = half_width(typed)
    found = _NUMBER.search(words)
    if found is None:
        raise UnfitError(
            "请点上面的链接在网页里填，更安全；也可以在这里发“姓名 身份证号”，中间空一格。"
        )
    name = (words[: found.start()] + words[found.end() :]).strip(" ,，、:：；;\n")
    return {
        "name": re.sub(r"姓名|身份证号码?|证件号码?|[:：,，]", "", name).strip(),
        "id_number": re.sub(r"[\s-]", "", found.group()),
    }


async def _compare(values: Mapping[str, str], desk: Desk) -> Json:
    await desk.let_go()
    verified = await desk.identity.compare(desk.openid, values["name"], values["id_number"])
    return verified.to_json()


async def _from_photo(media_id: str, desk: Desk) -> Mapping[str, str]:
    card = await desk.id_cards.read(desk.openid, media_id)
    return {"name": card.name, "id_number": card.id_number}


def _masked(values: Mapping[str, str]) -> str:
    return (
        f"姓名：{mask(values['name'], Masked.NAME)}\n"
        f"身份证号：{mask(values['id_number'], Masked.ID_NUMBER)}"
    )


class RealName(Flow, id="real_name", version=1, title="实名认证"):
    """One page; the comparison is made before it counts."""

    review = False
    requires = (Need.SIGNED_IN,)
    provides = Need.REAL_NAME
    words = ("实名认证", "去实名认证", "实名", "去实名", "实名登记")

    person = SecureOrPhoto(
        "下一步是实名认证。为了保护您的身份证号，请在网页里填写姓名和身份证号。",
        title="姓名和身份证号",
        aka=("姓名", "身份证号"),
        why="登记房源必须是本人。姓名和身份证号只用来核对身份，加密保存，聊天里不显示。",
        hint="姓名和身份证号中间空一格；身份证号是 18 位，最后一位可能是 X。",
        fields=(
            Field("name", "姓名", person, hint="和身份证上一样", autocomplete="name"),
            # The day of birth is held against today's date where the comparison is made.
            Field(
                "id_number",
                "身份证号",
                resident_id(lambda: date.max),
                hint="18 位，最后一位可能是 X",
            ),
        ),
        photo=FromPhoto(
            "也可以直接发一张身份证照片（有照片的那一面），我来读；读完照片不保存。",
            read=_from_photo,
            shown=_masked,
        ),
        typed=_from_words,
        accept=_compare,
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say so if it was done before."""
        known = (await desk.citizen()).person
        if known:
            raise SettledError(
                Receipt(
                    f"您已实名：{mask(known.name, Masked.NAME)}"
                    f"（{mask(known.id_number, Masked.ID_NUMBER)}）。",
                    (Option("快速配租"), Option("备案认证"), Option("我的")),
                )
            )
        return ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Save who this account belongs to."""
        account = (await desk.citizen()).signed_in()
        kept = answers[self.person]
        if not isinstance(kept, dict):
            raise UnfitError("请重新填写姓名和身份证号。")
        known = await desk.identity.confirm(account.id, Verified.from_json(kept))
        return Receipt(
            f"实名认证通过：{mask(known.name, Masked.NAME)}"
            f"（{mask(known.id_number, Masked.ID_NUMBER)}）。",
            (Option("备案认证"), Option("快速配租"), Option("我的")),
        )
