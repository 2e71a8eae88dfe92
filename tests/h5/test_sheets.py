"""The words of a registration's paper."""

from dataclasses import replace

import pytest

from bot.h5.sheets import about, sheet_of
from domain.registrations.model import RegistrationState
from domain.shared.papers import Sheet
from tests.support.allotment import NOW, a_registration, a_unit
from tests.support.papers import (
    CODE,
    NUMBER,
    OPERATOR,
    PERSON,
    PUBLIC_URL,
    SECRETS,
    a_paper,
    a_sheet,
)


def rows(sheet: Sheet) -> dict[str, str]:
    return dict(row for section in sheet.sections for row in section.rows)


def test_a_paper_says_what_was_registered_and_masks_who() -> None:
    """Source: S0-60."""
    sheet = a_sheet()
    told = rows(sheet)
    assert sheet.number == ("登记编号", NUMBER)
    assert NUMBER[-1] in sheet.number_note
    assert (told["登记人"], told["手机号"]) == ("欧阳某某", "199****1001")
    assert told["备案编号"] == "110105*****123"
    assert (told["套型"], told["建筑面积"]) == ("二居室", "55.5–59 平方米")
    assert told["月租金（估算）"] == "2,622–2,788 元"
    assert told["已登记"] == "2026年3月11日 12:00"
    assert "第 1 版" in told["登记告知书"]
    assert not [secret for secret in SECRETS if secret in repr(sheet)]


def test_a_paper_of_made_up_plans_says_so_at_its_head_and_foot() -> None:
    paper = a_paper()
    demo = sheet_of(paper, operator=OPERATOR, public_url=PUBLIC_URL, now=NOW)
    real = replace(paper, plan=replace(paper.plan, demo=False))
    plain = sheet_of(real, operator=OPERATOR, public_url=PUBLIC_URL, now=NOW)
    assert ("演示" in demo.title, "演示" in demo.notes[-1]) == (True, True)
    assert ("演示" in plain.title, len(plain.notes)) == (False, 1)


def test_a_cancelled_registration_is_stamped_and_says_when() -> None:
    """Source: S0-58, S0-60."""
    sheet = a_sheet(a_paper(a_registration(NUMBER, state=RegistrationState.CANCELLED)))
    assert "取消" in sheet.stamps[0]
    assert list(rows(sheet)).index("已登记") < list(rows(sheet)).index("已取消")
    assert a_sheet().stamps == ()


def test_a_paper_says_how_to_check_it() -> None:
    """Source: S0-48."""
    check = a_sheet().check
    assert check is not None
    assert check.code == ("校验码", "0123 4567 8901 2345 6789")
    assert f"{PUBLIC_URL}/p" in check.words
    assert CODE not in check.words
    assert check.picture.count("<svg") == 1


def test_a_registration_older_than_check_codes_has_a_paper_without() -> None:
    assert a_sheet(a_paper(a_registration(NUMBER))).check is None


def test_an_applicant_who_is_no_longer_known_is_left_out() -> None:
    assert "登记人" not in rows(a_sheet(replace(a_paper(), person=None)))


@pytest.mark.parametrize(("low", "area"), [("59", "59 平方米"), ("55.50", "55.5–59 平方米")])
def test_an_area_is_one_number_or_a_span(low: str, area: str) -> None:
    unit = a_unit()
    paper = replace(a_paper(), unit=replace(unit, area_from=type(unit.area_from)(low)))
    assert rows(a_sheet(paper))["建筑面积"] == area


def test_a_check_tells_no_more_than_the_paper() -> None:
    """Source: S0-48."""
    paper = a_paper()
    printed = rows(a_sheet(paper))
    for section in about(paper):
        assert dict(section.rows).items() <= printed.items()


def test_the_name_is_masked_whatever_its_length() -> None:
    for name in ("王一", "欧阳演示", "阿依古丽·买买提"):
        told = rows(a_sheet(replace(a_paper(), person=replace(PERSON, name=name))))
        assert name not in told["登记人"]
