"""routing/hours.yaml: when somebody is there to take calls.

Hours are read as a clock on the wall in the hours' time zone shows them. A day that `weekly` does not name is closed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationError
from pydantic_core import InitErrorDetails

from cti.config.fields import Name, Refused, ShownName, TimeZone
from cti.config.findings import nearest, quoted
from cti.config.model import Strict
from cti.config.public_holidays import countries, country_of
from cti.config.yamlfile import parse

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"

MIDNIGHT = 24 * 60
LONGEST_NIGHT, EARLY = 18 * 60, 6 * 60
"""An interval past midnight that lasts longer and ends later was meant the other way round: 12:00-09:00."""
LONGEST_EXCEPTION = 366
"""Days that one exception may cover."""
YEARS = range(2000, 2101)
"""Years that a date in the file may have."""

_INTERVAL = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_LOOSE_DATE = re.compile(r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?")
_MEANT_COUNTRIES = {"china": "CN", "中国": "CN"}


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """A stretch of a day, in minutes from its midnight; `end` is beyond 1440 where it goes past the next midnight."""

    start: int
    end: int

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end if self.end <= MIDNIGHT else self.end - MIDNIGHT)}"


Opening = tuple[Interval, ...]
"""What is open of a day, in the order of the file; empty is closed."""


@dataclass(frozen=True, slots=True)
class Days:
    """A key of `weekly`: days of the week, 0 is Monday."""

    text: str
    days: tuple[int, ...]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Dates:
    """A key of `exceptions`: a date, or the dates from one to another."""

    text: str
    first: date
    last: date

    def __str__(self) -> str:
        return self.text

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _meant(word: str) -> str:
    return f"did you mean {word}?" if word else ""


# ---- one interval


def _interval(value: Any) -> Interval:
    if isinstance(value, Interval):
        return value
    found = _minutes(value) if isinstance(value, str) else None
    if found is None:
        raise _no_interval(value)
    start, end = found
    if start == MIDNIGHT:
        raise Refused(f"{quoted(value)} begins at 24:00", hint="the next day begins at 00:00")
    if end == 0:
        raise Refused(f"{quoted(value)} ends before it begins", hint=_meant(f"{_clock(start)}-24:00"))
    if start == end:
        raise Refused(f"{quoted(value)} is empty", hint="a whole day is 00:00-24:00")
    if end < start:
        lasts = end + MIDNIGHT - start
        if lasts > LONGEST_NIGHT and end > EARLY:
            longer = f"it would last {_clock(lasts)} hours, until {_clock(end)} of the next day"
            raise Refused(f"{quoted(value)} ends before it begins", hint=longer)
        end += MIDNIGHT
    return Interval(start, end)


def _minutes(text: str) -> tuple[int, int] | None:
    match = _INTERVAL.fullmatch(text)
    if match is None:
        return None
    first_hour, first_minute, last_hour, last_minute = map(int, match.groups())
    start, end = first_hour * 60 + first_minute, last_hour * 60 + last_minute
    return (start, end) if max(first_minute, last_minute) < 60 and max(start, end) <= MIDNIGHT else None


def _no_interval(value: Any) -> Refused:
    text = value if isinstance(value, str) else ""
    if text == CLOSED:
        return Refused('"closed" stands in place of the list, not in it')
    # as people type it: full-width signs, other dashes, hours without their zero
    plain = re.sub(r"\s*[-–—~至到]+\s*", "-", unicodedata.normalize("NFKC", text).strip())
    plain = re.sub(r"\b([0-9])([:.])", r"0\1\2", plain).replace(".", ":")
    if text == plain or not _minutes(plain):
        return Refused(f"{quoted(value)} is not an interval", hint="write HH:MM-HH:MM, from 00:00 to 24:00")
    what = "has a full-width colon" if "：" in text else "is not an interval"
    return Refused(f"{quoted(value)} {what}", hint=_meant(plain))


# ---- the intervals of a day


def _opening(value: Any) -> Any:
    if value == CLOSED:
        return ()
    if isinstance(value, list | tuple):
        if not value:
            raise Refused("an empty list opens nothing", hint="write closed")
        return value
    hint = 'write ["09:00-12:00", "13:00-18:00"] or closed'
    if isinstance(value, str):
        hint = _meant(f'["{value}"]') if _minutes(value) else nearest(value, [CLOSED]) or hint
    raise Refused(f"{quoted(value)} is neither a list of intervals nor closed", hint=hint)


def _apart(opening: Opening) -> Opening:
    wrong = []
    for index, later in enumerate(opening):
        for earlier in opening[:index]:
            if earlier.start < later.end and later.start < earlier.end:
                wrong.append(((index,), f'"{later}" overlaps "{earlier}"', str(later)))
                break
    _refuse(wrong)
    return opening


def _spill(before: Opening, after: Opening) -> tuple[int, Interval, Interval] | None:
    """An interval that meets one of the day before that is still open: its index, it, the other."""
    for index, later in enumerate(after):
        for earlier in before:
            if earlier.end - MIDNIGHT > later.start:
                return index, later, earlier
    return None


_Wrong = tuple[tuple[str | int, ...], str, str]
"""Where below, what, the offending text."""


def _refuse(wrong: Iterable[_Wrong]) -> None:
    """Raises one error with everything that is wrong, each at its own place below the value that is looked at."""
    lines = [
        InitErrorDetails(type="value_error", loc=loc, input=text, ctx={"error": Refused(what)})
        for loc, what, text in dict.fromkeys(wrong)
    ]
    if lines:
        raise ValidationError.from_exception_data("hours", lines)


# ---- days of the week


def _days(value: Any) -> Days:
    if isinstance(value, Days):
        return value
    found: list[int] = []
    for part in str(value).split(","):
        first, dash, last = part.strip().partition("-")
        start, end = _day(first, value), _day(last if dash else first, value)
        if dash and start == end:
            raise Refused(f"{quoted(value)}: {part.strip()} is one day", hint=_meant(first))
        days = [(start + n) % 7 for n in range((end - start) % 7 + 1)]  # fri-mon goes over the weekend
        twice = next((day for day in days if day in found), None)
        if twice is not None:
            raise Refused(f"{quoted(value)} names {DAYS[twice]} twice")
        found += days
    return Days(str(value), tuple(found))


def _day(word: str, key: Any) -> int:
    if word not in DAYS:
        meant = next((day for day in DAYS if word.lower().startswith(day)), "")
        hint = _meant(meant) or nearest(word, DAYS)
        shown = quoted(word) if word == str(key) else f"{quoted(key)}: {quoted(word)}"
        raise Refused(f"{shown} is not a day", hint=hint, allowed=(*DAYS, "mon-fri", "tue,thu"))
    return DAYS.index(word)


def _week(weekly: dict[Days, Opening]) -> dict[Days, Opening]:
    wrong: list[_Wrong] = []
    keys: dict[int, Days] = {}
    for key in weekly:
        for day in key.days:
            if day in keys:
                wrong.append(((key.text, "[key]"), f'{DAYS[day]} is already in "{keys[day]}"', key.text))
                break
            keys[day] = key
    for day, key in keys.items():
        following = keys.get((day + 1) % 7)
        spill = _spill(weekly[key], weekly[following]) if following is not None else None
        if following is not None and spill is not None:
            index, later, earlier = spill
            what = f'"{later}" overlaps "{earlier}", which goes on past midnight from the day before'
            wrong.append(((following.text, index), what, str(later)))
    _refuse(wrong)
    return weekly


# ---- dates


def _dates(value: Any) -> Dates:
    if isinstance(value, Dates):
        return value
    text = str(value)
    first, dots, last = text.partition("..")
    start, end = _date(first, text), _date(last if dots else first, text)
    if dots and end == start:
        raise Refused(f"{quoted(text)} is one day", hint=_meant(first))
    if end < start:
        raise Refused(f"{quoted(text)} goes backwards", hint=_meant(f"{last}..{first}"))
    covered = (end - start).days + 1
    if covered > LONGEST_EXCEPTION:
        raise Refused(f"{quoted(text)} covers {covered} days", hint=f"an exception covers at most {LONGEST_EXCEPTION}")
    return Dates(text, start, end)


def _date(text: str, key: str) -> date:
    match = _DATE.fullmatch(text)
    if match is None:
        plain = unicodedata.normalize("NFKC", key).strip()
        loose = [f"{m[1]}-{int(m[2]):02}-{int(m[3]):02}" for m in _LOOSE_DATE.finditer(plain)]
        meant = "..".join(loose) if 1 <= len(loose) <= 2 else ""
        hint = _meant(meant) or "write YYYY-MM-DD or YYYY-MM-DD..YYYY-MM-DD"
        raise Refused(f"{quoted(key)} is not a date", hint=hint)
    shown = quoted(key) if text == key else f"{quoted(key)}: {quoted(text)}"
    try:
        found = date(*map(int, match.groups()))
    except ValueError as error:
        raise Refused(f"{shown} is not a date", hint=str(error)) from error
    if found.year not in YEARS:
        raise Refused(f"{shown} is not a date between {YEARS[0]} and {YEARS[-1]}")
    return found


def _exceptions(exceptions: dict[Dates, Opening]) -> dict[Dates, Opening]:
    wrong: list[_Wrong] = []
    keys: dict[date, Dates] = {}
    for key in exceptions:
        earlier = next((keys[day] for day in key if day in keys), None)
        if earlier is not None:
            wrong.append(((key.text, "[key]"), f'"{key}" overlaps "{earlier}"', key.text))
        keys |= dict.fromkeys(key, key)
    for day, key in keys.items():
        before = keys.get(day - timedelta(days=1))
        spill = _spill(exceptions[before], exceptions[key]) if before is not None else None
        if spill is not None:
            index, later, sooner = spill
            what = f'"{later}" overlaps "{sooner}", which goes on past midnight from the day before'
            wrong.append(((key.text, index), what, str(later)))
    _refuse(wrong)
    return exceptions


# ---- country


def _country(value: str) -> str:
    if value not in countries():
        meant = _MEANT_COUNTRIES.get(value.lower()) or country_of(value)
        hint = _meant(meant) or "write its two letters (ISO 3166): CN"
        raise Refused(f"{quoted(value)} is not a country whose holidays are known", hint=hint)
    return value


IntervalText = Annotated[Interval, PlainValidator(_interval)]
OpeningText = Annotated[tuple[IntervalText, ...], BeforeValidator(_opening), AfterValidator(_apart)]
Weekly = Annotated[dict[Annotated[Days, PlainValidator(_days)], OpeningText], AfterValidator(_week)]
Exceptions = Annotated[dict[Annotated[Dates, PlainValidator(_dates)], OpeningText], AfterValidator(_exceptions)]


class Hours(Strict):
    """One desk's hours. Exceptions win over holidays, holidays over the week."""

    name: ShownName | None = None
    """What people call it."""
    timezone: TimeZone = "Asia/Shanghai"
    weekly: Weekly
    holidays: Annotated[str, AfterValidator(_country)] | None = None
    """A country (ISO 3166): closed on its statutory holidays, open on its make-up working days."""
    exceptions: Exceptions = {}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)

    def week(self) -> tuple[tuple[Days | None, Opening], ...]:
        """For each day from Monday on the key that names it (None: no key does, closed) and what is open."""
        named = {day: (key, opening) for key, opening in self.weekly.items() for day in key.days}
        return tuple(named.get(day, (None, ())) for day in range(7))

    @property
    def opens_in_the_week(self) -> bool:
        """False where no day of the week opens at all."""
        return any(self.weekly.values())


class HoursFile(Strict):
    """The whole file."""

    hours: dict[Name, Hours] = {}


def load_hours(routing: Path) -> HoursFile:
    """Reads hours.yaml in the folder `routing`. Raises ConfigError."""
    return parse(routing / "hours.yaml", HoursFile)


def never_open(hours: Mapping[str, Hours]) -> list[str]:
    """The hours that open on no day of the week: allowed, but hardly meant."""
    return [name for name, one in hours.items() if not one.opens_in_the_week]
