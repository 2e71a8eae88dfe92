"""What a citizen is told when something could not be done: one sentence that says what to do."""

from collections.abc import Callable
from datetime import datetime, timedelta

from dialogs.engine.kinds import id_fault
from dialogs.engine.times import day_and_time, until
from domain.accounts.codes import TooSoonError, WrongCodeError
from domain.accounts.model import HeldError
from domain.accounts.passwords import WeakPasswordError
from domain.accounts.strength import Weakness
from domain.identity.id_cards import CardFault, CardUnreadableError
from domain.registrations.model import (
    AlreadyCancelledError,
    AlreadyRegisteredError,
    CancelTooLateError,
    PlanClosedError,
    PlanLimitError,
    PlanNotOpenError,
    UnitTypeMismatchError,
)
from domain.shared.errors import DomainError
from domain.shared.idents import InvalidIdNumberError
from domain.shared.pictures import PictureFault, PictureUnfitError
from domain.shared.throttle import ThrottledError

__all__ = ["SENTENCES", "excuse"]

SENTENCES: dict[str, str] = {
    "domain": "这一步现在办不了，请稍后再试，或回复“人工”。",
    "invalid": "这一项看不明白，请核对后再发一次。",
    "not-found": "没有找到，请核对后再发一次。",
    "refused": "按规定这一步不能办理，有疑问请回复“人工”。",
    "needs": "办这件事之前还有一步要先办。",
    "conflict": "情况刚刚有变化，请再看一下再选。",
    "unavailable": "对方系统暂时没有回应，请过一会儿再发一次；之前填的都在。",
    "unsure": "还不能确定有没有办成；之前填的都在，请再发一次，不会重复。",
    "unanswered": "对方系统没有及时回应，请过一会儿再发一次；之前填的都在。",
    "busy": "您上一条还在办理，请稍等一会儿再发。",
    "flooded": "消息来得有点快，请歇几秒再发；之前填的都在。",
    "collided": "系统繁忙，之前填的都在，请再发一次。",
    "overtaken": "您的另一条消息先办好了，请看上面的回复再继续。",
    "effect-conflict": "这件事之前已经办好了，回复“我的登记”可以查看。",
    "too-soon": "验证码刚刚发过，请稍等再获取。",
    "throttled": "次数有点多了，请过一会儿再试。",
    "captcha-needed": "请先答一道小题，再给您发验证码。",
    "wrong-code": "验证码不对，请看清短信再发一次。",
    "code-spent": "这个验证码不能再用了，请回复“重新获取”换一个新的。",
    "code-expired": "验证码已过期或已用过，请回复“重新获取”换一个新的。",
    "code-replaced": "这是之前那条短信里的验证码，请用最新一条短信里的。",
    "code-not-proven": "手机验证已过时，请重新验证一次。",
    "consent-missing": "协议有更新，请重新看过并同意后再办理。",
    "wrong-password": (
        "手机号和密码没有对上，请核对后再填一次。"
        "忘记了请回到聊天回复“忘记密码”，也可以回复“切换为验证码登录”。"
    ),
    "weak-password": "这个密码太容易被猜到，请换一个长一些的。",
    "password-not-proven": "密码验证已过时，或刚被改过，请再输一次。",
    "account-not-found": "这个手机号还没有账号。请回复“注册”开一个，或回复“改手机号”换一个。",
    "account-moved": "这个手机号的账号刚有变化，请再验证一次手机号。",
    "phone-unreachable": "短信发不到这个手机号，可能退订过或号码有误。请换一个，或回复“人工”。",
    "phone-taken": "这个手机号已经是一个账号了，请换一个；那个账号是您的，可以回复“找回账号”。",
    "phone-lost": (
        "这个手机号的账号刚刚换了手机号，一天之内不能另开账号。"
        "不是您本人换的，请回复“撤销找回”；是您换的，请用新手机号登录。"
    ),
    "account-held": "账号刚刚换过手机号，为了安全，这件事要过一天才能办。",
    "recovery-not-found": "没有找到对应的账号，请对照身份证核对姓名和号码后再填一次。",
    "recovery-ended": "这次找回已经结束或过时了，请回复“找回账号”重新开始。",
    "recovery-moved": "您的另一条消息先办好了，请回复“继续”接着办。",
    "same-resident": "同住人里有重复的，或者是您自己。请回复“改1”，删掉那一位再保存。",
    "face-not-proven": "还没有通过人脸识别，请先完成这一步，再回复“继续”。",
    "nothing-to-undo": "没有找到可以撤销的找回或修改，请对照短信核对手机号和撤销码，或回复“人工”。",
    "number-not-proven": "身份证号填了有一会儿了，请再填一次。",
    "wrong-number": "和实名认证的身份证号不一样，请对照证件再填一次；记不清请回聊天回复“人工”。",
    "identity-mismatch": "姓名和身份证号没有对上，请对照证件核对后再填一次。",
    "already-verified": "这个账号已经用另一位的身份实名了。如果不是您本人，请回复“人工”。",
    "id-number": "身份证号不对，请对照证件再填一次。",
    "phone": "请发送 11 位手机号，例如 13812345678。",
    "name": "请发送证件上的姓名，例如 王小安。",
    "picture-unfit": "这张图片打不开，请重新拍一张照片再发。",
    "picture-gone": "这张照片已经过期，请重新拍一张再发。",
    "card-unreadable": "没有看清身份证，请把有照片的一面放平，光线亮一些，重新拍一张。",
    "filing-number": "备案编号由数字和大写字母组成，请对照备案通知单再发一次。",
    "family-not-found": "没有查到属于您家的这个备案编号，请对照备案通知单核对后再发一次。",
    "family-cancelled": "这个备案已经注销，不能参加登记。请联系户籍所在街道，或回复“人工”。",
    "family-long-found": "您的备案信息是较早前查的，请再发一次备案编号，我重新查一下。",
    "already-bound": "您的账号已经绑定了另一个备案家庭，需要更换请回复“人工”。",
    "plan-not-found": "没有找到这个配租计划，请回复“快速配租”重新选。",
    "project-not-found": "没有找到这个项目，请回复“快速配租”重新选。",
    "unit-not-found": "没有找到这个房源，请回复“快速配租”重新选。",
    "plan-not-open": "这个计划还没到登记时间。",
    "plan-closed": "这个计划的登记已经截止。",
    "poster-not-found": "没有找到这张海报，请回到海报列表重新选。",
    "poster-moot": "这个计划的登记已经截止，不用再做海报了。",
    "poster-words": "海报标题请用 1 到 30 个字，说明请用 1 到 40 个字。",
    "scenes-used-up": "公众号的永久二维码已经用完，请联系管理员。",
    "unit-type-mismatch": "这个房源和您家的备案套型不一致，请选备案套型内的房源。",
    "already-registered": "您家已经登记过这个房源。",
    "plan-limit": "您家在这个计划里的登记数量已到上限，可先取消一个再登记。",
    "already-cancelled": "这个登记之前已经取消了。",
    "cancel-too-late": "计划的登记已经截止，不能自行取消了，请回复“人工”。",
    "registration-not-found": "没有找到这个登记，请回复“我的登记”查看。",
    "check-code-shape": "校验码是 20 位数字，印在登记表上。请核对后再填一次。",
    "paper-unknown": "没有查到带这个校验码的登记表，请对照纸上的 20 位数字再查一次。",
    "notice-unknown": "告知书刚有更新，请重新看过后再登记。",
    "registration-contested": "刚才同时有别的操作，请再试一次。",
    "document-not-found": "这份内容正在准备，请稍后再看，或回复“人工”。",
    "edition-not-found": "没有找到这份内容或这一版，请回到列表重新选。",
    "edited-meanwhile": "这份草稿刚刚被别人改过或处理了，请刷新后再看一下。",
    "content-kind": "编号要用小写字母和数字，例如 faq-pets，而且没有被用过。",
    "unfit-wording": "标题、正文或其他问法不合要求，请改一改再保存。",
    "wording-kept": "市民要同意的内容不能下架，请改好后发布新的一版。",
    "wording-same": "内容和现在发布的完全一样，不用再发布。",
    "publish-time": "发布时间要晚于现在，请重新选一个。",
    "synonym": "两个词都要 2 到 20 个字，不能相同，后面的词里也不能有前面的词。",
    "synonym-taken": "这个词已经有对应的说法了，请先删掉原来的。",
    "handover-gone": "这次人工服务已经结束，需要时请再回复“人工”。",
    "handover-taken": "已经由另一位工作人员接待。",
    "line-text": "请用 1 到 600 个字。",
    "rating": "请从 1 星到 5 星里选一个。",
    "nothing-to-rate": "最近没有可以评价的人工服务。",
    "already-rated": "这次人工服务您已经评价过了，谢谢。",
    "blank-unfilled": "内容里还有〔〕没有填，请填好再发。",
    "reply-shape": "标题 30 字以内、内容 500 字以内，都要填。",
    "reply-moved": "别人刚改过这一条，请看过新的内容再改。",
    "ticket-not-found": "没有这张问题单。",
    "ticket-moved": "这张问题单已经有人在处理，或状态变了，请刷新再看。",
    "login": "登录名要 2 至 32 位小写字母、数字、点或短横，以字母开头。",
    "login-taken": "这个登录名已经有人用了，请换一个。",
    "officer-not-found": "没有找到这位工作人员，请刷新列表再看。",
    "officer-without-role": "请填写姓名，并至少选一个角色。",
    "own-roles": "不能更改自己的角色，也不能停用自己，请另一位管理员来办。",
    "last-administrator": "这是最后一位管理员，请先添加另一位管理员。",
    "wrong-sign-in": "登录名、密码或动态口令没有对上，请核对后再试。",
    "wrong-one-time-code": "动态口令没有对上，请等手机上换了新的再填。",
    "ticket-text": "请用 1 到 1000 个字写下您的问题。",
    "table-unfit": "这个文件读不了，请用模板填好，另存为 .xlsx 或 .csv 再上传。",
    "offer-refused": "按规定不能这样改，请回到计划页，看看哪里要调整。",
    "offer-moved": "您看的时候，另一位同事刚改过这个计划。请回到计划页，看过新内容再改。",
    "upload-gone": "上传的表格只保留一小时，或者已经导入过了。请重新上传。",
    "plan-name-taken": "已经有同名的计划了。要更新它，请到它的页面里导入；否则请换个名称。",
    "export-under-way": "您还有一份文件正在生成，请等它完成再导出下一份。",
    "export-gone": "这份文件取不到了：可能还没生成，或者超过 24 小时已经删除。请重新导出一份。",
    "reason-missing": "请写明查看的理由，至少 4 个字。",
    "case-not-found": "没有找到对应的记录，请核对后再查一次。",
    "link-broken": "这个链接不完整，请回到聊天重新获取。",
    "link-expired": "这个链接已过期，请回到聊天重新获取。",
    "link-used": "这一页已经提交过了，请回到聊天回复“继续”。",
}
"""The sentence for each error code. Total: a test walks all errors."""


def _throttled(error: ThrottledError, now: datetime) -> str:
    return f"次数有点多了，为了您的账号安全，请在{until(error.until, now)}之后再试。"


def _too_soon(error: TooSoonError, now: datetime) -> str:
    seconds = max(1, round((error.until - now) / timedelta(seconds=1)))
    return f"验证码刚刚发过，请 {seconds} 秒后再获取。"


def _wrong_code(error: WrongCodeError, _now: datetime) -> str:
    return f"验证码不对，还可以试 {error.left} 次，请看清最新一条短信再发。"


def _not_open(error: PlanNotOpenError, _now: datetime) -> str:
    return f"这个计划还没到登记时间，{day_and_time(error.opens_at)} 开始，到时再来就行。"


def _closed(error: PlanClosedError, _now: datetime) -> str:
    return (
        f"这个计划的登记已于 {day_and_time(error.closes_at)} 截止，请回复“快速配租”看看其他计划。"
    )


def _mismatch(error: UnitTypeMismatchError, _now: datetime) -> str:
    filed = "、".join(error.filed)
    return f"这个房源是{error.wanted}，您家备案的套型是{filed}，只能登记备案套型内的房源。"


def _registered(error: AlreadyRegisteredError, _now: datetime) -> str:
    return f"您家已经登记过这个房源，编号 {error.number}，回复“我的登记”可以查看。"


def _limit(error: PlanLimitError, _now: datetime) -> str:
    return f"这个计划每个家庭最多登记 {error.limit} 个，可以先取消一个再登记。"


def _cancelled(error: AlreadyCancelledError, _now: datetime) -> str:
    return f"{error.number} 之前已经取消了，不用再办。"


def _too_late(error: CancelTooLateError, _now: datetime) -> str:
    return (
        f"{error.number} 所在计划的登记已于 {day_and_time(error.closes_at)} 截止，"
        "不能自行取消了，需要请回复“人工”。"
    )


def _held(error: HeldError, now: datetime) -> str:
    when = until(error.until, now)
    return f"账号刚刚换过手机号，为了安全，{when}之后才能办这件事，着急请回复“人工”。"


_WEAKNESSES = {
    Weakness.SHORT: "密码至少 8 位，请加长一些",
    Weakness.COMMON: "里面有很多人都用的词",
    Weakness.OWN: "里面有您的手机号或本服务的名字，别人容易想到",
    Weakness.SEQUENCE: "里面有连着的数字或字母，例如 123、abc",
    Weakness.REPEAT: "里面有重复的字，例如 aaa、abab",
    Weakness.KEYBOARD: "里面有键盘上挨着的键，例如 qwer",
    Weakness.DATE: "里面有日期或年份，例如生日",
    Weakness.PLAIN: "位数太少或太规律",
}
_SCORES = ("很弱", "弱", "可以", "强", "很强")


def _weak_password(error: WeakPasswordError, _now: datetime) -> str:
    return (
        f"密码强度：{_SCORES[error.score]}。{_WEAKNESSES[error.weakness]}。"
        "请换一个：几个不相干的词连起来，好记又难猜。"
    )


def _id_number(error: InvalidIdNumberError, _now: datetime) -> str:
    return id_fault(error.fault)


_CARD_FAULTS = {
    CardFault.NO_CARD: "照片里没有找到身份证，请把身份证放平，让它占满画面，重新拍一张。",
    CardFault.BACK_SIDE: "这是身份证有国徽的一面，请拍有照片的那一面再发。",
    CardFault.SEVERAL: "照片里不止一张证件，请只拍您自己的身份证，重新发一张。",
    CardFault.UNCLEAR: "身份证没有看清，请擦净镜头、光线亮一些、不要反光，重新拍一张。",
}


def _card(error: CardUnreadableError, _now: datetime) -> str:
    return _CARD_FAULTS[error.fault]


def _picture(error: PictureUnfitError, _now: datetime) -> str:
    match error.fault:
        case PictureFault.TOO_LARGE:
            return "这张图片太大了，请用微信直接拍一张，不要选“原图”，再发一次。"
        case PictureFault.UNREADABLE:
            return SENTENCES[PictureUnfitError.code]


_WORDED: dict[type[DomainError], Callable[..., str]] = {
    ThrottledError: _throttled,
    TooSoonError: _too_soon,
    WrongCodeError: _wrong_code,
    PlanNotOpenError: _not_open,
    PlanClosedError: _closed,
    UnitTypeMismatchError: _mismatch,
    AlreadyRegisteredError: _registered,
    PlanLimitError: _limit,
    AlreadyCancelledError: _cancelled,
    CancelTooLateError: _too_late,
    HeldError: _held,
    InvalidIdNumberError: _id_number,
    CardUnreadableError: _card,
    PictureUnfitError: _picture,
    WeakPasswordError: _weak_password,
}


def excuse(error: DomainError, now: datetime) -> str:
    """Return the sentence for an error, with its times and numbers where it carries them."""
    worded = _WORDED.get(type(error))
    if worded:
        return worded(error, now)
    for kind in type(error).__mro__:
        code = getattr(kind, "code", "")
        if code in SENTENCES:
            return SENTENCES[code]
    return SENTENCES["domain"]
