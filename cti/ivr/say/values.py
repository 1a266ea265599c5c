"""What both tongues share: amounts, intervals of a day, and telephone numbers in groups."""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cti.ivr.values import MAX_DIGITS

Words = tuple[str, ...]
"""Words and punctuation of a small vocabulary, in the order of speaking."""

Interval = tuple[time, time]
"""From when to when, local time. An end of 00:00 is midnight; an end before the start lies on the next day."""

LIMIT: Final = 10**12
"""Numbers from here on are read digit by digit."""

DECIMALS: Final = 6

MIDNIGHT: Final = time(0)


def whole_and_fraction(value: Decimal) -> tuple[int, str] | None:
    """The whole part without sign and the digits after the point (no zeros at the end); None from LIMIT on."""
    if not value.is_finite() or abs(value) >= LIMIT:
        return None
    rounded = round(abs(value), DECIMALS)
    whole = int(rounded)
    return whole, f"{rounded - whole:.{DECIMALS}f}"[2:].rstrip("0")


def cents(value: Decimal) -> int | None:
    """Hundredths without sign, rounded half up; None from LIMIT on."""
    if not value.is_finite() or abs(value) >= LIMIT:
        return None
    return int((abs(value) * 100).to_integral_value(ROUND_HALF_UP))


def all_day(intervals: Sequence[Interval]) -> bool:
    """Whether the intervals are the whole day."""
    return tuple(intervals) == ((MIDNIGHT, MIDNIGHT),)


def days_between(now: datetime, then: datetime) -> tuple[int, date, date]:
    """How many days on `then` is, and both days, in the zone of `then`."""
    today = now.astimezone(then.tzinfo).date()
    return (then.date() - today).days, today, then.date()


def phone_groups(number: str) -> tuple[str, ...]:
    """A telephone number as people in China read it: 138 0013 8000, 021 5000 1234, 400 800 8008, 10086."""
    kept = "".join(character for character in number if character in "0123456789+*#")[:MAX_DIGITS]
    digits = _national(kept)
    if digits.startswith("+"):
        return ("+", *_every(digits[1:], 3))
    if len(digits) == 11 and digits[0] == "1":
        return _cut(digits, 3, 4)
    if len(digits) == 10 and digits[:3] in ("400", "800"):
        return _cut(digits, 3, 3)
    if digits.startswith("0") and len(digits) >= 10:
        area = 3 if digits[1] in "12" else 4
        return _cut(digits, area, len(digits) - area - 4)
    if len(digits) in (7, 8):
        return _cut(digits, len(digits) - 4)
    return (digits,) if len(digits) <= 6 else _every(digits, 4)


def _national(number: str) -> str:
    """The number without +86, as it is dialled in China."""
    if not number.startswith("+86"):
        return number
    digits = number[3:]
    mobile = len(digits) == 11 and digits.startswith("1")
    free = len(digits) == 10 and digits[:3] in ("400", "800")
    return digits if mobile or free or len(digits) < 9 else f"0{digits}"


def _cut(digits: str, *sizes: int) -> tuple[str, ...]:
    groups = []
    for size in sizes:
        groups.append(digits[:size])
        digits = digits[size:]
    return tuple(group for group in (*groups, digits) if group)


def _every(digits: str, size: int) -> tuple[str, ...]:
    return tuple(digits[start : start + size] for start in range(0, len(digits), size))
