"""A call's stay in a queue: how it enters, waits, and leaves. Each stay ends in exactly one outcome."""

import math
from typing import Final

from cti.acd import commands as do
from cti.acd import effects as out
from cti.acd import escalation, offers, work
from cti.acd.effects import Estimates, Outcome
from cti.acd.floor import Floor
from cti.acd.model import Announcements, Caller
from cti.acd.state import Agent, Call, Place, Queue
from cti.acd.timers import Due
from cti.acd.transitions import CallState, Standing
from cti.ids import CallId

LOOK_AGAIN: Final = 5.0
"""Seconds between looks at a rule on the estimated wait, which can change with every call."""


def enqueue(floor: Floor, command: do.Enqueue) -> None:
    """A call asks for a queue. Raises UnknownQueue."""
    queue = floor.queue(command.queue)
    call = floor.calls.get(command.call)
    if call is not None and call.state is not CallState.TALKING:
        floor.ignore(command, f"it waits in {call.queue.id} already")
        return
    by_agent = work.end_any_talk(floor, command.call)
    ask(floor, command.call, command.caller, queue, escalate=command.escalate and not by_agent)


def ask(floor: Floor, id_: CallId, caller: Caller, queue: Queue, *, escalate: bool, rule: str = "") -> None:
    """A call asks for a person, now."""
    floor.arrivals += 1
    call = floor.calls[id_] = Call(id_, caller, floor.now, floor.arrivals, queue)
    rules = escalation.at_entry(floor, call, queue) if escalate else []
    for each in rules:
        escalation.tell(floor, each, call)
    move = escalation.first_move(rules)
    if move is not None and move.to is not None and move.to != queue.id:
        queue, rule = floor.queues[move.to], move.where
    call.become(CallState.WAITING)
    enter(floor, call, queue, rule)


def enter(floor: Floor, call: Call, queue: Queue, rule: str = "") -> None:
    """Puts a waiting call into a queue, at the place that its whole wait has earned."""
    call.queue, call.entered, call.step = queue, floor.now, 0
    call.callback_offered = False
    call.been.add(queue.id)
    call.place = place_in(floor, call, queue)
    head = floor.now - queue.head().entered if queue.arrivals else 0.0
    position = queue.admit(call)
    call.estimates = Estimates(queue.estimate(call), head)
    floor.effects.append(out.EntryOpened(call.id, queue.id, position, call.estimates, rule))
    set_timers(floor, call)
    agent = _last_agent(call)
    if agent is not None:
        call.held_for = agent
        agent.held[call.number] = call
        floor.timers.set(floor.now + queue.plan.sticky, Due.STICKY, call)
    else:
        queue.make_ready(call)
    floor.open[call.number] = call


def place_in(floor: Floor, call: Call, queue: Queue) -> Place:
    """See `state.Place`."""
    points = queue.plan.priority + (floor.plan.vip if call.caller.vip else 0)
    return (call.since - points * floor.plan.ageing, call.number)


def _last_agent(call: Call) -> Agent | None:
    """The customer's last agent, if the queue prefers them and they are there."""
    if not call.queue.plan.sticky or call.caller.last_agent is None:
        return None
    member = call.queue.members.get(call.caller.last_agent)
    return member.agent if member is not None and member.agent.standing > Standing.UNREGISTERED else None


def set_timers(floor: Floor, call: Call) -> None:
    """Everything that will be due while the call waits in its queue."""
    plan, entered, timers = call.queue.plan, call.entered, floor.timers
    call.stamp += 1
    _set_relax_timer(floor, call)
    for rule in plan.overflow:
        if rule.waited_over is not None and entered + rule.waited_over > floor.now:
            timers.set(entered + rule.waited_over, Due.LOOK, call)
    if any(rule.estimate_over is not None for rule in plan.overflow):
        timers.set(floor.now + LOOK_AGAIN, Due.LOOK_AGAIN, call)
    if plan.announce.every is not None:
        timers.set(floor.now + plan.announce.every, Due.ANNOUNCE, call, plan.announce)
    if plan.announce.callback_after is not None and not call.callback_offered:
        timers.set(max(floor.now, entered + plan.announce.callback_after), Due.CALLBACK, call)


def close(
    floor: Floor, call: Call, outcome: Outcome, rule: str = "", agent: Agent | None = None, why: str = ""
) -> None:
    """Ends the call's stay in its queue; whatever was offered is cancelled in the same turn."""
    queue = call.queue
    for offer in list(call.offers):
        offers.withdraw(floor, offer, why or _CLOSED[outcome])
    offers.take_back(call)
    floor.open.pop(call.number, None)
    queue.dismiss(call)
    call.stamp += 1
    by = agent.id if agent is not None else None
    waited = floor.now - call.entered
    floor.effects.append(out.EntryClosed(call.id, queue.id, outcome, waited, call.estimates, by, rule))
    if queue.most is not None and len(queue.order) > queue.most:
        floor.look_at[queue.id] = queue


def change_queue(floor: Floor, call: Call, queue: Queue, outcome: Outcome, rule: str = "") -> None:
    """From one queue into another."""
    close(floor, call, outcome, rule)
    if call.state is CallState.OFFERED:
        call.become(CallState.WAITING)
    enter(floor, call, queue, rule)


def leave(floor: Floor, call: Call, outcome: Outcome, rule: str = "") -> None:
    """Out of the queues, without an agent."""
    close(floor, call, outcome, rule)
    work.gone(floor, call)


def hung_up(floor: Floor, command: do.HungUp) -> None:
    """The caller has gone."""
    call = floor.calls.get(command.call)
    if call is not None and call.agent is None:
        leave(floor, call, Outcome.ABANDONED)
    elif not work.end_any_talk(floor, command.call):
        floor.ignore(command, "no such call")  # it ended already, from the other side


def left(floor: Floor, command: do.Left) -> None:
    """The caller keyed for something else."""
    call = floor.waiting(command, command.call)
    if call is not None:
        leave(floor, call, Outcome(command.exit.value))


def move(floor: Floor, command: do.Move) -> None:
    """A supervisor moves a waiting call. Raises UnknownQueue."""
    queue = floor.queue(command.queue)
    call = floor.waiting(command, command.call)
    if call is not None and call.queue is queue:
        floor.ignore(command, f"it waits in {queue.id} already")
    elif call is not None:
        call.been.clear()  # a person decided: every rule may apply anew
        change_queue(floor, call, queue, Outcome.MOVED)


# What is due while a call waits


def relax(floor: Floor, call: Call, step: int) -> None:
    """The call has waited long enough for a step to admit more agents."""
    if call.step < step:  # a rule may have been quicker
        reach(floor, call, step)


def reach(floor: Floor, call: Call, step: int) -> None:
    """From now on the call may be offered to those whom the steps up to this one admit."""
    waits_for_anybody = call.state is CallState.WAITING and call.held_for is None
    if waits_for_anybody:
        call.queue.unready(call)
    call.step = step
    if waits_for_anybody:
        call.queue.make_ready(call)
        floor.open[call.number] = call
    _set_relax_timer(floor, call)


def _set_relax_timer(floor: Floor, call: Call) -> None:
    following, steps = call.step + 1, call.queue.plan.steps
    if following < len(steps) and steps[following].after < math.inf:
        floor.timers.set(call.entered + steps[following].after, Due.RELAX, call, following)


def stick_no_longer(floor: Floor, call: Call, _: object) -> None:
    """The last agent had the time."""
    if call.held_for is not None:
        offers.unhold(floor, call)


def announce(floor: Floor, call: Call, announcements: Announcements) -> None:
    """It is time to tell the caller the position again."""
    position = call.queue.position(call)
    estimate = call.queue.estimate(call) if announcements.estimated_wait else None
    floor.effects.append(out.Announced(call.id, position, estimate))
    floor.timers.set(floor.now + (announcements.every or LOOK_AGAIN), Due.ANNOUNCE, call, announcements)


def offer_callback(floor: Floor, call: Call, _: object) -> None:
    """The caller has waited long enough to be offered a call back."""
    call.callback_offered = True
    position = call.queue.position(call)
    floor.effects.append(out.Announced(call.id, position, call.queue.estimate(call), callback=True))


_CLOSED: Final = {
    Outcome.ANSWERED: "another agent answered",
    Outcome.ABANDONED: "the caller hung up",
    Outcome.EXIT_KEY: "the caller chose something else",
    Outcome.CALLBACK: "the caller wants to be called back",
    Outcome.TIMED_OUT: "the call waited too long",
    Outcome.NO_AGENTS: "no agents are there",
    Outcome.QUEUE_FULL: "the queue is full",
    Outcome.TOO_LONG: "the wait would be too long",
    Outcome.ESCALATED: "the call was escalated",
    Outcome.MOVED: "the call was moved",
}
