"""Values in Mandarin. Every word is of a small vocabulary, so that each is rendered once."""

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

JOINT: Final = ""
COMMA: Final = "，"
STOP: Final = "。"

_DIGITS: Final = "零一二三四五六七八九"
_BY_CHARACTER: Final = (
    dict(zip("0123456789", _DIGITS, strict=True))
    | {letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    | {"*": "星号", "#": "井号", "+": "加", ".": "点"}
)
_ON_THE_PHONE: Final = _BY_CHARACTER | {"1": "幺"}


def _up_to_99(value: int) -> str:
    tens, ones = divmod(value, 10)
    if not tens:
        return _DIGITS[ones]
    return (_DIGITS[tens] if tens > 1 else "") + "十" + (_DIGITS[ones] if ones else "")


_SMALL: Final = tuple(_up_to_99(value) for value in range(100))
_TEENS: Final = tuple(f"一{_SMALL[value]}" for value in range(10, 20))
"""一十 to 一十九: ten to nineteen behind a hundred."""
_HUNDREDS: Final = tuple(f"{digit}百" for digit in _DIGITS[1:])
_THOUSANDS: Final = tuple(f"{digit}千" for digit in "一两三四五六七八九")
_JIAO: Final = tuple(f"{digit}角" for digit in "一二三四五六七八九")
_FEN: Final = tuple(f"{digit}分" for digit in "一二三四五六七八九")

_MONTHS: Final = tuple(f"{_SMALL[month]}月" for month in range(1, 13))
_DAYS: Final = tuple(f"{_SMALL[day]}日" for day in range(1, 32))
_WEEK: Final = tuple(f"周{day}" for day in "一二三四五六日")
_THIS_WEEK: Final = tuple(f"本{day}" for day in _WEEK)
_NEXT_WEEK: Final = tuple(f"下{day}" for day in _WEEK)
_NEAR: Final = ("今天", "明天", "后天")

_PERIODS: Final = ("凌晨",) * 6 + ("早上",) * 2 + ("上午",) * 4 + ("中午",) + ("下午",) * 6 + ("晚上",) * 5
"""What the time of day is called, by hour."""
_HOURS: Final = ("零点", "一点", "两点", *(f"{_SMALL[hour]}点" for hour in range(3, 13)))
_MINUTES: Final = (
    "",
    *(f"零{_SMALL[minute]}分" for minute in range(1, 10)),
    *(f"{_SMALL[minute]}分" if minute != 30 else "半" for minute in range(10, 60)),
)


def number(value: Decimal) -> Words:
    """三百零五, 两千, 三点一四, 负二."""
    parts = whole_and_fraction(value)
    if parts is None:
        return digits(f"{value:f}") if value.is_finite() else ()
    whole, fraction = parts
    sign = ("负",) if value < 0 and (whole or fraction) else ()
    return (*sign, *_whole(whole), *(("点", *digits(fraction)) if fraction else ()))


def count(value: Decimal) -> Words:
    """A number before what is counted: 两 for two."""
    return ("两",) if value == 2 else number(value)


def _whole(value: int) -> Words:
    if value < 100:
        return (_SMALL[value],)
    words: list[str] = []
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1, "")):
        group = value // unit % 10**4
        if not group:
            continue
        skipped = bool(words) and (group < 1000 or value // unit // 10**4 % 10**4 == 0)
        words += ["零"] if skipped else []
        words += ["两"] if group == 2 and name else _group(group, first=not words)
        words += [name] if name else []
    return tuple(words)


def _group(value: int, *, first: bool) -> list[str]:
    """1 to 9999; `first`: nothing stands before it, so that ten is 十."""
    thousands, hundreds, rest = value // 1000, value // 100 % 10, value % 100
    words = [_THOUSANDS[thousands - 1]] if thousands else []
    words += [_HUNDREDS[hundreds - 1]] if hundreds else []
    if not rest:
        return words
    if words and (not hundreds or rest < 10):
        words.append("零")
    inside = bool(words) or not first
    words.append(_TEENS[rest - 10] if inside and 10 <= rest < 20 else _SMALL[rest])
    return words


def digits(text: str) -> Words:
    """One by one: 一二三. What is neither digit nor letter is left out."""
    return tuple(word for word in map(_BY_CHARACTER.get, text.upper()) if word)


def phone(text: str) -> Words:
    """In groups, with 幺 for one: 幺三八，零零幺三，八零零零."""
    return _with_commas([[_ON_THE_PHONE[digit] for digit in group] for group in phone_groups(text)])


def money(value: Decimal) -> Words:
    """一百二十八元五角; 零五分 behind yuan without jiao."""
    amount = cents(value)
    if amount is None:
        return (*number(value), "元")
    yuan, jiao, fen = amount // 100, amount // 10 % 10, amount % 10
    words = ["负"] if value < 0 and amount else []
    if yuan or not amount:
        words += [*count(Decimal(yuan)), "元"]
    if jiao:
        words.append("两角" if jiao == 2 and not yuan else _JIAO[jiao - 1])
    if fen:
        words += ["零"] if yuan and not jiao else []
        words.append("两分" if fen == 2 and not yuan and not jiao else _FEN[fen - 1])
    return tuple(words)


def date_(day: date, today: date | None = None) -> Words:
    """十二月三十一日; with the year where `today` is given and in another one."""
    return (*_year(day.year, today), _MONTHS[day.month - 1], _DAYS[day.day - 1])


def _year(year: int, today: date | None) -> Words:
    if today is None or year == today.year:
        return ()
    return ("明年",) if year == today.year + 1 else (*digits(f"{year:04}"), "年")


def weekday(day: date) -> Words:
    """周一."""
    return (_WEEK[day.weekday()],)


def time_(at: time) -> Words:
    """上午九点, 下午一点半, 晚上八点零五分."""
    return (_PERIODS[at.hour], *_clock(at))


def _clock(at: time) -> Words:
    hour = at.hour if at.hour <= 12 else at.hour - 12
    return (_HOURS[hour], *((_MINUTES[at.minute],) if at.minute else ()))


def duration(seconds: int) -> Words:
    """两分钟, 一小时三十分钟, 二十秒."""
    parts = ((seconds // 3600, "小时"), (seconds // 60 % 60, "分钟"), (seconds % 60, "秒"))
    words = [word for amount, unit in parts if amount for word in (*count(Decimal(amount)), unit)]
    return tuple(words) or ("零", "秒")


def hours(intervals: Sequence[Interval]) -> Words:
    """上午九点到十二点，下午一点到六点; 全天; 休息."""
    if not intervals:
        return ("休息",)
    if all_day(intervals):
        return ("全天",)
    return _with_commas([[*time_(start), "到", *_end(start, end)] for start, end in intervals])


def _end(start: time, end: time) -> Words:
    begun = _PERIODS[start.hour]
    if end == MIDNIGHT:
        return (*(() if begun == "晚上" else ("晚上",)), "十二点")
    if end <= start:
        return ("次日", *time_(end))
    same = _PERIODS[end.hour] == begun or (end == time(12) and begun == "上午")
    return _clock(end) if same else time_(end)


def next_opening(opening: datetime | None, now: datetime) -> Words:
    """今天下午一点, 明天上午九点, 后天, 本周五, 下周一上午九点, else the date."""
    if opening is None:
        return ("暂未确定",)
    ahead, today, day = days_between(now, opening)
    at = time_(opening.time())
    if 0 <= ahead < len(_NEAR):
        return (_NEAR[ahead], *at)
    weeks = (day.toordinal() - day.weekday() - today.toordinal() + today.weekday()) // 7
    if 0 <= weeks <= 1 and ahead > 0:
        return ((_THIS_WEEK, _NEXT_WEEK)[weeks][day.weekday()], *at)
    return (*date_(day, today), *at)


def opening_hours(intervals: Sequence[Interval], opening: datetime | None, now: datetime, *, is_open: bool) -> Words:
    """我们今天的服务时间是上午九点到十二点。下次开放时间是明天上午九点。"""
    if not intervals:
        today: Words = ("我们今天休息",)
    elif all_day(intervals):
        today = ("我们今天全天服务",)
    else:
        today = ("我们今天的服务时间是", *hours(intervals))
    if is_open:
        return (*today, STOP)
    if opening is None:
        return (*today, STOP, "目前还没有确定下次开放的时间", STOP)
    return (*today, STOP, "下次开放时间是", *next_opening(opening, now), STOP)


def _with_commas(groups: Sequence[Sequence[str]]) -> Words:
    words: list[str] = []
    for group in groups:
        words += [COMMA, *group] if words else group
    return tuple(words)


_TODAY: Final = ("我们今天休息", "我们今天全天服务")

BEFORE_COMMA: Final = frozenset((*_HOURS, *_MINUTES[1:], *_ON_THE_PHONE.values(), *_TODAY))
"""Words that a breath may follow."""

VOCABULARY: Final = frozenset(
    (
        *_BY_CHARACTER.values(),
        *_ON_THE_PHONE.values(),
        *_SMALL,
        *_TEENS,
        *_HUNDREDS,
        *_THOUSANDS,
        *("两", "万", "亿", "负", "点", "元", "两角", "两分", "年", "明年"),
        *_JIAO,
        *_FEN,
        *_MONTHS,
        *_DAYS,
        *_WEEK,
        *_THIS_WEEK,
        *_NEXT_WEEK,
        *_NEAR,
        *_PERIODS,
        *_HOURS,
        *_MINUTES[1:],
        *("小时", "分钟", "秒", "到", "次日", "休息", "全天", "暂未确定"),
        *_TODAY,
        *("我们今天的服务时间是", "下次开放时间是", "目前还没有确定下次开放的时间"),
    )
)
