"""The conditions of `check`: "calls today >= 3", "caller in vip", "place is 广东", "balance < 100"."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import PlainValidator

from cti.ivr.placeholders import check_variable
from cti.ivr.values import Language, Refused, decimal, nearest, quoted, read_language


class Sign(StrEnum):
    """How two values are compared."""

    IS = "="
    IS_NOT = "!="
    AT_LEAST = ">="
    AT_MOST = "<="
    OVER = ">"
    UNDER = "<"

    def holds(self, left: Any, right: Any) -> bool:
        """Whether the comparison is true of two values of one type."""
        return bool(_COMPARE[self](left, right))


_COMPARE: Final[dict[Sign, Callable[[Any, Any], Any]]] = {
    Sign.IS: operator.eq,
    Sign.IS_NOT: operator.ne,
    Sign.AT_LEAST: operator.ge,
    Sign.AT_MOST: operator.le,
    Sign.OVER: operator.gt,
    Sign.UNDER: operator.lt,
}


@dataclass(frozen=True, slots=True)
class Known:
    """What conditions are asked of."""

    calls_today: int = 0
    calls_in_7_days: int = 0
    place: str = ""
    language: Language = "zh-CN"
    variables: Mapping[str, str] = field(default_factory=dict)
    in_list: Callable[[str], bool] = lambda name: False


@dataclass(frozen=True, slots=True)
class CallsToday:
    """How many calls the caller has made today, this one included."""

    sign: Sign
    count: int

    def holds(self, known: Known) -> bool:
        """Whether it is so."""
        return self.sign.holds(known.calls_today, self.count)

    def __str__(self) -> str:
        return f"calls today {self.sign} {self.count}"


@dataclass(frozen=True, slots=True)
class CallsInWeek:
    """How many calls the caller has made in seven days, this one and today included."""

    sign: Sign
    count: int

    def holds(self, known: Known) -> bool:
        """Whether it is so."""
        return self.sign.holds(known.calls_in_7_days, self.count)

    def __str__(self) -> str:
        return f"calls in 7 days {self.sign} {self.count}"


@dataclass(frozen=True, slots=True)
class CallerIn:
    """The caller's number is on a list."""

    name: str

    def holds(self, known: Known) -> bool:
        """Whether it is so."""
        return known.in_list(self.name)

    def __str__(self) -> str:
        return f"caller in {self.name}"


@dataclass(frozen=True, slots=True)
class PlaceIs:
    """The caller's number belongs to a province or city, said with or without 省, 市."""

    name: str

    def holds(self, known: Known) -> bool:
        """Whether it is so."""
        return _short(self.name) in {_short(part) for part in _parts_of_place(known.place)}

    def __str__(self) -> str:
        return f"place is {self.name}"


@dataclass(frozen=True, slots=True)
class LanguageIs:
    """The language that the caller hears."""

    language: Language

    def holds(self, known: Known) -> bool:
        """Whether it is so."""
        return known.language == self.language

    def __str__(self) -> str:
        return f"language is {self.language}"


@dataclass(frozen=True, slots=True)
class VariableIs:
    """What a variable holds. A number is compared as a number; a variable that is not set holds an empty text."""

    name: str
    sign: Sign
    value: str

    def holds(self, known: Known) -> bool:
        """Whether it is so; an order between things that are not numbers never is."""
        held = known.variables.get(self.name, "").strip()
        left, right = decimal(held), decimal(self.value)
        if left is not None and right is not None:
            return self.sign.holds(left, right)
        return self.sign in (Sign.IS, Sign.IS_NOT) and self.sign.holds(held, self.value)

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.value}"


Condition = CallsToday | CallsInWeek | CallerIn | PlaceIs | LanguageIs | VariableIs

FORMS: Final = (
    "calls today >= 3",
    "calls in 7 days >= 5",
    "caller in LIST",
    "place is 广东",
    "language is en",
    "VARIABLE = text",
    "VARIABLE >= 3",
)

_STARTS = ("calls today", "calls in 7 days", "caller in", "place is", "language is")
_COMPARISON = re.compile(r"(.*?) ?(>=|<=|!=|==|=|>|<) ?(.*)")
_FIRST_WORDS = frozenset({"calls", "caller", "place", "language"})


def parse(text: Any) -> Condition:
    """The condition that a text is. Raises Refused."""
    if not isinstance(text, str):
        raise Refused(f"{quoted(text)} is not a condition", allowed=FORMS)
    plain = " ".join(text.split())
    words = plain.split(" ")
    match words:
        case ["caller", "in", name]:
            return CallerIn(name)
        case ["place", "is", *place] if place:
            return PlaceIs(" ".join(place))
        case ["language", "is", language]:
            return LanguageIs(read_language(language))
    match = _COMPARISON.fullmatch(plain)
    if match is None or not match[1] or not match[3]:
        raise _refused(text, nearest(plain, FORMS))
    left, sign, right = match[1], match[2], match[3]
    if sign == "==":
        raise _refused(text, f"did you mean {left} = {right}?")
    return _comparison(text, left, Sign(sign), right)


def _comparison(text: str, left: str, sign: Sign, right: str) -> Condition:
    if left in ("calls today", "calls in 7 days"):
        if not re.fullmatch(r"[0-9]{1,6}", right):
            raise _refused(text, f"calls are counted in whole numbers: {left} {sign} 3")
        return (CallsToday if left == "calls today" else CallsInWeek)(sign, int(right))
    if re.fullmatch(r"calls in .* days?", left):
        raise _refused(text, f"calls are counted for today and for 7 days: calls in 7 days {sign} {right}")
    if " " in left or left in _FIRST_WORDS:
        start = nearest(left, _STARTS)
        raise _refused(text, start.replace("?", f" {sign} {right}?") if start.endswith(("today?", "days?")) else start)
    check_variable(left)
    if sign not in (Sign.IS, Sign.IS_NOT) and decimal(right) is None:
        raise _refused(text, f"{sign} compares numbers, and {quoted(right)} is none")
    return VariableIs(left, sign, right)


def _refused(text: str, hint: str) -> Refused:
    return Refused(f"{quoted(text)} is not a condition", hint=hint, allowed=FORMS)


_PART = re.compile(r"[^\s,，]+?(?:省|自治区|特别行政区|自治州|地区|市|盟|(?=[\s,，])|$)")
_SUFFIX = re.compile(r"(?:省|(?:壮族|回族|维吾尔)?自治区|特别行政区|市)$")


def _parts_of_place(place: str) -> list[str]:
    """广东省深圳市 as 广东省, 深圳市; names with spaces or commas between them likewise."""
    return _PART.findall(place)


def _short(name: str) -> str:
    short = _SUFFIX.sub("", name)
    return (short or name).casefold()


ConditionText = Annotated[Condition, PlainValidator(parse)]
"""A condition as a field of a model."""
