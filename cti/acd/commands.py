"""What happens to the distributor: each is one thing that somebody or something did.

A command about an offer carries the offer's id, so that an answer which comes too late is known as late.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cti.acd.model import Caller, Needs, Plan
from cti.ids import AgentId, CallId, OfferId, QueueId

NOBODY_KNOWN: Final = Caller()


class Presence(StrEnum):
    """What an agent declares."""

    LOGGED_OUT = "logged_out"
    AVAILABLE = "available"
    ON_BREAK = "on_break"


class Refusal(StrEnum):
    """Why an offer came to nothing on the agent's side."""

    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    """The phone is not registered, or cannot be reached."""


class Exit(StrEnum):
    """Why a call left its queue by the caller's own choice."""

    KEY = "exit_key"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True)
class Enqueue:
    """A call asks for a queue. A call that an agent talks with leaves that agent."""

    call: CallId
    queue: QueueId
    caller: Caller = NOBODY_KNOWN
    escalate: bool = True
    """Whether rules on the customer's number of calls apply; not when a person sends the call."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller has gone, whatever the call was doing."""

    call: CallId


@dataclass(frozen=True, slots=True)
class Left:
    """The caller chose something else than waiting."""

    call: CallId
    exit: Exit = Exit.KEY


@dataclass(frozen=True, slots=True)
class Move:
    """A supervisor moves a waiting call into another queue."""

    call: CallId
    queue: QueueId


@dataclass(frozen=True, slots=True)
class FlagComplaint:
    """The caller is not content and wants to complain."""

    call: CallId


@dataclass(frozen=True, slots=True)
class Escalate:
    """The agent takes up the escalation that was offered for the call."""

    call: CallId


@dataclass(frozen=True, slots=True)
class Accept:
    """The agent's phone has answered."""

    offer: OfferId


@dataclass(frozen=True, slots=True)
class Refuse:
    """The agent, or the phone, does not take the call."""

    offer: OfferId
    why: Refusal


@dataclass(frozen=True, slots=True)
class Release:
    """The conversation of agent and caller is over, the caller may still be there (survey)."""

    call: CallId


@dataclass(frozen=True, slots=True)
class TakeOwnCall:
    """The agent's phone is busy with a call that the distributor did not give: dialled out, or called directly."""

    agent: AgentId
    call: CallId


@dataclass(frozen=True, slots=True)
class SetPresence:
    """The agent, or a supervisor for them, declares a presence. During a call it counts from the end of wrap-up."""

    agent: AgentId
    presence: Presence
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SetRegistered:
    """The agent's phone has registered, or is gone."""

    agent: AgentId
    registered: bool


@dataclass(frozen=True, slots=True)
class FinishWrapUp:
    """The agent is ready before wrap-up ends by itself."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class ExtendWrapUp:
    """The agent needs longer; `seconds` from now."""

    agent: AgentId
    seconds: float


@dataclass(frozen=True, slots=True)
class SetSkills:
    """Other skills for an agent until the next plan."""

    agent: AgentId
    skills: Needs


@dataclass(frozen=True, slots=True)
class Replan:
    """Admins have decided anew. Calls keep their places; a queue that is no more empties as it was."""

    plan: Plan


Command = (
    Enqueue
    | HungUp
    | Left
    | Move
    | FlagComplaint
    | Escalate
    | Accept
    | Refuse
    | Release
    | TakeOwnCall
    | SetPresence
    | SetRegistered
    | FinishWrapUp
    | ExtendWrapUp
    | SetSkills
    | Replan
)
