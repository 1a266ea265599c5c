"""What the distributor decided, in the order in which it holds. The shell carries them out; the records keep them."""

from dataclasses import dataclass
from enum import StrEnum

from cti.acd.commands import Command, Presence
from cti.acd.explanation import Explanation
from cti.acd.model import Audience, Leave, Trigger
from cti.acd.transitions import Activity
from cti.ids import AgentId, CallId, OfferId, QueueId


class Outcome(StrEnum):
    """How a call's stay in one queue ended. Each stay ends in exactly one."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The caller hung up."""
    EXIT_KEY = "exit_key"
    CALLBACK = "callback"
    TIMED_OUT = "timed_out"
    NO_AGENTS = "no_agents"
    QUEUE_FULL = "queue_full"
    TOO_LONG = "estimate_too_long"
    ESCALATED = "escalated"
    MOVED = "moved"


class OfferEnd(StrEnum):
    """How an offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Estimates:
    """How long a call was expected to wait when it entered a queue, by two ways of reckoning; seconds."""

    by_length: float | None
    """Place in the queue x mean handling / agents available. None: nobody is available."""
    by_head: float
    """What the call at the head of the line has waited by now."""


@dataclass(frozen=True, slots=True)
class EntryOpened:
    """A call has entered a queue."""

    call: CallId
    queue: QueueId
    position: int
    """Place in the queue, from 1."""
    estimates: Estimates
    rule: str = ""
    """Where the rule stands that sent it here, when it asked for another queue."""


@dataclass(frozen=True, slots=True)
class EntryClosed:
    """A call has left a queue."""

    call: CallId
    queue: QueueId
    outcome: Outcome
    waited: float
    """Seconds in this queue."""
    estimates: Estimates
    agent: AgentId | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Widened:
    """An overflow rule has opened a waiting call to more agents; it keeps its place."""

    call: CallId
    queue: QueueId
    step: int
    rule: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A call has left the queues for something else: go there with it."""

    call: CallId
    to: Leave
    rule: str


@dataclass(frozen=True, slots=True)
class Offered:
    """Ring the agent for the call, until `until` at most."""

    offer: OfferId
    call: CallId
    agent: AgentId
    queue: QueueId
    until: float
    why: Explanation


@dataclass(frozen=True, slots=True)
class OfferEnded:
    """An offer is no more. Unless it was accepted, the agent's phone must not ring for it any longer."""

    offer: OfferId
    call: CallId
    agent: AgentId
    end: OfferEnd
    why: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """Bridge caller and agent."""

    call: CallId
    agent: AgentId
    offer: OfferId
    queue: QueueId


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """An agent is in another state, since now."""

    agent: AgentId
    presence: Presence
    reason: str
    activity: Activity
    registered: bool
    call: CallId | None
    lasted: float
    """Seconds of the state before."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Tell a waiting caller the position, the estimated wait, or that a call back can be had."""

    call: CallId
    position: int
    estimated_wait: float | None
    callback: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """Let people know."""

    audience: Audience
    what: Trigger
    call: CallId
    agent: AgentId | None
    rule: str


@dataclass(frozen=True, slots=True)
class EscalationOffered:
    """The agent may now move the call with one action (`Escalate`)."""

    call: CallId
    agent: AgentId
    queue: QueueId
    rule: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A command that had nothing left to act on: late, repeated, or about something that is not there."""

    command: Command
    why: str


Effect = (
    EntryOpened
    | EntryClosed
    | Widened
    | Sent
    | Offered
    | OfferEnded
    | Connected
    | AgentChanged
    | Announced
    | Told
    | EscalationOffered
    | Ignored
)
