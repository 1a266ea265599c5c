"""The invariants can fail: each is shown a floor that was corrupted by hand, and says what is wrong with it."""

from collections.abc import Callable
from typing import Any

import pytest

from cti.acd import invariants
from cti.acd.commands import Presence
from cti.acd.effects import Effect, EntryOpened, Offered
from cti.acd.floor import Floor
from cti.acd.invariants import INVARIANTS, Ledger, nobody_was_overtaken, violations
from cti.acd.model import Elsewhere, Leave, Overflow
from cti.acd.state import Agent, Call, Offer, Queue
from cti.acd.timers import Due
from cti.acd.transitions import Activity, CallState, Standing
from cti.ids import AgentId, CallId, OfferId, QueueId
from tests.acd.world import Hotline, agent, needs, plan, queue, step

RULE = Overflow(Leave(Elsewhere.HANGUP), "q:9", waiting_over=5)


def hotline() -> Hotline:
    """talking: wang; ringing: li; waiting for zhang alone: held; waiting: waiting; chen idle, without the skill."""
    skilled = [agent(id_, skills=needs(repair=1)) for id_ in ("wang", "li", "zhang")]
    queues = [queue("service", step(repair=1), sticky=60.0, overflow=(RULE,)), queue("orders", step(orders=1))]
    line = Hotline(plan(queues, [*skilled, agent("chen")]))
    line.ready("wang", "li", "zhang", "chen")
    line.talks("talking", "wang")
    line.takes_own_call("zhang")
    line.calls("ringing")
    line.calls("held", last_agent="zhang")
    line.calls("waiting")
    assert violations(line.acd.floor) == []
    return line


class Corrupt:
    """A floor, and short ways to lay hands on it."""

    def __init__(self) -> None:
        self.floor: Floor = hotline().acd.floor
        self.queue: Queue = self.floor.queues[QueueId("service")]

    def call(self, id_: str) -> Call:
        return self.floor.calls[CallId(id_)]

    def agent(self, id_: str) -> Agent:
        return self.floor.agents[AgentId(id_)]

    def offer(self) -> Offer:
        return self.call("ringing").offers[0]


Damage = Callable[[Corrupt], Any]


def second_offer(it: Corrupt) -> None:
    it.floor.offers[OfferId(9)] = Offer(OfferId(9), it.call("waiting"), it.agent("li"), 99.0)


def offer_forgotten_by_agent(it: Corrupt) -> None:
    it.agent("li").offer = None


def offer_to_one_who_is_idle(it: Corrupt) -> None:
    it.agent("li").activity = Activity.IDLE


def two_agents_on_one_call(it: Corrupt) -> None:
    it.agent("zhang").call = CallId("talking")


def talking_without_an_agent(it: Corrupt) -> None:
    it.call("talking").agent = None


def waiting_with_an_agent(it: Corrupt) -> None:
    it.call("waiting").agent = it.agent("wang")


def the_agent_knows_of_another_call(it: Corrupt) -> None:
    it.agent("wang").call = CallId("waiting")


def the_agent_is_not_on_a_call(it: Corrupt) -> None:
    it.agent("wang").activity = Activity.WRAP_UP


def a_zombie_call(it: Corrupt) -> None:
    del it.floor.own_calls[CallId("own")]


def an_idle_agent_with_the_skill(it: Corrupt) -> None:
    it.agent("zhang").standing = Standing.IDLE


def somebody_away_is_rung(it: Corrupt) -> None:
    it.agent("li").presence = Presence.ON_BREAK


def a_phone_that_is_gone_is_rung(it: Corrupt) -> None:
    it.agent("li").registered = False


def an_offer_for_a_call_that_only_waits(it: Corrupt) -> None:
    it.call("ringing").state = CallState.WAITING


def held_for_one_who_is_away(it: Corrupt) -> None:
    it.agent("zhang").standing = Standing.ON_BREAK


def a_rule_that_holds(it: Corrupt) -> None:
    it.queue.order += [(1e9, 100), (1e9, 101), (1e9, 102)]


def an_offer_that_nobody_ends(it: Corrupt) -> None:
    it.offer().stamp += 1


def a_wrap_up_that_nobody_ends(it: Corrupt) -> None:
    it.agent("chen").activity = Activity.WRAP_UP
    it.agent("chen").wrap_up_until = 1.0


def a_rest_that_nobody_ends(it: Corrupt) -> None:
    it.agent("chen").standing = Standing.RESTING
    it.agent("chen").rest_until = 1.0


def a_timer_of_the_past(it: Corrupt) -> None:
    it.floor.timers.set(-1.0, Due.REST, it.agent("chen"))


def a_standing_out_of_date(it: Corrupt) -> None:
    it.agent("chen").presence = Presence.LOGGED_OUT


def a_count_too_many(it: Corrupt) -> None:
    it.queue.counts[0][Standing.IDLE] += 1


def listed_as_idle_but_busy(it: Corrupt) -> None:
    member = it.queue.members[AgentId("wang")]
    it.queue.idle[0].append(((0.0, 0), member))


def idle_list_out_of_order(it: Corrupt) -> None:
    first, second = it.queue.members[AgentId("wang")], it.queue.members[AgentId("li")]
    it.queue.idle[0] += [((2.0, 0), first), ((1.0, 1), second)]


def a_call_without_a_place(it: Corrupt) -> None:
    it.queue.order.pop()


def a_call_that_has_not_arrived(it: Corrupt) -> None:
    it.queue.arrivals.popitem()


def a_ready_call_that_is_not_listed(it: Corrupt) -> None:
    it.queue.ready[0].clear()


def a_call_that_rings_is_listed_as_ready(it: Corrupt) -> None:
    call = it.call("ringing")
    it.queue.ready[0].insert(0, (call.place, call))


def ringing_without_an_offer(it: Corrupt) -> None:
    it.call("ringing").offers.clear()


def an_offer_that_is_over(it: Corrupt) -> None:
    it.floor.offers[it.offer().id] = Offer(it.offer().id, it.call("ringing"), it.agent("li"), 99.0)


def held_for_one_who_does_not_know(it: Corrupt) -> None:
    it.agent("zhang").held.clear()


def to_have_a_call_that_rings(it: Corrupt) -> None:
    call = it.call("ringing")
    it.agent("zhang").held[call.number] = call


CASES: list[tuple[Any, Damage, str]] = [
    (invariants.an_agent_holds_at_most_one_offer, second_offer, "agent li is offered with 2 offers"),
    (invariants.an_agent_holds_at_most_one_offer, offer_forgotten_by_agent, "agent li is offered with 1 offers"),
    (invariants.an_agent_holds_at_most_one_offer, offer_to_one_who_is_idle, "agent li is idle with 1 offers"),
    (invariants.a_caller_has_at_most_one_agent, two_agents_on_one_call, "call talking has 2 agents"),
    (invariants.a_caller_has_at_most_one_agent, talking_without_an_agent, "call talking is talking with agent None"),
    (invariants.a_caller_has_at_most_one_agent, waiting_with_an_agent, "call waiting is waiting with agent wang"),
    (
        invariants.a_caller_has_at_most_one_agent,
        the_agent_knows_of_another_call,
        "call talking talks to wang, who is on_call",
    ),
    (invariants.a_caller_has_at_most_one_agent, the_agent_is_not_on_a_call, "agent wang is wrap_up with call talking"),
    (invariants.a_caller_has_at_most_one_agent, a_zombie_call, "agent zhang is on call own, which is gone"),
    (
        invariants.nobody_waits_for_an_idle_agent,
        an_idle_agent_with_the_skill,
        "call waiting waits in service while zhang is idle",
    ),
    (
        invariants.nobody_waits_for_an_idle_agent,
        an_idle_agent_with_the_skill,
        "call held waits in service while zhang is idle",
    ),
    (
        invariants.only_those_who_are_there_are_rung,
        somebody_away_is_rung,
        "agent li is offered a call and not there",
    ),
    (
        invariants.only_those_who_are_there_are_rung,
        a_phone_that_is_gone_is_rung,
        "agent li is offered a call and not there",
    ),
    (
        invariants.only_those_who_are_there_are_rung,
        an_offer_for_a_call_that_only_waits,
        "offer 2 is for call ringing, which is waiting",
    ),
    (
        invariants.nobody_is_held_for_one_who_is_away,
        held_for_one_who_is_away,
        "call held waits for zhang, who is away",
    ),
    (
        invariants.no_overflow_rule_is_overlooked,
        a_rule_that_holds,
        "call waiting waits in service although the rule at q:9 holds",
    ),
    (
        invariants.deadlines_are_kept,
        an_offer_that_nobody_ends,
        "something ends at 20.0, and the next timer is due at 60.0",
    ),
    (
        invariants.deadlines_are_kept,
        a_wrap_up_that_nobody_ends,
        "something ends at 1.0, and the next timer is due at 20.0",
    ),
    (
        invariants.deadlines_are_kept,
        a_rest_that_nobody_ends,
        "something ends at 1.0, and the next timer is due at 20.0",
    ),
    (invariants.deadlines_are_kept, a_timer_of_the_past, "a timer was due at -1.0, and it is 0.0"),
    (
        invariants.lists_agree_with_the_facts,
        a_standing_out_of_date,
        "agent chen counts as IDLE, and is SIGNED_OUT",
    ),
    (invariants.lists_agree_with_the_facts, a_count_too_many, "service counts [[0, 0, 0, 1, 2, 0, 0, 1]]"),
    (invariants.lists_agree_with_the_facts, listed_as_idle_but_busy, "service lists ['wang'] as idle"),
    (invariants.lists_agree_with_the_facts, idle_list_out_of_order, "service has an idle list out of order"),
    (invariants.lists_agree_with_the_facts, a_call_without_a_place, "service has an order of 2 for 3 calls"),
    (invariants.lists_agree_with_the_facts, a_call_that_has_not_arrived, "service has an order of 3 for 3 calls"),
    (invariants.lists_agree_with_the_facts, a_ready_call_that_is_not_listed, "service lists [] as ready at step 0"),
    (
        invariants.lists_agree_with_the_facts,
        a_call_that_rings_is_listed_as_ready,
        "service lists ['ringing', 'waiting'] as ready at step 0",
    ),
    (
        invariants.calls_and_offers_know_each_other,
        ringing_without_an_offer,
        "call ringing is offered with 0 offers",
    ),
    (invariants.calls_and_offers_know_each_other, an_offer_that_is_over, "call ringing has an offer that is over"),
    (
        invariants.calls_and_offers_know_each_other,
        held_for_one_who_does_not_know,
        "call held is held for zhang, who does not know",
    ),
    (
        invariants.calls_and_offers_know_each_other,
        to_have_a_call_that_rings,
        "agent zhang is to have call ringing, which is offered",
    ),
]


@pytest.mark.parametrize(("invariant", "damage", "expected"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_a_corrupted_floor_is_reported(
    invariant: Callable[[Floor], Any], damage: Callable[[Corrupt], None], expected: str
) -> None:
    it = Corrupt()
    damage(it)
    assert expected in list(invariant(it.floor))
    assert expected in violations(it.floor)


def test_every_invariant_was_made_to_fail() -> None:
    assert {invariant for invariant, _, _ in CASES} == set(INVARIANTS)


# What the effects of a turn have to keep


def offer_of_the_later_call() -> tuple[Hotline, list[Effect]]:
    """Two calls wait, and the second one is offered: as a distributor would do that overtakes."""
    line = Hotline(plan([queue("service")], [agent("wang")]))
    line.calls("c1")
    line.wait(1)
    line.calls("c2")
    line.ready("wang")
    [offered] = line.of(Offered)
    call, first = line.acd.floor.calls[CallId("c2")], line.acd.floor.calls[CallId("c1")]
    call.queue.ready[0] = [(first.place, first)]
    wrong = Offered(offered.offer, call.id, offered.agent, offered.queue, offered.until, offered.why)
    return line, [wrong]


def test_a_call_that_is_overtaken_is_reported() -> None:
    line, effects = offer_of_the_later_call()
    assert list(nobody_was_overtaken(line.acd.floor, effects)) == ["call c2 was offered to wang before call c1"]


def test_a_call_that_came_after_the_offer_was_not_overtaken() -> None:
    line, effects = offer_of_the_later_call()
    entered = [effect for effect in line.story if isinstance(effect, EntryOpened) and effect.call == "c1"]
    assert list(nobody_was_overtaken(line.acd.floor, [*effects, *entered])) == []


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        (["enters", "enters"], "call c1 entered service while it was in a queue"),
        (["enters", "leaves", "leaves"], "call c1 left service without having entered, or twice"),
        (["leaves"], "call c1 left service without having entered, or twice"),
        (["rings", "rings"], "offer 1 was made twice"),
        (["rings", "stops", "rings"], "offer 1 was made twice"),
        (["rings", "stops", "stops"], "offer 1 ended without having been made, or twice"),
        (["stops"], "offer 1 ended without having been made, or twice"),
    ],
)
def test_stays_and_offers_that_do_not_add_up_are_reported(turns: list[str], expected: str) -> None:
    line = Hotline(plan([queue("service")], [agent("wang")]))
    line.ready("wang")
    line.calls("c1")
    enters, rings = line.effects[0], line.effects[1]
    line.hangs_up("c1")
    stops, leaves = line.effects[0], line.effects[-1]
    effects = {"enters": enters, "rings": rings, "stops": stops, "leaves": leaves}
    ledger = Ledger()
    problems = [problem for turn in turns for problem in ledger.book([effects[turn]])]
    assert problems == [expected]


def test_a_ledger_that_disagrees_with_the_floor_is_reported() -> None:
    line = hotline()
    line.ledger.open_stays.discard(CallId("waiting"))
    line.ledger.open_offers.add(OfferId(7))
    assert list(line.ledger.agrees_with(line.acd.floor)) == [
        "in queues: ['held', 'ringing', 'waiting']; by the effects: ['held', 'ringing']",
        "offers: [2]; by the effects: [2, 7]",
    ]


def test_a_ledger_counts_how_stays_ended() -> None:
    line = hotline()
    line.hangs_up("waiting")
    line.answers("li")
    assert line.ledger.stays == {"answered": 2, "abandoned": 1}


def test_the_hotline_of_the_tests_stops_at_a_violation() -> None:
    line = hotline()
    line.acd.floor.queues[QueueId("service")].counts[0][0] += 1
    with pytest.raises(AssertionError, match="service counts"):
        line.wait(1)
