"""What can happen to a flow. An answer bears the number of the wait that it answers, so that a late one is known."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NewType

WaitId = NewType("WaitId", int)
"""One thing that a flow waits for; never given twice in a call."""


class Left(StrEnum):
    """How a caller came out of a queue."""

    ANSWERED = "answered"
    """An agent has talked with the caller, or does; the flow is over, its survey is the next."""
    MOVED = "moved"
    """A rule sent the call elsewhere; the flow is over."""
    CALLBACK = "callback"
    """The caller hung on to a promise to be called back; the flow goes on."""
    GIVEN_BACK = "given back"
    """Nobody took the call; the flow goes on."""


@dataclass(frozen=True, slots=True)
class Started:
    """The call is answered: begin this flow."""

    flow: str


@dataclass(frozen=True, slots=True)
class PlayDone:
    """What was to be played has been played, or could not be."""

    wait: WaitId


@dataclass(frozen=True, slots=True)
class Key:
    """The caller pressed a key."""

    key: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The deadline of a wait has passed."""

    wait: WaitId


@dataclass(frozen=True, slots=True)
class HttpDone:
    """The web server answered with JSON; `answer` is what it says, as Python values."""

    wait: WaitId
    answer: Any


@dataclass(frozen=True, slots=True)
class HttpFailed:
    """It did not answer, or not with success and JSON of bearable length."""

    wait: WaitId
    why: str


@dataclass(frozen=True, slots=True)
class QueueLeft:
    """The caller is out of the queue, not by an exit key."""

    wait: WaitId
    how: Left
    why: str = ""


@dataclass(frozen=True, slots=True)
class Transferred:
    """The outside number answered; the flow is over."""

    wait: WaitId


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """It did not."""

    wait: WaitId
    why: str


@dataclass(frozen=True, slots=True)
class VoicemailDone:
    """The message has been recorded, or none was left."""

    wait: WaitId
    left: bool = True


@dataclass(frozen=True, slots=True)
class CallbackDone:
    """The caller has said whether to be called back."""

    wait: WaitId
    agreed: bool = True


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller has gone."""


Input = (
    Started
    | PlayDone
    | Key
    | TimedOut
    | HttpDone
    | HttpFailed
    | QueueLeft
    | Transferred
    | TransferFailed
    | VoicemailDone
    | CallbackDone
    | HungUp
)
