"""Questions that nobody could answer, kept without whoever asked them.

Source: S0-76, S0-77.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.shared.idents import Masked, half_width, mask

__all__ = ["UNANSWERED_KEPT", "UnansweredQuestion", "without_persons"]

UNANSWERED_KEPT: Final = timedelta(days=90)
"""After it was asked last."""

_LONGEST: Final = 80
_HAN: Final = "\u4e00-\u9fff"
_DIGITS: Final = re.compile(r"[0-9]")
_ACCOUNTS: Final = re.compile(
    r"[\w.+-]*@[\w.-]+|[A-Za-z][\w-]*[0-9][\w-]*|[0-9][\w-]*[A-Za-z]\w*",
    re.ASCII,
)
"""Addresses of mail, and names made of letters and digits."""

_SPELT: Final = re.compile("[零〇一二三四五六七八九幺两]{4,}")
_SURNAMES: Final = (
    "欧阳|司马|上官|诸葛|皇甫|尉迟|公孙|慕容|令狐|长孙|宇文|司徒|夏侯|轩辕|南宫|端木"
    "|[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎"
    "鲁韦昌马苗凤方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于傅皮卞齐康伍余元卜顾孟黄穆"
    "萧尹姚邵湛汪祁毛禹狄米贝明臧戴谈宋庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟"
    "徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房缪解应宗丁宣邓郁单洪包诸左石崔吉龚程邢裴陆荣翁荀羊惠甄曲封"
    "储靳段焦巴谷车侯全班仰仲伊宫宁仇栾暴厉戎武符刘景詹束龙叶幸司黎薄白蒲卓蔺屠蒙池乔阴苍双党翟谭"
    "劳姬申冉桑桂牛寿边燕尚温庄晏柴瞿阎茹习艾向古易廖耿满匡国文寇广东欧沃利蔚师巩聂晁敖冷辛阚饶曾沙丰关游覃佟肖涂闫]"
)
_GIVEN: Final = f"[{_HAN}]"
_TOLD: Final = re.compile(
    "(?P<lead>我叫|我是|名叫|叫做|姓名(?:是|叫)?|名字(?:是|叫)?|本人|户主|申请人|联系人|配偶|妻子|丈夫|爱人|老公|老婆"
    "|孩子|儿子|女儿|父亲|母亲|爸爸|妈妈|爸|妈|奶奶|爷爷|老人|同住人|受托人|委托人)"
    f"(?P<gap>是|叫|名叫|[:：,，\\s])*(?P<name>(?:{_SURNAMES}){_GIVEN}{{1,2}})"
)
_CALLED: Final = re.compile(
    f"(?P<name>(?:{_SURNAMES}){_GIVEN}{{0,2}}?)(?=先生|女士|小姐|老师|大爷|大妈|阿姨|师傅|同志)"
)
_ALONE: Final = re.compile(f"(?<![{_HAN}])(?P<name>(?:{_SURNAMES}){_GIVEN}{{1,2}})(?![{_HAN}])")
_NO_NAMES: Final = re.compile(
    "登记|配租|备案|房源|租金|押金|合同|协议|公告|公示|选房|项目|人工|客服|户型|套型|补贴|密码|取消|什么|怎么|时候|时间|地址|地铁|车位"
    "|安居|安全|单位|单人|高层|双人|利息|国家|文件|全部|全家|满意|常见|包括|解释|应该|向谁|关于|东边|明天|安静"
)
_ID_LENGTHS: Final = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}[0-9 -]{6,14}[0-9Xx](?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """Words that found no answer: ``words`` are masked, ``times`` how often they were asked."""

    id: str
    words: str
    times: int
    first_at: datetime
    last_at: datetime


def without_persons(text: str) -> str:
    """Return a question without what may tell who asked it or about whom.

    Numbers, in digits or spelt out, addresses of mail, and names as far as they can be told: after
    a word that introduces one, before a title, or standing alone. Rather a word too many is lost.

    Source: S0-76, S0-77.
    """
    words = " ".join(half_width(text).split())[: 2 * _LONGEST]
    words = _ID_LENGTHS.sub("***", words)
    words = _ACCOUNTS.sub("***", words)
    words = _SPELT.sub("***", words)
    words = _DIGITS.sub("*", words)
    words = _TOLD.sub(_told, words)
    words = _CALLED.sub(_surname_only, words)
    words = _ALONE.sub(_surname_only, words)
    return re.sub(r"\*{3,}", "***", words)[:_LONGEST]


def _told(found: re.Match[str]) -> str:
    if _NO_NAMES.match(found["name"]):
        return found[0]
    head = found[0].removesuffix(found["name"])
    return head + mask(found["name"], Masked.NAME)


def _surname_only(found: re.Match[str]) -> str:
    return found[0] if _NO_NAMES.match(found["name"]) else mask(found["name"], Masked.NAME)
