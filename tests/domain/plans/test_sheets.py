"""A plan is read from a table as people fill it in, or every mistake is named with its place."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.filings.model import UnitType
from domain.plans.cells import TITLES, CellFault, Heading, Problem
from domain.plans.proposals import Proposal, merged, rows_of
from domain.plans.sheets import read_plan
from domain.shared.clock import CHINA
from domain.shared.tables import Table

FIRST = {
    Heading.PLAN: "2026年第六批公租房",
    Heading.OPENS: "2026-04-01 09:00",
    Heading.CLOSES: "2026/4/15 17:00",
    Heading.CHOOSING_FROM: "2026年5月1日",
    Heading.CHOOSING_TO: "2026.5.10",
    Heading.LIMIT: "2",
    Heading.PROJECT: "青禾家园",
    Heading.DISTRICT: "朝阳区",
    Heading.ADDRESS: "青禾路 1 号",
    Heading.PROJECT_FROM: "",
    Heading.PROJECT_TO: "",
    Heading.SUMMARY: "近地铁，精装修。",
    Heading.TYPE: "一居室",
    Heading.AREA_FROM: "39",
    Heading.AREA_TO: "43.5",
    Heading.RENT: "48",
    Heading.COUNT: "120",
}
BELOW = dict.fromkeys(TITLES, "") | {
    Heading.TYPE: "两居",
    Heading.AREA_FROM: "５５",
    Heading.AREA_TO: "59",
    Heading.RENT: "47.00",
    Heading.COUNT: "1,080",
}
ELSEWHERE = FIRST | {Heading.PROJECT: "槐安家园", Heading.ADDRESS: "槐安路 2 号"}


def table(*rows: dict[Heading, str], titles: tuple[str, ...] = TITLES) -> Table:
    return Table("房源", (titles, *(tuple(row[one] for one in TITLES) for row in rows)))


def proposal(*rows: dict[Heading, str]) -> Proposal:
    reading = read_plan(table(*rows))
    assert not reading.faults
    assert reading.proposal
    return reading.proposal


def faults(*rows: dict[Heading, str]) -> list[tuple[int, str, Problem]]:
    reading = read_plan(table(*rows))
    assert reading.proposal is None
    return [(fault.row, fault.title, fault.problem) for fault in reading.faults]


def test_empty_cells_mean_as_above() -> None:
    read = proposal(FIRST, BELOW, ELSEWHERE)
    assert [project.name for project in read.projects] == ["青禾家园", "槐安家园"]
    assert [unit.unit_type for unit in read.projects[0].units] == [UnitType.ONE, UnitType.TWO]
    assert read.projects[0].units[1].area_from == Decimal(55)
    assert read.projects[0].units[1].count == 1080
    assert read == proposal(FIRST, FIRST | {k: v for k, v in BELOW.items() if v}, ELSEWHERE)


def test_a_day_without_a_time_begins_at_nine_and_ends_at_five() -> None:
    read = proposal(FIRST)
    assert read.choosing_from == datetime(2026, 5, 1, 9, tzinfo=CHINA)
    assert read.choosing_to == datetime(2026, 5, 10, 17, tzinfo=CHINA)


def test_a_title_above_the_heading_and_columns_in_any_order_do_no_harm() -> None:
    plain = table(FIRST, BELOW)
    turned = Table("", (("配租计划表",), *(tuple(reversed(row)) for row in plain.rows)))
    assert read_plan(turned).proposal == read_plan(plain).proposal


def test_a_column_that_came_back_with_the_faults_is_passed_over() -> None:
    plain = table(FIRST)
    told = Table("", ((*TITLES, "问题"), (*plain.rows[1], "请写日期")))
    assert read_plan(told).proposal == read_plan(plain).proposal


@pytest.mark.parametrize(
    ("title", "text", "problem"),
    [
        (Heading.OPENS, "四月一日", Problem.DATE),
        (Heading.OPENS, "2026-02-30", Problem.DATE),
        (Heading.OPENS, "46113.375", Problem.DATE),
        (Heading.CLOSES, "2026-04-15 25:00", Problem.DATE),
        (Heading.LIMIT, "两个", Problem.NUMBER),
        (Heading.LIMIT, "0", Problem.WHOLE),
        (Heading.TYPE, "大开间", Problem.TYPE),
        (Heading.TYPE, "", Problem.MISSING),
        (Heading.AREA_FROM, "约40", Problem.NUMBER),
        (Heading.AREA_FROM, "39.123", Problem.NUMBER),
        (Heading.AREA_TO, "20", Problem.AREA_ORDER),
        (Heading.RENT, "-48", Problem.NUMBER),
        (Heading.RENT, "0", Problem.NUMBER),
        (Heading.COUNT, "12.5", Problem.WHOLE),
        (Heading.COUNT, "", Problem.MISSING),
        (Heading.ADDRESS, "", Problem.MISSING),
        (Heading.PROJECT, "=HYPERLINK()", Problem.FORMULA),
        (Heading.SUMMARY, "好" * 501, Problem.TOO_LONG),
    ],
)
def test_a_wrong_cell_is_named_with_its_place(title: Heading, text: str, problem: Problem) -> None:
    assert faults(FIRST | {title: text}) == [(2, title, problem)]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_table() -> None:
    wrong = FIRST | {Heading.OPENS: "x", Heading.COUNT: "x"}
    assert faults(wrong, BELOW | {Heading.RENT: "x"}) == [
        (2, Heading.OPENS, Problem.DATE),
        (2, Heading.COUNT, Problem.NUMBER),
        (3, Heading.RENT, Problem.NUMBER),
    ]


def test_what_is_said_twice_must_be_the_same() -> None:
    (fault,) = read_plan(table(FIRST, BELOW | {Heading.ADDRESS: "别处"})).faults
    assert fault == CellFault(3, 8, Heading.ADDRESS, Problem.DIFFERS, 2)
    assert faults(FIRST, ELSEWHERE | {Heading.CLOSES: "2026-04-16"}) == [
        (3, Heading.CLOSES, Problem.DIFFERS)
    ]


def test_a_project_has_one_unit_of_a_type() -> None:
    assert faults(FIRST, FIRST) == [(3, Heading.TYPE, Problem.SAME_UNIT)]


def test_a_missing_column_is_named() -> None:
    titles = tuple("备注" if one is Heading.RENT else one for one in TITLES)
    (fault,) = read_plan(table(FIRST, titles=titles)).faults
    assert (fault.title, fault.problem) == (Heading.RENT, Problem.NO_COLUMN)


@pytest.mark.parametrize(
    ("rows", "problem"),
    [((), Problem.NO_HEADING), ((("甲", "乙"),), Problem.NO_HEADING), ((TITLES,), Problem.NO_ROWS)],
)
def test_a_table_of_something_else_is_told_so(
    rows: tuple[tuple[str, ...], ...], problem: Problem
) -> None:
    (fault,) = read_plan(Table("", rows)).faults
    assert fault.problem is problem


CELLS = st.one_of(st.text(max_size=12), st.sampled_from([*FIRST.values(), "2026-13-01", "1e5"]))


@given(st.lists(st.lists(CELLS, max_size=20), max_size=6))
def test_no_table_breaks_the_reader(rows: list[list[str]]) -> None:
    reading = read_plan(Table("", (TITLES, *map(tuple, rows))))
    assert (reading.proposal is None) == bool(reading.faults)
    for fault in reading.faults:
        assert 1 <= fault.row <= len(rows) + 2
        assert fault.column is None or 0 <= fault.column < len(TITLES)


MINUTES = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001 (a zone is added)
    lambda moment: moment.replace(second=0, microsecond=0, tzinfo=CHINA)
)
AMOUNTS = st.decimals(Decimal("0.01"), 500, places=2)
WORDS = st.text("青禾家园槐安路号1234 ", min_size=1, max_size=12).filter(
    lambda words: words == " ".join(words.split()) and bool(words)
)


@st.composite
def filled(draw: st.DrawFn) -> list[dict[Heading, str]]:
    plan = {
        Heading.PLAN: draw(WORDS),
        Heading.LIMIT: draw(st.sampled_from(["", "1", "5"])),
        **{
            title: f"{draw(MINUTES):%Y-%m-%d %H:%M}"
            for title in (
                Heading.OPENS,
                Heading.CLOSES,
                Heading.CHOOSING_FROM,
                Heading.CHOOSING_TO,
            )
        },
    }
    rows = []
    for name in draw(st.lists(WORDS, min_size=1, max_size=3, unique=True)):
        project = plan | {
            Heading.PROJECT: name,
            Heading.DISTRICT: draw(WORDS),
            Heading.ADDRESS: draw(WORDS),
            Heading.PROJECT_FROM: f"{draw(MINUTES):%Y-%m-%d %H:%M}",
            Heading.PROJECT_TO: f"{draw(MINUTES):%Y-%m-%d %H:%M}",
            Heading.SUMMARY: draw(WORDS),
        }
        for kind in draw(st.lists(st.sampled_from(UnitType), min_size=1, unique=True)):
            least, most = sorted((draw(AMOUNTS), draw(AMOUNTS)))
            facts = {
                Heading.TYPE: kind.value,
                Heading.AREA_FROM: f"{least:f}",
                Heading.AREA_TO: f"{most:f}",
                Heading.RENT: f"{draw(AMOUNTS):f}",
                Heading.COUNT: str(draw(st.integers(1, 9999))),
            }
            rows.append(project | facts)
    return rows


@given(filled())
def test_what_was_read_is_written_and_read_again_as_the_same(
    rows: list[dict[Heading, str]],
) -> None:
    numbers = count()
    offer = merged(None, proposal(*rows), lambda: f"id{next(numbers)}")
    again = read_plan(Table("", (TITLES, *rows_of(offer)))).proposal
    assert again
    assert merged(offer, again, lambda: "new") == offer


def test_whatever_was_on_offer_keeps_its_id_its_poster_and_its_place() -> None:
    numbers = count()
    offer = merged(None, proposal(FIRST, BELOW, ELSEWHERE), lambda: f"id{next(numbers)}")
    changed = proposal(FIRST | {Heading.RENT: "50"}, BELOW, ELSEWHERE)
    wanted = merged(replace(offer, draft=False), changed, lambda: "new")
    assert [one.id for one in wanted.units] == [one.id for one in offer.units]
    assert wanted.projects == offer.projects
    assert wanted.units[0].rent_rate == Decimal(50)
    assert not wanted.draft
    assert wanted.plan.closes_at - wanted.plan.opens_at == timedelta(days=14, hours=8)
