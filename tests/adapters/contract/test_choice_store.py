"""What every keeper of what citizens wish to be told must do. Source: S0-20."""

from sqlalchemy.ext.asyncio import AsyncEngine

from domain.notices.model import Choice, Topic
from domain.notices.service import ChoiceStore
from domain.shared.records import AccountId
from tests.support.sql import open_work

ALICE, BOB = AccountId("alice"), AccountId("bob")


async def test_a_choice_takes_the_place_of_an_earlier_one(engine: AsyncEngine) -> None:
    async with open_work(engine) as work:
        choices: ChoiceStore = work.choices
        assert await choices.of(ALICE) == {}
        await choices.put(ALICE, Topic.PLANS, Choice(wechat=False, sms=True))
        await choices.put(BOB, Topic.PLANS, Choice(wechat=True, sms=True))
        await choices.put(ALICE, Topic.PLANS, Choice(wechat=True, sms=False))
        await choices.put(ALICE, Topic.CASES, Choice(wechat=False, sms=False))
        await work.commit()
    async with open_work(engine) as work:
        assert await work.choices.of(ALICE) == {
            Topic.PLANS: Choice(wechat=True, sms=False),
            Topic.CASES: Choice(wechat=False, sms=False),
        }
