"""When somebody is there: hours, holidays and exceptions as one calendar.

One rule decides each day: an exception that names it, else a holiday or make-up working day, else the week. It decides
which intervals *begin* on that day. One that began the evening before goes on past midnight as it would on any other
day, also into a holiday or a day that an exception closes: the people on it came the evening before. Whoever wants
that night short, writes an exception for the evening.

A make-up working day (调休) has the hours that most of Monday to Friday have (the earliest in the week, where several
are equally common), also where `weekly` names hours for its own day of the week.

An interval lasts from the first instant at which the clock on the wall shows its beginning or later until the last at
which it shows its end. So an hour that the clock skips is not there, and one that it repeats is open both times.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from cti.config.hours import Dates, Hours, Opening, never_open
from cti.config.public_holidays import MAKE_UP_DAY, Name, year_of

Rule = Literal["exception", "holiday", "make_up_day", "weekly"]
Open = tuple[datetime, datetime]
"""From when and until when, in the hours' time zone; the end is the first instant that is closed."""

HORIZON = 400
"""Days that are looked ahead."""

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_SECOND, _ONE_DAY = timedelta(seconds=1), timedelta(days=1)
_REMEMBERED = 1024
"""Days of one calendar that are kept worked out."""


@dataclass(frozen=True, slots=True)
class Why:
    """What decided a day."""

    rule: Rule
    path: tuple[str, ...]
    """The key that decided, below the hours' own: ("weekly", "mon-fri"), ("holidays",), ("weekly",) if no key did."""
    name: Name | None = None
    """What a holiday or make-up working day is called."""
    hours_of: tuple[str, ...] = ()
    """For a make-up working day: the key whose hours it has."""
    announced: bool = True
    """False: holidays count here, and the swapped days of this year are not known yet."""


class Calendar:
    """The calendar of one desk. Times may come in any zone, but must have one; they go out in the hours' own."""

    def __init__(self, hours: Hours) -> None:
        self.hours = hours
        self.zone = hours.zone
        self._week = hours.week()
        self._exceptions: dict[date, Dates] = {day: dates for dates in hours.exceptions for day in dates}
        self._workday = self._common_workday()
        self._edges: dict[int, tuple[int, ...]] = {}

    def is_open(self, at: datetime) -> bool:
        """Whether somebody is there. Raises ValueError for a time without a zone."""
        instant = _instant(at)
        return bisect_right(self._edges_of(int(instant // _DAY)), instant) % 2 == 1

    def intervals(self, day: date) -> tuple[Open, ...]:
        """What begins on a day, in order; empty is closed."""
        return tuple((self._local(start), self._local(end)) for start, end in self._spans(day))

    def why(self, day: date) -> Why:
        """Which rule decided a day."""
        return self._rule(day)[0]

    def why_at(self, at: datetime) -> Why:
        """Which rule decided an instant: that of its day, or of the day before where it is still open from there."""
        instant, day = _instant(at), at.astimezone(self.zone).date()
        before = day - _ONE_DAY
        still = any(start <= instant < end for start, end in self._spans(before))
        return self.why(before if still else day)

    def next_opening(self, at: datetime) -> datetime | None:
        """When it next turns from closed to open after `at`; None if it does not within 400 days."""
        instant = _instant(at)
        following = next((start for start, _ in self._merged(instant) if start > instant), None)
        return None if following is None else self._within(following, instant)

    def closes(self, at: datetime) -> datetime | None:
        """Until when it stays open; None where it is closed, or stays open for 400 days."""
        instant = _instant(at)
        for start, end in self._merged(instant):
            if instant < end:
                return self._within(end, instant) if start <= instant else None
        return None

    def changes(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, bool]]:
        """`start` and whether it is open; then each instant before `end` at which that changes, and to what."""
        first, last = _instant(start), _instant(end)
        if first >= last:
            return
        yield start.astimezone(self.zone), self.is_open(start)
        for opens, closes in self._merged(first, until=last):
            if first < opens < last:
                yield self._local(opens), True
            if first < closes < last:
                yield self._local(closes), False

    def years_without_data(self, first_day: date, last_day: date) -> list[int]:
        """Years whose holidays are computed from the law alone: the swaps of their working days are not known."""
        country = self.hours.holidays
        if country is None:
            return []
        return [year for year in range(first_day.year, last_day.year + 1) if not year_of(country, year).announced]

    def _common_workday(self) -> tuple[tuple[str, ...], Opening]:
        """The key and the hours that most days from Monday to Friday have."""
        workdays = self._week[:5]
        common = Counter(tuple(sorted(opening)) for _, opening in workdays).most_common(1)[0][0]
        key, opening = next((key, opening) for key, opening in workdays if tuple(sorted(opening)) == common)
        return ("weekly", str(key)) if key else ("weekly",), opening

    def _rule(self, day: date) -> tuple[Why, Opening]:
        dates = self._exceptions.get(day)
        if dates is not None:
            return Why("exception", ("exceptions", str(dates))), self.hours.exceptions[dates]
        announced = True
        if self.hours.holidays is not None:
            year = year_of(self.hours.holidays, day.year)
            announced = year.announced
            holiday = year.holidays.get(day)
            if holiday is not None:
                return Why("holiday", ("holidays",), holiday, announced=announced), ()
            if day in year.make_up_days:
                key, opening = self._workday
                return Why("make_up_day", ("holidays",), MAKE_UP_DAY, key, announced), opening
        named, opening = self._week[day.weekday()]
        return Why("weekly", ("weekly", str(named)) if named else ("weekly",), announced=announced), opening

    # Below, instants are seconds since 1970 in UTC.

    def _edges_of(self, utc_day: int) -> tuple[int, ...]:
        """When it opens, closes, opens ... around a day of UTC; right within that day."""
        edges = self._edges.get(utc_day)
        if edges is None:
            if len(self._edges) >= _REMEMBERED:
                self._edges.clear()
            edges = tuple(edge for span in self._joined(_EPOCH + utc_day - 2, _EPOCH + utc_day + 2) for edge in span)
            self._edges[utc_day] = edges
        return edges

    def _merged(self, instant: float, until: float | None = None) -> Iterator[tuple[int, int]]:
        """The stretches that are open from before `instant` to after `until`, or HORIZON days on."""
        until = instant + HORIZON * _DAY if until is None else until
        # Two days more on either side: zones are up to a day away from UTC, and an interval may begin a day before.
        return self._joined(_EPOCH + int(instant // _DAY) - 2, _EPOCH + int(until // _DAY) + 2)

    def _joined(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """What begins on the days from `first` to `last` (ordinals), where one touches the next made one."""
        pending: tuple[int, int] | None = None
        for ordinal in range(first, last + 1):
            for span in self._spans(date.fromordinal(ordinal)):
                if pending is not None and span[0] <= pending[1]:
                    pending = (pending[0], max(pending[1], span[1]))
                    continue
                if pending is not None:
                    yield pending
                pending = span
        if pending is not None:
            yield pending

    def _spans(self, day: date) -> list[tuple[int, int]]:
        opening = self._rule(day)[1]
        if not opening:
            return []
        midnight = datetime(day.year, day.month, day.day)  # without a zone: as the clock on the wall shows it
        begins, second_next = (
            int((midnight + after).replace(tzinfo=self.zone).timestamp()) for after in (timedelta(), 2 * _ONE_DAY)
        )
        if second_next - begins == 2 * _DAY:  # no clock changes (none does twice in two days): the usual, quick way
            return [(begins + i.start * 60, begins + i.end * 60) for i in sorted(opening)]
        found = []
        for interval in sorted(opening):
            start = self._first(midnight + timedelta(minutes=interval.start))
            end = self._last(midnight + timedelta(minutes=interval.end))
            if start < end:  # not so where the clock skips all of it
                found.append((start, end))
        return found

    def _first(self, wall: datetime) -> int:
        """The first instant at which the clock shows `wall` or later."""
        earlier, later = self._readings(wall)
        return earlier if earlier <= later else self._skip(later, earlier)

    def _last(self, wall: datetime) -> int:
        """The instant at which the clock has shown what comes before `wall` for the last time."""
        earlier, later = self._readings(wall - _SECOND)
        return later + 1 if earlier <= later else self._skip(later, earlier)

    def _readings(self, wall: datetime) -> tuple[int, int]:
        """`wall` by the offset before and after a change of the clock nearby; the second is smaller in a gap."""
        before, after = (wall.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
        return int(before.timestamp()), int(after.timestamp())

    def _skip(self, before: int, after: int) -> int:
        """The instant between two at which the clock jumps forward."""
        offset = self._local(after).utcoffset()
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (before, middle) if self._local(middle).utcoffset() == offset else (middle, after)
        return after

    def _local(self, instant: int) -> datetime:
        return datetime.fromtimestamp(instant, self.zone)

    def _within(self, found: int, instant: float) -> datetime | None:
        return self._local(found) if found <= instant + HORIZON * _DAY else None


def _instant(at: datetime) -> float:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return at.timestamp()


class Calendars(Mapping[str, Calendar]):
    """The calendars of a file by their names; what the IVR asks about hours. An unknown name raises KeyError."""

    def __init__(self, hours: Mapping[str, Hours]) -> None:
        self._calendars = {name: Calendar(one) for name, one in hours.items()}

    def __getitem__(self, name: str) -> Calendar:
        return self._calendars[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._calendars)

    def __len__(self) -> int:
        return len(self._calendars)

    def is_open(self, hours: str, at: datetime) -> bool:
        """Whether the desk is open."""
        return self._calendars[hours].is_open(at)

    def hours_of_day(self, hours: str, at: datetime) -> tuple[tuple[time, time], ...]:
        """From when to when, by the desk's clock, on the day that it is there; an end of 00:00 is midnight."""
        calendar = self._calendars[hours]
        day = at.astimezone(calendar.zone).date()
        return tuple((start.time(), end.time()) for start, end in calendar.intervals(day))

    def next_opening(self, hours: str, at: datetime) -> datetime | None:
        """When the desk next turns from closed to open after `at`; None if it does not within 400 days."""
        return self._calendars[hours].next_opening(at)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something in hours.yaml that is allowed, but should be looked at."""

    path: tuple[str, ...]
    """The key in the file."""
    what: str
    hint: str


def doubts(hours: Mapping[str, Hours], first_day: date, last_day: date) -> list[Doubt]:
    """What to warn about for the days from `first_day` to `last_day`."""
    closed = [
        Doubt(("hours", name, "weekly"), "no day of the week opens", "give at least one day its hours")
        for name in never_open(hours)
    ]
    unknown = [
        Doubt(
            ("hours", name, "holidays"),
            f"the holidays of {one.holidays} for {year} are not announced yet, or newer than our tables",
            "days off are computed from the law, without swapped working days; update the package holidays, "
            "or write them under exceptions",
        )
        for name, one in hours.items()
        for year in Calendar(one).years_without_data(first_day, last_day)
    ]
    return closed + unknown
