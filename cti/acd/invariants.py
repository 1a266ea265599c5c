"""What must hold after every turn, whatever happened. Each function yields what is wrong, in words; nothing is right.

The first group is the promise to callers and agents (who may be served, and once); the second is our own bookkeeping.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from cti.acd import overflow
from cti.acd.commands import Presence
from cti.acd.effects import Effect, EntryClosed, EntryOpened, Offered, OfferEnded
from cti.acd.floor import Floor
from cti.acd.state import Call, Member, Queue
from cti.acd.transitions import Activity, CallState, Standing
from cti.ids import CallId, OfferId


def violations(floor: Floor) -> list[str]:
    """Everything that is wrong now."""
    return [problem for invariant in INVARIANTS for problem in invariant(floor)]


def an_agent_holds_at_most_one_offer(floor: Floor) -> Iterator[str]:
    """And one who is offered a call holds exactly one."""
    held = Counter(offer.agent.id for offer in floor.offers.values())
    for agent in floor.agents.values():
        expected = 1 if agent.activity is Activity.OFFERED else 0
        if held[agent.id] != expected or (agent.offer is not None) != bool(expected):
            yield f"agent {agent.id} is {agent.activity} with {held[agent.id]} offers"


def a_caller_has_at_most_one_agent(floor: Floor) -> Iterator[str]:
    """And an agent at most one caller; both know of each other."""
    talking = Counter(agent.call for agent in floor.agents.values() if agent.call is not None)
    for id_, count in talking.items():
        if count > 1:
            yield f"call {id_} has {count} agents"
    for call in floor.calls.values():
        if (call.state is CallState.TALKING) != (call.agent is not None):
            yield f"call {call.id} is {call.state} with agent {call.agent and call.agent.id}"
        if call.agent is not None and (call.agent.call != call.id or call.agent.activity is not Activity.ON_CALL):
            yield f"call {call.id} talks to {call.agent.id}, who is {call.agent.activity}"
    for agent in floor.agents.values():
        if (agent.activity is Activity.ON_CALL) != (agent.call is not None):
            yield f"agent {agent.id} is {agent.activity} with call {agent.call}"
        if agent.call is not None and agent.call not in floor.calls and agent.call not in floor.own_calls:
            yield f"agent {agent.id} is on call {agent.call}, which is gone"


def nobody_waits_for_an_idle_agent(floor: Floor) -> Iterator[str]:
    """No call that may be offered to everybody, and no idle agent whom its step admits, at the same time."""
    for call in floor.calls.values():
        if call.state is not CallState.WAITING:
            continue
        for member in _idle_members(call.queue):
            if call.held_for in (None, member.agent) and member.level <= call.step:
                yield f"call {call.id} waits in {call.queue.id} while {member.agent.id} is idle"


def only_those_who_are_there_are_rung(floor: Floor) -> Iterator[str]:
    """Nobody is offered a call who is not available, or whose phone is not registered."""
    for offer in floor.offers.values():
        if offer.agent.presence is not Presence.AVAILABLE or not offer.agent.registered:
            yield f"agent {offer.agent.id} is offered a call and not there"
        if offer.call.state is not CallState.OFFERED:
            yield f"offer {offer.id} is for call {offer.call.id}, which is {offer.call.state}"


def nobody_is_held_for_one_who_is_away(floor: Floor) -> Iterator[str]:
    """A call waits for one agent alone only while that agent is there."""
    for call in floor.calls.values():
        if call.held_for is not None and call.held_for.standing <= Standing.UNREGISTERED:
            yield f"call {call.id} waits for {call.held_for.id}, who is away"


def no_overflow_rule_is_overlooked(floor: Floor) -> Iterator[str]:
    """No rule holds for a waiting call; rules on the estimated wait are looked at from time to time only."""
    for call in floor.calls.values():
        if call.state is CallState.WAITING:
            rule = overflow.holding(floor, call)
            if rule is not None and rule.estimate_over is None:
                yield f"call {call.id} waits in {call.queue.id} although the rule at {rule.where} holds"


def deadlines_are_kept(floor: Floor) -> Iterator[str]:
    """No offer, rest or wrap-up outlives its end: a timer is due by the first of them."""
    ends = [offer.until for offer in floor.offers.values()]
    ends += [agent.rest_until for agent in floor.agents.values() if agent.standing is Standing.RESTING]
    ends += [agent.wrap_up_until for agent in floor.agents.values() if agent.activity is Activity.WRAP_UP]
    due = floor.timers.next()
    if ends and (due is None or due > min(ends)):
        yield f"something ends at {min(ends)}, and the next timer is due at {due}"
    if due is not None and due < floor.now:
        yield f"a timer was due at {due}, and it is {floor.now}"


def lists_agree_with_the_facts(floor: Floor) -> Iterator[str]:
    """Counts, idle lists, ready lists and the order are what a look at every agent and call would give."""
    for agent in floor.agents.values():
        if agent.standing is not agent.stands(floor.now):
            yield f"agent {agent.id} counts as {agent.standing.name}, and is {agent.stands(floor.now).name}"
    for queue in floor.queues.values():
        counts = Counter((member.level, member.agent.standing) for member in queue.members.values())
        if queue.counts != [[counts[level, standing] for standing in Standing] for level in range(len(queue.counts))]:
            yield f"{queue.id} counts {queue.counts}"
        listed = [member for idle in queue.idle for _, member in idle]
        if set(listed) != set(_idle_members(queue)) or len(listed) != len(set(listed)):
            yield f"{queue.id} lists {[member.agent.id for member in listed]} as idle"
        if any(idle != sorted(idle, key=lambda entry: entry[0]) for idle in queue.idle):
            yield f"{queue.id} has an idle list out of order"
        calls = [call for call in floor.calls.values() if call.queue is queue and call.state is not CallState.TALKING]
        if queue.order != sorted(call.place for call in calls) or set(queue.arrivals.values()) != set(calls):
            yield f"{queue.id} has an order of {len(queue.order)} for {len(calls)} calls"
        for step, ready in enumerate(queue.ready):
            expected = sorted(((c.place, c) for c in calls if _ready(c) and c.step == step), key=lambda entry: entry[0])
            if ready != expected:
                yield f"{queue.id} lists {[call.id for _, call in ready]} as ready at step {step}"


def calls_and_offers_know_each_other(floor: Floor) -> Iterator[str]:
    """Every call that is being offered has offers, no other has; a hold is known on both sides."""
    for call in floor.calls.values():
        if (call.state is CallState.OFFERED) != bool(call.offers):
            yield f"call {call.id} is {call.state} with {len(call.offers)} offers"
        if any(floor.offers.get(offer.id) is not offer for offer in call.offers):
            yield f"call {call.id} has an offer that is over"
        if call.held_for is not None and call.held_for.held.get(call.number) is not call:
            yield f"call {call.id} is held for {call.held_for.id}, who does not know"
    for agent in floor.agents.values():
        for call in agent.held.values():
            if call.held_for is not agent or call.state is not CallState.WAITING:
                yield f"agent {agent.id} is to have call {call.id}, which is {call.state}"


INVARIANTS: Final[tuple[Callable[[Floor], Iterator[str]], ...]] = (
    an_agent_holds_at_most_one_offer,
    a_caller_has_at_most_one_agent,
    nobody_waits_for_an_idle_agent,
    only_those_who_are_there_are_rung,
    nobody_is_held_for_one_who_is_away,
    no_overflow_rule_is_overlooked,
    deadlines_are_kept,
    lists_agree_with_the_facts,
    calls_and_offers_know_each_other,
)


def nobody_was_overtaken(floor: Floor, effects: list[Effect]) -> Iterator[str]:
    """First come, first served: for every offer of this turn, no call that was in the same queue by then and has an
    earlier place is still ready for that agent."""
    entered_later: set[CallId] = set()
    for effect in reversed(effects):
        if isinstance(effect, EntryOpened):
            entered_later.add(effect.call)
        if not isinstance(effect, Offered) or effect.queue not in floor.queues:
            continue
        queue = floor.queues[effect.queue]
        member, served = queue.members.get(effect.agent), floor.calls.get(effect.call)
        if member is None or served is None or served.queue is not queue:
            continue
        for place, call in (entry for ready in queue.ready[member.level :] for entry in ready):
            if place < served.place and call.id not in entered_later:
                yield f"call {served.id} was offered to {effect.agent} before call {call.id}"


class Ledger:
    """Adds up what the effects of all turns say: every stay and every offer begins once and ends once."""

    def __init__(self) -> None:
        self.open_stays: set[CallId] = set()
        self.open_offers: set[OfferId] = set()
        self.seen_offers: set[OfferId] = set()
        self.stays = Counter[str]()

    def book(self, effects: list[Effect]) -> Iterator[str]:
        """Takes the effects of one turn; yields what does not add up."""
        for effect in effects:
            if isinstance(effect, EntryOpened):
                if effect.call in self.open_stays:
                    yield f"call {effect.call} entered {effect.queue} while it was in a queue"
                self.open_stays.add(effect.call)
            elif isinstance(effect, EntryClosed):
                if effect.call not in self.open_stays:
                    yield f"call {effect.call} left {effect.queue} without having entered, or twice"
                self.open_stays.discard(effect.call)
                self.stays[effect.outcome] += 1
            elif isinstance(effect, Offered):
                if effect.offer in self.seen_offers:
                    yield f"offer {effect.offer} was made twice"
                self.open_offers.add(effect.offer)
                self.seen_offers.add(effect.offer)
            elif isinstance(effect, OfferEnded):
                if effect.offer not in self.open_offers:
                    yield f"offer {effect.offer} ended without having been made, or twice"
                self.open_offers.discard(effect.offer)

    def agrees_with(self, floor: Floor) -> Iterator[str]:
        """After every turn: open stays and offers are those that the distributor has."""
        waiting = {call.id for call in floor.calls.values() if call.state is not CallState.TALKING}
        if waiting != self.open_stays:
            yield f"in queues: {sorted(waiting)}; by the effects: {sorted(self.open_stays)}"
        if set(floor.offers) != self.open_offers:
            yield f"offers: {sorted(floor.offers)}; by the effects: {sorted(self.open_offers)}"


def _idle_members(queue: Queue) -> list[Member]:
    return [member for member in queue.members.values() if member.agent.standing is Standing.IDLE]


def _ready(call: Call) -> bool:
    return call.state is CallState.WAITING and call.held_for is None
