"""The calendar: a working day, a Saturday, National Day, a make-up Saturday, a night, and clocks that jump."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.config.calendar import Calendar, Calendars, Doubt, Why, doubts
from cti.config.hours import Hours, load_hours
from cti.config.public_holidays import Name, year_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)

FILE = load_hours(Path(__file__).parents[2] / "routing")


def hours(weekly: dict[str, Any], **keys: Any) -> Hours:
    return Hours.model_validate({"weekly": weekly, **keys})


def calendar(weekly: dict[str, Any], **keys: Any) -> Calendar:
    return Calendar(hours(weekly, **keys))


SERVICE_WEEK = {"mon-fri": ["09:00-12:00", "13:00-18:00"], "sat": ["10:00-16:00"]}
SERVICE = calendar(SERVICE_WEEK, holidays="CN", exceptions={"2026-12-31": ["09:00-12:00"]})


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def new_york(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK, fold=fold)


def utc(at: datetime) -> datetime:
    """The same instant, free of clocks that jump: times of one zone are compared by what its clock shows."""
    return at.astimezone(UTC)


def open_times(one: Calendar, day: str) -> list[str]:
    """What begins on a day, by the clock."""
    return [f"{start:%H:%M}-{end:%H:%M}" for start, end in one.intervals(date.fromisoformat(day))]


def spans(pairs: Iterable[tuple[datetime, datetime]]) -> list[tuple[str, str]]:
    """Instants in UTC."""
    return [(f"{start.astimezone(UTC):%m-%d %H:%M}", f"{end.astimezone(UTC):%m-%d %H:%M}") for start, end in pairs]


# ---- the days of the example


def test_a_working_day() -> None:
    assert open_times(SERVICE, "2026-11-24") == ["09:00-12:00", "13:00-18:00"]
    assert SERVICE.why(date(2026, 11, 24)) == Why("weekly", ("weekly", "mon-fri"))


@pytest.mark.parametrize(
    ("clock", "is_open"),
    [
        ("00:00", False),
        ("03:00", False),
        ("08:59:59.999999", False),
        ("09:00", True),
        ("11:59:59.999999", True),
        ("12:00", False),
        ("12:59", False),
        ("13:00", True),
        ("17:59", True),
        ("18:00", False),
        ("23:59", False),
    ],
)
def test_the_hours_of_a_working_day(clock: str, is_open: bool) -> None:
    assert SERVICE.is_open(shanghai(f"2026-11-24 {clock}")) is is_open


def test_a_saturday() -> None:
    assert open_times(SERVICE, "2026-11-28") == ["10:00-16:00"]
    assert SERVICE.why(date(2026, 11, 28)) == Why("weekly", ("weekly", "sat"))


def test_a_sunday_that_no_key_names() -> None:
    assert open_times(SERVICE, "2026-11-29") == []
    assert SERVICE.why(date(2026, 11, 29)) == Why("weekly", ("weekly",))


@pytest.mark.parametrize("day", [f"2026-10-0{n}" for n in range(1, 8)])
def test_national_day_is_closed_for_the_seven_announced_days(day: str) -> None:
    """Saturday the 3rd and Sunday the 4th too: the notice says 10月1日至7日."""
    every_day = calendar({"mon-sun": ["09:00-18:00"]}, holidays="CN")
    assert open_times(every_day, day) == []
    why = every_day.why(date.fromisoformat(day))
    assert (why.rule, why.path, why.announced) == ("holiday", ("holidays",), True)
    assert why.name is not None
    assert why.name.zh.startswith("国庆节")


def test_a_holiday_has_a_name_in_both_languages() -> None:
    names = {day: SERVICE.why(date(2026, 10, day)).name for day in (1, 5, 6)}
    assert names == {
        1: Name("国庆节", "National Day"),
        5: Name("国庆节", "National Day"),  # the library says "(observed)"
        6: Name("国庆节假期", "National Day holiday"),  # the library says "day off (substituted from ...)"
    }
    assert names[1] is not None
    assert (names[1].of("zh-CN"), names[1].of("en")) == ("国庆节", "National Day")


@pytest.mark.parametrize("day", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_a_make_up_day_has_the_hours_of_a_working_day(day: str) -> None:
    assert open_times(SERVICE, day) == ["09:00-12:00", "13:00-18:00"]
    assert SERVICE.why(date.fromisoformat(day)) == Why(
        "make_up_day", ("holidays",), Name("调休上班日", "make-up working day"), ("weekly", "mon-fri")
    )


def test_a_make_up_day_has_the_commonest_hours_of_monday_to_friday() -> None:
    weekly = {"mon": ["10:00-12:00"], "tue,thu": ["08:00-12:00"], "wed": "closed", "fri": ["09:00-12:00"]}
    assert open_times(calendar(weekly, holidays="CN"), "2026-10-10") == ["08:00-12:00"]
    differ = {"wed": ["08:00-09:00"], "mon": ["10:00-12:00"], "tue": ["11:00-12:00"], "thu,fri,sat": "closed"}
    assert open_times(calendar(differ, holidays="CN"), "2026-10-10") == []
    monday_first = {"wed,fri": ["08:00-09:00"], "mon,tue": ["10:00-12:00"], "thu": "closed", "sat": ["07:00-08:00"]}
    assert open_times(calendar(monday_first, holidays="CN"), "2026-10-10") == ["10:00-12:00"]


def test_the_order_of_intervals_in_the_file_does_not_matter() -> None:
    one = calendar({"mon": ["13:00-18:00", "09:00-12:00"], "tue,wed": ["10:00-11:00"], "thu,fri": "closed"})
    assert open_times(one, "2026-11-23") == ["09:00-12:00", "13:00-18:00"]
    assert one.closes(shanghai("2026-11-23 10:00")) == shanghai("2026-11-23 12:00")
    same = {"tue": ["13:00-18:00", "09:00-12:00"], "wed": ["09:00-12:00", "13:00-18:00"]}
    alike = calendar({"mon": "closed", **same, "thu": ["10:00-11:00"], "fri": ["08:00-09:00"]}, holidays="CN")
    assert open_times(alike, "2026-10-10") == ["09:00-12:00", "13:00-18:00"]


def test_without_holidays_national_day_and_a_make_up_saturday_are_days_like_others() -> None:
    one = calendar(SERVICE_WEEK)
    assert open_times(one, "2026-10-01") == ["09:00-12:00", "13:00-18:00"]
    assert open_times(one, "2026-10-10") == ["10:00-16:00"]
    assert one.why(date(2027, 10, 1)) == Why("weekly", ("weekly", "mon-fri"))


def test_a_weekend_beside_a_holiday_belongs_to_it_in_china_alone() -> None:
    """中秋节 is announced as 9月25日至27日; the Saturday after Good Friday is a Saturday."""
    every_day = {"mon-sun": ["09:00-18:00"]}
    assert open_times(calendar(every_day, holidays="CN"), "2026-09-26") == []
    british = calendar(every_day, holidays="GB")
    assert open_times(british, "2026-04-03") == []
    assert open_times(british, "2026-04-04") == ["09:00-18:00"]


def test_breaks_are_as_the_notice_for_2026_counts_them() -> None:
    """国务院办公厅关于2026年部分节假日安排的通知."""
    announced = [
        ("2026-01-01", 3),
        ("2026-02-15", 9),
        ("2026-04-04", 3),
        ("2026-05-01", 5),
        ("2026-06-19", 3),
        ("2026-09-25", 3),
        ("2026-10-01", 7),
    ]
    expected = {date.fromisoformat(first) + timedelta(days=n) for first, days in announced for n in range(days)}
    assert set(year_of("CN", 2026).holidays) == expected


def test_names_of_a_country_without_chinese_are_english() -> None:
    assert year_of("US", 2026).holidays[date(2026, 12, 25)] == Name("Christmas Day", "Christmas Day")


# ---- exceptions


def test_an_exception_wins_over_the_week() -> None:
    assert open_times(SERVICE, "2026-12-31") == ["09:00-12:00"]
    assert SERVICE.why(date(2026, 12, 31)) == Why("exception", ("exceptions", "2026-12-31"))


def test_an_exception_wins_over_holidays_and_make_up_days() -> None:
    one = calendar(
        SERVICE_WEEK, holidays="CN", exceptions={"2026-10-01..2026-10-02": ["10:00-12:00"], "2026-10-10": "closed"}
    )
    assert open_times(one, "2026-10-01") == open_times(one, "2026-10-02") == ["10:00-12:00"]
    assert open_times(one, "2026-10-03") == []
    assert open_times(one, "2026-10-10") == []
    assert one.why(date(2026, 10, 2)) == Why("exception", ("exceptions", "2026-10-01..2026-10-02"))


@pytest.mark.parametrize("day", range(5, 12))
def test_the_example_is_closed_over_the_spring_festival_of_2027(day: int) -> None:
    one = Calendar(FILE.hours["service_desk"])
    assert open_times(one, f"2027-02-{day:02}") == []
    assert one.why(date(2027, 2, day)).path == ("exceptions", "2027-02-05..2027-02-11")


# ---- past midnight


LATE = {"fri,sat": ["20:00-02:00"], "sun": ["12:00-20:00"]}


def test_an_interval_past_midnight_belongs_to_the_day_it_begins() -> None:
    late = calendar(LATE)
    assert spans(late.intervals(date(2026, 11, 27))) == [("11-27 12:00", "11-27 18:00")]
    assert late.is_open(shanghai("2026-11-28 01:59"))
    assert not late.is_open(shanghai("2026-11-28 02:00"))
    assert late.is_open(shanghai("2026-11-29 01:59"))
    assert not late.is_open(shanghai("2026-11-27 01:00"))


def test_it_goes_on_into_a_day_that_is_closed() -> None:
    late = calendar({"mon-sun": ["20:00-02:00"]}, holidays="CN", exceptions={"2026-11-28": "closed"})
    assert late.is_open(shanghai("2026-10-01 01:59"))  # began on 30 September, a working day
    assert not late.is_open(shanghai("2026-10-01 21:00"))
    assert not late.is_open(shanghai("2026-10-08 01:00"))  # would have begun on 7 October, a holiday
    assert late.is_open(shanghai("2026-11-28 01:59"))
    assert not late.is_open(shanghai("2026-11-28 20:00"))


def test_the_day_on_which_it_began_decided() -> None:
    late = calendar({"mon-sun": ["20:00-02:00"]}, holidays="CN")
    assert late.why_at(shanghai("2026-10-01 01:59")) == Why("weekly", ("weekly", "mon-sun"))
    assert late.why_at(shanghai("2026-10-01 02:00")).rule == "holiday"
    assert late.why_at(shanghai("2026-09-30 21:00")).rule == "weekly"


def test_an_exception_that_meets_the_night_before_makes_one_stretch() -> None:
    one = calendar({"mon-fri": ["20:00-02:00"]}, exceptions={"2026-11-28": ["01:00-05:00"]})
    assert one.closes(shanghai("2026-11-27 21:00")) == shanghai("2026-11-28 05:00")
    assert one.is_open(shanghai("2026-11-28 03:00"))


def test_an_exception_within_the_night_before_does_not_shorten_it() -> None:
    one = calendar({"mon-fri": ["20:00-02:00"]}, exceptions={"2026-11-28": ["01:00-01:30"]})
    assert one.closes(shanghai("2026-11-27 21:00")) == shanghai("2026-11-28 02:00")


def test_a_night_far_west_of_greenwich() -> None:
    """Where UTC is two dates ahead of the day on which the interval began."""
    samoa = calendar({"wed": ["20:00-13:30"]}, timezone="Pacific/Pago_Pago")
    at = datetime(2026, 11, 27, 0, 15, tzinfo=UTC)  # Thursday 13:15 there
    assert samoa.is_open(at)
    assert samoa.closes(at) == at + 15 * MINUTE


# ---- what comes next


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-24 08:00", "2026-11-24 09:00"),
        ("2026-11-24 12:00", "2026-11-24 13:00"),
        ("2026-11-24 18:00", "2026-11-25 09:00"),
        ("2026-11-27 23:59", "2026-11-28 10:00"),
        ("2026-11-28 16:00", "2026-11-30 09:00"),
        ("2026-11-24 10:00", "2026-11-24 13:00"),  # it is open; next it opens after lunch
        ("2026-11-24 09:00", "2026-11-24 13:00"),
        ("2026-02-13 18:00", "2026-02-14 09:00"),  # a make-up Saturday
        ("2026-02-14 18:00", "2026-02-24 09:00"),  # over the Spring Festival
        ("2026-09-30 18:00", "2026-10-08 09:00"),
    ],
)
def test_next_opening(at: str, opens: str) -> None:
    assert SERVICE.next_opening(shanghai(at)) == shanghai(opens)


@pytest.mark.parametrize(
    ("at", "closes"),
    [
        ("2026-11-24 09:00", "2026-11-24 12:00"),
        ("2026-11-24 11:59:59", "2026-11-24 12:00"),
        ("2026-11-24 12:00", None),
        ("2026-11-24 20:00", None),
    ],
)
def test_closes(at: str, closes: str | None) -> None:
    assert SERVICE.closes(shanghai(at)) == (shanghai(closes) if closes else None)


def test_what_touches_is_one_stretch_also_over_midnight() -> None:
    one = calendar({"mon": ["09:00-12:00", "12:00-24:00"], "tue": ["00:00-03:00"]})
    assert one.closes(shanghai("2026-11-23 10:00")) == shanghai("2026-11-24 03:00")
    assert open_times(one, "2026-11-23") == ["09:00-12:00", "12:00-00:00"]


def test_a_desk_that_never_closes_never_changes() -> None:
    one = calendar({"mon-sun": ["00:00-24:00"]})
    at = shanghai("2026-11-24 10:00")
    assert (one.is_open(at), one.closes(at), one.next_opening(at)) == (True, None, None)
    assert list(one.changes(at, at + timedelta(days=400))) == [(at, True)]


def test_a_desk_that_never_opens_never_changes() -> None:
    one = calendar({"mon-sun": "closed"})
    at = shanghai("2026-11-24 10:00")
    assert (one.is_open(at), one.closes(at), one.next_opening(at)) == (False, None, None)
    assert list(one.changes(at, at + timedelta(days=400))) == [(at, False)]


def test_an_opening_more_than_400_days_ahead_is_none() -> None:
    one = calendar({}, exceptions={"2028-01-01": ["09:00-10:00"]})
    opening = shanghai("2028-01-01 09:00")
    assert one.next_opening(opening - timedelta(days=400)) == opening
    assert one.next_opening(opening - timedelta(days=400, seconds=1)) is None


def test_changes_begin_with_the_state_and_end_before_the_end() -> None:
    start, end = shanghai("2026-11-24 10:00"), shanghai("2026-11-25 09:00")
    assert list(SERVICE.changes(start, end)) == [
        (start, True),
        (shanghai("2026-11-24 12:00"), False),
        (shanghai("2026-11-24 13:00"), True),
        (shanghai("2026-11-24 18:00"), False),
    ]
    assert list(SERVICE.changes(start, start)) == []


def test_a_change_at_the_start_is_the_state_and_one_at_the_end_is_left_out() -> None:
    opens, closes = shanghai("2026-11-24 09:00"), shanghai("2026-11-24 12:00")
    assert list(SERVICE.changes(opens, closes)) == [(opens, True)]
    assert list(SERVICE.changes(closes, shanghai("2026-11-24 13:00"))) == [(closes, False)]


# ---- zones


def test_a_time_may_come_in_any_zone_and_goes_out_in_ours() -> None:
    at = datetime(2026, 11, 24, 0, 59, tzinfo=UTC)
    assert not SERVICE.is_open(at)
    assert SERVICE.is_open(at + MINUTE)
    assert SERVICE.is_open(new_york("2026-11-23 20:00"))  # 09:00 of the 24th in Shanghai
    opens = SERVICE.next_opening(at)
    assert opens is not None
    assert (opens, opens.tzinfo, opens.hour) == (at + MINUTE, SHANGHAI, 9)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 24, 10)
    for ask in (SERVICE.is_open, SERVICE.next_opening, SERVICE.closes, SERVICE.why_at):
        with pytest.raises(ValueError, match="2026-11-24 10:00:00 has no time zone"):
            ask(naive)


def american(*intervals: str) -> Calendar:
    return calendar({"mon-sun": list(intervals)}, timezone="America/New_York")


SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
"""02:00 becomes 03:00 at 07:00 UTC; 02:00 becomes 01:00 at 06:00 UTC."""


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("01:00-04:00", [("03-08 06:00", "03-08 08:00")]),  # two hours, not three
        ("02:30-04:00", [("03-08 07:00", "03-08 08:00")]),  # begins in the gap: when the clock jumps
        ("01:00-02:30", [("03-08 06:00", "03-08 07:00")]),  # ends in it
        ("01:00-02:00", [("03-08 06:00", "03-08 07:00")]),
        ("03:00-04:00", [("03-08 07:00", "03-08 08:00")]),
        ("02:00-03:00", []),  # skipped
        ("02:15-02:45", []),
        ("09:00-17:00", [("03-08 13:00", "03-08 21:00")]),
        ("00:00-24:00", [("03-08 05:00", "03-09 04:00")]),
    ],
)
def test_an_hour_that_the_clock_skips_is_not_there(interval: str, expected: list[tuple[str, str]]) -> None:
    assert spans(american(interval).intervals(SPRING)) == expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("00:00-03:00", [("11-01 04:00", "11-01 08:00")]),  # four hours, not three
        ("01:00-02:00", [("11-01 05:00", "11-01 07:00")]),  # both times
        ("00:00-01:00", [("11-01 04:00", "11-01 05:00")]),  # ends before the clock repeats anything
        ("02:00-03:00", [("11-01 07:00", "11-01 08:00")]),
        ("01:30-03:00", [("11-01 05:30", "11-01 08:00")]),
        ("00:00-01:30", [("11-01 04:00", "11-01 06:30")]),
        ("09:00-17:00", [("11-01 14:00", "11-01 22:00")]),
        ("00:00-24:00", [("11-01 04:00", "11-02 05:00")]),
    ],
)
def test_an_hour_that_the_clock_repeats_is_open_both_times(interval: str, expected: list[tuple[str, str]]) -> None:
    assert spans(american(interval).intervals(AUTUMN)) == expected


def test_the_repeated_hour_is_told_apart() -> None:
    first, second = new_york("2026-11-01 01:59", fold=0), new_york("2026-11-01 01:59", fold=1)
    late = american("02:00-03:00")
    assert [late.is_open(at) for at in (first, second, new_york("2026-11-01 02:00"))] == [False, False, True]
    early = american("00:00-01:00")
    closes = early.closes(new_york("2026-11-01 00:30"))
    assert closes is not None
    assert utc(closes) == datetime(2026, 11, 1, 5, tzinfo=UTC)  # the first 01:00, not the second


def test_a_night_past_midnight_into_the_change_of_the_clock() -> None:
    night = american("22:00-03:00")
    assert spans(night.intervals(date(2026, 3, 7))) == [("03-08 03:00", "03-08 07:00")]
    assert spans(night.intervals(date(2026, 10, 31))) == [("11-01 02:00", "11-01 08:00")]


def test_a_clock_that_jumps_at_midnight() -> None:
    """In Cairo 2026-04-24 begins at 01:00, and 2026-10-29 23:00 to 24:00 comes twice."""
    cairo = calendar({"mon-sun": ["00:00-24:00"]}, timezone="Africa/Cairo")
    assert spans(cairo.intervals(date(2026, 4, 24))) == [("04-23 22:00", "04-24 21:00")]
    assert spans(cairo.intervals(date(2026, 10, 29))) == [("10-28 21:00", "10-29 22:00")]


# ---- holidays that are not announced


LAST_ANNOUNCED = max(holidays.country_holidays("CN").special_public_holidays)


def test_years_without_announced_swaps_are_told() -> None:
    """At the time of writing 2027 is the first."""
    first, last = date(LAST_ANNOUNCED, 6, 1), date(LAST_ANNOUNCED + 2, 1, 1)
    assert SERVICE.years_without_data(first, last) == [LAST_ANNOUNCED + 1, LAST_ANNOUNCED + 2]
    assert SERVICE.years_without_data(date(2026, 1, 1), date(2026, 12, 31)) == []


def test_they_are_computed_from_the_law() -> None:
    national_day = date(LAST_ANNOUNCED + 1, 10, 1)
    assert SERVICE.why(national_day) == Why("holiday", ("holidays",), Name("国庆节", "National Day"), announced=False)
    assert not SERVICE.why(date(LAST_ANNOUNCED + 1, 11, 24)).announced
    assert year_of("CN", LAST_ANNOUNCED + 1).make_up_days == frozenset()


def test_countries_without_swaps_are_known_for_years_ahead() -> None:
    american = calendar(SERVICE_WEEK, holidays="US")
    assert american.years_without_data(date(2026, 1, 1), date(2035, 1, 1)) == []
    assert american.years_without_data(date(2100, 1, 1), date(2101, 1, 1)) == [2101]
    assert calendar(SERVICE_WEEK).years_without_data(date(2026, 1, 1), date(2200, 1, 1)) == []


def test_doubts_name_the_key_and_what_to_do() -> None:
    year = LAST_ANNOUNCED + 1
    desks = {"night": hours({"mon-sun": "closed"}), "service": SERVICE.hours}
    assert doubts(desks, date(year, 1, 1), date(year, 12, 31)) == [
        Doubt(("hours", "night", "weekly"), "no day of the week opens", "give at least one day its hours"),
        Doubt(
            ("hours", "service", "holidays"),
            f"the holidays of CN for {year} are not announced yet, or newer than our tables",
            "days off are computed from the law, without swapped working days; update the package holidays, "
            "or write them under exceptions",
        ),
    ]
    assert doubts(desks, date(2026, 1, 1), date(2026, 12, 31))[1:] == []


# ---- what the IVR asks


def test_calendars_answer_by_name() -> None:
    desks = Calendars(FILE.hours)
    assert list(desks) == ["order_desk", "service_desk", "complaint_desk"]
    late = datetime(2026, 11, 27, 16, 30, tzinfo=UTC)  # half past midnight on Saturday in Shanghai
    assert desks.is_open("order_desk", late)
    assert not desks.is_open("service_desk", late)
    assert desks.hours_of_day("order_desk", late) == ((time(7), time(2)),)
    assert desks.hours_of_day("service_desk", late) == ((time(10), time(16)),)
    assert desks.hours_of_day("service_desk", late + timedelta(days=1)) == ()
    assert desks.next_opening("service_desk", late) == shanghai("2026-11-28 10:00")
    assert desks.next_opening("order_desk", late) == shanghai("2026-11-28 07:00")
    assert len(desks) == 3
    assert desks["service_desk"].hours is FILE.hours["service_desk"]
    with pytest.raises(KeyError):
        desks.is_open("night_desk", late)


def test_the_order_desk_takes_orders_on_national_day() -> None:
    desks = Calendars(FILE.hours)
    at = shanghai("2026-10-01 10:00")
    assert [desks.is_open(name, at) for name in desks] == [True, False, False]


def test_many_days_do_not_fill_the_memory_and_stay_right() -> None:
    one = calendar({"mon-fri": ["09:00-17:00"]})
    monday = shanghai("2024-01-01 10:00")
    assert all(one.is_open(monday + timedelta(days=n)) is (n % 7 < 5) for n in range(2500))
    assert len(one._edges) <= 1024


# ---- against a slow clock


def slowly_open(one: Hours, at: datetime) -> bool:
    """What a clock on the wall says, minute for minute; right where no interval begins or ends in a repeated hour."""
    wall = at.astimezone(one.zone)
    minute = wall.hour * 60 + wall.minute
    today, yesterday = (opening_of(one, wall.date() - timedelta(days=n)) for n in (0, 1))
    return any(i.start <= minute < i.end for i in today) or any(minute < i.end - 1440 for i in yesterday)


def opening_of(one: Hours, day: date) -> Any:
    for dates, opening in one.exceptions.items():
        if dates.first <= day <= dates.last:
            return opening
    keyed = [opening for key, opening in one.weekly.items() if day.weekday() in key.days]
    saturday_for_national_day = date(2026, 10, 10)
    if one.holidays == "CN" and date(2026, 10, 1) <= day <= date(2026, 10, 7):
        return ()
    if one.holidays == "CN" and day == saturday_for_national_day:
        return next((opening for key, opening in one.weekly.items() if 0 in key.days), ())
    return keyed[0] if keyed else ()


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def openings(draw: st.DrawFn, step: int, nights: bool) -> Any:
    """Up to two intervals a day; with `nights` one more past midnight, and nothing else before 04:00."""
    first, last = (240, 1200) if nights else (0, 1440)
    edges = sorted(draw(st.sets(st.integers(first // step, last // step), max_size=4)))
    texts = [f"{clock(a * step)}-{clock(b * step)}" for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if nights and draw(st.booleans()):
        texts.append(f"21:00-{clock(draw(st.integers(1, 240 // step)) * step)}")
    return texts or "closed"


@st.composite
def desks(draw: st.DrawFn, zone: str, step: int, first: date) -> Hours:
    """Hours for a week, Monday to Friday alike (so that what a make-up day has is plain), with some exceptions."""
    day = openings(step, draw(st.booleans()))
    exceptions = draw(st.lists(st.integers(0, 10), max_size=3, unique=True))
    return hours(
        {key: draw(day) for key in ("mon-fri", "sat", "sun")},
        timezone=zone,
        exceptions={str(first + timedelta(days=n)): draw(day) for n in exceptions},
        holidays=draw(st.sampled_from([None, "CN"])) if zone == "Asia/Shanghai" else None,
    )


PLACES = st.sampled_from(
    [
        ("Asia/Shanghai", 1, date(2026, 9, 29)),  # over National Day to the make-up Saturday
        ("America/New_York", 60, date(2026, 3, 3)),  # to the spring gap
        ("America/New_York", 60, date(2026, 10, 28)),  # to the autumn fold
        ("Australia/Lord_Howe", 60, date(2026, 4, 1)),  # half an hour back
        ("Africa/Cairo", 60, date(2026, 4, 20)),  # a gap at midnight
    ]
)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Hours, datetime]:
    zone, step, first = draw(PLACES)
    one = draw(desks(zone, step, first))
    start = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(minutes=draw(st.integers(0, 9 * 1440)))
    return one, start


@settings(max_examples=150)
@given(scenes())
def test_next_opening_closing_and_changes_agree_with_a_slow_clock(scene: tuple[Hours, datetime]) -> None:
    one, start = scene
    quick = Calendar(one)
    minutes = [start + n * MINUTE for n in range(3 * 1440)]
    slow = [slowly_open(one, at) for at in minutes]
    assert [quick.is_open(at) for at in minutes[::7]] == slow[::7]

    turns = [(minutes[0], slow[0])]
    turns += [(minutes[n], slow[n]) for n in range(1, len(minutes)) if slow[n] != slow[n - 1]]
    assert [(utc(at), is_open) for at, is_open in quick.changes(start, minutes[-1] + MINUTE)] == turns

    opens = next((at for at, is_open in turns[1:] if is_open), None)
    closes = turns[1][0] if slow[0] and len(turns) > 1 else None
    assert within(quick.next_opening(start), minutes[-1]) == opens
    assert within(quick.closes(start), minutes[-1]) == closes


def within(found: datetime | None, last: datetime) -> datetime | None:
    return utc(found) if found is not None and found <= last else None


@settings(max_examples=50)
@given(scenes())
def test_changes_alternate_and_agree_with_is_open_on_both_sides(scene: tuple[Hours, datetime]) -> None:
    one, start = scene
    quick = Calendar(one)
    turns = list(quick.changes(start, start + timedelta(days=60)))
    for (_, before), (at, after) in zip(turns, turns[1:], strict=False):
        assert before is not after
        assert quick.is_open(at) is after
        assert quick.is_open(utc(at) - timedelta(microseconds=1)) is before
