"""Who gets which call.

From the call's side: the queue's strategy among the idle agents whom the relax steps reached so far admit. From a
freed agent's side: calls of preferred queues first, then the smallest place of all (see `state.Place`).
"""

from cti.acd import offers, overflow
from cti.acd.explanation import NAMED, RUNNERS_UP, Candidate, Explanation, Other, Passed
from cti.acd.floor import Floor
from cti.acd.state import Agent, Call, Member, Place
from cti.acd.transitions import CallState, Standing


def settle(floor: Floor) -> None:
    """Decides until nothing is left to decide. Open calls first, so that a strategy has all to choose from who are idle
    at the end of the turn: an agent who has just passed a call on, or refused it, is not preferred to the others."""
    while True:
        if floor.open:
            match_call(floor, min(floor.open.values(), key=_place))
        elif floor.freed:
            match_agent(floor, floor.freed.pop(0))
        elif floor.look_at:
            overflow.look_at_all(floor, floor.look_at.popitem()[1])
        else:
            return


def match_agent(floor: Floor, agent: Agent) -> None:
    """Gives a freed agent the first call among all that the agent may have."""
    if agent.standing is not Standing.IDLE or not (heads := sorted(_heads(agent), key=_first_two)):
        return
    _, _, call, member = heads[0]
    others = tuple(Other(other.id, other.queue.id, place) for _, place, other, _ in heads[1 : 1 + RUNNERS_UP])
    why = explain(floor, call, [member], "next call for a freed agent", call.queue.plan.where, others)
    offers.make(floor, call, [member], why)


Head = tuple[bool, Place, Call, Member]
"""Not of a preferred queue; place; the call; the agent in its queue."""


def _heads(agent: Agent) -> list[Head]:
    """The first call of each queue and relax step that the agent may have, and those held for them."""
    prefers = agent.plan.prefers
    heads: list[Head] = []
    for member in agent.members:
        for ready in member.queue.ready[member.level :]:
            if ready:
                place, call = ready[0]
                heads.append((member.queue.id not in prefers, place, call, member))
    heads.extend(
        (call.queue.id not in prefers, call.place, call, call.queue.members[agent.id]) for call in agent.held.values()
    )
    return heads


def match_call(floor: Floor, call: Call) -> None:
    """Finds the best idle agents for an open call; where there are none, overflow may take it.

    It stays open when one of them was freed in this turn and has another call to take first.
    """
    if call.state is not CallState.WAITING:
        del floor.open[call.number]
        return
    queue, plan = call.queue, call.queue.plan
    agent = call.held_for
    if agent is not None and agent.standing is Standing.IDLE:
        chosen, rule, where = [queue.members[agent.id]], "last agent", plan.sticky_where
    elif agent is None and (best := queue.best(call.step, plan.ring_most if queue.rings_all else 1)):
        chosen, rule, where = best, plan.strategy.value, plan.strategy_where
    else:
        del floor.open[call.number]
        overflow.look(floor, call)
        return
    for member in chosen:
        if member.agent in floor.freed and min(_heads(member.agent), key=_first_two)[2] is not call:
            match_agent(floor, member.agent)
            return
    del floor.open[call.number]
    offers.make(floor, call, chosen, explain(floor, call, chosen, rule, where))


def explain(
    floor: Floor, call: Call, chosen: list[Member], rule: str, where: str, others: tuple[Other, ...] = ()
) -> Explanation:
    """Why these agents: to be asked before they are offered the call."""
    queue = call.queue
    behind = [member for member in queue.best(call.step, RUNNERS_UP + len(chosen)) if member not in chosen]
    level = max((member.level for member in chosen), default=call.step)
    passed: tuple[Passed, ...] = ()
    if len(queue.members) <= NAMED:
        passed = tuple(
            Passed(id_, member.agent.standing, member.agent.standing is Standing.IDLE)
            for id_, member in queue.members.items()
            if member.agent.standing is not Standing.IDLE or member.level > call.step
            if member not in chosen
        )
    return Explanation(
        at=floor.now,
        rule=rule,
        where=where,
        strategy=queue.plan.strategy,
        step=level,
        step_where=queue.plan.steps[level].where,
        place=call.place,
        candidates=tuple(Candidate(m.agent.id, m.key or ()) for m in (*chosen, *behind[:RUNNERS_UP])),
        chosen=len(chosen),
        passed=passed,
        counts=tuple(queue.standings(call.step)),
        others=others,
    )


def _place(call: Call) -> Place:
    return call.place


def _first_two(head: Head) -> tuple[bool, Place]:
    return head[:2]
