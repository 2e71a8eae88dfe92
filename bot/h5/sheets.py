"""The words of a registration's paper: worded here once, for the page, the PDF and the check.

Source: S0-48, S0-60; Q-32.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from bot.h5.look import moment
from domain.plans.model import Unit, monthly_rent
from domain.registrations.model import Paper, Registration
from domain.shared.idents import Masked, mask
from domain.shared.papers import CheckMark, Sheet, SheetSection

__all__ = ["CHECK_PATH", "about", "demo_mark", "sheet_of", "states"]

CHECK_PATH: Final = "/p"
"""Where papers are checked below the public address; the check code follows."""

_GROUP: Final = 4


def sheet_of(paper: Paper, *, operator: str, public_url: str, now: datetime) -> Sheet:
    """Return what is printed about a registration. Who it is about is masked.

    Parameters
    ----------
    paper
        The registration with everything around it.
    operator
        Who runs the service.
    public_url
        What citizens' links begin with, without a final slash.
    now
        When it is printed.
    """
    kept = paper.registration
    records = (
        *((state, moment(at)) for state, at in states(kept)),
        ("登记告知书", f"第 {kept.notice_version} 版，文本指纹 {kept.notice_hash[:12]}"),
        ("打印时间", moment(now)),
    )
    return Sheet(
        office=operator,
        title=f"公租房快速配租登记表{demo_mark(paper)}",
        stamps=() if kept.live else ("这条登记已取消",),
        number=("登记编号", kept.number),
        number_note=f"末位 {kept.number[-1]} 是校验位，抄错一位就能看出来",
        check=_check_mark(kept.check_code, public_url) if kept.check_code else None,
        sections=(*about(paper), SheetSection("办理记录", records)),
        notes=_notes(paper),
        printed_at=now,
    )


def about(paper: Paper) -> tuple[SheetSection, ...]:
    """Return who registered and for what, as it stands on the paper."""
    return (
        SheetSection("登记家庭", _family_rows(paper)),
        SheetSection("登记的房源", _unit_rows(paper)),
    )


def states(registration: Registration) -> tuple[tuple[str, datetime], ...]:
    """Return what became of a registration and when, oldest first."""
    registered = ("已登记", registration.created_at)
    if registration.cancelled_at is None:
        return (registered,)
    return (registered, ("已取消", registration.cancelled_at))


def demo_mark(paper: Paper) -> str:
    """Return what marks a paper of made-up plans."""
    return "（演示）" if paper.plan.demo else ""


def _family_rows(paper: Paper) -> tuple[tuple[str, str], ...]:
    person = paper.person
    applicant = (("登记人", mask(person.name, Masked.NAME)),) if person else ()
    return (
        *applicant,
        ("手机号", mask(paper.registration.phone, Masked.PHONE)),
        ("备案编号", mask(paper.family.number, Masked.FILING_NUMBER)),
        ("备案所在区", paper.family.district),
    )


def _unit_rows(paper: Paper) -> tuple[tuple[str, str], ...]:
    project, unit = paper.project, paper.unit
    rents = (monthly_rent(area, unit.rent_rate) for area in _areas(unit))
    return (
        ("配租计划", paper.plan.name),
        ("项目", project.name),
        ("地址", project.address),
        ("套型", paper.registration.unit_type.value),
        ("建筑面积", f"{_span(*_areas(unit))} 平方米"),
        ("月租金（估算）", f"{_span(*rents)} 元"),
        ("选房时间", f"{moment(project.choosing_from)} 至 {moment(project.choosing_to)}"),
    )


def _areas(unit: Unit) -> tuple[Decimal, Decimal]:
    return unit.area_from, unit.area_to


def _span(low: Decimal, high: Decimal) -> str:
    """Return ``55–59``, or one number when both are the same."""
    return _plain(low) if low == high else f"{_plain(low)}–{_plain(high)}"


def _plain(number: Decimal) -> str:
    """Return a number with a comma at the thousands and without idle zeros."""
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _notes(paper: Paper) -> tuple[str, ...]:
    notes = ("登记只表示意向，选房名单、顺序和地点以公告为准。选房时请带身份证原件和登记编号。",)
    return (*notes, "本表为演示数据，没有参考价值。（演示）") if paper.plan.demo else notes


def _check_mark(code: str, public_url: str) -> CheckMark:
    page = f"{public_url}{CHECK_PATH}"
    groups = " ".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))
    return CheckMark(
        code=("校验码", groups),
        words=f"扫二维码，或打开 {page} 输入校验码，就能核对这张表的真伪和现在的状态。",
        picture=_svg(f"{page}/{code}"),
        caption="核验二维码",
    )


def _svg(address: str) -> str:
    """Return a picture of an address that a camera reads, a seventh of it lost or dirty."""
    import qrcode  # noqa: PLC0415 (4 MB, and few processes ever need them)
    from qrcode.image.svg import SvgPathImage  # noqa: PLC0415 (as above)

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M)
    code.add_data(address)
    return code.make_image(image_factory=SvgPathImage).to_string().decode()
