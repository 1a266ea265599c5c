"""The {placeholders} that a text may contain, and when each has a value."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator

from cti.ivr.values import Refused, nearest, quoted


class Scope(StrEnum):
    """When a placeholder has a value."""

    CALL = "call"
    """In every flow."""
    QUEUE = "queue"
    """In what is announced to a caller who waits."""
    TALK = "talk"
    """In a flow that runs after the talk with an agent."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """One name that may stand in braces."""

    name: str
    meaning: str
    scopes: frozenset[Scope] = frozenset(Scope)


_QUEUE = frozenset({Scope.QUEUE})
_TALK = frozenset({Scope.TALK})

PLACEHOLDERS: Final[dict[str, Placeholder]] = {
    placeholder.name: placeholder
    for placeholder in (
        Placeholder("hotline.name", "the hotline's name"),
        Placeholder("hotline.number", "the number that was dialled, in groups"),
        Placeholder("caller.number", "the caller's number, in groups"),
        Placeholder("caller.place", "where the caller's number belongs"),
        Placeholder("calls_today", "the how-manieth call of the caller today this is"),
        Placeholder("calls_in_7_days", "the same for the last seven days"),
        Placeholder("time", "the time of day"),
        Placeholder("date", "the day and month"),
        Placeholder("weekday", "the day of the week"),
        Placeholder("hours_today", "today's hours of the hotline"),
        Placeholder("next_opening", "when the hotline opens next"),
        Placeholder("queue.name", "the queue's name", _QUEUE | _TALK),
        Placeholder("position", "the place in the queue", _QUEUE),
        Placeholder("wait_minutes", "the estimated wait, in minutes", _QUEUE),
        Placeholder("agent.id", "the agent's number, digit by digit", _TALK),
        Placeholder("agent.name", "the agent's name", _TALK),
    )
}

_RESERVED: Final = frozenset({"calls", "caller", "place", "language", "hotline", "queue", "agent", "talk"})
"""Words of conditions and placeholders; as a variable's name they would read as those."""

MAX_VALUE: Final = 200
"""No variable holds more characters than this."""


def known(variables: Iterable[str] = (), scope: Scope = Scope.CALL) -> tuple[str, ...]:
    """What may stand in braces there: placeholders that have a value, and variables of the flow."""
    return (*(name for name, placeholder in PLACEHOLDERS.items() if scope in placeholder.scopes), *variables)


def is_variable(name: str) -> bool:
    """Whether a variable may have this name: a word of letters (of any script), digits and _."""
    return name.isidentifier() and len(name) <= 40 and name not in PLACEHOLDERS and name not in _RESERVED


def check_variable(name: str) -> str:
    """The name of a variable. Raises Refused."""
    if name in PLACEHOLDERS or name in _RESERVED:
        raise Refused(f"{quoted(name)} cannot be a variable: the word has its own meaning")
    if not is_variable(name):
        raise Refused(f"{quoted(name)} is not a variable's name", hint="letters, digits and _, a letter first")
    return name


def check_placeholder(name: str) -> str:
    """The name in a pair of braces: a placeholder, or what may be a variable of the flow. Raises Refused."""
    if name in PLACEHOLDERS or is_variable(name):
        return name
    raise Refused(
        f"{{{name}}} is not a placeholder",
        hint=nearest(name, PLACEHOLDERS),
        allowed=(*PLACEHOLDERS, "variables"),
        part=f"{{{name}}}",
    )


Variable = Annotated[str, AfterValidator(check_variable)]
"""A variable that a step fills."""
