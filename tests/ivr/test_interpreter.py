"""Walks through flows: what the caller hears and keys, and where that leads."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from cti.ivr.actions import (
    AskCallback,
    EnterQueue,
    Hangup,
    LeaveQueue,
    ListenUntil,
    Note,
    Play,
    RecordScore,
    RecordVoicemail,
    RequestHttp,
    SetLanguage,
    StopPlay,
    TransferTo,
)
from cti.ivr.inputs import (
    CallbackDone,
    HttpDone,
    HttpFailed,
    Left,
    PlayDone,
    QueueLeft,
    TransferFailed,
    Transferred,
    VoicemailDone,
    WaitId,
)
from cti.ivr.prompts import Prompt, Recording, Speech
from cti.ivr.steps import Cause
from cti.ivr.transitions import State
from tests.ivr.calls import EVENING, MORNING, SHANGHAI, Call, Office, flow_of, intervals
from tests.ivr.flows import EVERY_VERB, SERVICE

BYE: dict[str, Any] = {"play": "再见。", "then": "hangup"}
MENU: dict[str, Any] = {"menu": "请按1或2。", "keys": {"1": "one", "2": "two"}, "otherwise": "bye"}


def menu(**more: Any) -> Call:
    """A call in a menu that leads to `one`, `two` or `bye`."""
    return Call(
        flow_of(menu=MENU | more, one={"play": "一。", "then": "bye"}, two={"play": "二。", "then": "bye"}, bye=BYE)
    )


def collect(**more: Any) -> Call:
    """A call that is asked for four to six digits."""
    step = {"collect": "请输入号码。", "into": "order", "digits": "4-6", "then": "done", "otherwise": "bye"} | more
    return Call(flow_of(collect=step, done={"play": "号码{order}", "then": "bye"}, bye=BYE))


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-14 {clock}").replace(tzinfo=SHANGHAI)


# The service hotline of the example


def test_a_working_day_leads_past_the_notice_to_the_menu() -> None:
    call = Call(SERVICE)
    assert call.steps == ["open", "notice", "repeat", "menu"]
    assert call.heard == "您好，这里是售后服务热线。维修请按1，订单请按2，人工服务请按0。"


def test_the_story_says_why_and_where_in_the_file() -> None:
    assert Call(SERVICE).story == [
        Note("service", "", "the flow begins", "open", ("start",)),
        Note("service", "open", "service_desk is open", "notice", ("steps", "open", "open")),
        Note("service", "notice", "no notice is up", "repeat", ("steps", "notice", "then")),
        Note("service", "repeat", "calls today >= 3: it is not so", "menu", ("steps", "repeat", "else")),
    ]


def test_a_pressed_key_leads_into_the_queue_while_the_menu_still_plays() -> None:
    call = Call(SERVICE).presses("1")
    assert call.doings == [StopPlay(WaitId(1)), EnterQueue(WaitId(2), "service", "satisfaction", "")]
    assert call.story[-1] == Note("service", "menu", "the caller pressed 1", "repair", ("steps", "menu", "keys", "1"))


def test_key_0_leads_to_a_person() -> None:
    assert Call(SERVICE).presses("0").doings[-1] == EnterQueue(WaitId(2), "service", "satisfaction", "")


def test_the_third_call_of_the_day_goes_to_the_specialists_unasked() -> None:
    assert Call(SERVICE, calls_today=3).only(EnterQueue).queue == "complaints"


def test_a_silent_caller_hears_the_menu_three_times_and_is_connected() -> None:
    call = Call(SERVICE)
    times = 1
    while call.hears_out().waits().steps[-1] != "repair":
        assert call.heard == "您好，这里是售后服务热线。维修请按1，订单请按2，人工服务请按0。"
        times += 1
    assert times == 3
    assert call.only(EnterQueue).queue == "service"


def test_in_the_evening_the_hours_are_told_and_a_message_can_be_left() -> None:
    call = Call(SERVICE, EVENING)
    assert call.heard == "我们今天的服务时间是上午九点到十二点，下午一点到六点，下次开放时间是明天上午九点"
    assert call.hears_out().heard == "留言请按1，预约回电请按2。"
    assert call.presses("1").doings[-1] == RecordVoicemail(WaitId(3), "service")
    assert call.happens(VoicemailDone(WaitId(3))).heard == "感谢您的来电，再见。"
    assert call.hears_out().doings == [Hangup(Cause.NORMAL)]
    assert call.ivr.ended


def test_in_the_evening_a_silent_caller_hears_good_bye() -> None:
    call = Call(SERVICE, EVENING).hears_out()
    for _ in range(3):
        call.hears_out().waits()
    assert call.heard == "感谢您的来电，再见。"
    assert call.hears_out().hung_up == "normal"


def test_over_lunch_it_opens_again_today() -> None:
    assert Call(SERVICE, at("12:30")).heard.endswith("下次开放时间是今天下午一点")


def test_a_notice_comes_before_the_menu() -> None:
    call = Call(SERVICE, office=Office(notices={"service": Prompt.of("今日订单较多，请耐心等候。")}))
    assert call.heard == "今日订单较多，请耐心等候。"
    assert call.hears_out().heard.startswith("您好")


# Telling


def test_what_is_told_is_heard_out() -> None:
    call = Call(flow_of(hello={"play": "本次通话将被录音。", "then": "menu"}, menu=MENU))
    assert call.only(Play) == Play(WaitId(1), (Speech("本次通话将被录音。", "zh-CN"),), barge_in=False, terminators="")
    assert call.presses("1").actions == ()


def test_a_recording_is_played() -> None:
    call = Call(flow_of(hello={"play": {"file": "hello.wav"}, "then": "hangup"}))
    assert call.only(Play).pieces == (Recording("hello.wav"),)


def test_nothing_to_say_is_no_wait() -> None:
    call = Call(flow_of(hello={"play": "{caller.number}", "then": "bye"}, bye=BYE), ani="")
    assert call.heard == "再见。"


@pytest.mark.parametrize(
    ("value", "heard"),
    [
        ({"number": "{calls_today}"}, "二"),
        ({"digits": "{caller.number}"}, "一三八零零一三八零零零"),
        ({"date": "{date}"}, "十月十四日"),
        ({"time": "{next_opening}"}, "下午一点"),
        ({"money": "12.5"}, "十二元五角"),
        ({"money": "{unknown}"}, "再见。"),
    ],
)
def test_values_are_read_out(value: dict[str, str], heard: str) -> None:
    assert Call(flow_of(say={"say": value, "then": "bye"}, bye=BYE), calls_today=2).heard == heard


@pytest.mark.parametrize(
    ("office", "heard"),
    [
        (Office(closed_for_good=True), "我们今天休息，目前还没有确定下次开放的时间"),
        (Office(day=intervals("00:00-00:00")), "我们今天全天服务，下次开放时间是明天凌晨零点"),
        (Office(day=intervals("09:00-12:00")), "我们今天的服务时间是上午九点到十二点"),
    ],
)
def test_the_hours_are_told_as_they_are(office: Office, heard: str) -> None:
    assert Call(flow_of(hours={"say_hours": "desk", "then": "hangup"}), office=office).heard == heard


# Menus


def test_after_the_menu_a_key_is_waited_for() -> None:
    call = menu().hears_out()
    assert call.only(ListenUntil) == ListenUntil(WaitId(2), MORNING + timedelta(seconds=5))
    assert call.ivr.deadline == MORNING + timedelta(seconds=5)
    assert call.presses("2").heard == "二。"


def test_a_wait_of_its_own() -> None:
    assert menu(wait="3s").hears_out().only(ListenUntil).deadline == MORNING + timedelta(seconds=3)


def test_any_key_may_stop_the_menu_at_the_switch() -> None:
    assert menu().only(Play).terminators == "0123456789*#"
    assert menu().only(Play).barge_in


def test_silence_repeats_the_menu() -> None:
    call = menu().hears_out().waits()
    assert call.heard == "请按1或2。"
    assert call.why == ["no key was pressed: asked again, 1 of 2"]


def test_a_wrong_key_is_said_and_the_menu_repeated() -> None:
    call = menu().presses("9")
    assert call.doings[0] == StopPlay(WaitId(1))
    assert call.heard == "没有这个选项，请重新选择。请按1或2。"
    assert call.why == ["9 is not among the answers: asked again, 1 of 2"]


def test_a_menu_may_have_its_own_words_for_a_wrong_key() -> None:
    assert menu(invalid="按错了。").presses("9").heard == "按错了。请按1或2。"


def test_a_key_interrupts_what_is_said_about_a_wrong_key() -> None:
    assert menu().presses("91").heard == "一。"


def test_wrong_keys_and_silence_count_together() -> None:
    call = menu().presses("9").hears_out().waits().presses("8")
    assert (call.steps[-1], call.heard) == ("bye", "再见。")
    assert call.story[-1] == Note("f", "menu", "8 is not among the answers", "bye", ("steps", "menu", "otherwise"))


def test_without_retries_the_first_failure_is_the_last() -> None:
    assert menu(retries=0).presses("9").heard == "再见。"
    assert menu(retries=0).hears_out().waits().heard == "再见。"


def test_a_menu_that_is_heard_out_takes_keys_only_afterwards() -> None:
    call = menu(barge_in=False)
    assert (call.only(Play).barge_in, call.only(Play).terminators) == (False, "")
    assert call.presses("1").actions == ()
    assert call.hears_out().presses("2").heard == "二。"


def test_a_menu_that_is_heard_out_forgets_keys_pressed_ahead() -> None:
    call = Call(flow_of(hello={"play": "您好。", "then": "menu"}, menu=MENU | {"barge_in": False}, bye=BYE))
    assert call.presses("1").hears_out().heard == "请按1或2。"


def test_a_menu_without_anything_to_play_listens() -> None:
    call = Call(flow_of(menu=MENU | {"menu": "{caller.number}"}), ani="")
    assert call.only(ListenUntil).wait == 1


@pytest.mark.parametrize("key", ["", "A", "12", "。", "１"])
def test_what_is_no_key_is_not_heard(key: str) -> None:
    call = menu()
    assert call.happens_key(key).actions == ()
    assert call.hears_out().happens_key(key).actions == ()


# Keys ahead


def test_a_key_pressed_ahead_answers_the_menu_unheard() -> None:
    call = Call(flow_of(hello={"play": "您好。", "then": "menu"}, menu=MENU, one=BYE | {"play": "一。"}))
    assert call.presses("1").hears_out().heard == "一。"


def test_keys_pressed_ahead_lead_through_several_menus() -> None:
    call = Call(
        flow_of(
            hello={"play": "您好。", "then": "menu"},
            menu=MENU | {"keys": {"1": "second"}},
            second=MENU | {"keys": {"2": "two"}},
            two={"play": "二。", "then": "hangup"},
        )
    )
    assert call.presses("12").hears_out().heard == "二。"


def test_a_wrong_key_ahead_drops_the_others() -> None:
    call = Call(flow_of(hello={"play": "您好。", "then": "menu"}, menu=MENU, bye=BYE))
    assert call.presses("9111").hears_out().heard == "没有这个选项，请重新选择。请按1或2。"
    assert call.hears_out().waits().heard == "请按1或2。"


def test_keys_behind_a_wrong_one_answer_no_later_menu_either() -> None:
    second = MENU | {"menu": "请再按。"}
    flow = flow_of(hello={"play": "您好。", "then": "menu"}, menu=MENU, one=second, two=BYE)
    assert Call(flow).presses("92").hears_out().presses("1").heard == "请再按。"


def test_digits_pressed_ahead_are_the_beginning_of_what_is_collected() -> None:
    step = {"collect": "请输入号码。", "into": "order", "digits": 4, "then": "done", "otherwise": "hangup"}
    call = Call(
        flow_of(hello={"play": "您好。", "then": "collect"}, collect=step, done={"play": "{order}", "then": "hangup"})
    )
    call.presses("12").hears_out()
    assert call.only(ListenUntil).deadline == MORNING + timedelta(seconds=5)
    assert call.presses("34").heard == "一二三四"


def test_more_keys_than_anybody_means_are_lost() -> None:
    step = {
        "collect": "请输入号码。",
        "into": "order",
        "digits": "1-32",
        "end": "*",
        "then": "done",
        "otherwise": "hangup",
    }
    call = Call(flow_of(hello={"play": "您好。", "then": "collect"}, collect=step, done=BYE))
    call.presses("7" * 1000).hears_out()
    assert call.ivr.variables == {"order": "7" * 32}


def test_keys_pressed_in_the_queue_do_not_answer_what_comes_after() -> None:
    call = Call(flow_of(queue={"queue": "service", "then": "menu"}, menu=MENU, one=BYE)).presses("111")
    assert call.happens(QueueLeft(call.ivr.wait, Left.GIVEN_BACK)).heard == "请按1或2。"


# Collecting digits


def test_digits_and_the_end_key() -> None:
    call = collect().presses("12345#")
    assert call.heard == "号码一二三四五"
    assert call.ivr.variables == {"order": "12345"}


def test_as_many_digits_as_can_be_need_no_end_key() -> None:
    assert collect().presses("123456").heard == "号码一二三四五六"


def test_each_digit_gets_its_own_wait() -> None:
    call = collect().presses("1")
    assert call.doings == [StopPlay(WaitId(1)), ListenUntil(WaitId(2), MORNING + timedelta(seconds=5))]
    call.now += timedelta(seconds=4)
    assert call.presses("2").only(ListenUntil) == ListenUntil(WaitId(3), MORNING + timedelta(seconds=9))


def test_a_pause_ends_digits_that_are_enough() -> None:
    assert collect().presses("1234").waits().heard == "号码一二三四"


def test_too_few_digits_are_asked_for_again() -> None:
    assert collect().presses("123").waits().heard == "输入有误，请重新输入。请输入号码。"
    assert collect().presses("123#").heard == "输入有误，请重新输入。请输入号码。"


def test_a_flow_may_have_its_own_words_for_too_few_digits() -> None:
    assert collect(invalid="位数不够。").presses("1#").heard == "位数不够。请输入号码。"


def test_after_a_failure_digits_begin_anew() -> None:
    assert collect().presses("123#4567#").heard == "号码四五六七"


def test_silence_is_asked_again_without_reproach() -> None:
    assert collect().hears_out().waits().heard == "请输入号码。"


def test_after_too_many_failures_it_goes_on_otherwise() -> None:
    call = collect(retries=1).presses("1#").presses("2#")
    assert call.heard == "再见。"
    assert call.ivr.variables == {}


def test_digits_are_counted_not_told_in_the_story() -> None:
    call = collect().presses("123#").presses("4567#")
    assert [note.why for note in call.story[1:]] == [
        "4 keys are not an answer: asked again, 1 of 2",
        "the caller keyed 4 digits",
    ]


def test_the_end_key_after_a_full_row_is_a_habit() -> None:
    call = Call(
        flow_of(
            collect={"collect": "号码。", "into": "x", "digits": 2, "then": "menu", "otherwise": "hangup"},
            menu=MENU | {"keys": {"1": "one", "#": "two"}},
            one=BYE,
        )
    ).presses("12")
    assert call.heard == "请按1或2。"
    assert call.presses("#").actions == ()
    assert call.presses("#").steps[-1] == "two"


def test_the_end_key_long_after_a_full_row_is_an_answer() -> None:
    call = Call(
        flow_of(
            collect={"collect": "号码。", "into": "x", "digits": 2, "then": "menu", "otherwise": "hangup"},
            menu=MENU | {"keys": {"#": "two"}},
            two=BYE,
        )
    ).presses("12")
    call.now += timedelta(seconds=4)
    assert call.presses("#").heard == "再见。"


def test_the_end_key_after_a_full_row_pressed_ahead_is_a_habit_too() -> None:
    call = Call(
        flow_of(
            hello={"play": "您好。", "then": "collect"},
            collect={"collect": "号码。", "into": "x", "digits": 2, "then": "menu", "otherwise": "hangup"},
            menu=MENU,
            two=BYE,
        )
    )
    assert call.presses("12#2").hears_out().heard == "再见。"
    assert call.ivr.variables == {"x": "12"}


# Confirming


CONFIRM = {"confirm": "您输入的是{order}，正确请按1，重新输入请按2。"}


def test_digits_are_read_back_and_confirmed() -> None:
    call = collect(**CONFIRM).presses("1234#")
    assert call.heard == "您输入的是一二三四，正确请按1，重新输入请按2。"
    assert call.presses("1").heard == "号码一二三四"


def test_digits_that_are_not_right_are_asked_for_again() -> None:
    call = collect(**CONFIRM).presses("1234#2")
    assert call.heard == "请输入号码。"
    assert call.ivr.variables == {}
    assert call.presses("5678#1").heard == "号码五六七八"


def test_taking_back_counts_as_a_failure() -> None:
    call = collect(**CONFIRM, retries=1).presses("1234#2").presses("1234#2")
    assert (call.heard, call.ivr.variables) == ("再见。", {})


def test_silence_instead_of_a_confirmation_repeats_the_question_and_then_gives_up() -> None:
    call = collect(**CONFIRM, retries=1).presses("1234#").hears_out().waits()
    assert call.heard == "您输入的是一二三四，正确请按1，重新输入请按2。"
    call.hears_out().waits()
    assert (call.heard, call.ivr.variables) == ("再见。", {})


def test_a_confirmation_is_never_given_ahead() -> None:
    call = Call(
        flow_of(
            hello={"play": "您好。", "then": "collect"},
            collect={"collect": "号码。", "into": "order", "digits": 2, "then": "done", "otherwise": "hangup"}
            | CONFIRM,
            done=BYE,
        )
    )
    assert call.presses("121").hears_out().heard.startswith("您输入的是一二")


# Surveys


def survey(**more: Any) -> Call:
    return Call(flow_of(survey={"survey": "请按1到5打分。", "keys": "1-5", "then": "bye"} | more, bye=BYE))


def test_a_score_is_recorded() -> None:
    call = survey().presses("4")
    assert call.doings[1] == RecordScore("score", 4)
    assert (call.heard, call.ivr.variables) == ("再见。", {"score": "4"})


def test_a_score_may_have_another_name() -> None:
    assert survey(into="friendliness").presses("5").doings[1] == RecordScore("friendliness", 5)


def test_whoever_gives_no_score_goes_on_all_the_same() -> None:
    call = survey().hears_out().waits()
    assert call.heard == "请按1到5打分。"
    assert call.hears_out().waits().heard == "再见。"
    assert call.ivr.variables == {}


def test_a_score_out_of_range_is_asked_again() -> None:
    assert survey().presses("9").heard == "没有这个选项，请重新选择。请按1到5打分。"


def test_a_key_pressed_before_the_question_is_no_score() -> None:
    call = Call(flow_of(hello={"play": "您好。", "then": "survey"}, survey={"survey": "请打分。", "keys": "1-5"}))
    assert call.presses("1").hears_out().heard == "请打分。"


def test_a_survey_with_nothing_behind_it_ends_the_call() -> None:
    call = Call(flow_of(survey={"survey": "请打分。", "keys": "1-5"}, other=BYE))
    assert call.presses("3").doings == [StopPlay(WaitId(1)), RecordScore("score", 3), Hangup(Cause.NORMAL)]


def test_the_survey_after_a_talk_knows_who_talked_and_goes_on_numbering() -> None:
    flow = flow_of(survey={"survey": "请为{agent.id}号客服打分。", "keys": "1-5"})
    call = Call(flow, agent_id="1001", first_wait=8)
    assert call.heard == "请为幺零零幺号客服打分。"
    assert call.ivr.wait == 8
    assert call.ivr.next_wait == 9


# Branches


@pytest.mark.parametrize(
    ("condition", "office", "facts", "holds"),
    [
        ("calls today >= 3", Office(), {"calls_today": 3}, True),
        ("calls today >= 3", Office(), {"calls_today": 2}, False),
        ("calls in 7 days >= 5", Office(), {"calls_in_7_days": 5}, True),
        ("caller in vip", Office(lists=("vip",)), {}, True),
        ("caller in vip", Office(lists=("blacklist",)), {}, False),
        ("place is 广东", Office(), {}, True),
        ("language is en", Office(), {"language": "en"}, True),
        ("level = gold", Office(), {"variables": {"level": "gold"}}, True),
    ],
)
def test_a_check_leads_one_way_or_the_other(condition: str, office: Office, facts: dict[str, Any], holds: bool) -> None:
    yes, no = {"goto": "end"}, {"goto": "end"}
    flow = flow_of(check={"check": condition, "then": "yes", "else": "no"}, yes=yes, no=no, end={"hangup": True})
    assert Call(flow, office=office, **facts).steps[1] == ("yes" if holds else "no")


def test_the_language_is_chosen() -> None:
    flow = flow_of(
        choose={"set": {"language": "en"}, "then": "hello"},
        hello={"play": {"zh-CN": "您好。{date}", "en": "Hello. {date}"}, "then": "hangup"},
    )
    call = Call(flow)
    assert call.doings[0] == SetLanguage("en")
    assert call.heard == "Hello.Octoberfourteenth"
    assert call.ivr.language == "en"


def test_stock_sentences_are_in_the_caller_s_language() -> None:
    flow = flow_of(menu=MENU | {"menu": {"zh-CN": "请按1。", "en": "Press 1."}}, bye=BYE)
    assert Call(flow, language="en").presses("9").heard == "That is not one of the choices.Press 1."


def test_variables_are_set_from_others() -> None:
    flow = flow_of(
        first={"set": {"a": "{caller.place}", "b": 3}, "then": "second"},
        second={"set": {"c": "{a}/{b}", "a": "x"}, "then": "hangup"},
    )
    assert Call(flow).ivr.variables == {"a": "x", "b": "3", "c": "广东省深圳市/3"}


def test_variables_can_be_brought_along() -> None:
    assert Call(flow_of(hello={"play": "{order}", "then": "hangup"}), variables={"order": "12"}).heard == "一二"


# The web


def web(**more: Any) -> Call:
    request = {"url": "https://crm.example/{caller.number}", "take": {"state": "order.state"}} | more
    return Call(
        flow_of(
            http={"http": request, "then": "told", "otherwise": "menu"},
            told={"play": "状态：{state}", "then": "hangup"},
            menu=MENU,
            one=BYE,
        )
    )


def test_a_web_server_is_asked() -> None:
    deadline = MORNING + timedelta(seconds=2)
    assert web().only(RequestHttp) == RequestHttp(
        WaitId(1), "GET", "https://crm.example/13800138000", None, deadline, 65_536
    )
    assert web().ivr.deadline == deadline


def test_a_web_server_is_sent_json() -> None:
    call = web(method="POST", send={"place": "{caller.place}"}, within="500ms")
    assert call.only(RequestHttp).body == {"place": "广东省深圳市"}
    assert call.only(RequestHttp).deadline == MORNING + timedelta(milliseconds=500)


def test_the_answer_fills_variables() -> None:
    call = web()
    assert call.happens(HttpDone(WaitId(1), {"order": {"state": "已发货"}})).heard == "状态：已发货"


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (HttpDone(WaitId(1), {"order": {}}), "the web server's answer has no order.state"),
        (HttpDone(WaitId(1), None), "the web server's answer has no order.state"),
        (HttpFailed(WaitId(1), "status 500"), "the web server failed: status 500"),
    ],
)
def test_without_an_answer_it_goes_on_otherwise(event: Any, why: str) -> None:
    call = web().happens(event)
    assert (call.why, call.heard) == ([why], "请按1或2。")


def test_a_slow_web_server_is_given_up() -> None:
    call = web().waits()
    assert [type(action).__name__ for action in call.actions] == ["Abandon", "Note", "Play"]
    assert call.why == ["the web server did not answer in time"]


def test_a_url_that_grew_too_long_is_not_asked() -> None:
    call = web(url="https://crm.example/" + "{caller.place}" * 40)
    assert call.why[-1] == "the URL would be too long"
    assert call.heard == "请按1或2。"


def test_keys_pressed_while_a_web_server_is_asked_are_kept() -> None:
    call = web().presses("1")
    assert call.happens(HttpFailed(WaitId(1), "down")).heard == "再见。"


# Leaving


def queue(**more: Any) -> Call:
    return Call(flow_of(queue={"queue": "service"} | more, bye=BYE, one={"play": "一。", "then": "hangup"}))


def test_a_caller_waits_for_an_agent_without_a_deadline() -> None:
    assert queue(survey="satisfaction").only(EnterQueue) == EnterQueue(WaitId(1), "service", "satisfaction", "")
    assert queue().ivr.deadline is None


@pytest.mark.parametrize("how", [Left.ANSWERED, Left.MOVED])
def test_a_call_that_somebody_else_has_is_not_hung_up(how: Left) -> None:
    call = queue(then="bye").happens(QueueLeft(WaitId(1), how, "王芳"))
    assert call.actions == (Note("f", "queue", f"queue service: {how}, 王芳", "", ("steps", "queue", "queue")),)
    assert call.ivr.ended


def test_a_call_that_the_queue_gives_back_goes_on() -> None:
    call = queue(then="bye").happens(QueueLeft(WaitId(1), Left.GIVEN_BACK, "queue_full"))
    assert (call.heard, call.why) == ("再见。", ["queue service: given back, queue_full"])


def test_a_call_that_is_given_back_to_nowhere_ends_with_an_excuse() -> None:
    call = queue().happens(QueueLeft(WaitId(1), Left.GIVEN_BACK))
    assert call.heard == "抱歉，现在无法为您接通，请稍后再拨。再见。"
    assert call.hears_out().hung_up == "normal"


def test_a_promised_call_back_needs_no_excuse() -> None:
    assert queue().happens(QueueLeft(WaitId(1), Left.CALLBACK)).doings == [Hangup(Cause.NORMAL)]
    assert queue(then="bye").happens(QueueLeft(WaitId(1), Left.CALLBACK)).heard == "再见。"


def test_an_exit_key_leaves_the_queue() -> None:
    call = queue(keys={"1": "one"})
    assert call.only(EnterQueue).exit_keys == "1"
    assert call.presses("1").doings[0] == LeaveQueue(WaitId(1), "1")
    assert call.heard == "一。"
    assert call.why == ["the caller pressed 1 while waiting"]


def test_other_keys_do_nothing_in_the_queue() -> None:
    assert queue(keys={"1": "one"}).presses("2").actions == ()


def test_exit_keys_are_those_of_the_queue_one_waits_in() -> None:
    call = Call(flow_of(a={"queue": "a", "keys": {"1": "b"}}, b={"queue": "b", "keys": {"2": "bye"}}, bye=BYE))
    assert call.presses("1").ivr.step == "b"
    assert call.presses("1").actions == ()
    assert call.presses("2").ivr.step == "bye"


@pytest.mark.parametrize(
    ("step", "action", "done", "why"),
    [
        ({"voicemail": "service"}, RecordVoicemail, VoicemailDone(WaitId(1)), "a message was left"),
        ({"voicemail": "service"}, RecordVoicemail, VoicemailDone(WaitId(1), left=False), "no message was left"),
        ({"callback": "service"}, AskCallback, CallbackDone(WaitId(1)), "a call back was promised"),
        ({"callback": "service"}, AskCallback, CallbackDone(WaitId(1), agreed=False), "no call back was wanted"),
    ],
)
def test_messages_and_promises(step: dict[str, str], action: Any, done: Any, why: str) -> None:
    call = Call(flow_of(step=step | {"then": "bye"}, bye=BYE))
    assert call.doings == [action(WaitId(1), "service")]
    assert call.happens(done).heard == "再见。"
    assert call.why == [why]
    at_the_end = Call(flow_of(step=step, bye=BYE)).happens(done)
    assert (at_the_end.why, at_the_end.doings) == ([why], [Hangup(Cause.NORMAL)])


def test_an_outside_number_takes_the_call() -> None:
    call = Call(flow_of(transfer={"transfer": "02150001234"}))
    assert call.only(TransferTo) == TransferTo(WaitId(1), "02150001234")
    assert call.happens(Transferred(WaitId(1))).doings == []
    assert call.ivr.ended


def test_an_outside_number_that_does_not_answer_leads_on() -> None:
    call = Call(flow_of(transfer={"transfer": "02150001234", "then": "bye"}, bye=BYE))
    assert call.happens(TransferFailed(WaitId(1), "busy")).heard == "再见。"
    assert call.why == ["02150001234 did not take the call: busy"]


def test_an_outside_number_that_does_not_answer_is_excused() -> None:
    call = Call(flow_of(transfer={"transfer": "02150001234"})).happens(TransferFailed(WaitId(1), "busy"))
    assert call.heard == "抱歉，现在无法为您接通，请稍后再拨。再见。"
    assert call.hears_out().hung_up == "normal"


@pytest.mark.parametrize("cause", ["busy", "rejected", "congestion", "unavailable"])
def test_a_call_is_hung_up_with_a_cause(cause: str) -> None:
    assert Call(flow_of(end={"hangup": cause})).hung_up == cause


# Every verb in one walk


def test_a_long_walk() -> None:
    call = Call(EVERY_VERB)
    assert call.presses("2").heard == "Enter your order number, then press pound."
    assert call.presses("1234#").heard == "You enteredonetwothreefour. If so, press 1."
    assert call.presses("1").doings[-1].url == "https://crm.example/orders/1234?caller=13800138000"  # type: ignore[union-attr]
    assert call.happens(HttpDone(call.ivr.wait, {"order": {"state": "已发货"}})).heard == "订单状态：已发货"
    assert call.hears_out().heard == "one"
    assert call.hears_out().steps[-2:] == ["again", "language"]
    assert call.presses("0").doings[-1] == EnterQueue(call.ivr.wait, "service", "satisfaction", "123")
    assert call.presses("3").doings[-1] == TransferTo(call.ivr.wait, "13800138000")
    assert call.happens(TransferFailed(call.ivr.wait, "busy")).ivr.state is State.RECORDING
    assert call.happens(VoicemailDone(call.ivr.wait)).heard == "请打分。"
    assert call.presses("5").hung_up == "normal"
    assert call.ivr.variables == {"order": "1234", "state": "已发货", "level": "已发货", "score": "5"}


# The end of patience


def test_a_caller_who_presses_keys_for_ever_is_led_to_an_end() -> None:
    call = Call(flow_of(menu=MENU | {"keys": {"1": "menu"}}), steps=20)
    for _ in range(19):
        call.presses("1")
    assert call.heard == "请按1或2。"
    assert call.presses("1").heard == "抱歉，本次操作次数过多，请稍后再拨。再见。"
    assert call.hears_out().hung_up == "normal"


def test_a_flow_that_turns_in_circles_is_led_to_an_end() -> None:
    call = Call(flow_of(a={"goto": "b"}, b={"goto": "a"}))
    assert len(call.steps) == 501
    assert call.heard == "抱歉，本次操作次数过多，请稍后再拨。再见。"


def test_a_step_that_is_missing_is_excused() -> None:
    call = Call(flow_of(a={"goto": "nowhere"}))
    assert call.why[-1] == "there is no step nowhere"
    assert call.heard == "抱歉，现在无法为您接通，请稍后再拨。再见。"
    assert call.hears_out().hung_up == "normal"


def test_a_flow_that_is_missing_is_excused() -> None:
    call = Call({"gone": flow_of(a=BYE)}).hangs_up()
    assert call.ivr.ended
    other = Call({})
    assert other.heard == "抱歉，现在无法为您接通，请稍后再拨。再见。"
    assert other.hears_out().hung_up == "normal"


def test_a_switch_that_never_says_it_has_played_is_not_waited_for() -> None:
    call = Call(flow_of(hello={"play": "您好。", "then": "menu"}, menu=MENU))
    assert call.ivr.deadline == MORNING + timedelta(minutes=10)
    assert call.waits().heard == "请按1或2。"
    assert call.why[0] == "the switch did not say that the prompt is over"
    call.waits()
    assert [type(action) for action in call.doings] == [StopPlay, ListenUntil]


def test_a_clock_that_runs_fast_ends_no_wait() -> None:
    call = menu().hears_out()
    deadline = call.ivr.deadline
    assert call.waits(4.9).actions == ()
    assert call.ivr.deadline == deadline
    assert call.waits(0.1).heard == "请按1或2。"
    assert web().waits(1).actions == ()
    told = Call(flow_of(bye=BYE))
    assert told.waits(9).actions == ()
    assert told.happens(PlayDone(WaitId(1))).hung_up == "normal"
