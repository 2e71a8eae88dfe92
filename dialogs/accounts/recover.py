"""Get an account back: name and ID number, face, one of my accounts, my new phone.

Source: S0-66 to S0-72, S0-75; Q-30.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from dialogs.accounts.face import Face
from dialogs.accounts.words import AccountPhone, others_signed_in
from dialogs.engine.dsl import (
    Agree,
    Answers,
    Choose,
    Code,
    Desk,
    Field,
    Flow,
    Option,
    Receipt,
    Secure,
    SettledError,
    Start,
    UnfitError,
)
from dialogs.engine.kinds import person, phone, resident_id
from dialogs.engine.times import month_and_day, until
from domain.accounts.model import Purpose
from domain.content.model import Document, DocumentKind
from domain.identity.model import AccountSeen
from domain.identity.recoveries import RecoveryEndedError
from domain.shared.clock import utc_from_timestamp
from domain.shared.conversations import Json
from domain.shared.idents import Masked, mask

__all__ = ["Recover"]


async def _open(values: Mapping[str, str], desk: Desk) -> Json:
    opened = await desk.recovery.open(desk.openid, values["name"], values["id_number"])
    return {"recovery": opened.id}


def _recovery(answers: Answers) -> str:
    """Return the recovery that the name and ID number have opened; ``""`` before."""
    kept = answers.get(Recover.person)
    return str(kept["recovery"]) if isinstance(kept, dict) else ""


async def _face_consent(desk: Desk) -> list[Document]:
    return [await desk.content.document(DocumentKind.FACE_CONSENT)]


async def _agreements(desk: Desk) -> list[Document]:
    return await desk.content.agreements()


async def _face_page(answers: Answers, desk: Desk) -> str:
    recovery = await desk.recovery.find(desk.openid, _recovery(answers))
    return await desk.faces.begin(recovery, answers[Recover.consent])


def _shown(seen: AccountSeen) -> str:
    use = "正在使用" if seen.in_use else "没有在使用"
    phone_number = mask(seen.account.phone, Masked.PHONE)
    return f"{phone_number}（{use}，上次登录 {month_and_day(seen.used_at)}）"


async def _accounts(answers: Answers, desk: Desk) -> Sequence[Option]:
    seen = await desk.recovery.accounts(desk.openid, _recovery(answers))
    return [Option(_shown(one), value=one.account.id) for one in seen]


async def _new_phone(typed: str, answers: Answers, desk: Desk) -> str:
    for seen in await desk.recovery.accounts(desk.openid, _recovery(answers)):
        if seen.account.id == answers[Recover.account] and seen.account.phone == typed:
            raise UnfitError(
                "这就是这个账号现在的手机号，不用改：回复“登录”，收验证码就能登录；"
                "已经收不到短信的，请输入新的手机号。"
            )
    return typed


async def _typed_phone(answers: Answers, _desk: Desk) -> str:
    return answers[Recover.phone]


class Recover(Flow, id="recover", version=1, title="找回账号"):
    """Works without the old phone; failing at the face ends it."""

    review = False
    words = ("找回账号", "账号找回", "找回", "忘记账号", "手机号不用了", "换手机号了", "手机丢了")

    person = Secure(
        "找回账号：先核对身份，再换成您现在用的手机号。\n请在网页里填写姓名和身份证号。",
        title="姓名和身份证号",
        aka=("姓名", "身份证号"),
        why="用来查找实名登记在您名下的账号。加密保存，聊天里不显示。",
        hint="要和实名认证时的一样；没有做过实名认证的账号，请回复“人工”。",
        fields=(
            Field("name", "姓名", person, hint="和身份证上一样", autocomplete="name"),
            # The day of birth is held against today's date where the number is looked up.
            Field("id_number", "身份证号", resident_id(lambda: date.max), hint="18 位"),
        ),
        accept=_open,
    )
    consent = Agree(
        _face_consent,
        "接下来要做人脸识别，确认是您本人。照片只用来这一次比对，我们不保存。\n"
        "请先看说明；不想刷脸，可以回复“人工”，由工作人员核对证件办理。",
        tick="同意人脸识别",
        title="人脸识别说明",
    )
    face = Face(_recovery, _face_page)
    account = Choose(
        _accounts,
        "名下账号管理\n人脸识别通过了，这是您名下的账号。不管是不是在使用，都可以选一个登录：",
        title="要登录的账号",
        aka=("账号",),
        resets=("phone", "code"),
    )
    phone = AccountPhone(
        phone,
        "去修改：登录前，要换成您现在用的手机号。\n您选的账号：{account}\n请输入新手机号。",
        accept=_new_phone,
        title="新手机号",
        aka=("手机号", "手机号码", "电话"),
        why="以后用它登录，登记和结果也会通知到它；旧手机号不能再登录。",
        hint="只发手机号的数字，不用写别的；座机请换成手机号。",
        resets=("code",),
    )
    code = Code(Purpose.RECOVER, _typed_phone, change="手机号")
    agree = Agree(
        _agreements, "最后一步，登录前请阅读并同意三份协议：", tick="同意并登录", title="协议"
    )

    async def begin(self, answers: Answers, desk: Desk) -> str:
        """Say what has become of a recovery begun before, and what it does to a sign-in."""
        recovery_id = _recovery(answers)
        if recovery_id:
            await self._go_on(answers, desk, recovery_id)
            return ""
        account = (await desk.citizen()).account
        if account is None:
            return ""
        shown = mask(account.phone, Masked.PHONE)
        return f"您现在登录的是 {shown}，找回另一个账号后会换成那一个。"

    async def _go_on(self, answers: Answers, desk: Desk, recovery_id: str) -> None:
        """Raise `SettledError` where a recovery begun before can lead no further."""
        failed = self.face.failed(answers)
        if failed is not None:
            raise SettledError(_not_known(failed, desk))
        try:
            await desk.recovery.find(desk.openid, recovery_id)
        except RecoveryEndedError:
            again = Start("recover")
            raise SettledError(Receipt("上次的找回已经过时，我们重新开始。", start=again)) from None

    async def submit(self, answers: Answers, desk: Desk) -> Receipt:
        """Give the account its new phone and sign in."""
        chosen = [
            seen.account
            for seen in await desk.recovery.accounts(desk.openid, _recovery(answers))
            if seen.account.id == answers[self.account]
        ]
        others = {one for account in chosen for one in await others_signed_in(desk, account)}
        renewed = await desk.recovery.finish(
            openid=desk.openid,
            recovery_id=_recovery(answers),
            account_id=answers[self.account],
            proof=answers[self.code],
            agreed=answers[self.agree],
        )
        desk.left_behind.update(others)
        held = renewed.held_until or desk.clock.now()
        return Receipt(
            f"账号已找回并登录，手机号已改为 {mask(renewed.phone, Masked.PHONE)}，"
            "以后用它登录。旧手机号和别的微信都不能再登录，原来的密码也不能再用。\n"
            f"为了安全，旧手机号会收到一条通知；{until(held, desk.clock.now())}之前，"
            "还不能再改手机号、取消登记或注销账号。",
            (Option("快速配租"), Option("我的登记"), Option("我的")),
        )


def _not_known(locked_until: float, desk: Desk) -> Receipt:
    """Say that the face was not known, and when it may be shown again; 0 means at once."""
    words = "人脸识别没有通过，这次找回到此为止，账号没有任何变化。\n"
    human = Option("人工")
    if not locked_until:
        return Receipt(
            f"{words}光线亮一些、摘下口罩再试；也可以回复“人工”，由工作人员核对证件办理。",
            (Option("重新找回", say="找回账号"), human),
        )
    when = until(utc_from_timestamp(locked_until), desk.clock.now())
    return Receipt(
        f"{words}今天已经有三次没通过，为了账号安全，请在{when}之后再试，"
        "或回复“人工”，由工作人员核对证件办理。",
        (human,),
    )
