"""Overflow: what sends waiting calls elsewhere. Looked at whenever something changes that a rule looks at."""

from cti.acd import effects as out
from cti.acd import stays
from cti.acd.effects import Outcome
from cti.acd.floor import Floor
from cti.acd.model import Leave, Overflow, ToQueue, Widen
from cti.acd.state import Call, Queue
from cti.acd.timers import Due
from cti.acd.transitions import CallState


def look(floor: Floor, call: Call) -> None:
    """Sends a waiting call elsewhere when a rule holds; the first that holds decides."""
    if call.state is not CallState.WAITING:
        return
    rule = holding(floor, call)
    if rule is None:
        return
    match rule.to:
        case ToQueue(queue):
            stays.change_queue(floor, call, floor.queues[queue], _outcome(rule), rule.where)
        case Widen(step):
            floor.effects.append(out.Widened(call.id, call.queue.id, step, rule.where))
            stays.reach(floor, call, step)
        case Leave():
            stays.leave(floor, call, _outcome(rule), rule.where)
            floor.effects.append(out.Sent(call.id, rule.to, rule.where))


def is_due(floor: Floor, call: Call, _: object) -> None:
    """A rule on waiting may hold; it is looked at after matching: an agent may have come free at this moment."""
    floor.open[call.number] = call


def is_due_again(floor: Floor, call: Call, _: object) -> None:
    """The same, from time to time."""
    floor.timers.set(floor.now + stays.LOOK_AGAIN, Due.LOOK_AGAIN, call)
    floor.open[call.number] = call


def look_at_all(floor: Floor, queue: Queue) -> None:
    """At every call of a queue; those that came last first, because a limit on the length is for them."""
    for call in list(reversed(queue.arrivals.values())):
        if call.queue is queue:
            look(floor, call)


def holding(floor: Floor, call: Call) -> Overflow | None:
    """The first rule that holds for a waiting call."""
    return next((rule for rule in call.queue.plan.overflow if _holds(rule, call, floor)), None)


def _holds(rule: Overflow, call: Call, floor: Floor) -> bool:
    queue = call.queue
    if isinstance(rule.to, ToQueue) and (rule.to.queue in call.been or rule.to.queue not in floor.queues):
        return False  # never round in circles; and a queue that is no more may have had rules to another such
    if isinstance(rule.to, Widen) and call.step >= rule.to.step:
        return False  # done already
    if rule.nobody_signed_in and queue.signed_in(call.step):
        return False
    if rule.nobody_available and queue.available(call.step):
        return False
    if rule.waiting_over is not None and (len(queue.order) <= rule.waiting_over or queue.newest() is not call):
        return False
    if rule.waited_over is not None and floor.now < call.entered + rule.waited_over:
        return False
    if rule.estimate_over is not None:
        estimate = queue.estimate(call)
        return estimate is not None and estimate > rule.estimate_over
    return True


def _outcome(rule: Overflow) -> Outcome:
    """What a rule's first condition makes of the call."""
    if rule.nobody_signed_in or rule.nobody_available:
        return Outcome.NO_AGENTS
    if rule.waiting_over is not None:
        return Outcome.QUEUE_FULL
    if rule.estimate_over is not None:
        return Outcome.TOO_LONG
    return Outcome.TIMED_OUT
