"""The rooms of the console, and the routes behind them: a module adds a line to each list."""

from typing import Final

from fastapi import APIRouter, FastAPI

from bot.console import (
    audit,
    cases,
    connection,
    content,
    exports,
    figures,
    home,
    imports,
    my_logins,
    officers,
    plans,
    poster_figures,
    posters,
    questions,
    replies,
    sign_in,
    talk,
    tickets,
)
from bot.console.guard import turn_away
from bot.console.look import STATIC_FOLDER, STATIC_PATH, Room
from bot.ground import sheets
from domain.officers.model import Right

__all__ = ["ROOMS", "ROUTERS", "furnish"]

ROOMS: Final[tuple[Room, ...]] = (
    Room(talk.PATH, "人工客服", Right.TALK, "市民", "排队的市民和正在进行的对话"),
    Room(tickets.PATH, "问题单", Right.TICKETS, "市民", "市民留下的问题，答复会发到微信"),
    Room(plans.PATH, "计划", Right.PLANS, "业务", "配租计划、项目和房源；导入、发布"),
    Room(cases.PATH, "查询", Right.CASES, "业务", "按编号、手机号、姓名查登记和账号"),
    Room(cases.FAMILIES_PATH, "备案家庭", Right.FAMILIES, "业务", "备案家庭和绑定的账号"),
    Room(exports.PATH, "导出", Right.EXPORT, "业务", "登记、房源、家庭的表格文件"),
    Room(content.PATH, "内容", Right.CONTENT, "内容", "协议、公告、指南、常见问题：改、预览、发布"),
    Room(questions.PATH, "没答上的问题", Right.CONTENT, "内容", "市民问了没有答案的话，同义词"),
    Room(replies.PATH, "常用语", Right.CONTENT_CHANGE, "内容", "客服按 / 插入的回复"),
    Room(posters.PATH, "海报", Right.POSTERS, "宣传", "做海报、下载打印、看扫码效果"),
    Room(figures.PATH, "办理漏斗", Right.FIGURES, "数据", "市民在哪一步停下，哪些话没听懂"),
    Room(officers.PATH, "工作人员", Right.OFFICERS, "系统", "添加、角色、重置、停用"),
    Room(audit.PATH, "操作记录", Right.AUDIT, "系统", "谁在什么时候做了什么"),
    Room(connection.PATH, "公众号接入", Right.CONNECTION, "系统", "填什么、哪里不对、菜单"),
)
"""In the order in which officers see them; those of one group stand together."""

ROUTERS: Final[tuple[APIRouter, ...]] = (
    audit.router,
    cases.router,
    connection.router,
    content.router,
    exports.router,
    figures.router,
    home.router,
    # Before the plans: an address of an import looks like that of a plan.
    imports.router,
    my_logins.router,
    officers.router,
    plans.router,
    # Before their figures: a new one is no number.
    posters.router,
    poster_figures.router,
    questions.router,
    replies.router,
    sign_in.router,
    talk.router,
    tickets.router,
)


def furnish(app: FastAPI) -> None:
    """Add the console to an application."""
    app.state.rooms = ROOMS
    turn_away(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount(STATIC_PATH, sheets(STATIC_FOLDER))
