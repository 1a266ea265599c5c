"""Random histories: calls, hang-ups, refusals, agents who come and go, timers, late and repeated events, new plans.

A history is 200 steps of four bytes: what, who, about what, and how much time has passed. After every step all
invariants are checked, and at the end everybody hangs up and signs out and nothing may be left.
"""

import math
import random
from collections.abc import Callable

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd.commands import Exit, Presence, Refusal
from cti.acd.effects import Connected, Offered
from cti.acd.model import (
    Announcements,
    Audience,
    Caller,
    Elsewhere,
    EscalationRule,
    Leave,
    Overflow,
    Plan,
    Strategy,
    ToQueue,
    Trigger,
    Widen,
)
from cti.ids import AgentId, CallId, OfferId, QueueId
from tests.acd.world import Hotline, agent, cases, needs, plan, queue, step

STEPS = 200
HISTORIES = cases(300, nightly=5_000)  # at night a million steps

VOICEMAIL = Leave(Elsewhere.VOICEMAIL, "service")


def _to(id_: str) -> ToQueue:
    return ToQueue(QueueId(id_))


AGENTS = [
    agent("a1", groups=["service"], skills=needs(repair=5, orders=2), wrap_up=10.0),
    agent("a2", groups=["service"], skills=needs(repair=3), wrap_up=0.0, prefers=frozenset({QueueId("most_skilled")})),
    agent("a3", groups=["service", "orders"], skills=needs(orders=5, english=3)),
    agent("a4", groups=["orders"], skills=needs(orders=3), prefers=frozenset({QueueId("ring_all")}), ring=5.0),
    agent("a5", groups=["specialists"], skills=needs(repair=5, complaint=5), wrap_up=0.0),
    agent("a6", skills=needs(repair=1, english=5)),
    agent("a7", groups=["orders"], skills=needs(orders=1)),
]

QUEUES = [
    queue("longest_idle", step(repair=3), step(20, repair=1), sticky=15.0, priority=5, ring=10.0),
    queue("round_robin", strategy=Strategy.ROUND_ROBIN, announce=Announcements(45.0, True, 60.0)),
    queue(
        "fewest_calls",
        step(groups=["service"]),
        step(30, groups=["service", "orders"]),
        step(math.inf, groups=["specialists"]),
        strategy=Strategy.FEWEST_CALLS,
        overflow=(
            Overflow(VOICEMAIL, "q:1", nobody_signed_in=True),
            Overflow(_to("round_robin"), "q:2", nobody_available=True),
            Overflow(Widen(2), "q:8", waited_over=15.0),
            Overflow(_to("sequential"), "q:3", waited_over=60.0),
        ),
    ),
    queue("least_occupied", step(orders=1), strategy=Strategy.LEAST_OCCUPIED, wrap_up=0.0, sticky=5.0),
    queue("most_skilled", step(complaint=3), step(10), strategy=Strategy.MOST_SKILLED, priority=9),
    queue(
        "sequential",
        step(english=3),
        strategy=Strategy.SEQUENTIAL,
        overflow=(
            Overflow(_to("fewest_calls"), "q:4", waiting_over=2),
            Overflow(VOICEMAIL, "q:5", waiting_over=3),
            Overflow(Leave(Elsewhere.HANGUP), "q:6", estimate_over=200.0),
            Overflow(VOICEMAIL, "q:7", nobody_available=True, waited_over=5.0),
        ),
    ),
    queue("ring_all", step(orders=1), step(15, orders=1), strategy=Strategy.RING_ALL, ring_most=3, sticky=10.0),
]

ESCALATION = (
    EscalationRule(Trigger.CALLS_TODAY, 3, to=QueueId("most_skilled"), tell=frozenset({Audience.SUPERVISORS})),
    EscalationRule(Trigger.COMPLAINT, to=QueueId("most_skilled"), tell=frozenset({Audience.SUPERVISORS})),
    EscalationRule(Trigger.TALK, 100.0, offer=QueueId("most_skilled"), tell=frozenset(Audience)),
)

PLANS: list[Plan] = [
    plan(QUEUES, AGENTS, escalation=ESCALATION),
    plan(QUEUES[1:6], [*AGENTS[:4], agent("a8", skills=needs(orders=5))], escalation=ESCALATION[:1], rest=0.0),
    plan(reversed(QUEUES), reversed(AGENTS), no_answers=1, ageing=5.0),
]

IDS = sorted({a for p in PLANS for a in p.agents})
WAITS = (0.0,) * 6 + (0.1, 0.1, 1.0, 1.0, 3.0, 3.0, 5.0, 10.0, 20.0, 61.0)


class History:
    """Reads bytes as things that happen, mostly possible ones, some late, repeated or out of place."""

    def __init__(self, tell: Callable[[str], object]) -> None:
        self.tell = tell
        self.line = Hotline(PLANS[0])
        self.calls = 0
        self.offers: list[OfferId] = []
        self.connected: list[CallId] = []
        self.line.ready(*PLANS[0].agents)

    def step(self, what: int, who: int, about: int, time: int) -> None:
        if not (what or who or about or time):
            return  # what a failing history shrinks to
        line = self.line
        if pause := WAITS[time % len(WAITS)]:
            line.wait(pause)
            self._note()
        command = self._command(what, who, about)
        self.tell(f"{line.now:g}  {'Replan' if isinstance(command, do.Replan) else command}")
        line.does(command)
        self._note()

    def _note(self) -> None:
        for effect in self.line.effects:
            if isinstance(effect, Offered):
                self.offers.append(effect.offer)
            elif isinstance(effect, Connected):
                self.connected.append(effect.call)

    def _command(self, what: int, who: int, about: int) -> do.Command:  # noqa: C901 (a table)
        person = AgentId(IDS[who % len(IDS)])
        match what % 20:
            case 0 | 1 | 2:
                return self._new_call(who, about)
            case 3 | 4 | 5 | 6:
                return do.Accept(self._offer(who))
            case 7:
                return do.Refuse(self._offer(who), list(Refusal)[about % 4])
            case 8 | 9:
                return do.Release(self._talking(who))
            case 10:
                return do.HungUp(self._call(who))
            case 11 | 12:
                return do.SetPresence(person, Presence.AVAILABLE)
            case 13:
                return do.SetPresence(person, list(Presence)[about % 3], ("", "lunch")[about % 2])
            case 14:
                return do.SetRegistered(person, about % 3 > 0)
            case 15:
                return do.ExtendWrapUp(person, about % 30) if about % 2 else do.FinishWrapUp(person)
            case 16:
                return (do.Left(self._call(who), list(Exit)[who % 2]), do.FlagComplaint(self._call(who)))[about % 2]
            case 17:
                return (do.Escalate(self._talking(who)), do.Move(self._call(who), self._queue(about)))[about % 2]
            case 18:
                return do.TakeOwnCall(person, CallId(f"own{about % 5}"))
            case _:
                if about % 4 == 0:
                    return do.Replan(PLANS[who % len(PLANS)])
                return do.SetSkills(person, [needs(orders=5), needs(repair=4, english=4), needs()][about % 3])

    def _new_call(self, who: int, about: int) -> do.Command:
        self.calls += 1
        caller = Caller(vip=about % 7 == 0, calls_today=1 + about % 4, last_agent=AgentId(IDS[who % len(IDS)]))
        # Now and then a call that is there already asks again, e.g. because its agent transfers it.
        id_ = self._call(who) if about % 11 == 0 else CallId(f"c{self.calls}")
        return do.Enqueue(id_, self._queue(about), caller, escalate=about % 5 > 0)

    def _queue(self, about: int) -> QueueId:
        queues = list(self.line.acd.floor.plan.queues)
        return queues[about % len(queues)]

    def _offer(self, who: int) -> OfferId:
        """Mostly one that stands, sometimes one that is over."""
        standing = list(self.line.acd.floor.offers)
        if standing and who % 8:
            return standing[who % len(standing)]
        return self.offers[-1 - who % min(len(self.offers), 9)] if self.offers else OfferId(1)

    def _talking(self, who: int) -> CallId:
        floor = self.line.acd.floor
        talking = [a.call for a in floor.agents.values() if a.call is not None]
        if talking and who % 8:
            return talking[who % len(talking)]
        return self.connected[-1 - who % min(len(self.connected), 9)] if self.connected else CallId("c1")

    def _call(self, who: int) -> CallId:
        there = list(self.line.acd.floor.calls)
        if there and who % 8:
            return there[who % len(there)]
        return CallId(f"own{who % 5}" if who % 3 == 0 else f"c{who % (self.calls + 1)}")

    def end(self) -> None:
        """Everybody leaves; nothing may be left."""
        line, floor = self.line, self.line.acd.floor
        for call in [*floor.calls, *floor.own_calls]:
            line.does(do.HungUp(call))
        line.wait(3_600)
        for person in list(floor.plan.agents):
            line.does(do.SetPresence(person, Presence.LOGGED_OUT, "night"))
        left = (floor.calls, floor.offers, floor.own_calls, line.ledger.open_stays, line.ledger.open_offers)
        assert [bool(something) for something in left] == [False] * len(left)
        assert not [q.id for q in floor.queues.values() if any(q.standings(9)[1:]) or q.order or any(q.ready)]
        assert line.acd.next_deadline() is None


@given(st.binary(min_size=4 * STEPS, max_size=4 * STEPS))
@settings(max_examples=HISTORIES, suppress_health_check=[HealthCheck.large_base_example])
def test_no_history_breaks_an_invariant(story: bytes) -> None:
    play(story, note)


def play(story: bytes, tell: Callable[[str], object] = lambda _: None) -> History:
    history = History(tell)
    for at in range(0, len(story), 4):
        history.step(*story[at : at + 4])
    history.end()
    return history


def test_histories_reach_everything() -> None:
    """The histories are worth something only if they get everywhere: looked at in 60 of a fixed seed."""
    seen: set[str] = set()
    chance = random.Random(1)
    for _ in range(60):
        history = play(chance.randbytes(4 * STEPS))
        for effect in history.line.story:
            seen.add(type(effect).__name__)
            if isinstance(effect, out.EntryClosed):
                seen.add(effect.outcome)
            elif isinstance(effect, out.OfferEnded):
                seen.add(effect.end)
            elif isinstance(effect, out.Offered):
                seen.add(effect.why.rule)
            elif isinstance(effect, out.Ignored):
                seen.add(effect.why.split(" in ")[0])
    expected = {kind.__name__ for kind in out.Effect.__args__}
    expected |= {*out.Outcome, *out.OfferEnd, *Strategy, "last agent", "next call for a freed agent"}
    assert expected - seen == set()
