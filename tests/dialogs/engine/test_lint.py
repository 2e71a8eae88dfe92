"""Each fault of a flow is found when it is loaded."""

from collections.abc import Mapping
from datetime import date

import pytest

from dialogs.engine.dsl import (
    Answers,
    Ask,
    Choose,
    Desk,
    Field,
    Flow,
    Menu,
    Option,
    Repeat,
    Section,
    Secure,
    check,
)
from dialogs.engine.kinds import resident_id, text
from dialogs.engine.lint import FlowError, lint
from domain.shared.conversations import Json
from tests.support.rental import Member, Rental

IDENTITY = resident_id(lambda: date.max)


async def accept(values: Mapping[str, str], _desk: Desk) -> Json:
    return values["number"]


async def nothing(_answers: Answers, _desk: Desk) -> list[Option]:
    return []


class Empty(Flow, id="empty"):
    pass


class ReadsLater(Flow, id="reads_later"):
    first = Ask(text(), "？", when=lambda answers: answers.second == "有")
    second = Ask(text(), "？")


class SectionReadsLater(Flow, id="section_reads_later"):
    part = Section("部分", when=lambda answers: answers.second)
    first = Ask(text(), "？")
    other = Section("其他")
    second = Ask(text(), "？")


class ReadsItself(Flow, id="reads_itself"):
    first = Ask(text(), "？", when=lambda answers: answers.first > 3)


class Tells(Flow, id="tells"):
    number = Ask(IDENTITY, "身份证号？")


class TellsInGroup(Flow, id="tells_in_group"):
    class Part(Flow):
        number = Ask(IDENTITY, "身份证号？")

    members = Repeat(Part, "家人", label="家人")


class Wordy(Flow, id="wordy"):
    first = Ask(text(), "问" * 401)


class OneNameForTwo(Flow, id="one_name_for_two"):
    first = Ask(text(), "？", title="手机号")
    second = Ask(text(), "？", title="电话", aka=("手 机号",))


class ResetsNobody(Flow, id="resets_nobody"):
    first = Ask(text(), "？", resets=("gone",))


class FillsLater(Flow, id="fills_later"):
    first = Ask(text(), "{second}好")
    second = Ask(text(), "？")


class BrokenBraces(Flow, id="broken_braces"):
    first = Ask(text(), "请填写 {")


class LabelsNobody(Flow, id="labels_nobody"):
    members = Repeat(Member, "家人", label="{nickname}")


class BeyondTheMenu(Flow, id="beyond_the_menu"):
    page = Menu(nothing, "去哪里？")
    never = Ask(text(), "？")


class ChecksNobody(Flow, id="checks_nobody"):
    first = Ask(text(), "？")

    @check("gone")
    async def warn(self, answers: Answers, desk: Desk) -> str:
        return ""


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (Empty, "no step"),
        (ReadsLater, "ReadsLater.first: its condition reads second"),
        (SectionReadsLater, "SectionReadsLater.first: its condition reads second"),
        (ReadsItself, "ReadsItself.first: its condition reads first"),
        (Tells, "Tells.number: a sensitive answer"),
        (TellsInGroup, "Part.number: a sensitive answer"),
        (Wordy, "Wordy.first: the prompt"),
        (OneNameForTwo, "OneNameForTwo.second: «手机号» names two steps"),
        (ResetsNobody, "ResetsNobody.first: resets an unknown step gone"),
        (FillsLater, "FillsLater.first: {second} in its words"),
        (BrokenBraces, "BrokenBraces.first: its words cannot be filled in"),
        (LabelsNobody, "LabelsNobody.members: {nickname} in its words"),
        (BeyondTheMenu, "BeyondTheMenu.never: no answers lead here"),
        (ChecksNobody, "a check is about an unknown step gone"),
    ],
    ids=lambda value: value.id if isinstance(value, type) else "",
)
def test_a_fault_is_named_with_its_place(flow: type[Flow], said: str) -> None:
    with pytest.raises(FlowError) as error:
        lint(flow)
    assert said in str(error.value)


class Sound(Flow, id="sound"):
    first = Choose(nothing, "选哪个？", title="项目")
    second = Ask(text(), "{first}的情况？", title="情况", when=lambda answers: answers.first > 3)
    number = Secure(
        "在网页里填{second}", fields=(Field("number", "身份证号", IDENTITY),), accept=accept
    )


@pytest.mark.parametrize("flow", [Sound, Rental])
def test_a_sound_flow_passes(flow: type[Flow]) -> None:
    lint(flow)
