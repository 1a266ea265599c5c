"""Statutory holidays and make-up working days of a country, from the `holidays` library.

Source for China: the yearly notices of the State Council's General Office, which the library keeps as tables.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays
from holidays import HolidayBase

_DAY = timedelta(days=1)
_SEPARATOR = "; "  # between two names of one day

# The notices count the weekend days that touch a holiday as part of its break (2026-09-25..27 is one), the library
# does not. Elsewhere such a Saturday is a Saturday.
_WEEKENDS_BELONG_TO_BREAKS = frozenset({"CN"})


@dataclass(frozen=True, slots=True)
class Name:
    """What a day is called, in both languages that the server speaks."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        """The name in `language`: zh-CN, or English for any other."""
        return self.zh if language.startswith("zh") else self.en


MAKE_UP_DAY = Name("调休上班日", "make-up working day")


@dataclass(frozen=True, slots=True)
class Year:
    """One year of a country."""

    holidays: Mapping[date, Name]
    """Days off: statutory, moved there because they fell on a weekend, or swapped against a make-up day."""
    make_up_days: frozenset[date]
    """Days of a weekend that are working days (调休)."""
    announced: bool
    """False: the library computes the statutory days, but does not know the swaps, which are announced yearly."""


def countries() -> tuple[str, ...]:
    """The countries that the library knows, by their two letters (ISO 3166-1)."""
    return tuple(code for code in holidays.list_supported_countries() if len(code) == 2)


def country_of(code: str) -> str:
    """The two letters for two or three letters that the library knows, in any case; else nothing."""
    code = code.upper()
    known = code in holidays.list_supported_countries()
    return str(holidays.country_holidays(code).country) if known else ""


@lru_cache(maxsize=1024)
def year_of(country: str, year: int) -> Year:
    """What the library knows of one year."""
    around = (year - 1, year, year + 1)  # breaks and observed days reach over New Year
    english = _book(country, around, "en_US", "en")
    chinese = _book(country, around, "zh_CN", "zh", "en_US", "en")
    make_up = frozenset(chinese.weekend_workdays)
    names = {day: Name(_plain(chinese, day, "、"), _plain(english, day, ", ")) for day in sorted(chinese)}
    if country in _WEEKENDS_BELONG_TO_BREAKS:
        names |= dict.fromkeys(_weekends_beside(names, chinese.weekend, make_up), Name("", ""))
    days = {day: name if name.zh else _break(names, day) for day, name in names.items() if day.year == year}
    return Year(days, frozenset(day for day in make_up if day.year == year), _announced(chinese, year))


def _announced(book: HolidayBase, year: int) -> bool:
    if not book.start_year <= year <= book.end_year:
        return False
    if not book.has_substituted_holidays:
        return True  # the law alone decides, nothing is swapped
    tables: Mapping[int, object] = getattr(book, "special_public_holidays", {})
    return year <= max(tables, default=0)


def _book(country: str, years: Iterable[int], *languages: str) -> HolidayBase:
    """The years in the first of `languages` that the library has; its own choice would follow the environment."""
    spoken = holidays.country_holidays(country)
    tags = [tag for language in languages for tag in spoken.supported_languages if tag.startswith(language)]
    language = tags[0] if tags else spoken.default_language
    return holidays.country_holidays(country, years=years, expand=False, language=language)


def _plain(book: HolidayBase, day: date, comma: str) -> str:
    """The holiday's own name, without "(observed)"; nothing for a day that is off by a swap alone."""
    swapped = _around(book, "substituted_label")
    found = []
    for name in book[day].split(_SEPARATOR):
        if swapped and name.startswith(swapped[0]) and name.endswith(swapped[1]):
            continue
        for label in ("observed_estimated_label", "observed_label", "estimated_label"):
            affixes = _around(book, label)
            if affixes and name.startswith(affixes[0]) and name.endswith(affixes[1]):
                name = name.removeprefix(affixes[0]).removesuffix(affixes[1])
        found.append(name)
    return comma.join(dict.fromkeys(found))


def _around(book: HolidayBase, label: str) -> tuple[str, str] | None:
    """What a label such as "%s (observed)" puts before and after."""
    before, inserted, after = str(book.tr(getattr(book, label, "") or "-")).partition("%s")
    return (before, after) if inserted else None


def _weekends_beside(days: Iterable[date], weekend: set[int], make_up: frozenset[date]) -> set[date]:
    off = set(days)
    found: set[date] = set()
    for day in off:
        for step in (-_DAY, _DAY):
            beside = day + step
            while beside.weekday() in weekend and beside not in make_up and beside not in off:
                found.add(beside)
                beside += step
    return found


def _break(names: Mapping[date, Name], day: date) -> Name:
    """The name of a break, from the holiday that has most days in it."""
    first = last = day
    while first - _DAY in names:
        first -= _DAY
    while last + _DAY in names:
        last += _DAY
    within = (names[first + n * _DAY] for n in range((last - first).days + 1))
    common = Counter(name for name in within if name.zh).most_common(1)
    if not common:
        return Name("休息日", "day off")
    holiday = common[0][0]
    english = f"{holiday.en} holiday"
    return Name(english if holiday.zh == holiday.en else f"{holiday.zh}假期", english)
