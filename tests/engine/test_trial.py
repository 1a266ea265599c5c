"""`cti try`: the example flows walked on different days, and what is told of it."""

from datetime import datetime
from typing import Any

import pytest

from cti.engine.trial import Line, NotOurs, Staff, Trial, walk
from cti.ids import AgentId
from tests.engine.examples import example, line_of

SERVICE, ORDERS, COMPLAINTS = "4008008008", "8008208208", "02150001234"


def walked(number: str, at: str, **options: Any) -> list[Line]:
    options.setdefault("caller", "13922112211")
    return list(walk(example(), Trial(number, datetime.fromisoformat(at), **options)))


def texts(story: list[Line]) -> list[str]:
    return [line.text for line in story]


def line_with(story: list[Line], words: str) -> Line:
    return next(line for line in story if words in line.text)


def steps(story: list[Line]) -> list[str]:
    """The steps of the flow, in the order in which they are entered."""
    return [line.text.rpartition(" → ")[2] for line in story if " → " in line.text]


# --- the example, day by day ----------------------------------------------------------------------


def test_on_a_working_day_a_caller_who_presses_1_reaches_the_repair_agents() -> None:
    story = walked(SERVICE, "2026-11-24T10:00", keys="1")
    assert steps(story) == ["open", "notice", "third_call", "english_hint", "menu", "repair"]
    assert line_with(story, "service_desk is open").text == "service_desk is open (weekly)"
    assert "rings at 1001 王芳 for 20 s" in texts(story)
    assert texts(story)[-1] == "after the talk the caller hears the flow satisfaction"


def test_in_the_lunch_break_the_hours_of_the_day_and_the_next_opening_are_said() -> None:
    story = walked(SERVICE, "2026-11-24T12:30")
    assert line_with(story, "plays").text == (
        "plays “我们今天的服务时间是 上午 九点 到 十二点， 下午 一点 到 六点， 下次开放时间是 今天 下午 一点”"
    )
    assert steps(story) == ["open", "closed", "after", "bye", "hangup"]


def test_on_a_saturday_the_service_desk_is_open_from_ten() -> None:
    assert steps(walked(SERVICE, "2026-11-28T09:59"))[1] == "closed"
    assert steps(walked(SERVICE, "2026-11-28T10:00", keys="0"))[-1] == "repair"
    assert steps(walked(SERVICE, "2026-11-28T16:00"))[1] == "closed"


def test_on_national_day_service_is_closed_and_orders_are_taken() -> None:
    closed = walked(SERVICE, "2026-10-01T10:00", keys="2")
    assert line_with(closed, "service_desk is closed").text == "service_desk is closed (holiday, 国庆节)"
    assert line_with(closed, "service_desk is closed").where.startswith(line_of("routing/hours.yaml", "holidays: CN"))
    assert "asks for the number, and promises a call back by service 售后服务" in texts(closed)
    assert steps(walked(ORDERS, "2026-10-01T10:00", keys="1"))[-1] == "order"


def test_on_a_make_up_working_saturday_the_service_desk_is_open_as_on_a_weekday() -> None:
    story = walked(SERVICE, "2026-10-10T09:00", keys="1")
    assert line_with(story, "service_desk is open").text == "service_desk is open (make up day, 调休上班日)"
    assert "rings at 1001 王芳 for 20 s" in texts(story)


def test_at_night_the_caller_hears_when_it_opens_and_can_leave_a_message() -> None:
    story = walked(SERVICE, "2026-11-24T23:30", keys="1")
    assert "明天 上午 九点" in line_with(story, "plays").text
    assert "records a message for service 售后服务" in texts(story)
    assert texts(story)[-1] == "hangs up (normal)"


def test_at_night_the_late_show_still_takes_orders_on_friday_and_not_on_thursday() -> None:
    assert steps(walked(ORDERS, "2026-11-28T01:30", keys="1"))[-1] == "order"  # Friday's show
    assert steps(walked(ORDERS, "2026-11-27T01:30"))[1] == "closed"


def test_before_the_spring_festival_the_next_opening_is_after_it() -> None:
    said = line_with(
        walked(SERVICE, "2027-02-04T20:00"), "plays"
    ).text  # a Thursday; on Friday it is closed till the 12th
    assert "下次开放时间是 下周五 上午 九点" in said


# --- who is calling -------------------------------------------------------------------------------


def test_the_third_call_of_the_day_goes_to_the_specialists() -> None:
    story = walked(SERVICE, "2026-11-24T10:00", calls_today=3)
    assert steps(story)[-1] == "specialist"
    assert "rings at 1009 李强 for 20 s" in texts(story)


def test_the_third_call_to_the_order_line_is_moved_by_the_escalation_rule() -> None:
    story = walked(ORDERS, "2026-11-24T10:00", calls_today=3, keys="1")
    waits = line_with(story, "waits in complaints")
    assert waits.where.startswith(line_of("routing/escalation.yaml", "- when: calls today"))


def test_a_vip_is_greeted_and_not_asked_to_choose() -> None:
    story = walked(ORDERS, "2026-11-24T10:00", caller="13800138000")
    assert steps(story) == ["open", "notice", "member", "welcome", "order"]
    assert story[0].details == ("13800138000, 北京市, call 1 today, vip",)


def test_a_withheld_number_is_said_to_be_one() -> None:
    assert walked(SERVICE, "2026-11-24T10:00", caller="")[0].details == ("number withheld, call 1 today",)


def test_the_last_agent_is_rung_first_and_the_rule_is_named() -> None:
    story = walked(SERVICE, "2026-11-24T10:00", keys="1", last_agent=AgentId("1003"))
    rings = line_with(story, "rings at")
    assert rings.text == "rings at 1003 周婷 for 20 s"
    assert rings.details[0].startswith("rule: last agent (")
    assert rings.where.startswith(line_of("routing/queues.yaml", "sticky: 15s"))


# --- keys -----------------------------------------------------------------------------------------


def test_a_silent_caller_is_asked_again_and_then_reaches_a_person() -> None:
    story = walked(SERVICE, "2026-11-24T10:00")
    assert texts(story).count("the caller presses nothing") == 2
    assert steps(story)[-1] == "repair"
    assert (story[-1].at - story[0].at).total_seconds() == 10


def test_keys_are_pressed_in_turn_and_a_dash_lets_the_time_run_out() -> None:
    story = walked(SERVICE, "2026-11-24T10:00", keys="-9")
    assert steps(story)[-3:] == ["english", "english_wait", "english_queue"]
    assert "speaks en from here on" in texts(story)


def test_a_web_server_is_not_asked() -> None:
    story = walked(ORDERS, "2026-11-24T10:00", keys="2123456#")
    assert "would ask GET http://erp.example/parcels/123456; a trial takes it as failed" in texts(story)
    assert steps(story)[-1] == "order"


# --- agents ---------------------------------------------------------------------------------------


def test_the_offer_says_who_was_passed_over_and_why() -> None:
    there = frozenset({AgentId("1002"), AgentId("1005")})
    rings = line_with(walked(SERVICE, "2026-11-24T10:00", keys="1", staff=there), "rings at")
    assert rings.details[1:4] == (
        "chosen: 1002 刘洋, idle for 0 s",
        "passed over: 1001 王芳 has not signed in",
        "passed over: 1003 周婷 has not signed in",
    )
    assert "passed over: 1005 陈静 is admitted later only, by a relax step or an overflow rule" in rings.details


def test_with_nobody_signed_in_the_call_goes_where_the_rule_says_and_the_flow_is_walked() -> None:
    story = walked(SERVICE, "2026-11-24T10:00", keys="12", staff=Staff.ABSENT)
    goes = line_with(story, "goes to flow after_hours")
    assert goes.where.startswith(line_of("routing/queues.yaml", "- when: no agents signed in", after="service:"))
    assert "promises a call back by service" in texts(story)[-5]
    assert texts(story)[-1] == "hangs up (normal)"


def test_the_flow_after_overflow_speaks_the_language_that_the_caller_chose() -> None:
    story = walked(SERVICE, "2026-11-24T10:00", keys="9", staff=Staff.ABSENT)
    told = texts(story)[texts(story).index("goes to flow after_hours") :]
    assert told[2] == "plays “We are sorry, nobody is here to take your call at the moment.”"


def test_with_everybody_busy_the_wait_is_told_to_its_end() -> None:
    story = walked(ORDERS, "2026-11-24T10:00", keys="1", staff=Staff.BUSY)
    waits, callback, leaves, goes = story[-4:]
    assert waits.details == ("estimated wait: about 20 s",)
    assert (callback.text, (callback.at - waits.at).total_seconds()) == (
        "is offered a call back that keeps the place",
        90,
    )
    assert leaves.text == "leaves orders 商品订购 after 1200 s: timed out"
    assert goes.text == "goes to voicemail orders"


def test_a_complaint_waits_for_the_specialists() -> None:
    story = walked(COMPLAINTS, "2026-11-24T19:00")
    assert "rings at 1009 李强 for 20 s" in texts(story)


# --- what cannot be tried -------------------------------------------------------------------------


def test_a_number_that_is_not_ours_is_an_error_with_the_nearest() -> None:
    with pytest.raises(NotOurs, match=r"no hotline has the number 4008008009\. Did you mean 4008008008\?"):
        walked("4008008009", "2026-11-24T10:00")
    with pytest.raises(NotOurs, match="There are: 8008208208, 4008208208, 4008008008"):
        walked("1", "2026-11-24T10:00")


def test_a_number_is_ours_however_it_is_written() -> None:
    assert walked("+86 400 800 8008", "2026-11-24T10:00")[0].text == "售后服务热线 is called"
