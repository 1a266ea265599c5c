"""Builders: small worlds in which the tests of the distributor play."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cti.acd import commands as do
from cti.acd.commands import Presence
from cti.acd.effects import Effect, Offered
from cti.acd.invariants import Ledger, nobody_was_overtaken, violations
from cti.acd.machine import Distributor
from cti.acd.model import AgentPlan, Plan, QueuePlan, RelaxStep
from cti.ids import AgentId, CallId, GroupId, QueueId, SkillId

T = TypeVar("T")


def needs(**skills: int) -> dict[SkillId, int]:
    """needs(repair=3)"""
    return {SkillId(skill): least for skill, least in skills.items()}


def agent(id_: str, *, groups: Iterable[str] = (), **options: Any) -> AgentPlan:
    """agent("wang", skills=needs(repair=4), wrap_up=0.0)"""
    return AgentPlan(AgentId(id_), groups=frozenset(map(GroupId, groups)), **options)


def step(after: float = 0.0, *, groups: Iterable[str] = (), **skills: int) -> RelaxStep:
    """step(60, repair=2)"""
    return RelaxStep(after, needs(**skills), frozenset(map(GroupId, groups)))


def queue(id_: str, *steps: RelaxStep, **options: Any) -> QueuePlan:
    """queue("service", step(repair=3), step(60, repair=1), priority=5)"""
    return QueuePlan(QueueId(id_), steps=steps or (RelaxStep(),), **options)


def plan(queues: Iterable[QueuePlan], agents: Iterable[AgentPlan], **options: Any) -> Plan:
    """plan([queue("service")], [agent("wang")])"""
    return Plan({q.id: q for q in queues}, {a.id: a for a in agents}, **options)


@dataclass
class Hotline:
    """A distributor with a clock that the test turns; after every turn all invariants are checked."""

    plan: Plan
    now: float = 0.0
    acd: Distributor = field(init=False)
    effects: list[Effect] = field(default_factory=list)
    """Those of the last turn."""
    story: list[Effect] = field(default_factory=list)
    """Those of all turns."""
    ledger: Ledger = field(default_factory=Ledger)

    def __post_init__(self) -> None:
        self.acd = Distributor(self.plan, self.now)

    def does(self, command: do.Command) -> list[Effect]:
        """One command, now."""
        return self._turn(self.acd.handle(command, self.now))

    def wait(self, seconds: float) -> list[Effect]:
        """Lets time pass, stopping at every deadline as the shell would."""
        until, effects = self.now + seconds, []
        while (due := self.acd.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            effects += self._turn(self.acd.advance(self.now))
        self.now = until
        effects += self._turn(self.acd.advance(self.now))
        self.effects = effects
        return effects

    def _turn(self, effects: list[Effect]) -> list[Effect]:
        floor = self.acd.floor
        problems = [*self.ledger.book(effects), *self.ledger.agrees_with(floor), *nobody_was_overtaken(floor, effects)]
        problems += violations(floor)
        assert not problems, "\n".join(problems)
        self.effects = effects
        self.story += effects
        return effects

    # Short ways to say what happens

    def ready(self, *agents: str) -> None:
        """Their phones register, and they sign in, one after the other."""
        for id_ in agents:
            self.does(do.SetRegistered(AgentId(id_), True))
            self.does(do.SetPresence(AgentId(id_), Presence.AVAILABLE))

    def calls(self, id_: str, queue: str = "service", **caller: Any) -> list[Effect]:
        """A call asks for a queue."""
        return self.does(do.Enqueue(CallId(id_), QueueId(queue), do.Caller(**caller)))

    def hangs_up(self, id_: str) -> list[Effect]:
        """The caller leaves."""
        return self.does(do.HungUp(CallId(id_)))

    def answers(self, agent: str) -> list[Effect]:
        """The agent takes the call that rings."""
        return self.does(do.Accept(self.offer_to(agent).offer))

    def refuses(self, agent: str, why: do.Refusal = do.Refusal.DECLINED) -> list[Effect]:
        """The agent does not."""
        return self.does(do.Refuse(self.offer_to(agent).offer, why))

    def releases(self, call: str) -> list[Effect]:
        """The conversation ends."""
        return self.does(do.Release(CallId(call)))

    def offer_to(self, agent: str) -> Offered:
        """The offer that rings at the agent's phone now."""
        held = self.acd.floor.agents[AgentId(agent)].offer
        assert held is not None, f"nothing rings at {agent}"
        return next(e for e in self.story if isinstance(e, Offered) and e.offer == held.id)

    def offered(self) -> list[tuple[str, str]]:
        """(call, agent) of every offer of the last turn."""
        return [(e.call, e.agent) for e in self.effects if isinstance(e, Offered)]

    def of(self, kind: type[T]) -> list[T]:
        """The effects of that kind of the last turn."""
        return [effect for effect in self.effects if isinstance(effect, kind)]
