"""The checker finds what is wrong, names the invariant, and never cries wolf.

Source: what it does not find here, `make chaos` would never tell of.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from benchmarks.chaos.checker import broken, check
from benchmarks.chaos.history import (
    SECOND,
    Answered,
    Asked,
    Citizen,
    Ended,
    Event,
    Fault,
    Forged,
    History,
    Leak,
    Passed,
    Posted,
    Probe,
    Row,
    Silent,
    Sms,
    Writer,
)
from tests.support.histories import CANCELLER, clean, damaged, without

FIRST = "DJ20260504" + "0" * 7
SECOND_ONE = "DJ20260504" + "0" * 6 + "1"
CANCELLED = f"DJ20260504{CANCELLER:07}"
OTHER_FILING = f"9901003{1:09}"

Damage = Callable[[History], History]


def row_of(number: str) -> Callable[[Row], bool]:
    return lambda row: row.table == "registrations" and row.values["number"] == number


def receipt_of(number: str) -> Callable[[Answered], bool]:
    return lambda answer: f"编号：{number}" in answer.text


def more(*events: Event) -> Damage:
    return lambda history: History.of([*history.events, *events])


def asked_for(history: History, meaning: str) -> Asked:
    return next(one for one in history.all(Asked) if one.meaning.startswith(meaning))


def drop_a_row(history: History) -> History:
    return without(history, Row, row_of(FIRST))


def double_a_row(history: History) -> History:
    [row] = [one for one in history.all(Row) if row_of(FIRST)(one)]
    return more(row)(history)


def a_second_live_row(history: History) -> History:
    [row] = [one for one in history.all(Row) if row_of(FIRST)(one)]
    other = Row(row.table, {**row.values, "number": "DJ999999999999999"}, 1, 5000)
    return more(other)(history)


def swap_owners(history: History) -> History:
    one = damaged(history, Row, row_of(FIRST), values={"family_id": "family1"})
    return damaged(one, Row, row_of(SECOND_ONE), values={"family_id": "family0"})


def change_a_digit(history: History) -> History:
    text = f"登记成功！\n编号：{FIRST[:-1]}9\n房源：青禾家园（演示）二居室\n时间：5月4日"
    return damaged(history, Answered, receipt_of(FIRST), text=text)


def another_unit_was_told(history: History) -> History:
    text = f"登记成功！\n编号：{FIRST}\n房源：潞城里（演示）二居室\n时间：5月4日"
    units = more(Row("units", {"id": "other", "label": "潞城里（演示）二居室"}))(history)
    return damaged(units, Answered, receipt_of(FIRST), text=text)


def commit_after_the_reply(history: History) -> History:
    act = lambda row: row.table == "acts" and row.values["object_id"] == FIRST  # noqa: E731 (a rule of one line, used once)
    return damaged(history, Row, act, committed=80 * SECOND)


def hide_one_at_the_end(history: History) -> History:
    last = lambda one: bool(one.taps) and one.taps[0][0] == FIRST  # noqa: E731 (a rule of one line, used once)
    return damaged(history, Answered, last, taps=())


def delay_six_seconds(history: History) -> History:
    late = asked_for(history, "scan").t + 6 * SECOND
    return damaged(history, Answered, lambda one: "9901003" in one.text, t=late)


def lose_a_reply(history: History) -> History:
    attempt = asked_for(history, "confirm").attempt
    return without(history, Answered, lambda one: one.attempt == attempt)


def a_live_worker_hangs_up(history: History) -> History:
    asked = asked_for(history, "scan")
    gone = without(history, Answered, lambda one: one.attempt == asked.attempt)
    return more(Silent(asked.t + SECOND, asked.attempt, "reset"))(gone)


def two_texts_for_one_key(history: History) -> History:
    return damaged(history, Answered, receipt_of(FIRST), text="登记失败，请重新登记。")


def leak_a_canary(history: History) -> History:
    mine = lambda one: "9901003" in one.text and one.to.endswith("0")  # noqa: E731 (a rule of one line, used once)
    return damaged(history, Answered, mine, text=f"青禾家园，备案家庭：{OTHER_FILING}")


def answer_somebody_else(history: History) -> History:
    return damaged(history, Answered, lambda one: bool(one.to), to="oChaos0005")


def show_another_ones_number(history: History) -> History:
    mine = lambda one: "9901003" in one.text and one.to.endswith("0")  # noqa: E731 (a rule of one line, used once)
    return damaged(history, Answered, mine, text=f"青禾家园，您家登记过：{SECOND_ONE}")


def reuse_a_number(history: History) -> History:
    return damaged(history, Row, row_of(SECOND_ONE), values={"number": FIRST})


def live_after_told_cancelled(history: History) -> History:
    return damaged(
        history, Row, row_of(CANCELLED), values={"state": "registered", "cancelled_at": None}
    )


def shown_live_after_told_cancelled(history: History) -> History:
    last = lambda one: bool(one.taps) and one.taps[0][0] == CANCELLED  # noqa: E731 (a rule of one line, used once)
    taps = ((CANCELLED, "1. 青禾家园（演示）二居室 已登记 5月4日"),)
    return damaged(history, Answered, last, taps=taps)


def nobody_asked(history: History) -> History:
    row = {"number": "DJ888888888888888", "family_id": "family3", "unit_id": "elsewhere"}
    state = {"state": "registered", "created_at": "1", "cancelled_at": None}
    return more(Row("registrations", row | state, 1, 6000))(history)


def nobody_cancelled(history: History) -> History:
    values = {"state": "cancelled", "cancelled_at": "2026-05-04T10:00:00"}
    return damaged(history, Row, row_of(FIRST), values=values)


def two_effects_of_a_draft(history: History) -> History:
    return more(Row("effects", {"draft_id": "draft0"}, 1, 7000))(history)


def follow_a_revision_twice(history: History) -> History:
    [save, *_] = [one for one in history.all(Passed) if one.point == "after_save"]
    begin = Passed(save.t + 1, 99, "before_save", "-", save.revision, save.subject)
    end = Passed(save.t + 2, 99, "after_save", "-", save.revision, save.subject)
    return more(begin, end)(history)


def a_zombie_commits(history: History) -> History:
    [claim, *_] = [one for one in history.all(Passed) if one.point == "after_claim"]
    key = claim.subject.partition(":")[0] + ":m:zombie"
    return more(
        Passed(claim.t - 1, 99, "after_claim", "-", 0, key),
        Passed(60 * SECOND, 99, "after_commit", "-", 0, key),
    )(history)


def answer_another_question(history: History) -> History:
    return damaged(history, Answered, lambda one: "9901003" in one.text, text="主菜单")


def overtake(history: History) -> History:
    keys = [f"oChaos0000:m:{name}" for name in ("sooner", "later")]
    t = 60 * SECOND
    came = [Passed(t + i * SECOND, 77, "before_claim", "-", 0, key) for i, key in enumerate(keys)]
    taken = [
        Passed(t + (3 - i) * SECOND, 77, "after_claim", "-", 0, key) for i, key in enumerate(keys)
    ]
    return more(*came, *taken)(history)


def five_codes_in_an_hour(history: History) -> History:
    return more(*(Sms((100 + 70 * i) * SECOND, "1990000", f"{i}", "码") for i in range(5)))(history)


def two_codes_in_a_minute(history: History) -> History:
    return more(
        Sms(100 * SECOND, "1990000", "111111", "码 111111"),
        Sms(110 * SECOND, "1990000", "222222", "码 222222"),
    )(history)


def one_notice_twice(history: History) -> History:
    return more(*(Sms(t * SECOND, "199", "", "您的手机号已改") for t in (100, 200)))(history)


def an_act_without_its_answer(history: History) -> History:
    return without(history, Row, lambda row: row.table == "deliveries")


def an_act_is_missing(history: History) -> History:
    lost = lambda row: row.table == "acts" and row.values["object_id"] == FIRST  # noqa: E731 (a rule of one line, used once)
    return without(history, Row, lost)


def cancelled_before_made(history: History) -> History:
    return damaged(history, Row, row_of(CANCELLED), values={"cancelled_at": "2026-05-04T08:00:00"})


def count_wrongly(history: History) -> History:
    return damaged(history, Row, lambda row: row.table == "tallies", values={"live": 5})


def show_a_wrong_count(history: History) -> History:
    return damaged(history, Probe, lambda one: one.what.startswith("shown"), value=5.0)


def slow_while_down(history: History) -> History:
    down = [Fault(60 * SECOND, "redis down", on=True), Fault(70 * SECOND, "redis down", on=False)]
    slow: list[Event] = []
    for i in range(200):
        t = 60 * SECOND + i
        slow.append(Asked(t, "oChaos0000", f"oChaos0000:m:s{i}", 9000 + i, 0, "look"))
        slow.append(Answered(t + 3 * SECOND, 9000 + i, "oChaos0000", "系统繁忙"))
    return more(*down, *slow)(history)


DAMAGES: list[tuple[str, Damage]] = [
    ("I1", drop_a_row),
    ("I1", double_a_row),
    ("I1", swap_owners),
    ("I1", change_a_digit),
    ("I1", another_unit_was_told),
    ("I2", commit_after_the_reply),
    ("I2", hide_one_at_the_end),
    ("I3", delay_six_seconds),
    ("I3", lose_a_reply),
    ("I3", a_live_worker_hangs_up),
    ("I3", two_texts_for_one_key),
    ("I4", a_second_live_row),
    ("I4", nobody_asked),
    ("I4", nobody_cancelled),
    ("I4", two_effects_of_a_draft),
    ("I5", follow_a_revision_twice),
    ("I6", answer_another_question),
    ("I6", overtake),
    ("I7", five_codes_in_an_hour),
    ("I8", more(Posted(90, "token0", "oChaos0000", "oChaos0000", taken=True))),
    ("I8", more(Posted(90, "tokenX", "oChaos0001", "oChaos0000", taken=True))),
    ("I9", leak_a_canary),
    ("I9", answer_somebody_else),
    ("I9", show_another_ones_number),
    ("I9", more(Leak(90, "web log", "phone"))),
    ("I9", more(Sms(90 * SECOND, "19900000000", "", f"家庭 {OTHER_FILING}"))),
    ("I10", lambda history: without(history, Row, lambda row: row.table == "bound")),
    ("I11", a_zombie_commits),
    ("I13", more(Ended(90, "oChaos0000", "never registered"))),
    ("I13", more(Probe(90, "ready 1", 12.0, "end"))),
    ("I14", more(Probe(91 * SECOND, "connections", 14, "end"))),
    ("I15", two_codes_in_a_minute),
    ("I15", one_notice_twice),
    ("I16", more(Row("notices", {"id": "n2", "due": True, "final": False, "state": "sending"}))),
    ("I17", slow_while_down),
    ("I18", more(Forged(90, 500, ""))),
    ("I18", more(Forged(90, 200, "<xml>登记成功</xml>"))),
    ("I21", cancelled_before_made),
    ("I21", more(Row("runs", {"task": "sweep", "due": "2026-05-04T10:00"}))),
    ("I23", an_act_without_its_answer),
    ("I23", an_act_is_missing),
    ("I24", count_wrongly),
    ("I24", show_a_wrong_count),
    ("I25", reuse_a_number),
    ("I25", live_after_told_cancelled),
    ("I25", shown_live_after_told_cancelled),
]


def found(history: History) -> set[str]:
    return {violation.invariant for violation in check(history)}


@pytest.mark.parametrize("citizens", [1, 6, 40])
def test_a_clean_history_raises_no_alarm(citizens: int) -> None:
    assert check(clean(citizens)) == []


@pytest.mark.parametrize(("invariant", "damage"), DAMAGES)
def test_a_damaged_history_breaks_the_invariant_it_should(invariant: str, damage: Damage) -> None:
    assert invariant in found(damage(clean()))


@pytest.mark.parametrize(
    "damage",
    [
        change_a_digit,
        delay_six_seconds,
        follow_a_revision_twice,
        leak_a_canary,
        five_codes_in_an_hour,
    ],
)
def test_a_small_damage_does_not_blame_everything(damage: Damage) -> None:
    assert len(found(damage(clean()))) <= 3


def test_a_reply_may_be_lost_with_the_worker_that_was_to_give_it() -> None:
    history = clean()
    asked = next(one for one in history.all(Asked) if one.worker == 1)
    cut = without(history, Answered, lambda one: one.attempt == asked.attempt)
    dead = [
        Fault(asked.t, "web crash", on=True, worker=1),
        Fault(asked.t + SECOND, "web crash", on=False, worker=1),
    ]
    silent = Silent(asked.t + 1, asked.attempt, "reset")
    assert check(more(*dead, silent)(cut)) == []


def test_a_reply_may_be_late_where_the_machine_gives_no_processor() -> None:
    history = delay_six_seconds(clean())
    asked = asked_for(history, "scan")
    sent = Passed(asked.t + 11 * SECOND // 2, 70, "before_send", "-", 0, asked.key)
    sent_by = more(Probe(0, "pid 70", asked.worker), sent)
    busy = [Probe(asked.t + SECOND * half // 2, "starved 0", 0.4) for half in range(1, 5)]
    assert "I3" in found(sent_by(history))
    assert "I3" not in found(more(*busy)(sent_by(history)))
    # Too little to explain it, somebody else, or before it was asked:
    assert "I3" in found(more(*busy[:2])(sent_by(history)))
    assert "I3" in found(more(*(replace(one, what="starved 7") for one in busy))(sent_by(history)))
    assert "I3" in found(more(Probe(asked.t + 1, "starved 0", 5.0))(sent_by(history)))


def test_who_never_answers_is_excused_only_by_less_than_four_seconds_of_its_own() -> None:
    history = clean()
    asked = asked_for(history, "scan")
    cut = without(history, Answered, lambda one: one.attempt == asked.attempt)
    silent = more(Silent(asked.t + 5 * SECOND, asked.attempt, "timeout"))(cut)
    busy = [Probe(asked.t + SECOND * half // 2, "starved 0", 0.4) for half in range(1, 5)]
    assert "I3" in found(silent)
    assert "I3" in found(more(*busy[:2])(silent))
    assert "I3" not in found(more(*busy)(silent))


def test_an_answer_may_lie_unread_where_the_harness_has_no_processor() -> None:
    history = delay_six_seconds(clean())
    asked = asked_for(history, "scan")
    sent = Passed(asked.t + 4 * SECOND, 70, "before_send", "-", 0, asked.key)
    sent_by = more(Probe(0, "pid 70", asked.worker), sent)
    assert "I3" in found(more(Probe(asked.t + 3 * SECOND, "starved -1", 2.0))(sent_by(history)))
    assert "I3" not in found(more(Probe(asked.t + 6 * SECOND, "starved -1", 2.0))(sent_by(history)))


def test_a_first_code_that_was_held_up_comes_nearer_to_the_second() -> None:
    phone = "19900000000"
    codes = [
        Sms(second * SECOND, phone, code, f"验证码 {code}，用于取消登记")
        for second, code in ((200, "111111"), (245, "222222"))
    ]
    slow = [
        Fault(190 * SECOND, "pg slow", on=True),
        Fault(198 * SECOND, "pg slow", on=False),
    ]
    assert found(more(*codes)(clean())) == {"I15"}
    assert found(more(*codes, *slow)(clean())) == set()
    killed = [replace(one, name="pg kill") for one in slow]
    assert found(more(*codes, *killed)(clean())) == {"I15"}
    sooner = [codes[0], replace(codes[1], t=230 * SECOND)]
    assert found(more(*sooner, *slow)(clean())) == {"I15"}


def test_a_bar_that_is_missed_breaks_no_promise() -> None:
    missed = check(slow_while_down(clean()))
    assert {one.invariant for one in missed} == {"I17"}
    assert broken(missed) == []
    assert broken(check(drop_a_row(clean())))


def test_a_talk_that_was_lost_may_answer_a_question_anew_but_never_an_effect() -> None:
    history = clean()
    scan = asked_for(history, "scan")
    flushed = [
        Fault(scan.t + SECOND, "redis flush", on=True),
        Fault(scan.t + SECOND + 1, "redis flush", on=False),
    ]
    again = Asked(scan.t + 2 * SECOND, scan.openid, scan.key, 9999, 0, "scan")
    answer = Answered(again.t + 1, 9999, scan.openid, "青禾家园，您要登记吗？")
    assert check(more(*flushed, again, answer)(history)) == []
    assert found(more(again, answer)(history)) == {"I3"}


def test_a_history_survives_the_trip_through_its_file(tmp_path: Path) -> None:
    history = more(
        Silent(90 * SECOND, 1, "reset"),
        Leak(91 * SECOND, "web log", "phone"),
    )(clean())
    file = tmp_path / "history.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        writer = Writer(lines)
        for event in history.events:
            writer.add(event)
    assert History.read([file]) == history
    assert any(one.canaries for one in History.read([file]).all(Citizen))
    assert {type(one) for one in history.events} == set(get_args(Event)), "a kind was not tried"
