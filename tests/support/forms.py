"""Short forms, one for each kind of question that reaches beyond plain words."""

from collections.abc import Mapping
from datetime import date

from dialogs.desk import Desk
from dialogs.engine.dsl import Agree, Answers, Ask, Code, Field, Flow, Read, Receipt, Secure
from dialogs.engine.kinds import phone, resident_id, text
from domain.accounts.model import Purpose
from domain.content.model import Document
from domain.shared.conversations import Json
from domain.shared.throttle import ThrottledError
from tests.support.desks import BenchDesk
from tests.support.rental import SECOND_ID

__all__ = ["Joining", "Notice", "Proven", "Typed", "Untyped"]


async def _number(values: Mapping[str, str], desk: Desk) -> Json:
    if values["id_number"] == SECOND_ID:
        raise ThrottledError(desk.clock.now())
    return values["id_number"]


async def _same(values: Mapping[str, str], _desk: Desk) -> Json:
    return values["word"]


class Typed(Flow, id="typed", title="可以打字"):
    """A page whose answer may be typed too; `SECOND_ID` is refused outside."""

    words = ("打字",)
    identity = Secure(
        "请在网页里填身份证号。",
        title="身份证号",
        hint="也可以打字。",
        fields=(Field("id_number", "身份证号", resident_id(lambda: date.max)),),
        accept=_number,
        typed=lambda typed: {"id_number": typed},
    )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Lodge it."""
        assert isinstance(desk, BenchDesk)
        return Receipt(f"第 {desk.lodge({'id': answers[Typed.identity]})} 次")


class Untyped(Flow, id="untyped", title="不能打字"):
    """A page with a secret, whose answer may not be typed."""

    words = ("网页",)
    secret = Secure(
        "请在网页里设口令。",
        title="口令",
        fields=(
            Field("word", "口令", text(9), hidden=True),
            Field("again", "再填一次", text(9), hidden=True, repeats="word"),
        ),
        accept=_same,
    )

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Lodge that there is one."""
        assert isinstance(desk, BenchDesk)
        return Receipt(f"第 {desk.lodge({})} 次")


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[Proven.phone]


class Proven(Flow, id="proven", title="验证手机"):
    """A phone and the code that proves it."""

    words = ("验证手机",)
    phone = Ask(phone, "手机号？", title="手机号", resets=("code",))
    code = Code(Purpose.SIGN_IN, _typed_phone, change="手机号")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Lodge the proven phone."""
        assert isinstance(desk, BenchDesk)
        proof = answers[Proven.code]
        return Receipt(f"第 {desk.lodge({'phone': proof.phone})} 次")


async def _long_notice(_answers: Answers, desk: Desk) -> Document:
    return await desk.content.document("notice-long")


async def _agreements(desk: Desk) -> list[Document]:
    return [await desk.content.document(kind) for kind in ("user", "privacy")]


class Notice(Flow, id="notice", title="告知书"):
    """A long text to be read to its end."""

    words = ("看告知书",)
    review = False
    notice = Read(_long_notice, tick="我已阅读并同意", title="告知书")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Lodge what was read."""
        assert isinstance(desk, BenchDesk)
        reading = answers[Notice.notice]
        return Receipt(f"第 {desk.lodge({'hash': reading.text_hash})} 次")


class Joining(Flow, id="joining", title="加入"):
    """Two texts to agree to."""

    words = ("加入",)
    review = False
    agree = Agree(_agreements, "请阅读并同意：", tick="同意并继续", title="协议")

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Lodge what was agreed to."""
        assert isinstance(desk, BenchDesk)
        kinds: list[Json] = [reading.kind for reading in answers[Joining.agree]]
        return Receipt(f"第 {desk.lodge({'kinds': kinds})} 次")
