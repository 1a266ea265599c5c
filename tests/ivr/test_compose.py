"""How a prompt becomes what is played."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from cti.ivr.compose import clean, compose, fill, read_out, seen
from cti.ivr.placeholders import PLACEHOLDERS
from cti.ivr.prompts import Prompt, Recording, Speech, Template, Variant, parse, static_pieces
from cti.ivr.values import Language
from tests.ivr.calls import EVENING, FACTS, MORNING, Office, spoken

IN_QUEUE = replace(FACTS, queue="售后服务", position=2, wait_minutes=2, agent_id="1001", agent_name="王芳")


def said(text: str, language: Language = "zh-CN", at: datetime = MORNING, **facts: Any) -> list[str]:
    pieces = compose(Prompt.of(text), replace(IN_QUEUE, **facts), language, at, Office())
    return [spoken(piece) for piece in pieces]


def test_what_stands_between_placeholders_is_one_piece() -> None:
    pieces = compose(Prompt.of("您好，这里是{hotline.name}。请按1。"), FACTS, "zh-CN", MORNING)
    assert pieces == (
        Speech("您好，这里是", "zh-CN"),
        Speech("售后服务热线", "zh-CN"),
        Speech("。请按1。", "zh-CN"),
    )


def test_a_file_is_played_as_it_is() -> None:
    prompt = Prompt((Variant(None, Recording("prompts/hello.wav")),))
    assert compose(prompt, FACTS, "en", MORNING) == (Recording("prompts/hello.wav"),)


SAID = {
    "hotline.name": ["售后服务热线"],
    "hotline.number": ["四", "零", "零，", "八", "零", "零，", "八", "零", "零", "八"],
    "caller.number": ["幺", "三", "八，", "零", "零", "幺", "三，", "八", "零", "零", "零"],
    "caller.place": ["广东省深圳市"],
    "calls_today": ["一"],
    "calls_in_7_days": ["一"],
    "time": ["上午", "十点"],
    "date": ["十月", "十四日"],
    "weekday": ["周三"],
    "hours_today": ["上午", "九点", "到", "十二点，", "下午", "一点", "到", "六点"],
    "next_opening": ["今天", "下午", "一点"],
    "queue.name": ["售后服务"],
    "position": ["二"],
    "wait_minutes": ["两"],
    "agent.id": ["幺", "零", "零", "幺"],
    "agent.name": ["王芳"],
}


@pytest.mark.parametrize(("name", "words"), SAID.items())
def test_values_are_spoken_in_words_of_the_vocabulary(name: str, words: list[str]) -> None:
    assert said(f"值{{{name}}}")[1:] == words


def test_every_placeholder_is_in_the_table() -> None:
    assert set(SAID) == set(PLACEHOLDERS)


def test_an_english_text_has_its_values_in_english() -> None:
    assert said("It is {time}, {weekday}.", at=EVENING) == ["It is", "eight", "p.m.", "Wednesday"]


def test_a_chinese_name_in_an_english_text_is_spoken_in_chinese() -> None:
    pieces = compose(Prompt.of("Welcome to {hotline.name}."), FACTS, "en", MORNING)
    assert pieces == (Speech("Welcome to", "en"), Speech("售后服务热线", "zh-CN"))


def test_a_text_of_placeholders_alone_is_in_the_caller_s_language() -> None:
    assert said("{weekday}", "en") == ["Wednesday"]
    assert said("{weekday}", "zh-CN") == ["周三"]


@pytest.mark.parametrize("name", ["caller.number", "position", "wait_minutes", "agent.id", "order"])
def test_a_value_that_is_not_known_is_silent(name: str) -> None:
    assert said(f"您好{{{name}}}", ani="", position=None, wait_minutes=None, agent_id="") == ["您好"]


@pytest.mark.parametrize("name", ["next_opening", "hours_today"])
def test_hours_are_silent_where_the_hotline_keeps_none(name: str) -> None:
    assert said(f"您好{{{name}}}", hours="") == ["您好"]
    assert compose(Prompt.of(f"{{{name}}}"), FACTS, "zh-CN", MORNING) == ()


def test_nobody_waits_for_zero_minutes() -> None:
    assert said("约{wait_minutes}分钟", wait_minutes=0) == ["约", "一", "分钟"]


def test_the_time_is_the_hotline_s() -> None:
    assert said("现在{time}", at=datetime(2026, 10, 14, 16, 30, tzinfo=UTC)) == ["现在", "凌晨", "零点", "半"]
    assert said("今天{date}", at=datetime(2026, 10, 14, 16, 30, tzinfo=UTC)) == ["今天", "十月", "十五日"]


# Values from outside


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ("0123", ["零", "一", "二", "三"]),
        ("-12.5", ["负", "十二", "点", "五"]),
        ("已发货", ["已发货"]),
        ("shipped", ["shipped"]),
        ("../../etc/passwd.wav", ["../../etc/passwd.wav"]),
        ("a\r\nb\x00c\u202ed", ["a b c d"]),
        ("长" * 500, ["长" * 80]),
        ("7" * 100, ["七"] * 32),
        ("。。。", []),
        ("٣٤", ["٣٤"]),
    ],
)
def test_a_variable_is_spoken_as_digits_a_number_or_a_short_text(held: str, words: list[str]) -> None:
    assert said("值{x}", variables={"x": held})[1:] == words


def test_a_variable_is_never_a_file() -> None:
    pieces = compose(Prompt.of("{x}"), replace(FACTS, variables={"x": "a.wav"}), "zh-CN", MORNING)
    assert pieces == (Speech("a.wav", "en"),)


def test_braces_in_a_value_mean_nothing() -> None:
    assert said("值{x}", variables={"x": "{caller.number}"}) == ["值", "{caller.number}"]


def test_a_text_from_outside_becomes_one_short_line() -> None:
    assert clean("  a\n\n b\tc\u200b ") == "a b c"
    assert clean("x" * 300) == "x" * 200
    assert clean("x" * 300, 5) == "x" * 5
    assert clean("\ud800x") == "x"


# Values written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("caller.number", "13800138000"),
        ("calls_today", "1"),
        ("time", "10:00"),
        ("date", "2026-10-14"),
        ("weekday", "3"),
        ("hours_today", "09:00-12:00, 13:00-18:00"),
        ("next_opening", "2026-10-14T13:00+08:00"),
        ("order", "42"),
        ("unknown", ""),
    ],
)
def test_values_are_written_for_machines(name: str, written: str) -> None:
    call = seen(replace(FACTS, variables={"order": "42"}), MORNING, Office())
    assert fill(Template("", parse(f"<{{{name}}}>").parts), call) == f"<{written}>"


def test_a_desk_that_never_opens_is_written_so() -> None:
    call = seen(FACTS, MORNING, Office(closed_for_good=True))
    assert fill(parse("{next_opening} {hours_today}"), call) == "unknown closed"


# The ways of `say`


@pytest.mark.parametrize(
    ("how", "text", "words"),
    [
        ("number", "205", "二百零五"),
        ("number", " -3.5 ", "负三点五"),
        ("number", "many", "many"),
        ("digits", "205", "二零五"),
        ("digits", "1" * 50, "一" * 32),
        ("digits", "。", ""),
        ("date", "2026-12-31", "十二月三十一日"),
        ("date", "2027-01-04", "明年一月四日"),
        ("date", "2026-12-31T09:00+08:00", "十二月三十一日"),
        ("date", "2026-02-30", "2026-02-30"),
        ("date", "tomorrow", "tomorrow"),
        ("time", "13:30", "下午一点半"),
        ("time", "2026-12-31T09:00+08:00", "上午九点"),
        ("time", "25:00", "25:00"),
        ("money", "128.50", "一百二十八元五角"),
        ("money", "free", "free"),
        ("money", "", ""),
    ],
)
def test_a_value_is_read_out_as_it_is_meant_or_else_as_a_text(how: str, text: str, words: str) -> None:
    assert "".join(spoken(piece) for piece in read_out(how, text, "zh-CN", date(2026, 10, 14))) == words


def test_what_is_played_of_a_text_was_rendered_ahead() -> None:
    prompt = Prompt.of(" 您好 {date} ， Welcome {time} 1 ")
    ahead = set(static_pieces(prompt))
    played = compose(prompt, FACTS, "en", MORNING)
    assert [piece for piece in played if spoken(piece) in ("您好", "， Welcome", "1")] == [
        Speech("您好", "zh-CN"),
        Speech("， Welcome", "zh-CN"),
        Speech("1", "zh-CN"),
    ]
    assert {Speech("您好", "zh-CN"), Speech("， Welcome", "zh-CN"), Speech("1", "zh-CN")} == ahead
