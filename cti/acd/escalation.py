"""Rules for callers who need more than the usual: which hold, and who is told."""

from cti.acd import effects as out
from cti.acd.floor import Floor
from cti.acd.model import Audience, EscalationRule, Trigger
from cti.acd.state import Call, Queue
from cti.acd.timers import Due


def at_entry(floor: Floor, call: Call, queue: Queue) -> list[EscalationRule]:
    """The rules on the customer's number of calls that hold for a call that asks for `queue`."""
    caller = call.caller
    counts = {Trigger.CALLS_TODAY: caller.calls_today, Trigger.CALLS_IN_7_DAYS: caller.calls_in_7_days}
    rules = (rule for rule in floor.plan.escalation if rule.trigger in counts and applies(rule, queue))
    return [rule for rule in rules if counts[rule.trigger] >= rule.threshold]


def on_complaint(floor: Floor, call: Call) -> list[EscalationRule]:
    """The rules on complaints for the call's queue."""
    rules = floor.plan.escalation
    return [rule for rule in rules if rule.trigger is Trigger.COMPLAINT and applies(rule, call.queue)]


def first_move(rules: list[EscalationRule]) -> EscalationRule | None:
    """Everybody is told whom the rules name; where the call goes, the first says that says so."""
    return next((rule for rule in rules if rule.to is not None), None)


def watch_talk(floor: Floor, call: Call) -> None:
    """Sets a timer for every rule on the length of the conversation. A call keeps the rules that it began with."""
    for rule in floor.plan.escalation:
        if rule.trigger is Trigger.TALK and applies(rule, call.queue):
            floor.timers.set(floor.now + rule.threshold, Due.TALK, call, rule)


def talk_is_long(floor: Floor, call: Call, rule: EscalationRule) -> None:
    """The conversation has lasted as long as a rule says."""
    tell(floor, rule, call)
    offer(floor, rule, call)


def offer(floor: Floor, rule: EscalationRule, call: Call) -> None:
    """The agent, who talks, may move the call; nobody is torn out of a conversation by a rule."""
    queue = rule.offer or rule.to
    if queue is not None and call.agent is not None:
        call.escalation = (queue, rule.where)
        floor.effects.append(out.EscalationOffered(call.id, call.agent.id, queue, rule.where))


def tell(floor: Floor, rule: EscalationRule, call: Call) -> None:
    """Lets those know whom the rule names; the agent of a call that still waits is told on answering."""
    agent = call.agent.id if call.agent is not None else None
    for audience in Audience:
        if audience in rule.tell and (agent is not None or audience is not Audience.AGENT):
            floor.effects.append(out.Told(audience, rule.trigger, call.id, agent, rule.where))
    if agent is None:
        call.for_the_agent.append(rule)


def answered(floor: Floor, call: Call) -> None:
    """Rules held while the call waited: now there is an agent to be told, and to whom to offer the next queue."""
    for rule in call.for_the_agent:
        if call.agent is not None and Audience.AGENT in rule.tell:
            floor.effects.append(out.Told(Audience.AGENT, rule.trigger, call.id, call.agent.id, rule.where))
        if rule.offer is not None and rule.offer != call.queue.id:
            offer(floor, rule, call)


def applies(rule: EscalationRule, queue: Queue) -> bool:
    """Whether the rule is for calls of this queue."""
    return not rule.queues or queue.id in rule.queues
