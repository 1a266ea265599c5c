"""Prompts made into pieces: the text between placeholders as it stands, values in words of a small vocabulary.

A value that a caller or a web server brought in is spoken as digits, a number or a short text; it is never a path.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final

from cti.ivr import say
from cti.ivr.facts import Facts
from cti.ivr.placeholders import MAX_VALUE
from cti.ivr.prompts import Blank, Piece, Prompt, Recording, Speech, Template, is_spoken, language_of
from cti.ivr.surroundings import Surroundings
from cti.ivr.values import MAX_DIGITS, Language, decimal

MAX_SPOKEN: Final = 80
"""Characters of a value that are spoken, where it is a text that we did not write."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What placeholders are filled from: a call at a moment."""

    facts: Facts
    now: datetime
    """In the hotline's zone."""
    surroundings: Surroundings | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What a placeholder stands for."""

    written: str
    """For requests, conditions and variables."""
    words: Callable[[Language], say.Words] | None = None
    """How it is read out; None: as the text that it is."""


def seen(facts: Facts, now: datetime, surroundings: Surroundings | None = None) -> Seen:
    """A call at the moment `now`, which has a time zone."""
    return Seen(facts, now.astimezone(facts.zone), surroundings)


def compose(
    prompt: Prompt, facts: Facts, language: Language, now: datetime, surroundings: Surroundings | None = None
) -> tuple[Piece, ...]:
    """What is played. A placeholder that has no value is silent; `surroundings` are asked for hours only."""
    spoken_in, body = prompt.variant(language)
    if isinstance(body, Recording):
        return (body,)
    call = seen(facts, now, surroundings)
    return tuple(piece for part in body.parts for piece in _part(part, call, spoken_in))


def fill(template: Template, call: Seen, encode: Callable[[str], str] = str) -> str:
    """The text with its placeholders filled in, each value through `encode`."""
    return "".join(
        part if isinstance(part, str) else encode(value.written) if (value := value_of(part.name, call)) else ""
        for part in template.parts
    )


def read_out(how: str, text: str, language: Language, today: date) -> tuple[Piece, ...]:
    """A written value, read out as number, digits, date, time or money; as a text where it is none."""
    words = _READERS[how](text.strip(), language, today)
    return _spoken(words, language) if words else _text_pieces(text, language)


def words_to_pieces(words: say.Words, language: Language) -> tuple[Piece, ...]:
    """One piece a word of the vocabulary."""
    return _spoken(words, language)


def clean(text: str, most: int = MAX_VALUE) -> str:
    """A text that came from outside: one line, no control characters, capped."""
    kept = "".join(" " if unicodedata.category(character) in _UNSEEN else character for character in text[: 4 * most])
    return " ".join(kept.split())[:most]


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _part(part: str | Blank, call: Seen, language: Language) -> Iterator[Piece]:
    if isinstance(part, str):
        if is_spoken(part):
            yield Speech(part.strip(), language)
        return
    value = value_of(part.name, call)
    if value is None:
        return
    yield from _spoken(value.words(language), language) if value.words else _text_pieces(value.written, language)


def _spoken(words: say.Words, language: Language) -> tuple[Piece, ...]:
    return tuple(Speech(utterance, language) for utterance in say.utterances(words, language))


def _text_pieces(text: str, language: Language) -> tuple[Piece, ...]:
    spoken = clean(text, MAX_SPOKEN)
    return (Speech(spoken, language_of(spoken, language)),) if is_spoken(spoken) else ()


# What each placeholder stands for


def value_of(name: str, call: Seen) -> Value | None:
    """The value of a placeholder or variable; None when it has none now."""
    known = _VALUES.get(name)
    value = known(call) if known is not None else _variable(call.facts.variables.get(name, ""))
    return value if value is not None and value.written else None


def _text(text: str) -> Value:
    return Value(clean(text))


def _phone(number: str) -> Value:
    return Value(clean(number), lambda language: say.phone(number, language))


def _number(number: int | None) -> Value | None:
    return None if number is None else Value(str(number), lambda language: say.number(number, language))


def _minutes(minutes: int | None) -> Value | None:
    if minutes is None:
        return None
    least = max(1, minutes)  # nobody is told to wait for zero minutes
    return Value(str(least), lambda language: say.count(least, language))


def _variable(text: str) -> Value:
    held = clean(text)
    if held.isascii() and held.isdecimal():
        return Value(held, lambda language: say.digits(held[:MAX_DIGITS], language))
    number = decimal(held)
    return Value(held) if number is None else Value(held, lambda language: say.number(number, language))


def _hours_today(call: Seen) -> Value | None:
    if call.surroundings is None or not call.facts.hours:
        return None
    intervals = call.surroundings.hours_of_day(call.facts.hours, call.now)
    written = ", ".join(f"{start:%H:%M}-{end:%H:%M}" for start, end in intervals) or "closed"
    return Value(written, lambda language: say.hours(intervals, language))


def _next_opening(call: Seen) -> Value | None:
    if call.surroundings is None or not call.facts.hours:
        return None
    opening = call.surroundings.next_opening(call.facts.hours, call.now)
    written = opening.isoformat(timespec="minutes") if opening else "unknown"
    return Value(written, lambda language: say.next_opening(opening, call.now, language))


_VALUES: Final[dict[str, Callable[[Seen], Value | None]]] = {
    "hotline.name": lambda call: _text(call.facts.hotline),
    "hotline.number": lambda call: _phone(call.facts.dnis),
    "caller.number": lambda call: _phone(call.facts.ani),
    "caller.place": lambda call: _text(call.facts.place),
    "calls_today": lambda call: _number(call.facts.calls_today),
    "calls_in_7_days": lambda call: _number(call.facts.calls_in_7_days),
    "time": lambda call: Value(f"{call.now:%H:%M}", lambda language: say.time_of_day(call.now.time(), language)),
    "date": lambda call: Value(call.now.date().isoformat(), lambda language: say.day(call.now.date(), language)),
    "weekday": lambda call: Value(str(call.now.isoweekday()), lambda language: say.weekday(call.now.date(), language)),
    "hours_today": _hours_today,
    "next_opening": _next_opening,
    "queue.name": lambda call: _text(call.facts.queue),
    "position": lambda call: _number(call.facts.position),
    "wait_minutes": lambda call: _minutes(call.facts.wait_minutes),
    "agent.id": lambda call: _phone(call.facts.agent_id),
    "agent.name": lambda call: _text(call.facts.agent_name),
}


# The ways of `say`


def _as_number(text: str, language: Language, today: date) -> say.Words:
    number = decimal(text)
    return () if number is None else say.number(number, language)


def _as_money(text: str, language: Language, today: date) -> say.Words:
    amount: Decimal | None = decimal(text)
    return () if amount is None else say.money(amount, language)


def _as_digits(text: str, language: Language, today: date) -> say.Words:
    return say.digits(text[:MAX_DIGITS], language)


def _as_date(text: str, language: Language, today: date) -> say.Words:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text[:10]):
        return ()
    try:
        return say.day(date.fromisoformat(text[:10]), language, today)
    except ValueError:
        return ()


def _as_time(text: str, language: Language, today: date) -> say.Words:
    try:
        return say.time_of_day(time.fromisoformat(text.rpartition("T")[2][:5]), language)
    except ValueError:
        return ()


_READERS: Final[dict[str, Callable[[str, Language, date], say.Words]]] = {
    "number": _as_number,
    "digits": _as_digits,
    "date": _as_date,
    "time": _as_time,
    "money": _as_money,
}
