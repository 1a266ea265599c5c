"""The conditions of overflow and escalation: "no agents available and waited > 30s", "calls today >= 3"."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator

from cti.config.fields import shown_seconds
from cti.config.findings import nearest, quoted
from cti.config.model import Refused, seconds


@dataclass(frozen=True, slots=True)
class QueueCondition:
    """When a call overflows out of its queue: everything that is said must hold."""

    no_agents_signed_in: bool = False
    """Nobody who could serve the queue is signed in."""
    no_agents_available: bool = False
    """Nobody is signed in, or all who are have a break or a phone that is not registered."""
    waiting_over: int | None = None
    """More calls than this wait in the queue; the newest of them move."""
    waited_over: float | None = None
    """The call has waited longer than so many seconds."""
    estimated_wait_over: float | None = None
    """The call's estimated wait is longer than so many seconds."""

    def implies(self, other: "QueueCondition") -> bool:
        """Whether `other` holds whenever this one does."""
        return (
            (not other.no_agents_signed_in or self.no_agents_signed_in)
            and (not other.no_agents_available or self.no_agents_available or self.no_agents_signed_in)
            and _at_least(self.waiting_over, other.waiting_over)
            and _at_least(self.waited_over, other.waited_over)
            and _at_least(self.estimated_wait_over, other.estimated_wait_over)
        )

    @property
    def needs_time(self) -> bool:
        """Whether a call that has just come cannot meet it."""
        return self.waited_over is not None

    def __str__(self) -> str:
        parts = [
            "no agents signed in" if self.no_agents_signed_in else "",
            "no agents available" if self.no_agents_available else "",
            f"waiting > {self.waiting_over}" if self.waiting_over is not None else "",
            f"waited > {shown_seconds(self.waited_over)}" if self.waited_over is not None else "",
            f"estimated wait > {shown_seconds(self.estimated_wait_over)}"
            if self.estimated_wait_over is not None
            else "",
        ]
        return " and ".join(part for part in parts if part)


def _at_least(mine: float | None, theirs: float | None) -> bool:
    return theirs is None or (mine is not None and mine >= theirs)


QUEUE_FORMS = ("no agents signed in", "no agents available", "waiting > 30", "waited > 5m", "estimated wait > 10m")
_QUEUE_STARTS = ("no agents signed in", "no agents available", "waiting", "waited", "estimated wait")
_COMPARISON = re.compile(r"(waiting|waited|estimated wait) *(\S*?) *([0-9].*)")


def read_queue_condition(text: Any) -> QueueCondition:
    """The condition of an overflow rule. Raises Refused."""
    if not isinstance(text, str):
        raise Refused(f"{quoted(text)} is not a condition", allowed=QUEUE_FORMS)
    said: dict[str, Any] = {}
    for part in re.split(r"\s+and\s+", text.strip()):
        name, value = _queue_part(" ".join(part.split()))
        if name in said:
            raise Refused(f"{quoted(text)} says {part.split()[0]} twice")
        said[name] = value
    return QueueCondition(**said)


def _queue_part(part: str) -> tuple[str, Any]:
    if part in QUEUE_FORMS[:2]:
        return part.replace(" ", "_"), True
    match = _COMPARISON.fullmatch(part)
    if match is None:
        raise Refused(f"{quoted(part)} is not a condition", hint=_likely(part), allowed=QUEUE_FORMS)
    word, sign, amount = match.groups()
    if sign != ">":
        raise Refused(
            f"{quoted(part)} is not a condition", hint=f"did you mean {word} > {amount}?", allowed=QUEUE_FORMS
        )
    if word == "waiting":
        if not amount.isdecimal():
            raise Refused(f"{quoted(part)} is not a condition", hint="waiting counts calls: waiting > 30")
        return "waiting_over", int(amount)
    return ("waited_over" if word == "waited" else "estimated_wait_over"), _amount(part, amount)


def _amount(part: str, amount: str) -> float:
    try:
        return seconds(amount)
    except Refused as refused:
        raise Refused(f"{quoted(part)} is not a condition", hint=refused.hint or str(refused)) from refused


def _likely(part: str) -> str:
    """What a misspelt condition was meant to be, with the amount that stands there."""
    match = re.fullmatch(r"(.*?) *[<>=]+ *(.*)", part)
    if match is None:
        return nearest(part, QUEUE_FORMS)
    hint = nearest(match[1], _QUEUE_STARTS)
    return hint.replace("?", f" > {match[2]}?") if hint else ""


QueueConditionText = Annotated[QueueCondition, PlainValidator(read_queue_condition)]
"""An overflow rule's condition as a field of a model."""


@dataclass(frozen=True, slots=True)
class CallsToday:
    """The customer's call is at least the so-many-th of the day, counted in the hotline's time zone."""

    at_least: int

    def __str__(self) -> str:
        return f"calls today >= {self.at_least}"


@dataclass(frozen=True, slots=True)
class CallsInSevenDays:
    """The customer's call is at least the so-many-th in seven days, today among them."""

    at_least: int

    def __str__(self) -> str:
        return f"calls in 7 days >= {self.at_least}"


@dataclass(frozen=True, slots=True)
class ComplaintFlagged:
    """The agent marked the call as a complaint."""

    def __str__(self) -> str:
        return "complaint flagged"


@dataclass(frozen=True, slots=True)
class TalkOver:
    """Customer and agent have talked longer than so many seconds."""

    seconds: float

    def __str__(self) -> str:
        return f"talk > {shown_seconds(self.seconds)}"


Trigger = CallsToday | CallsInSevenDays | ComplaintFlagged | TalkOver

TRIGGER_FORMS = ("calls today >= 3", "calls in 7 days >= 5", "complaint flagged", "talk > 10m")


def read_trigger(text: Any) -> Trigger:
    """What an escalation rule waits for. Raises Refused."""
    plain = " ".join(text.split()) if isinstance(text, str) else ""
    if plain == "complaint flagged":
        return ComplaintFlagged()
    if match := re.fullmatch(r"calls today >= ?([1-9][0-9]{0,5})", plain):
        return CallsToday(int(match[1]))
    if match := re.fullmatch(r"calls in 7 days >= ?([1-9][0-9]{0,5})", plain):
        return CallsInSevenDays(int(match[1]))
    if match := re.fullmatch(r"talk > ?([0-9].*)", plain):
        return TalkOver(_amount(plain, match[1]))
    raise Refused(f"{quoted(text)} is not a condition", hint=nearest(plain, TRIGGER_FORMS), allowed=TRIGGER_FORMS)


TriggerText = Annotated[Trigger, PlainValidator(read_trigger)]
"""An escalation rule's condition as a field of a model."""
