"""The export holds all that is kept of a citizen, and nothing of anybody else.

Source: S0-60, S0-76 to S0-82; Q-31; PIPL 45.
"""

from domain.shared.pushes import Push, PushKind
from domain.shared.records import AccountId
from tests.support.chat import Player
from tests.support.export import TOLD, Export, fetched, perform
from tests.support.town import Resident, Town

NEW_PHONE = "13912345678"
BEGUN = "given citizen 周安然 signed-up verified bound signed-out"
RECOVERED = f"""
> 找回账号
! page name=周安然 id_number={{id}}
> 继续
> 同意人脸识别
! page outcome=pass
> 继续
> 1
> {NEW_PHONE}
> {{sms on {NEW_PHONE}}}
> 同意并登录
! later 25 hours
"""
REGISTERED = "given registration 青禾家园 二居室"
MESSAGES = """
> 联系人工
> 我登录着的时候写的
> 退出登录
> 退出登录
> 联系人工
> 我退出以后写的
> 13912345678
! later 2 minutes
> 登录
> 13912345678
> {sms on 13912345678}
> 同意
"""
WITH_A_PERSON = """
! agent here
> 人工
! agent takes
> 我想问问选房的事
< (nothing)
! agent says 您的选房顺序下周公布
! agent ends
"""
ELSEWHERE = """
! later 2 minutes
! as 许静文
> 登录
> 13912345678
> {sms on 13912345678}
> 同意
! later 2 minutes
! as 周安然
"""
EXPORT = f"""
! later 2 minutes
> 导出
> {{sms on {NEW_PHONE}}}
"""
OTHER = """
> 退出登录
> 退出登录
> 注册
> 同意
> 19900000003
> {sms on 19900000003}
> 现在实名认证
! page name=沈玉兰 id_number=110100195801150046
> 继续
> 备案认证
> 1101062016000045
> {sms on 19900000003}
> 常用联系人电话
> 13700000001
> 保存
> 同住人
> 加一位
> 子女
! page name=别人家 id_number=110100200701020037
> 继续
> 完成
> 保存
> 联系人工
> 这是另一位市民写的
> 退出登录
> 退出登录
> 联系人工
> 另一位退出以后写的
> 19900000003
! later 25 hours
> 登录
> 13912345678
> {sms on 13912345678}
> 同意
"""
OTHERS = (
    "19900000003",
    "沈玉兰",
    "110100195801150046",
    "1101062016000045",
    "13700000001",
    "别人家",
    "110100200701020037",
    "另一位",
)
TITLES = (
    "账号",
    "实名信息",
    "备案家庭",
    "我填写的信息",
    "登记记录",
    "同意过的协议",
    "给工作人员的留言",
    "和工作人员的对话",
    "登录的微信",
    "找回账号和换手机号",
    "在网页里填过的",
    "通知设置",
    "操作记录",
)


async def exported(town: Town, lines: str) -> tuple[Export, Player]:
    player = await perform(town, lines)
    return await fetched(town, player), player


async def everything(town: Town, *, between: str = "") -> tuple[Export, Resident]:
    """Seed every kind of thing that is kept of a citizen, and export it."""
    said = f"{TOLD}\n{MESSAGES}\n{WITH_A_PERSON}\n{ELSEWHERE}"
    lines = f"{BEGUN}\n{RECOVERED}\n{REGISTERED}\n{said}\n{between}"
    export, player = await exported(town, f"{lines}\n{EXPORT}")
    return export, player.speaker


async def test_whatever_is_kept_is_in_the_export(town: Town) -> None:
    export, who = await everything(town)
    [registration] = await town.registrations(who)
    assert set(TITLES) <= export.parts.keys()
    for part, told in (
        ("账号", f"+86{NEW_PHONE}"),
        ("账号", "保护期"),
        ("实名信息", who.name),
        ("实名信息", who.id_number),
        ("备案家庭", who.filing),
        ("备案家庭", "林若溪"),
        ("我填写的信息", "13712345678"),
        ("我填写的信息", "周大海"),
        ("我填写的信息", "13812345678"),
        ("我填写的信息", "沈小树"),
        ("我填写的信息", "110101201501010011"),
        ("我填写的信息", "青禾物业有限公司"),
        ("登记记录", registration.number),
        ("登记记录", f"手机 +86{NEW_PHONE}"),
        ("登记记录", registration.check_code),
        ("同意过的协议", "agreement-privacy"),
        ("同意过的协议", "notice-quick"),
        ("同意过的协议", "consent-face"),
        ("给工作人员的留言", "我登录着的时候写的"),
        ("给工作人员的留言", "我退出以后写的"),
        ("和工作人员的对话", "我想问问选房的事"),
        ("和工作人员的对话", "您的选房顺序下周公布"),
        ("登录的微信", who.openid),
        ("登录的微信", town.residents["许静文"].openid),
        ("找回账号和换手机号", f"+86{who.phone} 换成 +86{NEW_PHONE}"),
        ("在网页里填过的", "沈小树 110101201501010011"),
        ("通知设置", "登记和取消"),
        ("操作记录", "accounts:account:create"),
        ("操作记录", "identity:person:verify"),
        ("操作记录", "filings:family:bind"),
        ("操作记录", "identity:recovery:open"),
        ("操作记录", "identity:face:pass"),
        ("操作记录", "identity:account:recover"),
        ("操作记录", "registrations:registration:create"),
        ("操作记录", "escalation:ticket:create"),
    ):
        assert told in export.parts[part], f"{told} is not in {part}: {export.parts[part]}"
        assert told in export.page


async def test_nothing_of_another_person_who_shares_the_wechat_is_in_it(town: Town) -> None:
    alone, _ = await everything(town)
    assert not [words for words in OTHERS if alone.says(words)]


async def test_what_another_person_did_on_the_same_wechat_changes_nothing(town: Town) -> None:
    export, who = await everything(town, between=OTHER)
    leaked = [words for words in OTHERS if words in export.page or words in str(export.parts)]
    assert not leaked
    # All of the citizen's own is there all the same.
    for words in (who.name, "我退出以后写的", "沈小树", "consent-face"):
        assert export.says(words)
    assert export.parts["操作记录"].count("accounts:account:create") == 1
    assert export.parts["操作记录"].count("filings:family:bind") == 1


async def test_of_the_family_only_ones_own_number_and_registrations_are_told_in_full(
    town: Town,
) -> None:
    spouse = "given citizen 林若溪 signed-up verified bound\ngiven registration 青禾家园 二居室"
    mine = "given citizen 周安然 signed-up verified bound\n> 导出\n> {sms}"
    export, _ = await exported(town, f"{spouse}\n{mine}")
    assert "由家人登记" in export.parts["登记记录"]
    assert "林若溪 11*****28" in export.parts["备案家庭"]
    assert "周安然 11010019860412001X" in export.parts["备案家庭"]
    for words in ("110100198809230028", "19900000002"):
        assert not export.says(words)
        assert words not in export.page


async def test_a_stranger_who_begins_a_recovery_is_seen_but_not_named(town: Town) -> None:
    stranger = """
! as 陈晨
> 找回账号
! page name=周安然 id_number=11010019860412001X
> 继续
> 同意人脸识别
! page outcome=fail
> 继续
! as 周安然
"""
    lines = f"given citizen 周安然 signed-up verified bound\n{stranger}\n> 导出\n> {{sms}}"
    export, _ = await exported(town, lines)
    assert "人脸识别没有通过" in export.parts["找回账号和换手机号"]
    assert "identity:face:fail" in export.parts["操作记录"]
    assert town.residents["陈晨"].openid not in export.page
    assert "consent-face" not in export.parts["同意过的协议"]


async def test_what_is_exported_cannot_break_the_page(town: Town) -> None:
    word = "<script>alert(1)</script>"
    ticket = f"> 联系人工\n> {word}"
    signed = "given citizen 周安然 signed-up verified bound"
    export, _ = await exported(town, f"{signed}\n{ticket}\n> 导出\n> {{sms}}")
    assert word not in export.page
    assert "&lt;script&gt;" in export.page


async def test_whatever_was_done_is_told_in_words(town: Town) -> None:
    export, _ = await everything(town)
    assert "开通账号（accounts:account:create）" in export.parts["操作记录"]
    assert "其他操作" not in export.parts["操作记录"]
    assert "《隐私权政策》（演示）（agreement-privacy）第 1 版" in export.parts["同意过的协议"]


async def test_what_waits_to_be_told_and_what_was_wished_is_in_it(town: Town) -> None:
    talk = """
given citizen 周安然 signed-up verified bound
> 通知设置
> 办理进度
> 关闭短信通知
"""
    await perform(town, talk)
    who = town.residents["周安然"]
    async with town.house.open_work() as work:
        await work.agreed.agree(who.openid, "S1")
        account = await work.accounts.of_openid(who.openid)
        assert account is not None
        values = ("资格申请", "AN-1", "已受理")
        case = Push(PushKind.CASE, values, account=account.id)
        await work.outbox.add(case, at=town.clock.now())
        other = Push(PushKind.CASE, ("别人的事", "AN-2", "已受理"), account=AccountId("else"))
        await work.outbox.add(other, at=town.clock.now())
        await work.commit()
    export, _ = await exported(town, "given citizen 周安然\n> 导出\n> {sms}")
    assert "微信开，短信关" in export.parts["通知设置"]
    assert "S1" in export.parts["通知设置"]
    assert "资格申请" in export.parts["还没发出的通知"]
    assert not export.says("别人的事")
