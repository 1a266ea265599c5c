"""The legal moves of a call and of an agent. Whatever is not in a table cannot happen, and raises if it does."""

from enum import IntEnum, StrEnum
from typing import Final

from cti.errors import CtiError


class CallState(StrEnum):
    """What a call is doing in the distributor."""

    NEW = "new"
    WAITING = "waiting"
    OFFERED = "offered"
    """At least one agent's phone rings for it; the call keeps its place."""
    TALKING = "talking"
    GONE = "gone"


class Activity(StrEnum):
    """What the distributor observes of an agent."""

    IDLE = "idle"
    OFFERED = "offered"
    ON_CALL = "on_call"
    WRAP_UP = "wrap_up"


CALL_MOVES: Final = frozenset(
    {
        (CallState.NEW, CallState.WAITING),
        (CallState.WAITING, CallState.OFFERED),
        (CallState.WAITING, CallState.GONE),  # hung up, exit key, overflow
        (CallState.OFFERED, CallState.WAITING),  # refused, cancelled, moved
        (CallState.OFFERED, CallState.TALKING),
        (CallState.OFFERED, CallState.GONE),
        (CallState.TALKING, CallState.GONE),
    }
)

AGENT_MOVES: Final = frozenset(
    {
        (Activity.IDLE, Activity.OFFERED),
        (Activity.IDLE, Activity.ON_CALL),  # a call of their own
        (Activity.OFFERED, Activity.IDLE),  # refused, cancelled
        (Activity.OFFERED, Activity.ON_CALL),
        (Activity.ON_CALL, Activity.WRAP_UP),
        (Activity.ON_CALL, Activity.IDLE),  # wrap-up of 0 s, or a call of their own
        (Activity.WRAP_UP, Activity.IDLE),
        (Activity.WRAP_UP, Activity.ON_CALL),  # dials out during wrap-up
    }
)


class Standing(IntEnum):
    """Why an agent is, or is not, offered calls; the first that holds, in this order."""

    SIGNED_OUT = 0
    ON_BREAK = 1
    UNREGISTERED = 2
    OFFERED = 3
    ON_CALL = 4
    WRAP_UP = 5
    RESTING = 6
    """Just declined or did not answer."""
    IDLE = 7

    @property
    def words(self) -> str:
        """For people."""
        return _WORDS[self]


_WORDS: Final = {
    Standing.SIGNED_OUT: "has not signed in",
    Standing.ON_BREAK: "is on break",
    Standing.UNREGISTERED: "has no registered phone",
    Standing.OFFERED: "is being offered another call",
    Standing.ON_CALL: "is on a call",
    Standing.WRAP_UP: "is in wrap-up",
    Standing.RESTING: "rests after a refused offer",
    Standing.IDLE: "is idle",
}

AVAILABLE_FROM: Final = Standing.OFFERED
"""Standings from here on are of agents who are there for calls, now or soon."""


class IllegalMove(CtiError):
    """A move that no table has: a mistake of ours, never of a person or a switch."""

    def __init__(self, who: str, before: StrEnum, after: StrEnum) -> None:
        super().__init__(f"{who} cannot go from {before} to {after}", remedy="Please report this with the log")
