"""What is kept of calls and agents: values that `Records.write` takes.

Times are aware datetimes in UTC, durations are seconds, numbers of customers are E.164. An entry is written once,
whatever happens: its key (`id`, or the call's) decides, so that the same entry may be handed in twice.
"""

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from cti.ids import AgentId, CallId, LegId, OfferId, QueueId


def new_id() -> str:
    """An id that is never given twice and sorts behind earlier ones: milliseconds, then chance."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"


class CallOutcome(StrEnum):
    """How a call ended for the customer. Each call has exactly one."""

    ANSWERED = "answered"
    """They spoke to an agent."""
    ABANDONED = "abandoned"
    """They hung up while they waited."""
    NO_AGENTS = "no_agents"
    QUEUE_FULL = "queue_full"
    TIMED_OUT = "timed_out"
    """They waited too long and were led elsewhere, to nobody."""
    IVR_ONLY = "ivr_only"
    """They asked for nobody: were served by the flow, or heard that we are closed."""
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    TRANSFERRED = "transferred"
    """Led to a number outside before an agent answered."""
    REFUSED = "refused"
    """On the blacklist, or to a number that we do not own."""
    FAILED = "failed"


class Termination(StrEnum):
    """Who ended the call: our verdict."""

    CALLER = "caller"
    AGENT = "agent"
    SERVER = "server"
    SWITCH = "switch"


class LegKind(StrEnum):
    """Who is at the far end of a leg."""

    CALLER = "caller"
    AGENT = "agent"
    OUTSIDE = "outside"


class SegmentKind(StrEnum):
    """What a stretch of a call was."""

    IVR = "ivr"
    QUEUE = "queue"
    OFFER = "offer"
    TALK = "talk"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    SURVEY = "survey"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a call, from its making to its end."""

    id: LegId
    kind: LegKind
    created_at: datetime
    ended_at: datetime
    agent: AgentId | None = None
    number: str = ""
    """Who was rung, or who called; may be anything."""
    answered_at: datetime | None = None
    cause: str = ""
    """FreeSWITCH's hangup cause."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a call; those of a call are in order of their beginning, and offers lie within a queue's."""

    kind: SegmentKind
    began_at: datetime
    ended_at: datetime
    what: str = ""
    """The flow, the queue, or whom it was about."""
    outcome: str = ""
    """How it ended, in the words of whoever decided: `answered`, `no_answer`, ..."""
    agent: AgentId | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OfferRecord:
    """One agent was offered the call."""

    id: OfferId
    queue: QueueId
    agent: AgentId
    offered_at: datetime
    ended_at: datetime
    how: str
    """How it ended: `cti.acd.effects.OfferEnd`."""
    explanation: tuple[str, ...] = ()
    """Why this agent, one fact a line (`Explanation.lines`)."""


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened, for people."""

    at: datetime
    text: str
    where: str = ""
    """Where the rule or step stands that had it so: `routing/queues.yaml:12:15`."""


@dataclass(frozen=True, slots=True)
class CallOpened:
    """A call has begun. Its row is there from now on, so that the customer's next call is counted right."""

    id: CallId
    started_at: datetime
    hotline: str
    zone: str
    """The hotline's time zone (IANA), in which a day is counted."""
    dnis: str
    ani: str
    """The caller's number as the network gave it; 64 characters of it are kept."""
    customer: str | None
    """E.164; None: withheld, or no number."""
    direction: Literal["inbound", "outbound"] = "inbound"
    place: str = ""
    carrier: str = ""
    repeat_count: int = 0
    repeat_count_7d: int = 0
    vip: bool = False
    node: str = ""
    routing_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """The whole of a call that is over, wrap-up and survey included."""

    id: CallId
    started_at: datetime
    ended_at: datetime
    hotline: str
    zone: str
    dnis: str
    ani: str
    customer: str | None
    outcome: CallOutcome
    termination: Termination
    direction: Literal["inbound", "outbound"] = "inbound"
    place: str = ""
    carrier: str = ""
    answered_at: datetime | None = None
    """When an agent answered first."""
    queue: QueueId | None = None
    """The last one."""
    agents: tuple[AgentId, ...] = ()
    """Who talked with the customer, in order."""
    last_agent: AgentId | None = None
    repeat_count: int = 0
    """Earlier calls of this customer on the same day in the hotline's zone."""
    repeat_count_7d: int = 0
    hangup_cause: str = ""
    waited: float = 0.0
    """In queues, in all; ringing included."""
    talked: float = 0.0
    held: float = 0.0
    moved: int = 0
    """How often the customer was passed on after an agent or a queue had them."""
    vip: bool = False
    complaint: bool = False
    survey_score: int | None = None
    disposition: str = ""
    notes: str = ""
    node: str = ""
    routing_hash: str = ""
    """Which routing was in force when it began."""
    legs: tuple[Leg, ...] = ()
    segments: tuple[Segment, ...] = ()
    offers: tuple[OfferRecord, ...] = ()
    story: tuple[StoryLine, ...] = ()


@dataclass(frozen=True, slots=True)
class CallClosed:
    """A call is over. The first record of a call counts and is never changed."""

    call: CallRecord


@dataclass(frozen=True, slots=True)
class AgentState:
    """An agent is in another state since `at`."""

    agent: AgentId
    at: datetime
    presence: str
    reason: str
    activity: str
    registered: bool
    call: CallId | None
    lasted: float
    """Seconds of the state before."""
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMade:
    """A recording is complete, or has failed."""

    id: str
    call: CallId
    path: str
    """Relative to the folder of recordings, with `/`."""
    began_at: datetime
    ended_at: datetime
    format: str = "wav"
    channels: int = 2
    size: int = 0
    """Bytes."""
    sha256: str = ""
    agents: tuple[AgentId, ...] = ()
    customer: str | None = None
    hotline: str = ""
    queue: QueueId | None = None
    repeat_count: int = 0
    repeat_count_7d: int = 0
    masked: tuple[tuple[float, float], ...] = ()
    """Silenced stretches: from, to, in seconds of the file."""
    failure: str = ""
    """What went wrong; empty when all is well."""


@dataclass(frozen=True, slots=True)
class RecordingConverted:
    """The file of a recording was replaced by one of another format."""

    id: str
    path: str
    format: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RecordingDeleted:
    """The file of a recording is gone; its row stays."""

    id: str
    at: datetime
    why: str
    """The rule, or the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailLeft:
    """A caller left a message."""

    id: str
    call: CallId
    mailbox: str
    """The queue, or whose it is."""
    at: datetime
    seconds: float
    path: str
    customer: str | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class VoicemailHeard:
    """Somebody took care of a message. The first counts."""

    id: str
    at: datetime
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Something was promised to a customer (回访): a call back, an answer."""

    id: str = field(default_factory=new_id)
    created_at: datetime
    due_at: datetime
    customer: str
    call: CallId | None = None
    kind: Literal["callback", "follow_up"] = "follow_up"
    """callback: the customer asked for it instead of waiting."""
    queue: QueueId | None = None
    agent: AgentId | None = None
    """Who promised it; None: anybody of the queue."""
    reason: str = ""
    promised: str = ""


@dataclass(frozen=True, slots=True)
class FollowUpDone:
    """What was promised is done, or given up. The first counts."""

    id: str
    at: datetime
    agent: AgentId | None
    outcome: str
    """done, not_reached, withdrawn, ..."""
    call: CallId | None = None


Entry = (
    CallOpened
    | CallClosed
    | AgentState
    | RecordingMade
    | RecordingConverted
    | RecordingDeleted
    | VoicemailLeft
    | VoicemailHeard
    | FollowUp
    | FollowUpDone
)
