"""What admins have written, as the distributor needs it; every rule with the place that it came from."""

import math
from collections.abc import Iterator, Mapping

from cti.acd import model as acd
from cti.config.callers import VIP, CallerLists
from cti.config.conditions import CallsInSevenDays, CallsToday, ComplaintFlagged, TalkOver, Trigger
from cti.config.escalation import EscalationRule
from cti.config.queues import Overflow, Queue
from cti.config.routing import Routing
from cti.config.targets import HangUp, Target, ToFlow, ToGroup, ToNumber, ToQueue, ToVoicemail
from cti.ids import AgentId, GroupId, QueueId, SkillId


def plan_of(routing: Routing) -> acd.Plan:
    """The distributor's plan of a routing that has been checked."""
    rules = routing.rules
    return acd.Plan(
        queues={id_: _queue(routing, id_, queue) for id_, queue in routing.queues.items()},
        agents={agent: _agent(routing, agent) for agent in routing.agents.ids()},
        escalation=tuple(_escalation(routing, number, rule) for number, rule in enumerate(routing.escalation)),
        ageing=rules.ageing,
        vip=rules.vip,
        rest=rules.rest,
        no_answers=rules.no_answers,
    )


def is_vip(lists: CallerLists, number: str) -> bool:
    """Whether the caller's number is on the list of VIPs."""
    return lists.contains(VIP, number)


def _agent(routing: Routing, id_: AgentId) -> acd.AgentPlan:
    agent = routing.agents.agents[id_]
    return acd.AgentPlan(
        id=id_,
        groups=_groups(agent.groups),
        skills=_needs(agent.skills),
        prefers=frozenset(map(QueueId, agent.prefers)),
        ring=routing.agents.ring(id_),
        wrap_up=routing.agents.wrap_up(id_),
        where=str(routing.where("agents", id_, of_key=True)),
    )


def _queue(routing: Routing, id_: QueueId, queue: Queue) -> acd.QueuePlan:
    steps = tuple(_steps(routing, id_, queue))
    extra = _groups_to_widen_to(queue)
    widening = tuple(
        acd.RelaxStep(math.inf, {}, frozenset({group}), str(routing.where("queues", id_, *path, "to")))
        for group, path in extra.items()
    )
    step_of = {group: len(steps) + number for number, group in enumerate(extra)}
    announce = queue.announce
    return acd.QueuePlan(
        id=id_,
        steps=steps + widening,
        strategy=acd.Strategy(queue.strategy),
        strategy_where=_where(routing, "queues", id_, "strategy"),
        priority=queue.priority,
        sticky=queue.sticky,
        sticky_where=_where(routing, "queues", id_, "sticky"),
        ring=queue.ring,
        wrap_up=queue.wrap_up,
        overflow=(*_overflow(routing, id_, queue, step_of), *_limits(routing, id_, queue, step_of)),
        announce=acd.Announcements(announce.position, announce.estimated_wait, announce.offer_callback_after),
        where=_where(routing, "queues", id_),
    )


def _steps(routing: Routing, id_: QueueId, queue: Queue) -> Iterator[acd.RelaxStep]:
    for number, reach in enumerate(queue.reaches()):
        path = ("relax", number - 1) if number else ()
        where = str(routing.where("queues", id_, *path, of_key=not path))
        yield acd.RelaxStep(reach.after, _needs(reach.needs), _groups(reach.groups or ()), where)


def _groups_to_widen_to(queue: Queue) -> dict[GroupId, tuple[str | int, ...]]:
    """The groups that rules of the queue name, each with the first rule's path."""
    found: dict[GroupId, tuple[str | int, ...]] = {}
    for number, rule in enumerate(queue.overflow):
        if isinstance(rule.to, ToGroup):
            found.setdefault(rule.to.group, ("overflow", number))
    if queue.limits is not None and isinstance(queue.limits.then, ToGroup):
        found.setdefault(queue.limits.then.group, ("limits",))
    return found


def _overflow(routing: Routing, id_: QueueId, queue: Queue, step_of: Mapping[GroupId, int]) -> Iterator[acd.Overflow]:
    for number, rule in enumerate(queue.overflow):
        where = str(routing.where("queues", id_, "overflow", number))
        yield _rule(rule, _target(rule.to, step_of), where)


def _rule(rule: Overflow, to: acd.Target, where: str) -> acd.Overflow:
    when = rule.when
    return acd.Overflow(
        to=to,
        where=where,
        nobody_signed_in=when.no_agents_signed_in,
        nobody_available=when.no_agents_available,
        waiting_over=when.waiting_over,
        waited_over=when.waited_over,
        estimate_over=when.estimated_wait_over,
    )


def _limits(routing: Routing, id_: QueueId, queue: Queue, step_of: Mapping[GroupId, int]) -> Iterator[acd.Overflow]:
    limits = queue.limits
    if limits is None or limits.then is None:
        return
    to = _target(limits.then, step_of)
    if limits.waiting is not None:
        where = str(routing.where("queues", id_, "limits", "waiting", of_key=True))
        yield acd.Overflow(to, where, waiting_over=limits.waiting)
    if limits.wait is not None:
        where = str(routing.where("queues", id_, "limits", "wait", of_key=True))
        yield acd.Overflow(to, where, waited_over=limits.wait)


def _target(target: Target, step_of: Mapping[GroupId, int]) -> acd.Target:
    match target:
        case ToQueue(queue):
            return acd.ToQueue(queue)
        case ToGroup(group):
            return acd.Widen(step_of[group])
        case ToFlow(flow):
            return acd.Leave(acd.Elsewhere.FLOW, flow)
        case ToVoicemail(queue):
            return acd.Leave(acd.Elsewhere.VOICEMAIL, queue)
        case ToNumber(number):
            return acd.Leave(acd.Elsewhere.NUMBER, number)
        case HangUp():
            return acd.Leave(acd.Elsewhere.HANGUP)


def _escalation(routing: Routing, number: int, rule: EscalationRule) -> acd.EscalationRule:
    trigger, threshold = _trigger(rule.when)
    return acd.EscalationRule(
        trigger=trigger,
        threshold=threshold,
        queues=frozenset(map(QueueId, rule.queues or ())),
        to=rule.to.queue if rule.to else None,
        offer=rule.offer.queue if rule.offer else None,
        tell=frozenset(map(acd.Audience, rule.tell)),
        where=str(routing.where("escalation", number)),
    )


def _trigger(trigger: Trigger) -> tuple[acd.Trigger, float]:
    match trigger:
        case CallsToday(at_least):
            return acd.Trigger.CALLS_TODAY, at_least
        case CallsInSevenDays(at_least):
            return acd.Trigger.CALLS_IN_7_DAYS, at_least
        case ComplaintFlagged():
            return acd.Trigger.COMPLAINT, 0.0
        case TalkOver(seconds):
            return acd.Trigger.TALK, seconds


def _where(routing: Routing, *path: str) -> str:
    """Where a key stands; of one that is left out, what it belongs to."""
    return str(routing.where(*path, of_key=True))


def _needs(skills: Mapping[str, int]) -> dict[SkillId, int]:
    return {SkillId(skill): proficiency for skill, proficiency in skills.items()}


def _groups(groups: tuple[str, ...]) -> frozenset[GroupId]:
    return frozenset(map(GroupId, groups))
