"""What admins have decided, as the distributor needs it: queues, agents, rules. Values that never change.

`where` is always the place in the files that a decision can be traced to: ``routing/queues.yaml:12``.
Durations are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cti.ids import AgentId, GroupId, QueueId, SkillId

Needs = Mapping[SkillId, int]
"""Skills and the least proficiency in each, 1 to 5."""


class Strategy(StrEnum):
    """Which of several idle agents is offered a call. Equals: who has been idle longest, then the order of the file."""

    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"
    """Whose last offer from this queue lies furthest back."""
    FEWEST_CALLS = "fewest_calls"
    """Fewest calls answered since signing in."""
    LEAST_OCCUPIED = "least_occupied"
    """Smallest handling / (handling + idle) since signing in, taken when the agent last became idle."""
    MOST_SKILLED = "most_skilled"
    """Greatest sum of proficiency in the skills that the queue needs."""
    SEQUENTIAL = "sequential"
    """The order of the file."""
    RING_ALL = "ring_all"
    """Everybody who is idle, up to the queue's `ring_most`; the first who answers has the call."""


class Elsewhere(StrEnum):
    """Where a call goes that leaves the queues."""

    FLOW = "flow"
    VOICEMAIL = "voicemail"
    NUMBER = "number"
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Into another queue, with the place that the whole wait has earned."""

    queue: QueueId


@dataclass(frozen=True, slots=True)
class Leave:
    """Out of the queues: `name` is that of the flow or voicemail box, or the number."""

    kind: Elsewhere
    name: str = ""


@dataclass(frozen=True, slots=True)
class Widen:
    """Stays in its queue, and is offered to everybody whom the steps up to this one admit."""

    step: int


Target = ToQueue | Widen | Leave


@dataclass(frozen=True, slots=True)
class Overflow:
    """Sends waiting calls elsewhere while every condition that is set holds."""

    to: Target
    where: str
    nobody_signed_in: bool = False
    nobody_available: bool = False
    """All who have signed in are on break or their phones are not registered."""
    waiting_over: int | None = None
    """More calls than this wait; those that came last go."""
    waited_over: float | None = None
    """In this queue."""
    estimate_over: float | None = None
    """Estimated wait by queue length."""


@dataclass(frozen=True, slots=True)
class RelaxStep:
    """Who may take a call once it has waited so long in the queue; the first step begins at 0."""

    after: float = 0.0
    """`math.inf`: reached by an overflow rule only (`Widen`)."""
    needs: Needs = field(default_factory=dict)
    groups: frozenset[GroupId] = frozenset()
    """Agents of any of these; empty: all agents."""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Announcements:
    """What waiting callers are told between the music."""

    every: float | None = None
    """Position (and estimated wait) so often."""
    estimated_wait: bool = False
    callback_after: float | None = None
    """Once, after this wait, a call back is offered."""


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """One queue."""

    id: QueueId
    steps: tuple[RelaxStep, ...] = (RelaxStep(),)
    """A call at one step may be offered to everybody whom this step or any before it admits."""
    strategy: Strategy = Strategy.LONGEST_IDLE
    strategy_where: str = ""
    priority: int = 0
    """Points; each weighs as much as `Plan.ageing` seconds of waiting."""
    sticky: float = 0.0
    """The customer's last agent alone, for so long."""
    sticky_where: str = ""
    ring: float | None = None
    """How long an offer stands; None: as the agent has it."""
    ring_most: int = 10
    """Phones that ring_all rings at once."""
    wrap_up: float | None = None
    overflow: tuple[Overflow, ...] = ()
    """Looked at in this order; the first that holds decides."""
    announce: Announcements = Announcements()
    handling: float = 180.0
    """Talk and wrap-up of a call, as long as none was measured."""
    where: str = ""


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """One agent."""

    id: AgentId
    groups: frozenset[GroupId] = frozenset()
    skills: Needs = field(default_factory=dict)
    """Proficiency, 1 to 5."""
    prefers: frozenset[QueueId] = frozenset()
    """While calls wait there, a freed agent takes these first."""
    ring: float = 20.0
    wrap_up: float = 15.0
    where: str = ""


class Trigger(StrEnum):
    """What an escalation rule looks at."""

    CALLS_TODAY = "calls today"
    """This one included: 3 is the third call of the day."""
    CALLS_IN_7_DAYS = "calls in 7 days"
    COMPLAINT = "complaint flagged"
    TALK = "talk"
    """Seconds of conversation."""


class Audience(StrEnum):
    """Who can be told of something."""

    AGENT = "agent"
    SUPERVISORS = "supervisors"


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """What has to happen for a caller who needs more than the usual."""

    trigger: Trigger
    threshold: float = 0.0
    """Calls (at least) or seconds of talk (more than)."""
    queues: frozenset[QueueId] = frozenset()
    """Only calls of these queues; empty: of all."""
    to: QueueId | None = None
    """Moves a waiting call there at once."""
    offer: QueueId | None = None
    """One action of the agent moves the call there."""
    tell: frozenset[Audience] = frozenset()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that admins have decided. The order of `agents` is that of the file."""

    queues: Mapping[QueueId, QueuePlan]
    agents: Mapping[AgentId, AgentPlan]
    escalation: tuple[EscalationRule, ...] = ()
    ageing: float = 60.0
    """Waiting so long weighs as much as one point of priority; more than 0."""
    vip: int = 3
    """Points of priority of a VIP."""
    rest: float = 5.0
    """No offers for so long to an agent who declined or did not answer."""
    no_answers: int = 3
    """So many in a row, and the agent goes on break with reason `no_answer`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known of who calls."""

    vip: bool = False
    calls_today: int = 1
    """This one included."""
    calls_in_7_days: int = 1
    last_agent: AgentId | None = None
    """Whom this customer spoke to last."""


@dataclass(frozen=True, slots=True)
class Skills:
    """What an agent can do and where they belong, as one value."""

    groups: frozenset[GroupId] = frozenset()
    skills: Needs = field(default_factory=dict)

    def admitted_from(self, steps: tuple[RelaxStep, ...]) -> int | None:
        """The number of the first step that admits such an agent; None when none does."""
        for number, step in enumerate(steps):
            if step.groups and not step.groups & self.groups:
                continue
            if all(self.skills.get(skill, 0) >= least for skill, least in step.needs.items()):
                return number
        return None
