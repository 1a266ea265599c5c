"""What can happen to the engine. They come one after the other; each is handled to its end before the next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cti.acd.commands import Command
from cti.config.routing import Routing
from cti.errors import CtiError
from cti.ids import AgentId, CallId, LegId, NodeName, QueueId
from cti.ivr.inputs import WaitId
from cti.records.store import Earlier
from cti.switch.port import LegState, SwitchEvent


@dataclass(frozen=True, slots=True)
class FromSwitch:
    """A switch tells something."""

    node: NodeName
    event: SwitchEvent


@dataclass(frozen=True, slots=True)
class SwitchUp:
    """A switch is there, for the first time or again: this is how things are on it."""

    node: NodeName
    legs: Sequence[LegState]
    registered: frozenset[str]


@dataclass(frozen=True, slots=True)
class SwitchDown:
    """A switch cannot be reached. Its calls go on without us."""

    node: NodeName
    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A look at a switch between times; `began` is when it was asked, on the steady clock."""

    node: NodeName
    legs: Sequence[LegState]
    registered: frozenset[str]
    began: float


@dataclass(frozen=True, slots=True)
class Claimed:
    """Whether the call is ours."""

    call: CallId
    ours: bool


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The customer's earlier calls; None when the records could not say in time."""

    call: CallId
    earlier: Earlier | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A web server's answer, or why there is none."""

    call: CallId
    wait: WaitId
    answer: Any = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class VerbFailed:
    """A switch did not do what it was told."""

    leg: LegId
    verb: str
    error: CtiError


@dataclass(frozen=True, slots=True)
class FromDesk:
    """An agent or a supervisor wants something of the distributor."""

    command: Command


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Where a call can be sent by its agent: a queue."""

    queue: QueueId


@dataclass(frozen=True, slots=True)
class ToAgent:
    """Another agent."""

    agent: AgentId


@dataclass(frozen=True, slots=True)
class ToNumber:
    """A number outside."""

    number: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """An agent sends the caller on. `attended`: the agent speaks to them first, which a queue cannot do."""

    call: CallId
    to: ToQueue | ToAgent | ToNumber
    attended: bool = False


@dataclass(frozen=True, slots=True)
class FinishTransfer:
    """The agent of an attended transfer leaves the two together, or comes back to the caller."""

    call: CallId
    complete: bool


@dataclass(frozen=True, slots=True)
class Hold:
    """The agent puts the caller on hold, or comes back."""

    call: CallId
    on: bool


@dataclass(frozen=True, slots=True)
class MaskRecording:
    """A stretch that is not to be heard in the recording begins or ends."""

    call: CallId
    masked: bool


@dataclass(frozen=True, slots=True)
class NewRouting:
    """Other files are in force. Calls keep what they began with."""

    routing: Routing


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; something is due."""


Input = (
    FromSwitch
    | SwitchUp
    | SwitchDown
    | Looked
    | Claimed
    | LookedUp
    | Fetched
    | VerbFailed
    | FromDesk
    | Transfer
    | FinishTransfer
    | Hold
    | MaskRecording
    | NewRouting
    | Tick
)
