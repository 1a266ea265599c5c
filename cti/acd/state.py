"""What the distributor remembers: agents, queues, calls, offers, and the sorted lists that make a decision quick.

Lists are kept sorted by bisect: a search is log n, and moving a few thousand pointers costs less than any tree would.
"""

import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cti.acd.commands import Presence
from cti.acd.effects import Estimates
from cti.acd.model import AgentPlan, Caller, EscalationRule, QueuePlan, Skills, Strategy
from cti.acd.strategies import KEYS, Key
from cti.acd.transitions import AGENT_MOVES, AVAILABLE_FROM, CALL_MOVES, Activity, CallState, IllegalMove, Standing
from cti.ids import AgentId, CallId, GroupId, OfferId, QueueId, SkillId

Place = tuple[float, int]
"""A call's place among all calls: when it asked for a person, less `ageing` for each point of its priority; then its
number in order of coming. The smallest is served first. It does not change while the call waits in one queue, because
all calls age alike: that is what makes the order total and cheap."""

Shown = tuple[Presence, str, Activity, bool, CallId | None]

NOBODY: Final = Estimates(None, 0.0)
_WEIGHT: Final = 0.1
"""Of the newest call in the running mean of handling times."""


@dataclass(slots=True, eq=False)
class Offer:
    """One agent reserved for one call until a deadline."""

    id: OfferId
    call: "Call"
    agent: "Agent"
    until: float
    stamp: int = 0


@dataclass(slots=True, eq=False)
class Call:
    """A call from the moment it asks for a person until the conversation ends."""

    id: CallId
    caller: Caller
    since: float
    """When it asked for a person: it keeps this through every queue."""
    number: int
    queue: "Queue"
    state: CallState = CallState.NEW
    entered: float = 0.0
    step: int = 0
    place: Place = (0.0, 0)
    held_for: "Agent | None" = None
    """The customer's last agent, to whom alone it may be offered for now."""
    offers: list[Offer] = field(default_factory=list)
    agent: "Agent | None" = None
    """Who talks with the caller, and only then."""
    estimates: Estimates = NOBODY
    been: set[QueueId] = field(default_factory=set)
    """Queues that overflow does not send it back to."""
    callback_offered: bool = False
    """In this queue."""
    complained: bool = False
    for_the_agent: list[EscalationRule] = field(default_factory=list)
    """Rules that held while it waited."""
    escalation: tuple[QueueId, str] | None = None
    """Where one action of the agent moves it, and the rule's place."""
    stamp: int = 0

    def become(self, state: CallState) -> None:
        """Moves, if the table of moves has it. Raises IllegalMove."""
        if (self.state, state) not in CALL_MOVES:
            raise IllegalMove(f"call {self.id}", self.state, state)
        self.state = state

    def leave(self) -> None:
        """It is over: its timers are stale."""
        self.become(CallState.GONE)
        self.stamp += 1


@dataclass(slots=True, eq=False)
class Member:
    """An agent as one queue sees them."""

    agent: "Agent"
    queue: "Queue"
    level: int
    """The first relax step that admits the agent."""
    score: int
    """Sum of proficiency in what the queue's first step needs."""
    last_offer: int = 0
    key: Key | None = None
    """Under which the agent stands in the queue's list of idle agents."""


class Agent:
    """One agent."""

    __slots__ = (
        "activity",
        "call",
        "calls",
        "handled",
        "held",
        "idle_since",
        "idled",
        "members",
        "no_answers",
        "offer",
        "order",
        "plan",
        "presence",
        "reason",
        "registered",
        "rest_until",
        "skills",
        "stamp",
        "standing",
        "stood_since",
        "told",
        "told_at",
        "worked_for",
        "working_since",
        "wrap_up_until",
    )

    def __init__(self, plan: AgentPlan, order: int, now: float) -> None:
        self.employ(plan, order)
        self.presence = Presence.LOGGED_OUT
        self.reason = ""
        self.registered = False
        self.activity = Activity.IDLE
        self.standing = Standing.SIGNED_OUT
        self.stood_since = now
        self.rest_until = now
        self.idle_since = now
        self.offer: Offer | None = None
        self.call: CallId | None = None
        self.members: list[Member] = []
        self.held: dict[int, Call] = {}
        """Calls that wait for this agent alone, by number."""
        self.no_answers = 0
        self.calls = 0
        self.handled = 0.0
        self.idled = 0.0
        self.working_since = now
        self.worked_for: Queue | None = None
        self.wrap_up_until = now
        self.told = self.shown()
        self.told_at = now
        self.stamp = 0

    @property
    def id(self) -> AgentId:
        """Whom files call so."""
        return self.plan.id

    def employ(self, plan: AgentPlan, order: int) -> None:
        """What the file says of the agent."""
        self.plan = plan
        self.order = order
        self.skills = Skills(plan.groups, plan.skills)

    def join(self, directory: "Directory", last_offers: Mapping[QueueId, int]) -> None:
        """Makes the agent a member of every queue that admits them."""
        joined = (queue.join(self, last_offers.get(queue.id, 0)) for queue in directory.candidates(self.skills))
        self.members = [member for member in joined if member is not None]

    def last_offers(self) -> dict[QueueId, int]:
        """What round_robin remembers of the agent."""
        return {member.queue.id: member.last_offer for member in self.members}

    def shown(self) -> Shown:
        """What others see of the agent."""
        return (self.presence, self.reason, self.activity, self.registered, self.call)

    def become(self, activity: Activity) -> None:
        """Moves, if the table of moves has it; the agent's timers are stale then. Raises IllegalMove."""
        if (self.activity, activity) not in AGENT_MOVES:
            raise IllegalMove(f"agent {self.id}", self.activity, activity)
        self.activity = activity
        self.stamp += 1

    def stands(self, now: float) -> Standing:
        """What keeps the agent from being offered a call now, or IDLE."""
        if self.presence is not Presence.AVAILABLE:
            return Standing.ON_BREAK if self.presence is Presence.ON_BREAK else Standing.SIGNED_OUT
        if not self.registered:
            return Standing.UNREGISTERED
        if self.activity is not Activity.IDLE:
            return _BUSY[self.activity]
        return Standing.RESTING if now < self.rest_until else Standing.IDLE

    def occupancy(self) -> float:
        """Handling / (handling + idle) since signing in, 0 to 1."""
        total = self.handled + self.idled
        return self.handled / total if total else 0.0

    def sign_in(self, now: float) -> None:
        """Begins to count anew."""
        self.calls, self.handled, self.idled, self.no_answers = 0, 0.0, 0.0, 0
        self.idle_since = self.rest_until = now


_BUSY: Final = {
    Activity.OFFERED: Standing.OFFERED,
    Activity.ON_CALL: Standing.ON_CALL,
    Activity.WRAP_UP: Standing.WRAP_UP,
}


class Queue:
    """One queue: its agents and its calls."""

    __slots__ = ("arrivals", "counts", "handling", "idle", "key", "members", "most", "order", "plan", "ready", "timed")

    def __init__(self, plan: QueuePlan, handling: float) -> None:
        self.plan = plan
        self.handling = handling
        """Running mean of talk and wrap-up, seconds."""
        self.key = KEYS[plan.strategy]
        self.members: dict[AgentId, Member] = {}
        self.counts = [[0] * len(Standing) for _ in plan.steps]
        """By the relax step that admits them, and by Standing."""
        self.timed = sum(step.after < math.inf for step in plan.steps) - 1
        """The last step that waiting alone reaches: agents up to here are the queue's own."""
        self.idle: list[list[tuple[Key, Member]]] = [[] for _ in plan.steps]
        """By the relax step that admits them; best first."""
        self.ready: list[list[tuple[Place, Call]]] = [[] for _ in plan.steps]
        """Calls that may be offered to anybody, by the relax step they have reached; first come first."""
        self.order: list[Place] = []
        """Every call in the queue, also those that are being offered or held for one agent."""
        self.arrivals: dict[int, Call] = {}
        """The same calls by number, as they came into this queue."""
        limits = [rule.waiting_over for rule in plan.overflow if rule.waiting_over is not None]
        self.most = min(limits, default=None)

    @property
    def id(self) -> QueueId:
        """Its key in the file."""
        return self.plan.id

    # Agents

    def join(self, agent: Agent, last_offer: int = 0) -> Member | None:
        """Makes the agent one of the queue, if a step admits them; None otherwise."""
        level = agent.skills.admitted_from(self.plan.steps)
        if level is None:
            return None
        score = sum(agent.skills.skills.get(skill, 0) for skill in self.plan.steps[0].needs)
        member = self.members[agent.id] = Member(agent, self, level, score, last_offer)
        self.counts[level][agent.standing] += 1
        if agent.standing is Standing.IDLE:
            self.list_idle(member)
        return member

    def part(self, member: Member) -> None:
        """Takes the agent out."""
        del self.members[member.agent.id]
        self.counts[member.level][member.agent.standing] -= 1
        self.unlist_idle(member)

    def list_idle(self, member: Member) -> None:
        """The agent can be offered calls of this queue."""
        member.key = self.key(member)
        insort(self.idle[member.level], (member.key, member))

    def unlist_idle(self, member: Member) -> None:
        """The agent cannot any longer."""
        if member.key is not None:
            idle = self.idle[member.level]
            del idle[bisect_left(idle, (member.key,))]
            member.key = None

    def standings(self, step: int = 0) -> list[int]:
        """By Standing, how many: of the queue's own agents, and of those whom a rule has added up to `step`."""
        return [sum(column) for column in zip(*self.counts[: max(step, self.timed) + 1], strict=True)]

    def available(self, step: int = 0) -> int:
        """How many of them are there for calls, now or soon."""
        return sum(sum(counts[AVAILABLE_FROM:]) for counts in self.counts[: max(step, self.timed) + 1])

    def signed_in(self, step: int = 0) -> int:
        """How many of them have not logged out."""
        return sum(sum(counts[Standing.ON_BREAK :]) for counts in self.counts[: max(step, self.timed) + 1])

    def best(self, step: int, most: int = 1) -> list[Member]:
        """The idle agents whom the steps up to `step` admit, best first."""
        if most == 1:
            heads = [idle[0] for idle in self.idle[: step + 1] if idle]
            return [min(heads)[1]] if heads else []
        found = sorted(entry for idle in self.idle[: step + 1] for entry in idle[:most])
        return [member for _, member in found[:most]]

    # Calls

    def admit(self, call: Call) -> int:
        """Puts a call into the order, not yet into `ready`; its position from 1."""
        insort(self.order, call.place)
        self.arrivals[call.number] = call
        return self.position(call)

    def dismiss(self, call: Call) -> None:
        """Takes a call out of the order."""
        del self.order[bisect_left(self.order, call.place)]
        del self.arrivals[call.number]

    def make_ready(self, call: Call) -> None:
        """The call may be offered to anybody."""
        insort(self.ready[call.step], (call.place, call))

    def unready(self, call: Call) -> None:
        """The call may not any longer. Nothing happens when it is not in the list."""
        ready = self.ready[call.step]
        at = bisect_left(ready, (call.place,))
        if at < len(ready) and ready[at][1] is call:
            del ready[at]

    def position(self, call: Call) -> int:
        """Place in the queue, from 1."""
        return bisect_left(self.order, call.place) + 1

    def head(self) -> Call:
        """The call that came first into this queue, of at least one."""
        return next(iter(self.arrivals.values()))

    def newest(self) -> Call:
        """The call that came last into this queue, of at least one."""
        return next(reversed(self.arrivals.values()))

    def estimate(self, call: Call) -> float | None:
        """Expected wait by queue length, seconds: position x mean handling / agents available; 0 while one is idle,
        None while nobody is available.

        Agents who also serve other queues count fully here, so it errs on the short side where much is shared.
        """
        if any(self.idle[: call.step + 1]):
            return 0.0
        available = self.available(call.step)
        return self.position(call) * self.handling / available if available else None

    def learn(self, handling: float) -> None:
        """Takes a finished call into the running mean."""
        self.handling += _WEIGHT * (handling - self.handling)

    @property
    def rings_all(self) -> bool:
        """Whether idle agents are rung together."""
        return self.plan.strategy is Strategy.RING_ALL


class Directory:
    """Finds the queues that may admit an agent without asking all: by a group or a skill that they insist on."""

    def __init__(self, queues: Iterable[Queue]) -> None:
        self._by_group: dict[GroupId, list[Queue]] = {}
        self._by_skill: dict[SkillId, list[Queue]] = {}
        self._others: list[Queue] = []
        for queue in queues:
            for step in queue.plan.steps:
                if step.groups:
                    for group in step.groups:
                        self._by_group.setdefault(group, []).append(queue)
                elif step.needs:
                    self._by_skill.setdefault(next(iter(step.needs)), []).append(queue)
                else:
                    self._others.append(queue)

    def candidates(self, skills: Skills) -> Iterable[Queue]:
        """Queues, each once, in an order that does not depend on hashes."""
        found = {queue.id: queue for group in sorted(skills.groups) for queue in self._by_group.get(group, ())}
        found.update((queue.id, queue) for skill in skills.skills for queue in self._by_skill.get(skill, ()))
        found.update((queue.id, queue) for queue in self._others)
        return found.values()
