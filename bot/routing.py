"""Which way a message goes: global words, a poster's scene, an option, or the open question.

Pure: it looks at what was said and at what was last shown, waits for nothing and changes nothing.

Source: Q-31.
"""

import re

from dialogs.engine.choosing import number_in, plain, plain_label
from dialogs.engine.messages import Option, Said, SaidKind
from dialogs.engine.talk import Catalog
from dialogs.engine.ways import (
    Begin,
    Chosen,
    Greet,
    Picture,
    Silence,
    Sorry,
    Stale,
    Verb,
    VerbWord,
    Way,
    Words,
)
from domain.shared.conversations import Conversation, Json

__all__ = ["choose"]

_Offer = dict[str, Json]
"""An option as it is remembered: `Option.to_json`."""

_MOST_CHARACTERS = 1_000
"""Of one message; nothing we ask for is longer, and what is longer is not read at all."""

_SPELLINGS = {
    VerbWord.MENU: ("菜单", "主菜单", "首页", "返回首页", "返回网站首页", "menu", "home"),
    VerbWord.BACK: ("返回", "上一步", "后退", "back"),
    VerbWord.LEAVE: ("退出", "取消", "不办了", "算了", "exit", "quit"),
    VerbWord.GO_ON: ("继续", "继续办理", "接着办", "continue"),
    VerbWord.AGAIN: ("重新开始", "重来", "重新办理"),
    VerbWord.HELP: ("帮助", "操作说明", "怎么用", "help", "?", "？"),
    VerbWord.WHY: ("为什么", "为啥", "why"),
    VerbWord.RESULT: ("结果", "查看结果"),
    VerbWord.NEXT_PAGE: ("下一页", "下页", "继续看"),
    VerbWord.REPEAT: ("再说一遍", "重复", "重复一遍"),
}
_VERBS = {
    spelling.strip("?？") or spelling: verb
    for verb, spellings in _SPELLINGS.items()
    for spelling in spellings
}
_TOLD_PASSWORD = re.compile(
    r".{0,10}(?:密码|password)\s*(?:是|为|[:：=])?\s*(?!1\d{10}$)[!-~]{4,64}", re.IGNORECASE
)
_KEEP_IT_OUT = (
    "密码请不要发在聊天里，我没有保存这一条。请长按它删除；如果是正在用的密码，请换一个新的。\n"
    "设置或修改密码请回复“修改密码”，在网页里填。"
)
_CHANGE = re.compile(r"(?:修改一下|改一下|修改|更改|改)(?P<about>.{0,12})")

_CANNOT_TAKE = {
    SaidKind.VOICE: "语音我还听不懂，请打字告诉我，只回复数字也可以。",
    SaidKind.VIDEO: "视频我还看不了，请打字告诉我，只回复数字也可以。",
    SaidKind.LOCATION: "位置已看到，不过这里用不上，请打字告诉我要办什么。",
    SaidKind.LINK: "链接我打不开，请打字告诉我要办什么。",
    SaidKind.FILE: "文件我还收不了，请打字告诉我；要交材料时我会请您发照片。",
}


def choose(said: Said, conversation: Conversation, catalog: Catalog) -> Way:
    """Choose the way for one thing that was said."""
    match said.kind:
        case SaidKind.TEXT | SaidKind.MENU:
            return _of_text(said, conversation, catalog)
        case SaidKind.FOLLOW | SaidKind.SCAN:
            return Greet(said.text, new=said.kind is SaidKind.FOLLOW)
        case SaidKind.IMAGE:
            return Picture(said.media_id)
        case SaidKind.UNFOLLOW | SaidKind.RECEIPT | SaidKind.OTHER:
            return Silence()
        case SaidKind.VOICE | SaidKind.VIDEO | SaidKind.LOCATION | SaidKind.LINK | SaidKind.FILE:
            return Sorry(_CANNOT_TAKE[said.kind])


def _of_text(said: Said, conversation: Conversation, catalog: Catalog) -> Way:
    text = _written(said.text)
    if not text:
        return Sorry("没有收到文字，请再发一次；只回复数字也可以。")
    if len(text) > _MOST_CHARACTERS:
        return Sorry(f"这条太长了，请用 {_MOST_CHARACTERS} 个字以内分开发给我。")
    if _TOLD_PASSWORD.fullmatch(text):
        return Sorry(_KEEP_IT_OUT)
    offered = conversation.offered
    shown = conversation.shown[0] if conversation.shown else len(offered)
    tapped = _tapped(said, text, conversation)
    match tapped:
        case Option():
            return _of_option(tapped, catalog)
        case Stale():
            return _of_words(text, plain(text), catalog) or tapped
        case None:
            said_so = plain(text)
            return (
                _of_label(said_so, offered, catalog)
                or _of_words(text, said_so, catalog)
                or _of_number(text, offered, shown, catalog)
                or Words(text)
            )


def _written(text: str) -> str:
    """Return words without what cannot be seen; only spaces and line breaks part them."""
    if text.isprintable():
        return text.strip()
    spaced = re.sub(r"[^\S\n]", " ", text)
    return "".join(char for char in spaced if char.isprintable() or char == "\n").strip()


def _tapped(said: Said, text: str, conversation: Conversation) -> Option | Stale | None:
    """Tell what a tap means; its id is a hint that must agree with the words that came along."""
    mark, _, index = said.tap.rpartition(".")
    if not mark or not index.isdecimal() or mark.count(".") != 1:
        return None
    if mark == conversation.mark and 1 <= int(index) <= len(conversation.offered):
        offer = conversation.offered[int(index) - 1]
        if _is_called(offer, plain(text)):
            return Option.from_json(offer)
    draft, _, step = mark.partition(".")
    return Stale(draft, step, text) if mark != conversation.mark else None


def _of_option(option: Option, catalog: Catalog) -> Way:
    if option.start:
        return Begin(option.start)
    if option.value:
        return Chosen(option)
    words = option.say or option.label
    return _of_words(words, plain(words), catalog) or Words(words)


def _of_words(text: str, said: str, catalog: Catalog) -> Way | None:
    """Find a word that works everywhere; only whole messages count, so sentences stay answers."""
    said = said.rstrip("?？") or text.strip()
    if said in _VERBS:
        return Verb(_VERBS[said], text=text)
    if said in catalog.words:
        return Begin(catalog.words[said], text=text)
    change = _CHANGE.fullmatch(said)
    return Verb(VerbWord.CHANGE, change["about"], text) if change else None


def _is_called(offer: _Offer, said: str) -> bool:
    if said == plain_label(str(offer["label"])):
        return True
    return said == plain_label(str(offer["say"])) if "say" in offer else not said


def _of_label(said: str, offered: list[_Offer], catalog: Catalog) -> Way | None:
    """Find the option that is called just so."""
    for offer in offered:
        if said and _is_called(offer, said):
            return _of_option(Option.from_json(offer), catalog)
    return None


def _of_number(text: str, offered: list[_Offer], shown: int, catalog: Catalog) -> Way | None:
    """Find the option that a number means."""
    number = number_in(text)
    # A number means what was shown: not an option on a page still to come.
    if number is not None and 1 <= number <= shown:
        return _of_option(Option.from_json(offered[number - 1]), catalog)
    return None
