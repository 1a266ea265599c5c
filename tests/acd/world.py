"""Builders: small worlds in which the tests of the distributor play."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import settings

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Exit, Presence
from cti.acd.effects import Effect, Offered
from cti.acd.invariants import Ledger, nobody_was_overtaken, violations
from cti.acd.machine import Distributor
from cti.acd.model import AgentPlan, Caller, Plan, QueuePlan, RelaxStep
from cti.ids import AgentId, CallId, GroupId, QueueId, SkillId

T = TypeVar("T")


def cases(usual: int, nightly: int) -> int:
    """How many cases of a property: many at night, a tenth of the usual number in the profile `quick`."""
    most = settings().max_examples
    return nightly if most > 2_000 else usual * most // 2_000


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


def words(effects: Iterable[Effect]) -> list[str]:
    """Effects one a line, all that is in them but explanations and estimates."""
    return [_words(effect) for effect in effects]


def _words(effect: Effect) -> str:  # noqa: C901 (a table)
    match effect:
        case out.EntryOpened(call, queue, position, _, rule):
            return f"{call} enters {queue} at {position}{_by(rule)}"
        case out.EntryClosed(call, queue, outcome, waited, _, agent, rule):
            return f"{call} leaves {queue} after {waited:g} s: {outcome}{f' {agent}' if agent else ''}{_by(rule)}"
        case out.Widened(call, queue, step, rule):
            return f"{call} reaches step {step} of {queue}{_by(rule)}"
        case out.Sent(call, to, rule):
            return f"{call} goes to {to.kind} {to.name}".rstrip() + _by(rule)
        case out.Offered(offer, call, agent, queue, until):
            return f"offer {offer}: {call} of {queue} rings {agent} until {until:g}"
        case out.OfferEnded(offer, call, agent, end, why):
            return f"offer {offer}: {call} no longer rings {agent}: {end}{f', {why}' if why else ''}"
        case out.Connected(call, agent, offer, queue):
            return f"offer {offer}: {call} of {queue} talks with {agent}"
        case out.AgentChanged(agent, presence, reason, activity, registered, call, lasted):
            state = f"{presence} {activity}{f' {call}' if call else ''}"
            reason, phone = f" ({reason})" if reason else "", "" if registered else " without a phone"
            return f"{agent} is {state}{reason}{phone}, {lasted:g} s later"
        case out.Announced(call, position, estimate, callback):
            told = "" if estimate is None else f", {estimate:g} s"
            return f"{call} hears: place {position}{told}{', call back' if callback else ''}"
        case out.Told(audience, what, call, agent, rule):
            return f"{audience} told of {call}{f' with {agent}' if agent else ''}: {what}{_by(rule)}"
        case out.EscalationOffered(call, agent, queue, rule):
            return f"{agent} may move {call} to {queue}{_by(rule)}"
        case out.Ignored(command, why):
            return f"{type(command).__name__} ignored: {why}"


def _by(rule: str) -> str:
    return f" [{rule}]" if rule else ""


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
        until, effects, turns = self.now + seconds, [], 0
        while (due := self.acd.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            effects += self._turn(self.acd.advance(self.now))
            turns += 1
            assert turns < 100_000, f"time stands still at {self.now}"
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

    def declares(self, agent: str, presence: Presence, reason: str = "") -> list[Effect]:
        """The agent declares a presence."""
        return self.does(do.SetPresence(AgentId(agent), presence, reason))

    def signs_in(self, agent: str) -> list[Effect]:
        """Or comes back from a break."""
        return self.declares(agent, Presence.AVAILABLE)

    def goes_on_break(self, agent: str, reason: str = "lunch") -> list[Effect]:
        """The agent is not there for calls."""
        return self.declares(agent, Presence.ON_BREAK, reason)

    def signs_out(self, agent: str) -> list[Effect]:
        """The agent goes home."""
        return self.declares(agent, Presence.LOGGED_OUT)

    def phone_comes(self, agent: str) -> list[Effect]:
        """It registers."""
        return self.does(do.SetRegistered(AgentId(agent), True))

    def phone_goes(self, agent: str) -> list[Effect]:
        """It is not registered any longer."""
        return self.does(do.SetRegistered(AgentId(agent), False))

    def takes_own_call(self, agent: str, call: str = "own") -> list[Effect]:
        """The agent dials out, or is called directly."""
        return self.does(do.TakeOwnCall(AgentId(agent), CallId(call)))

    def finishes(self, agent: str) -> list[Effect]:
        """The agent ends wrap-up."""
        return self.does(do.FinishWrapUp(AgentId(agent)))

    def extends(self, agent: str, seconds: float) -> list[Effect]:
        """The agent needs longer for wrap-up."""
        return self.does(do.ExtendWrapUp(AgentId(agent), seconds))

    def learns(self, agent: str, **skills: int) -> list[Effect]:
        """The agent has these skills now, and no others."""
        return self.does(do.SetSkills(AgentId(agent), needs(**skills)))

    def moves(self, call: str, queue: str) -> list[Effect]:
        """A supervisor moves the call."""
        return self.does(do.Move(CallId(call), QueueId(queue)))

    def complains(self, call: str) -> list[Effect]:
        """The caller is not content."""
        return self.does(do.FlagComplaint(CallId(call)))

    def escalates(self, call: str) -> list[Effect]:
        """The agent takes up what was offered."""
        return self.does(do.Escalate(CallId(call)))

    def keys_out(self, call: str, exit_: Exit = Exit.KEY) -> list[Effect]:
        """The caller chooses something else than waiting."""
        return self.does(do.Left(CallId(call), exit_))

    def replans(self, plan: Plan) -> list[Effect]:
        """Admins have decided anew."""
        self.plan = plan
        return self.does(do.Replan(plan))

    def calls(self, id_: str, queue: str = "service", **caller: Any) -> list[Effect]:
        """A call asks for a queue."""
        return self.does(do.Enqueue(CallId(id_), QueueId(queue), Caller(**caller)))

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

    def talks(self, call: str, agent: str, queue: str = "service", **caller: Any) -> list[Effect]:
        """A call that the agent, who is next, answers at once."""
        self.calls(call, queue, **caller)
        return self.answers(agent)

    def happened(self) -> list[str]:
        """The last turn in words."""
        return words(self.effects)

    def of(self, kind: type[T]) -> list[T]:
        """The effects of that kind of the last turn."""
        return [effect for effect in self.effects if isinstance(effect, kind)]
