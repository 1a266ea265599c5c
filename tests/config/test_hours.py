"""routing/hours.yaml: what it may say, and what each mistake is called."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cti.config.fields import Refused
from cti.config.findings import ConfigError
from cti.config.hours import Hours, HoursFile, Interval, load_hours, never_open

NINE_TO_FIVE = Interval(9 * 60, 17 * 60)


def hours(**keys: Any) -> Hours:
    return Hours.model_validate({"weekly": {"mon-fri": ["09:00-17:00"]}, **keys})


def week(weekly: dict[str, Any]) -> list[list[str]]:
    """What is open from Monday to Sunday."""
    return [[str(interval) for interval in opening] for _, opening in hours(weekly=weekly).week()]


Mistake = tuple[str, str, str]
"""Where (the path, parts joined by spaces), what, hint."""


def mistakes(**keys: Any) -> list[Mistake]:
    with pytest.raises(ValidationError) as caught:
        hours(**keys)
    found = []
    for detail in caught.value.errors():
        refused = detail["ctx"]["error"]
        assert isinstance(refused, Refused)
        found.append((" ".join(map(str, detail["loc"])), str(refused), refused.hint))
    return found


def interval_mistake(text: Any) -> tuple[str, str]:
    [(where, what, hint)] = mistakes(weekly={"mon": [text]})
    assert where == "weekly mon 0"
    return what, hint


def day_mistake(key: str) -> tuple[str, str]:
    [(where, what, hint)] = mistakes(weekly={key: ["09:00-17:00"]})
    assert where == f"weekly {key} [key]"
    return what, hint


def date_mistake(key: str) -> tuple[str, str]:
    [(where, what, hint)] = mistakes(exceptions={key: "closed"})
    assert where == f"exceptions {key} [key]"
    return what, hint


def test_the_file_in_the_repository_is_right() -> None:
    file = load_hours(Path(__file__).parents[2] / "routing")
    assert list(file.hours) == ["order_desk", "service_desk", "complaint_desk"]
    assert file.hours["service_desk"].name == "客服中心"
    assert never_open(file.hours) == []


# ---- what may be written


def test_a_range_of_days_names_each_and_a_day_without_a_key_is_closed() -> None:
    assert week({"mon-wed": ["09:00-17:00"]}) == [["09:00-17:00"]] * 3 + [[]] * 4


def test_a_range_may_go_over_the_weekend() -> None:
    assert week({"sun-tue": ["09:00-17:00"]}) == [["09:00-17:00"]] * 2 + [[]] * 4 + [["09:00-17:00"]]


def test_days_and_ranges_may_stand_in_a_list() -> None:
    assert week({"tue, thu-fri,sun": ["09:00-17:00"]}) == [
        [],
        ["09:00-17:00"],
        [],
        ["09:00-17:00"],
        ["09:00-17:00"],
        [],
        ["09:00-17:00"],
    ]


def test_a_day_may_be_closed_by_word() -> None:
    assert week({"mon": ["09:00-17:00"], "tue-sun": "closed"}) == [["09:00-17:00"]] + [[]] * 6


def test_an_interval_past_midnight_keeps_its_text() -> None:
    one = hours(weekly={"mon": ["22:00-02:00"]})
    assert one.week()[0][1] == (Interval(22 * 60, 26 * 60),)
    assert str(one.week()[0][1][0]) == "22:00-02:00"


def test_a_whole_day_ends_at_24() -> None:
    assert week({"mon-sun": ["00:00-24:00"]}) == [["00:00-24:00"]] * 7


def test_intervals_may_touch_each_other_also_over_midnight() -> None:
    assert week({"mon": ["12:00-18:00", "09:00-12:00", "18:00-02:00"], "tue": ["02:00-09:00"]})[:2] == [
        ["12:00-18:00", "09:00-12:00", "18:00-02:00"],
        ["02:00-09:00"],
    ]


def test_an_exception_is_a_date_or_dates_from_one_to_another() -> None:
    one = hours(exceptions={"2026-12-31": ["09:00-12:00"], "2027-02-05..2027-02-07": "closed"})
    first, second = one.exceptions
    assert list(first) == [date(2026, 12, 31)]
    assert list(second) == [date(2027, 2, 5), date(2027, 2, 6), date(2027, 2, 7)]
    assert one.exceptions[second] == ()


def test_the_rest_may_be_left_out() -> None:
    one = hours()
    assert (one.timezone, one.holidays, one.name, dict(one.exceptions)) == ("Asia/Shanghai", None, None, {})


def test_hours_without_any_opening_in_the_week_are_told() -> None:
    closed = hours(weekly={"mon-sun": "closed"})
    assert never_open({"night": closed, "day": hours(), "empty": hours(weekly={})}) == ["night", "empty"]


# ---- times


@pytest.mark.parametrize("text", ["9 to 5", "", "09:00", "09:60-12:00", "24:30-02:00", "22:00-26:00", 9, None])
def test_what_is_no_interval_is_told_how_to_write_one(text: Any) -> None:
    shown = {None: "null", 9: "9"}.get(text, f'"{text}"')
    assert interval_mistake(text) == (f"{shown} is not an interval", "write HH:MM-HH:MM, from 00:00 to 24:00")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("9:00-12:00", "09:00-12:00"),
        ("09:00 - 12:00", "09:00-12:00"),
        ("09:00–12:00", "09:00-12:00"),
        ("09:00至12:00", "09:00-12:00"),
        ("9.30-12.00", "09:30-12:00"),
    ],
)
def test_a_time_as_people_write_it_is_not_taken_but_understood(text: str, meant: str) -> None:
    assert interval_mistake(text) == (f'"{text}" is not an interval', f"did you mean {meant}?")


def test_a_full_width_colon_is_named() -> None:
    assert interval_mistake("09：00-12：00") == (
        '"09：00-12：00" has a full-width colon',
        "did you mean 09:00-12:00?",
    )


def test_an_empty_interval_is_an_error() -> None:
    assert interval_mistake("09:00-09:00") == ('"09:00-09:00" is empty', "a whole day is 00:00-24:00")


def test_a_reversed_interval_is_an_error() -> None:
    assert interval_mistake("12:00-09:00") == (
        '"12:00-09:00" ends before it begins',
        "it would last 21:00 hours, until 09:00 of the next day",
    )


@pytest.mark.parametrize("text", ["18:00-09:00", "07:00-02:00", "12:00-06:00"])
def test_a_long_evening_is_no_reversed_interval(text: str) -> None:
    assert week({"mon": [text]})[0] == [text]


def test_24_is_an_end_and_0_a_beginning() -> None:
    assert interval_mistake("24:00-02:00") == ('"24:00-02:00" begins at 24:00', "the next day begins at 00:00")
    assert interval_mistake("22:00-00:00") == ('"22:00-00:00" ends before it begins', "did you mean 22:00-24:00?")


def test_closed_stands_alone() -> None:
    assert interval_mistake("closed") == ('"closed" stands in place of the list, not in it', "")


@pytest.mark.parametrize(
    ("value", "shown", "hint"),
    [
        ("close", '"close"', "did you mean closed?"),
        ("09:00-12:00", '"09:00-12:00"', 'did you mean ["09:00-12:00"]?'),
        (None, "null", 'write ["09:00-12:00", "13:00-18:00"] or closed'),
        ("morning", '"morning"', 'write ["09:00-12:00", "13:00-18:00"] or closed'),
        ({"from": 9}, '{"from": 9}', 'write ["09:00-12:00", "13:00-18:00"] or closed'),
    ],
)
def test_a_day_is_a_list_or_closed(value: Any, shown: str, hint: str) -> None:
    expected = f"{shown} is neither a list of intervals nor closed"
    assert mistakes(weekly={"mon": value}) == [("weekly mon", expected, hint)]
    assert mistakes(exceptions={"2026-12-31": value}) == [("exceptions 2026-12-31", expected, hint)]


def test_an_empty_list_is_an_error() -> None:
    assert mistakes(weekly={"mon": []}) == [("weekly mon", "an empty list opens nothing", "write closed")]


def test_overlapping_intervals_are_an_error_at_the_later_one() -> None:
    assert mistakes(weekly={"mon-fri": ["09:00-12:00", "13:00-18:00", "11:59-13:00"]}) == [
        ("weekly mon-fri 2", '"11:59-13:00" overlaps "09:00-12:00"', "")
    ]
    assert mistakes(exceptions={"2026-12-31": ["22:00-02:00", "23:00-24:00"]}) == [
        ("exceptions 2026-12-31 1", '"23:00-24:00" overlaps "22:00-02:00"', "")
    ]


def test_an_interval_past_midnight_must_not_overlap_the_next_day() -> None:
    expected = '"01:00-09:00" overlaps "22:00-02:00", which goes on past midnight from the day before'
    early, late = ["12:00-13:00", "01:00-09:00"], ["22:00-02:00"]
    assert mistakes(weekly={"mon": late, "tue": early}) == [("weekly tue 1", expected, "")]
    assert mistakes(weekly={"mon": early, "sun": late}) == [("weekly mon 1", expected, "")]
    assert mistakes(weekly={"mon-fri": early + late}) == [("weekly mon-fri 1", expected, "")]
    assert week({"mon": early, "tue": late})[:2] == [early, late]


def test_exceptions_past_midnight_must_not_overlap_the_next_exception() -> None:
    expected = '"01:00-09:00" overlaps "22:00-02:00", which goes on past midnight from the day before'
    early, late = ["01:00-09:00"], ["22:00-02:00"]
    assert mistakes(exceptions={"2027-01-01": early, "2026-12-30..2026-12-31": late}) == [
        ("exceptions 2027-01-01 0", expected, "")
    ]
    assert mistakes(exceptions={"2026-12-30..2027-01-02": early + late}) == [
        ("exceptions 2026-12-30..2027-01-02 0", expected, "")
    ]
    hours(exceptions={"2026-12-31": early + late, "2027-01-02": early})


# ---- days


def test_what_is_no_day_is_told_the_nearest() -> None:
    assert day_mistake("monday") == ('"monday" is not a day', "did you mean mon?")
    assert day_mistake("Mon") == ('"Mon" is not a day', "did you mean mon?")
    assert day_mistake("mon-fry") == ('"mon-fry": "fry" is not a day', "did you mean fri?")
    assert day_mistake("周一") == ('"周一" is not a day', "")


def test_the_days_are_listed() -> None:
    with pytest.raises(ValidationError) as caught:
        hours(weekly={"weekend": "closed"})
    allowed = caught.value.errors()[0]["ctx"]["error"].allowed
    assert allowed == ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon-fri", "tue,thu")


def test_a_day_is_named_once() -> None:
    assert mistakes(weekly={"mon-fri": ["09:00-17:00"], "sat": "closed", "wed,sat": ["10:00-12:00"]}) == [
        ("weekly wed,sat [key]", 'wed is already in "mon-fri"', "")
    ]
    assert day_mistake("mon-wed,tue") == ('"mon-wed,tue" names tue twice', "")
    assert day_mistake("mon-mon") == ('"mon-mon": mon-mon is one day', "did you mean mon?")


# ---- dates


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("2026-2-5", "2026-02-05"),
        ("2026/02/05", "2026-02-05"),
        ("2026年2月5日", "2026-02-05"),
        ("2026-02-05 - 2026-02-11", "2026-02-05..2026-02-11"),
        ("2026-02-05...2026-02-11", "2026-02-05..2026-02-11"),
    ],
)
def test_a_date_as_people_write_it_is_not_taken_but_understood(key: str, meant: str) -> None:
    assert date_mistake(key) == (f'"{key}" is not a date', f"did you mean {meant}?")


def test_what_is_no_date_is_told_how_to_write_one() -> None:
    assert date_mistake("new year") == ('"new year" is not a date', "write YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD")


def test_a_date_that_the_calendar_does_not_have() -> None:
    assert date_mistake("2027-02-29") == ('"2027-02-29" is not a date', "day is out of range for month")
    assert date_mistake("2027-02-20..2027-02-29") == (
        '"2027-02-20..2027-02-29": "2027-02-29" is not a date',
        "day is out of range for month",
    )


def test_a_date_in_another_age() -> None:
    assert date_mistake("0206-12-31") == ('"0206-12-31" is not a date between 2000 and 2100', "")


def test_a_range_of_dates_goes_forward_and_covers_a_year_at_most() -> None:
    assert date_mistake("2027-02-11..2027-02-05") == (
        '"2027-02-11..2027-02-05" goes backwards',
        "did you mean 2027-02-05..2027-02-11?",
    )
    assert date_mistake("2027-02-05..2027-02-05") == (
        '"2027-02-05..2027-02-05" is one day',
        "did you mean 2027-02-05?",
    )
    assert date_mistake("2027-01-01..2028-01-02") == (
        '"2027-01-01..2028-01-02" covers 367 days',
        "an exception covers at most 366",
    )
    hours(exceptions={"2027-01-01..2028-01-01": "closed"})


def test_exceptions_do_not_overlap() -> None:
    assert mistakes(
        exceptions={"2027-02-05..2027-02-11": "closed", "2027-02-12": "closed", "2027-02-10": ["09:00-12:00"]}
    ) == [("exceptions 2027-02-10 [key]", '"2027-02-10" overlaps "2027-02-05..2027-02-11"', "")]


# ---- zone and country


def test_a_time_zone_that_does_not_exist() -> None:
    assert mistakes(timezone="Asia/Shangai") == [
        ("timezone", '"Asia/Shangai" is not a time zone', "did you mean Asia/Shanghai?")
    ]


@pytest.mark.parametrize(("value", "meant"), [("cn", "CN"), ("CHN", "CN"), ("China", "CN"), ("中国", "CN")])
def test_a_country_is_written_by_its_two_letters(value: str, meant: str) -> None:
    assert mistakes(holidays=value) == [
        ("holidays", f'"{value}" is not a country whose holidays are known', f"did you mean {meant}?")
    ]


def test_a_country_that_does_not_exist() -> None:
    assert mistakes(holidays="XX") == [
        ("holidays", '"XX" is not a country whose holidays are known', "write its two letters (ISO 3166): CN")
    ]


# ---- in a file


def test_every_mistake_is_found_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "hours.yaml").write_text(
        "hours:\n"
        "  desk:\n"
        "    weekly:\n"
        '      mon-fri: ["09:00-12:00", "11:00-18:00"]\n'
        "    holidays: ZZ\n"
        "    exceptions:\n"
        '      2026-12-31: ["9:00-12:00"]\n',
        "utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_hours(tmp_path)
    assert [(f.place.line, f.place.column, f.value) for f in caught.value.findings] == [
        (4, 32, "11:00-18:00"),
        (5, 15, "ZZ"),
        (7, 20, "9:00-12:00"),
    ]


def test_a_mistake_is_shown_where_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "hours.yaml"
    file.write_text('hours:\n  desk:\n    weekly:\n      mon-fry: ["9:00-12:00"]\n', "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_hours(tmp_path)
    assert str(caught.value) == (
        f'{file}:4:7  "mon-fry": "fry" is not a day\n'
        '     4 |       mon-fry: ["9:00-12:00"]\n'
        "       |       ^^^^^^^ did you mean fri?\n"
        "    allowed: mon, tue, wed, thu, fri, sat, sun, mon-fri, tue,thu\n"
        f'{file}:4:17  mon-fry: "9:00-12:00" is not an interval\n'
        '     4 |       mon-fry: ["9:00-12:00"]\n'
        "       |                 ^^^^^^^^^^^^ did you mean 09:00-12:00?"
    )


def test_a_file_without_hours_has_none() -> None:
    assert HoursFile.model_validate({}).hours == {}
