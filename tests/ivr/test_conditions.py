"""What `check` can ask, and what it says to a condition that is none."""

import pytest

from cti.ivr.conditions import (
    FORMS,
    CallerIn,
    CallsInWeek,
    CallsToday,
    Condition,
    Known,
    LanguageIs,
    PlaceIs,
    Sign,
    VariableIs,
    parse,
)
from cti.ivr.values import Refused


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("calls today >= 3", CallsToday(Sign.AT_LEAST, 3)),
        ("calls today>=3", CallsToday(Sign.AT_LEAST, 3)),
        ("  calls   today  =  1 ", CallsToday(Sign.IS, 1)),
        ("calls in 7 days > 5", CallsInWeek(Sign.OVER, 5)),
        ("caller in vip", CallerIn("vip")),
        ("caller in 大客户", CallerIn("大客户")),
        ("place is 广东", PlaceIs("广东")),
        ("place is Hong Kong", PlaceIs("Hong Kong")),
        ("language is en", LanguageIs("en")),
        ("level = gold", VariableIs("level", Sign.IS, "gold")),
        ("等级 = 金卡 会员", VariableIs("等级", Sign.IS, "金卡 会员")),
        ("level != gold", VariableIs("level", Sign.IS_NOT, "gold")),
        ("balance < -12.5", VariableIs("balance", Sign.UNDER, "-12.5")),
        ("score >= 4", VariableIs("score", Sign.AT_LEAST, "4")),
    ],
)
def test_a_condition_is_read_and_written(text: str, condition: Condition) -> None:
    assert parse(text) == condition
    assert parse(str(condition)) == condition


@pytest.mark.parametrize(
    ("text", "what", "hint"),
    [
        (3, "3 is not a condition", ""),
        ("", '"" is not a condition', ""),
        ("calls todya >= 3", '"calls todya >= 3" is not a condition', "did you mean calls today >= 3?"),
        ("call today >= 3", '"call today >= 3" is not a condition', "did you mean calls today >= 3?"),
        (
            "calls today >= three",
            '"calls today >= three" is not a condition',
            "calls are counted in whole numbers: calls today >= 3",
        ),
        (
            "calls in 30 days >= 9",
            '"calls in 30 days >= 9" is not a condition',
            "calls are counted for today and for 7 days: calls in 7 days >= 9",
        ),
        ("caller on vip", '"caller on vip" is not a condition', "did you mean caller in LIST?"),
        ("caller = vip", '"caller = vip" is not a condition', "did you mean caller in?"),
        ("place = 广东", '"place = 广东" is not a condition', "did you mean place is?"),
        ("language is fr", '"fr" is not a language', ""),
        ("language is eng", '"eng" is not a language', "did you mean en?"),
        ("level == gold", '"level == gold" is not a condition', "did you mean level = gold?"),
        ("level >= gold", '"level >= gold" is not a condition', '>= compares numbers, and "gold" is none'),
        ("level =", '"level =" is not a condition', ""),
        ("position = 3", '"position" cannot be a variable: the word has its own meaning', ""),
        ("9a = 3", '"9a" is not a variable\'s name', "letters, digits and _, a letter first"),
        ("score ≥ 4", '"score ≥ 4" is not a condition', ""),
    ],
)
def test_what_is_no_condition_is_refused_with_what_it_may_have_meant(text: object, what: str, hint: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(text)
    assert (str(refused.value), refused.value.hint) == (what, hint)


def test_a_refused_condition_shows_the_forms() -> None:
    with pytest.raises(Refused) as refused:
        parse("is it late?")
    assert refused.value.allowed == FORMS


@pytest.mark.parametrize("form", FORMS)
def test_every_form_that_is_shown_is_a_condition(form: str) -> None:
    assert parse(form)


@pytest.mark.parametrize(
    ("sign", "holds"),
    [("=", [3]), ("!=", [2, 4]), (">=", [3, 4]), ("<=", [2, 3]), (">", [4]), ("<", [2])],
)
def test_signs_compare(sign: str, holds: list[int]) -> None:
    condition = parse(f"calls today {sign} 3")
    assert [calls for calls in (2, 3, 4) if condition.holds(Known(calls_today=calls))] == holds


def test_the_week_and_the_day_are_counted_apart() -> None:
    known = Known(calls_today=1, calls_in_7_days=5)
    assert parse("calls in 7 days = 5").holds(known)
    assert not parse("calls today = 5").holds(known)


def test_a_list_is_asked_by_its_name() -> None:
    known = Known(in_list=lambda name: name == "vip")
    assert parse("caller in vip").holds(known)
    assert not parse("caller in blacklist").holds(known)


@pytest.mark.parametrize(
    ("asked", "place", "holds"),
    [
        ("广东", "广东省深圳市", True),
        ("广东省", "广东省深圳市", True),
        ("深圳", "广东省深圳市", True),
        ("深圳市", "广东省深圳市", True),
        ("广州", "广东省深圳市", False),
        ("上海", "上海市", True),
        ("吉林", "吉林省长春市", True),
        ("广西", "广西壮族自治区南宁市", True),
        ("新疆", "新疆维吾尔自治区", True),
        ("内蒙古", "内蒙古自治区呼和浩特市", True),
        ("海南", "青海省海南藏族自治州", False),
        ("海南", "海南省海口市", True),
        ("Guangdong", "Shenzhen, guangdong", True),
        ("广东", "广东 深圳", True),
        ("广东", "", False),
        ("市", "上海市", False),
    ],
)
def test_a_place_is_a_province_or_a_city(asked: str, place: str, holds: bool) -> None:
    assert parse(f"place is {asked}").holds(Known(place=place)) is holds


def test_the_language_is_the_one_that_is_heard() -> None:
    assert parse("language is en").holds(Known(language="en"))
    assert not parse("language is en").holds(Known(language="zh-CN"))


@pytest.mark.parametrize(
    ("text", "held", "holds"),
    [
        ("level = gold", "gold", True),
        ("level = gold", " gold ", True),
        ("level = gold", "Gold", False),
        ("level != gold", "silver", True),
        ("level = 3", "3.0", True),
        ("level = 007", "7", True),
        ("level >= 10", "9", False),
        ("level >= 10", "10", True),
        ("level < 10", "many", False),
        ("level > 10", "many", False),
        ("level < 10", "nan", False),
        ("level < 10", "9" * 4000, False),
    ],
)
def test_a_variable_is_compared_as_a_number_where_both_are(text: str, held: str, holds: bool) -> None:
    assert parse(text).holds(Known(variables={"level": held})) is holds


def test_a_variable_that_is_not_set_is_an_empty_text() -> None:
    assert parse("level != gold").holds(Known())
    assert not parse("level = gold").holds(Known())
    assert not parse("level < 10").holds(Known())
