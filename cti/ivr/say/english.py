"""Values in English. Every word is of a small vocabulary, so that each is rendered once."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from cti.ivr.say.values import (
    MIDNIGHT,
    Interval,
    Words,
    all_day,
    cents,
    days_between,
    phone_groups,
    whole_and_fraction,
)

JOINT: Final = " "
COMMA: Final = ","
STOP: Final = "."

_ONES: Final = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL: Final = (
    *_ONES,
    *(_TENS[value // 10] + (f"-{_ONES[value % 10]}" if value % 10 else "") for value in range(20, 100)),
)
_DAYS: Final = (
    *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh"),
    *("twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth"),
    *("twentieth", "twenty-first", "twenty-second", "twenty-third", "twenty-fourth", "twenty-fifth", "twenty-sixth"),
    *("twenty-seventh", "twenty-eighth", "twenty-ninth", "thirtieth", "thirty-first"),
)
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEK: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_BY_CHARACTER: Final = (
    dict(zip("0123456789", _ONES, strict=False))
    | {letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    | {"*": "star", "#": "pound", "+": "plus", ".": "point"}
)


def number(value: Decimal) -> Words:
    """three hundred five, three point one four, minus two."""
    parts = whole_and_fraction(value)
    if parts is None:
        return digits(f"{value:f}") if value.is_finite() else ()
    whole, fraction = parts
    sign = ("minus",) if value < 0 and (whole or fraction) else ()
    return (*sign, *_whole(whole), *(("point", *digits(fraction)) if fraction else ()))


def count(value: Decimal) -> Words:
    """A number before what is counted."""
    return number(value)


def _whole(value: int) -> Words:
    if not value:
        return ("zero",)
    words: list[str] = []
    for unit, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand"), (1, "")):
        group = value // unit % 1000
        if not group:
            continue
        words += [_SMALL[group // 100], "hundred"] if group >= 100 else []
        words += [_SMALL[group % 100]] if group % 100 else []
        words += [name] if name else []
    return tuple(words)


def digits(text: str) -> Words:
    """One by one. What is neither digit nor letter is left out."""
    return tuple(word for word in map(_BY_CHARACTER.get, text.upper()) if word)


def phone(text: str) -> Words:
    """In groups: one three eight, zero zero one three, eight zero zero zero."""
    return _with_commas([[_BY_CHARACTER[digit] for digit in group] for group in phone_groups(text)])


def money(value: Decimal) -> Words:
    """one hundred twenty-eight point five yuan."""
    amount = cents(value)
    return (*number(value if amount is None else Decimal(amount).copy_sign(value) / 100), "yuan")


def date_(day: date, today: date | None = None) -> Words:
    """December thirty-first; with the year where `today` is given and in another one."""
    return (_MONTHS[day.month - 1], _DAYS[day.day - 1], *_year(day.year, today))


def _year(year: int, today: date | None) -> Words:
    if today is None or year == today.year:
        return ()
    first, last = divmod(year, 100)
    if first % 10 == 0 and last < 10:
        return (COMMA, *number(Decimal(year)))
    return (
        COMMA,
        _SMALL[first % 100],
        *(("oh", _SMALL[last]) if 0 < last < 10 else (_SMALL[last],) if last else ("hundred",)),
    )


def weekday(day: date) -> Words:
    """Monday."""
    return (_WEEK[day.weekday()],)


def time_(at: time) -> Words:
    """nine a.m., nine oh five a.m., noon, midnight."""
    if not at.minute and at.hour in (0, 12):
        return ("noon",) if at.hour else ("midnight",)
    minute = ("oh", _SMALL[at.minute]) if 0 < at.minute < 10 else (_SMALL[at.minute],) if at.minute else ()
    return (_SMALL[(at.hour - 1) % 12 + 1], *minute, "a.m." if at.hour < 12 else "p.m.")


def duration(seconds: int) -> Words:
    """two minutes, one hour thirty minutes, twenty seconds."""
    parts = ((seconds // 3600, "hour"), (seconds // 60 % 60, "minute"), (seconds % 60, "second"))
    words = [
        word
        for amount, unit in parts
        if amount
        for word in (*number(Decimal(amount)), unit if amount == 1 else f"{unit}s")
    ]
    return tuple(words) or ("zero", "seconds")


def hours(intervals: Sequence[Interval]) -> Words:
    """nine a.m. to noon, one p.m. to six p.m.; all day; closed."""
    if not intervals:
        return ("closed",)
    if all_day(intervals):
        return ("all day",)
    return _with_commas([[*time_(start), "to", *_end(start, end)] for start, end in intervals])


def _end(start: time, end: time) -> Words:
    return (*time_(end), *(("the next day",) if end <= start and end != MIDNIGHT else ()))


def next_opening(opening: datetime | None, now: datetime) -> Words:
    """today at one p.m., tomorrow at nine a.m., on Monday at nine a.m., else the date."""
    if opening is None:
        return ("not yet known",)
    ahead, today, day = days_between(now, opening)
    at = ("at", *time_(opening.time()))
    if 0 <= ahead <= 1:
        return (("today", "tomorrow")[ahead], *at)
    if 1 < ahead < 7:
        return ("on", *weekday(day), *at)
    return ("on", *date_(day, today), *at)


def opening_hours(intervals: Sequence[Interval], opening: datetime | None, now: datetime, *, is_open: bool) -> Words:
    """Today we are open from nine a.m. to noon. We open next tomorrow at nine a.m."""
    if not intervals:
        today: Words = ("Today we are closed",)
    elif all_day(intervals):
        today = ("Today we are open all day",)
    else:
        today = ("Today we are open from", *hours(intervals))
    if is_open:
        return (*today, STOP)
    if opening is None:
        return (*today, STOP, "It is not yet known when we open next", STOP)
    return (*today, STOP, "We open next", *next_opening(opening, now), STOP)


def _with_commas(groups: Sequence[Sequence[str]]) -> Words:
    words: list[str] = []
    for group in groups:
        words += [COMMA, *group] if words else group
    return tuple(words)


_TODAY: Final = ("Today we are closed", "Today we are open all day")

BEFORE_COMMA: Final = frozenset(
    (*_BY_CHARACTER.values(), *_DAYS, "noon", "midnight", "a.m.", "p.m.", "the next day", *_TODAY)
)
"""Words that a breath may follow."""

VOCABULARY: Final = frozenset(
    (
        *_SMALL,
        *_BY_CHARACTER.values(),
        *_DAYS,
        *_MONTHS,
        *_WEEK,
        *("hundred", "thousand", "million", "billion", "minus", "point", "oh", "yuan"),
        *("noon", "midnight", "a.m.", "p.m.", "to", "the next day", "closed", "all day"),
        *("hour", "hours", "minute", "minutes", "second", "seconds"),
        *("today", "tomorrow", "on", "at", "not yet known"),
        *("Today we are closed", "Today we are open all day", "Today we are open from"),
        *("We open next", "It is not yet known when we open next"),
    )
)
