"""How values are read out, in words of a small vocabulary: each word is rendered once and kept.

Every function returns words and punctuation; `text` joins them as they would be written, `utterances` as they are
spoken.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, Protocol

from cti.ivr.say import english, mandarin
from cti.ivr.say.values import Interval, Words, phone_groups
from cti.ivr.values import Language

__all__ = [
    "Interval",
    "Words",
    "count",
    "day",
    "digits",
    "duration",
    "hours",
    "money",
    "next_opening",
    "number",
    "opening_hours",
    "phone",
    "phone_groups",
    "text",
    "time_of_day",
    "utterances",
    "vocabulary",
    "weekday",
]


class _Tongue(Protocol):
    """What a module of a language has."""

    JOINT: str
    COMMA: str
    STOP: str
    BEFORE_COMMA: frozenset[str]
    VOCABULARY: frozenset[str]

    def number(self, value: Decimal) -> Words: ...
    def count(self, value: Decimal) -> Words: ...
    def digits(self, text: str) -> Words: ...
    def phone(self, text: str) -> Words: ...
    def money(self, value: Decimal) -> Words: ...
    def date_(self, day: date, today: date | None = None) -> Words: ...
    def weekday(self, day: date) -> Words: ...
    def time_(self, at: time) -> Words: ...
    def duration(self, seconds: int) -> Words: ...
    def hours(self, intervals: Sequence[Interval]) -> Words: ...
    def next_opening(self, opening: datetime | None, now: datetime) -> Words: ...
    def opening_hours(
        self, intervals: Sequence[Interval], opening: datetime | None, now: datetime, *, is_open: bool
    ) -> Words: ...


_TONGUES: Final[dict[Language, _Tongue]] = {"zh-CN": mandarin, "en": english}


def number(value: int | Decimal, language: Language) -> Words:
    """A number: 三百零五, three hundred five. From 10**12 on digit by digit."""
    return _TONGUES[language].number(Decimal(value))


def count(value: int | Decimal, language: Language) -> Words:
    """A number before what is counted: in Mandarin two is 两."""
    return _TONGUES[language].count(Decimal(value))


def digits(text: str, language: Language) -> Words:
    """Digits, and letters, one by one."""
    return _TONGUES[language].digits(text)


def phone(text: str, language: Language) -> Words:
    """A telephone number in groups; in Mandarin one is 幺."""
    return _TONGUES[language].phone(text)


def money(value: int | Decimal, language: Language) -> Words:
    """An amount in yuan, to the fen."""
    return _TONGUES[language].money(Decimal(value))


def day(value: date, language: Language, today: date | None = None) -> Words:
    """A date, with its year where `today` is given and in another one."""
    return _TONGUES[language].date_(value, today)


def weekday(value: date, language: Language) -> Words:
    """The day of the week."""
    return _TONGUES[language].weekday(value)


def time_of_day(value: time, language: Language) -> Words:
    """The time of day to the minute: 上午九点半, nine thirty a.m."""
    return _TONGUES[language].time_(value)


def duration(seconds: int, language: Language) -> Words:
    """Hours, minutes and seconds."""
    return _TONGUES[language].duration(seconds)


def hours(intervals: Sequence[Interval], language: Language) -> Words:
    """The hours of a day: 上午九点到十二点，下午一点到六点."""
    return _TONGUES[language].hours(intervals)


def next_opening(opening: datetime | None, now: datetime, language: Language) -> Words:
    """When it opens next, as seen from `now`, in the zone of `opening`: 明天上午九点."""
    return _TONGUES[language].next_opening(opening, now)


def opening_hours(
    intervals: Sequence[Interval], opening: datetime | None, now: datetime, language: Language, *, is_open: bool
) -> Words:
    """Whole sentences: today's hours, and when it opens next unless it is open."""
    return _TONGUES[language].opening_hours(intervals, opening, now, is_open=is_open)


def text(words: Words, language: Language) -> str:
    """The words as they would be written."""
    tongue = _TONGUES[language]
    written = ""
    for word in words:
        if word == tongue.STOP and written.endswith(tongue.STOP):  # "a.m." has its own
            continue
        written += word if not written or word in (tongue.COMMA, tongue.STOP) else tongue.JOINT + word
    return written


def utterances(words: Words, language: Language) -> tuple[str, ...]:
    """What is rendered, one by one: a comma is a breath after its word, as is a full stop before another sentence."""
    return tuple(_uttered(words, _TONGUES[language]))


def _uttered(words: Words, tongue: _Tongue) -> Iterator[str]:
    following: list[str | None] = [*words[1:], None]
    for place, (word, after) in enumerate(zip(words, following, strict=False)):
        if word not in (tongue.COMMA, tongue.STOP):
            more = place + 2 < len(words) and word in tongue.BEFORE_COMMA
            yield word + tongue.COMMA if after == tongue.COMMA or (after == tongue.STOP and more) else word


def vocabulary(language: Language) -> tuple[str, ...]:
    """Everything that `utterances` of this language can contain, names and other texts aside."""
    tongue = _TONGUES[language]
    return tuple(sorted(tongue.VOCABULARY | {word + tongue.COMMA for word in tongue.BEFORE_COMMA}))
