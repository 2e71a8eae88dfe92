"""What officers are told about tables, changes and rules: what is so, and what to write instead."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from domain.filings.model import UnitType
from domain.plans.cells import TITLES, CellFault, Heading, Problem
from domain.plans.model import Plan, PlanKind, Project, Unit
from domain.plans.offers import Changed, Objection, Offer, OfferRule
from domain.shared.clock import china_time
from domain.shared.tables import MOST_ROWS, TableFault, TableUnfitError

__all__ = [
    "FIELDS",
    "NOTES",
    "field_of",
    "named",
    "objection",
    "place_of",
    "problem",
    "told",
    "unfit",
]

_LETTERS: Final = 26

FIELDS: Final[Mapping[str, str]] = {
    "name": "名称",
    "kind": "配租方式",
    "opens_at": "登记开始",
    "closes_at": "登记截止",
    "choosing_from": "选房开始",
    "choosing_to": "选房结束",
    "notice": "告知书",
    "limit": "每户最多登记",
    "district": "所在区",
    "address": "地址",
    "summary": "介绍",
    "unit_type": "套型",
    "area_from": "最小面积",
    "area_to": "最大面积",
    "rent_rate": "租金单价",
    "count": "套数",
}

_DATE: Final = "请写成 2026-04-01 09:00 这样的日期和时间"

_PROBLEMS: Final[Mapping[Problem, str]] = {
    Problem.NO_HEADING: "没有找到表头。请下载模板，把内容填到模板里再上传",
    Problem.NO_COLUMN: "缺少「{title}」这一列。请对照模板补上",
    Problem.TWICE: "「{title}」出现了两列。请只留一列",
    Problem.NO_ROWS: "表头下面没有内容。请至少填一行房源",
    Problem.MISSING: "「{title}」没有填。请补上",
    Problem.TOO_LONG: "「{title}」太长了，最多 {other} 个字。请缩短",
    Problem.FORMULA: "「{title}」不能以 =、+、-、@ 开头。请直接写文字",
    Problem.DATE: f"「{{title}}」看不明白。{_DATE}",
    Problem.NUMBER: "「{title}」请写大于 0 的数字，最多两位小数，不带单位，例如 48.5",
    Problem.WHOLE: "「{title}」请写 1 到 {other} 的整数，例如 120",
    Problem.TYPE: "「套型」请写零居室、一居室、二居室或三居室",
    Problem.AREA_ORDER: "「最大面积」比「最小面积」小。请对调或改正",
    Problem.DIFFERS: "「{title}」和第 {other} 行写的不一样。同一计划、同一项目请写成一样，或者留空",
    Problem.SAME_UNIT: "这个项目已经有这种套型了。每个项目每种套型只写一行，请合并",
}

_UNFIT: Final[Mapping[TableFault, str]] = {
    TableFault.TOO_LARGE: "文件超过 10 MB。请分成几个文件，或删掉图片和多余的表",
    TableFault.TOO_MANY_ROWS: f"表格超过 {MOST_ROWS:,} 行。请分成几个文件",
    TableFault.BLOWN_UP: "这个文件解压后大得不正常，没有读取。请新建一个表格，把内容粘贴进去再上传",
    TableFault.OLD_FORMAT: "这是旧版 .xls，或者加了密码。请取消密码，另存为 .xlsx 再上传",
    TableFault.MACROS: "文件里带有宏。请另存为不带宏的 .xlsx 再上传",
    TableFault.FORMULAS: "{place}单元格里有公式。请复制整张表，选择性粘贴为「值」再上传",
    TableFault.ENCODING: "看不出文字的编码。请另存为「CSV UTF-8」或 .xlsx 再上传",
    TableFault.UNREADABLE: "打不开这个文件。请用模板填好，存为 .xlsx 或 .csv 再上传",
    TableFault.EMPTY: "文件里没有内容。请用模板填好再上传",
}

_RULES: Final[Mapping[OfferRule, str]] = {
    OfferRule.CLOSES_BEFORE_OPENS: "登记截止要晚于登记开始",
    OfferRule.CHOOSING_BEFORE_CLOSING: "选房开始不能早于登记截止",
    OfferRule.CHOOSING_BACKWARDS: "选房结束要晚于选房开始",
    OfferRule.CHOOSING_OUTSIDE: "项目的选房时间要在计划的选房时间之内",
    OfferRule.INTO_THE_PAST: "「{field}」不能写成已经过去的时间",
    OfferRule.MOMENT_PASSED: "「{field}」已经到了，不能再改",
    OfferRule.OPENED: "登记已经开始，「{field}」不能再改",
    OfferRule.LIMIT_LOWERED: "登记已经开始，每户最多登记的数量只能放宽，不能收紧",
    OfferRule.CLOSED: "登记已经截止，房源不能再增加或修改",
    OfferRule.VANISHES: "市民已经看到，不能删除。请把它加回表里；确实不再提供的，请在介绍里说明",
    OfferRule.REGISTERED: "已经有家庭按原来的内容登记，「{field}」不能再改",
    OfferRule.NOTHING_OFFERED: "下面还没有房源。请至少填一种套型",
}

_HOW: Final[Mapping[Heading, str]] = {
    Heading.PLAN: "市民看到的计划名称，最多 60 个字。一个文件只写一个计划",
    Heading.OPENS: "例如 2026-04-01 09:00；只写日期时按 09:00",
    Heading.CLOSES: "例如 2026-04-15 17:00；只写日期时按 17:00",
    Heading.CHOOSING_FROM: "不能早于登记截止；只写日期时按 09:00",
    Heading.CHOOSING_TO: "只写日期时按 17:00",
    Heading.LIMIT: "一个家庭最多登记几个房源；不限就留空",
    Heading.PROJECT: "最多 40 个字。更新已有计划时，靠名称认出是哪个项目",
    Heading.DISTRICT: "例如 朝阳区",
    Heading.ADDRESS: "最多 100 个字",
    Heading.PROJECT_FROM: "这个项目自己的选房开始；和计划一样就留空",
    Heading.PROJECT_TO: "这个项目自己的选房结束；和计划一样就留空",
    Heading.SUMMARY: "市民看到的介绍，最多 500 个字",
    Heading.TYPE: "零居室、一居室、二居室、三居室。每个项目每种套型一行",
    Heading.AREA_FROM: "建筑面积，平方米，最多两位小数",
    Heading.AREA_TO: "面积都一样时，和最小面积写成一样",
    Heading.RENT: "元/平方米·月，最多两位小数",
    Heading.COUNT: "整数",
}

NOTES: Final = (
    ("列", "怎样填"),
    ("总的说明", "一行写一种套型。和上一行一样的计划、项目内容可以留空，也可以合并单元格"),
    ("总的说明", "请不要使用公式和宏；例子所在的行请改成您自己的内容"),
    *((title.value, _HOW[title]) for title in TITLES),
)
"""The explanations that come with the template."""


def problem(fault: CellFault) -> str:
    """Return what is wrong with a cell, and what to write."""
    return _PROBLEMS[fault.problem].format(title=fault.title, other=fault.other)


def place_of(fault: CellFault) -> str:
    """Return where in the table a fault is, as spreadsheets name it."""
    if fault.column is None:
        return f"第 {fault.row} 行"
    return f"第 {fault.row} 行 {_letters(fault.column)} 列"


def unfit(error: TableUnfitError) -> str:
    """Return why a file was not taken, and what to do."""
    place = f"{error.place} " if error.place else "有些"
    return _UNFIT[error.fault].format(place=place)


def objection(found: Objection, offer: Offer) -> str:
    """Return what a rule says against a change."""
    words = _RULES[found.rule].format(field=FIELDS.get(found.field, ""))
    return f"{named(found.item, offer)}：{words}"


def named(item: Plan | Project | Unit, *offers: Offer | None) -> str:
    """Return what a plan, a project or a unit is called."""
    if not isinstance(item, Unit):
        kind = "计划" if isinstance(item, Plan) else "项目"
        return f"{kind}「{item.name}」"
    projects = {one.id: one.name for offer in offers if offer for one in offer.projects}
    return f"房源「{projects.get(item.project_id, '')}{item.unit_type}」"


def field_of(change: Changed) -> str:
    """Return which field changes, from what to what."""
    before, after = told(change.before), told(change.after)
    return f"{FIELDS[change.field]}：{before} → {after}"


def told(value: object) -> str:
    """Return a value of a record as people write it."""
    match value:
        case None:
            return "不限"
        case datetime():
            return f"{china_time(value):%Y-%m-%d %H:%M}"
        case Decimal():
            return f"{value:f}"
        case PlanKind():
            return "快速配租" if value is PlanKind.QUICK else "专项配租"
        case UnitType():
            return value.value
        case _:
            return str(value)


def _letters(column: int) -> str:
    """Return the letters of a column: A, …, Z, AA, …."""
    letters, left = "", column + 1
    while left:
        left, letter = divmod(left - 1, _LETTERS)
        letters = chr(ord("A") + letter) + letters
    return letters
