"""A long form such as the applications of manuals 002 to 004, to try the engine with."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from dialogs.desk import Desk
from dialogs.engine.dsl import (
    Answers,
    Ask,
    Field,
    Flow,
    Photo,
    Receipt,
    Repeat,
    Section,
    Secure,
    UnfitError,
    check,
)
from dialogs.engine.kinds import (
    area,
    day,
    money,
    one_of,
    person,
    resident_id,
    text,
    whole_number,
    yes_no,
)
from domain.shared.conversations import Json
from tests.support.desks import Bench, BenchDesk

__all__ = ["BLURRED", "FIRST_ID", "SECOND_ID", "Member", "Rental", "at_review", "one_member"]

FIRST_ID: Final = "110100198809230028"
SECOND_ID: Final = "110100201506010030"
BLURRED: Final = "blurred"
_INCOME_LIMIT: Final = Decimal(100_000)


async def _number(values: Mapping[str, str], _desk: Desk) -> Json:
    return values["id_number"]


async def _clear(media_id: str, _answers: Answers, _desk: Desk) -> str:
    if media_id == BLURRED:
        raise UnfitError("照片有点模糊，请在亮一点的地方重新拍一张。")
    return f"kept-{media_id}"


class Member(Flow):
    """One of those who apply together."""

    name = Ask(person, "这位家人的姓名？", title="姓名", why="和身份证上一样。")
    id_no = Secure(
        "请在网页里填写{name}的身份证号。",
        title="身份证号",
        fields=(Field("id_number", "身份证号", resident_id(lambda: date.max)),),
        accept=_number,
        typed=lambda typed: {"id_number": typed},
    )
    relation = Ask(one_of("配偶", "子女", "父母"), "{name}与您是什么关系？", title="关系")
    income = Ask(money, "{name}去年收入多少元？没有请回复 0。", title="年收入")


class Rental(Flow, id="rental", version=1, title="公租房资格申请"):
    """Sections, branches, a group with a page inside, a photo, a warning."""

    words = ("公租房申请",)

    place = Section("申请信息")
    district = Ask(
        one_of("东城区", "西城区", "朝阳区", "海淀区"),
        "想申请哪个区？",
        title="区",
        aka=("申请区",),
        why="名额按区轮候。",
        hint="回复前面的数字就可以。",
    )
    kind = Ask(one_of("单身", "家庭"), "以个人还是家庭申请？", title="申请方式")

    family = Section("家庭成员", when=lambda answers: answers.kind == "家庭")
    members = Repeat(
        Member,
        "共同申请人",
        label="{name}（{relation}）",
        most=3,
        aka=("家人", "成员"),
        why="一起住的家人都要填。",
    )

    means = Section("收入和住房")
    income = Ask(money, "您本人去年收入多少元？", title="收入", hint="税前，含奖金。")
    since = Ask(day, "从哪一天起在本市工作？", title="工作起始日")
    people = Ask(whole_number(1, 9), "现在一起住几个人？", title="同住人数")
    has_home = Ask(yes_no, "全家在本市有住房吗？", title="住房")
    home_m2 = Ask(
        area,
        "住房建筑面积多少平方米？",
        title="住房面积",
        when=lambda answers: answers.has_home,
    )

    contact = Section("联系方式")
    by_post = Ask(yes_no, "要给您寄纸质通知吗？", title="纸质通知")
    address = Ask(text(60), "寄到哪里？", title="邮寄地址", when=lambda answers: answers.by_post)

    papers = Section("材料")
    hukou = Photo("请拍户口本首页，四个角都拍进来。", accept=_clear, title="户口本")

    @check("income", "members")
    async def within_limit(self, answers: Answers, desk: Desk) -> str:
        """Warn of an income over the limit."""
        members = answers.get(Rental.members) or ()
        total = answers[Rental.income] + sum(one[Member.income] for one in members)
        over = total / (1 + len(members)) - _INCOME_LIMIT
        return f"人均收入高出标准 {over:.0f} 元，仍可提交。" if over > 0 else ""

    @check("home_m2")
    async def large_home(self, answers: Answers, desk: Desk) -> str:
        """Warn of a large flat, if there is a flat."""
        home = answers.get(Rental.home_m2)
        return "住房面积偏大。" if home and home > Decimal(60) else ""

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Lodge the application."""
        assert isinstance(desk, BenchDesk)
        number = desk.lodge(answers.draft.answers)
        return Receipt(f"已受理，编号 {number}。")


async def one_member(bench: Bench, name: str = "林若溪", number: str = FIRST_ID) -> None:
    """Fill in one more member, from the list of members."""
    await bench.say("加一位", name)
    await bench.fill(id_number=number)
    await bench.say("继续", "配偶", "0")


async def at_review(bench: Bench, *, members: int = 1) -> None:
    """Fill in the whole form, to the check-answers page."""
    await bench.say("公租房申请", "朝阳区", "家庭")
    for name, number in (("林若溪", FIRST_ID), ("周小满", SECOND_ID))[:members]:
        await one_member(bench, name, number)
    await bench.say("完成", "6万", "2015-07-01", "3", "有", "58.5", "不要")
    await bench.photo("hukou")
