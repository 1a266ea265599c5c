"""A plan comes into force, the first or another: queues and agents are built, and whoever is there is put back."""

import math
from collections.abc import Iterator

from cti.acd import commands as do
from cti.acd import offers, stays, work
from cti.acd.commands import Presence
from cti.acd.floor import Floor
from cti.acd.model import AgentPlan, Plan, ToQueue, Widen
from cti.acd.state import Agent, Call, Directory, Queue
from cti.acd.transitions import Activity, CallState
from cti.errors import CtiError


class BadPlan(CtiError):
    """A plan that cannot work. `cti check` lets none through, so this is a mistake of ours."""


def replan(floor: Floor, command: do.Replan) -> None:
    """Another plan. Calls keep their places; a queue that is no more empties as it was. Raises BadPlan."""
    check(command.plan)
    waiting = [call for queue in floor.queues.values() for call in queue.arrivals.values()]  # as they came into each
    for call in waiting:
        if call.held_for is not None:
            offers.unhold(floor, call)
    adopt(floor, command.plan, waiting)
    floor.look_at.update(floor.queues)


def adopt(floor: Floor, plan: Plan, waiting: list[Call]) -> None:
    """Puts a plan into force."""
    old_queues, floor.plan = floor.queues, plan
    kept = {call.queue.id: call.queue.plan for call in waiting if call.queue.id not in plan.queues}
    floor.queues = {
        id_: Queue(queue, old_queues[id_].handling if id_ in old_queues else queue.handling)
        for id_, queue in {**kept, **plan.queues}.items()
    }
    floor.directory = Directory(floor.queues.values())
    for agent in list(floor.agents.values()):
        if agent.id not in plan.agents:
            _dismiss(floor, agent)
    for order, agent_plan in enumerate(plan.agents.values()):
        _employ(floor, agent_plan, order)
    for call in waiting:
        _put_back(floor, call)


def _employ(floor: Floor, plan: AgentPlan, order: int) -> None:
    agent = floor.agents.get(plan.id)
    if agent is None:
        agent = floor.agents[plan.id] = Agent(plan, order, floor.now)
    if agent.worked_for is not None:
        agent.worked_for = floor.queues.get(agent.worked_for.id)
    agent.employ(plan, order)
    agent.join(floor.directory, agent.last_offers())


def _dismiss(floor: Floor, agent: Agent) -> None:
    """An agent whom the plan does not have any longer ends what they are doing, and gets nothing more."""
    agent.members = []
    agent.presence, agent.reason = Presence.LOGGED_OUT, "removed"
    work.there_or_not(floor, agent, "the agent was removed")
    if agent.activity is Activity.IDLE:
        del floor.agents[agent.id]


def _put_back(floor: Floor, call: Call) -> None:
    queue = call.queue = floor.queues[call.queue.id]
    call.place = stays.place_in(floor, call, queue)
    waited = floor.now - call.entered
    call.step = max(number for number, step in enumerate(queue.plan.steps) if step.after <= waited)
    queue.admit(call)
    stays.set_timers(floor, call)
    if call.state is CallState.WAITING:
        queue.make_ready(call)
        floor.open[call.number] = call


def check(plan: Plan) -> None:
    """Raises BadPlan."""
    problems = list(_problems(plan))
    if problems:
        raise BadPlan("; ".join(problems))


def _problems(plan: Plan) -> Iterator[str]:
    if plan.ageing <= 0:
        yield "ageing is not more than 0"
    for id_, queue in plan.queues.items():
        begins = [step.after for step in queue.steps]
        timed = [begin for begin in begins if begin < math.inf]
        if not timed or timed[0] != 0 or timed != sorted(set(timed)) or begins[: len(timed)] != timed:
            yield f"{id_}: relax steps do not begin at 0 and follow each other"
        for rule in queue.overflow:
            if isinstance(rule.to, ToQueue) and rule.to.queue not in plan.queues:
                yield f"{id_}: overflow to {rule.to.queue}, which is no queue"
            if isinstance(rule.to, Widen) and not 0 < rule.to.step < len(begins):
                yield f"{id_}: overflow to step {rule.to.step}, which it does not have"
    for escalation in plan.escalation:
        for target in (escalation.to, escalation.offer):
            if target is not None and target not in plan.queues:
                yield f"escalation to {target}, which is no queue"
