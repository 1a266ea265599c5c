"""Whether overflow, limits and escalation do what they say: idle rules, calls that go round, calls that wait for ever.

Calls go round where queues send them to each other. The distributor sends no call to a queue where it has been, so
between queues alone this ends: a warning. A flow that leads back to the queue begins anew: an error where every rule
on the way can hold for a call that has just come, a warning where one takes waiting (waited > 5m).
"""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from cti.config.conditions import QueueCondition, TalkOver
from cti.config.findings import Finding, quoted
from cti.config.graph import cycle, is_silent, walked
from cti.config.places import FLOWS
from cti.config.queues import Queue
from cti.config.reading import Material
from cti.config.targets import Target, ToFlow, ToGroup, ToQueue
from cti.config.yamlfile import Key
from cti.ids import QueueId
from cti.ivr.steps import Thing

NOBODY_COMES: Final = QueueCondition(no_agents_signed_in=True, waited_over=math.inf)
"""The longest night: nobody has signed in and the call has waited for ever."""


_FLOW: Final = "flow "
"""Before the names of flows, where they stand among those of queues."""


class Way(NamedTuple):
    """Out of a queue or flow into another one."""

    to: str
    """The name of a queue, or that of a flow behind the word flow."""
    at_once: bool
    """Whether a call that has just come can take it."""
    path: tuple[Key, ...]
    """For `where`: what sends the call there."""


def idle_rules(material: Material) -> Iterator[Finding]:
    """Overflow rules and limits that never move a call."""
    for name, queue in material.queues.queues.items():
        if queue.limits is not None and queue.limits.then == ToQueue(QueueId(name)):
            path = ("queues", name, "limits", "then")
            value = material.places.text(*path)
            what = f"then: {quoted(value)} is the queue that the call is in"
            yield Finding(material.places.where(*path), what, value=value)
        for number, rule in enumerate(queue.overflow):
            why = _never(material, name, queue, number)
            if why:
                place = material.places.where(*_path(name, number))
                what = f"when: {quoted(str(rule.when))} never moves a call"
                yield Finding(place, what, value=material.places.text(*_path(name, number)), hint=why)


def _never(material: Material, name: str, queue: Queue, number: int) -> str:
    when = queue.overflow[number].when
    for earlier, rule in enumerate(queue.overflow[:number]):
        if when.implies(rule.when) and not isinstance(rule.to, ToGroup):  # a group more lets the call stay
            line = material.places.where("queues", name, "overflow", earlier, "when").line
            return f"whenever it holds, {quoted(str(rule.when))} in line {line} has held already"
    if queue.overflow[number].to == ToQueue(QueueId(name)):
        return "it leads to the queue that the call is in"
    limits = queue.limits
    if limits is not None and limits.waiting is not None and (when.waiting_over or 0) > limits.waiting:
        return f"limits let no more than {limits.waiting} wait"
    if limits is not None and limits.wait is not None and (when.waited_over or 0) > limits.wait:
        return "limits let nobody wait so long"
    return ""


def _path(queue: str, number: int) -> tuple[str, str, str, int, str]:
    return "queues", queue, "overflow", number, "when"


def endless_waits(material: Material) -> Iterator[Finding]:
    """Warnings of queues that keep a caller for ever when nobody signs in."""
    queues = material.queues.queues
    left: set[str] = set()
    before = -1
    while before != len(left):  # a queue that sends its calls to one that they leave, is left too
        before = len(left)
        left |= {name for name, queue in queues.items() if name not in left and _is_left(queue, left)}
    for name in queues:
        if name not in left:
            yield Finding(
                material.places.where("queues", name, of_key=True),
                f"callers wait for ever in the queue {quoted(name)} when nobody signs in",
                value=name,
                hint="give it an overflow rule (no agents signed in, waited > 10m) or limits",
                severity="warning",
            )


def _is_left(queue: Queue, left: Collection[str]) -> bool:
    """Whether a call leaves the queues from here when nobody ever signs in; `left`: queues known to be left."""
    if queue.limits is not None and queue.limits.wait is not None and queue.limits.then is not None:
        return _leads_out(queue.limits.then, left)
    holds = (rule.to for rule in queue.overflow if NOBODY_COMES.implies(rule.when))
    return any(_leads_out(target, left) for target in holds)


def _leads_out(target: Target, left: Collection[str]) -> bool:
    match target:
        case ToQueue(queue):
            return queue in left
        case ToGroup():
            return False
    return True


def idle_escalations(material: Material) -> Iterator[Finding]:
    """Escalation rules that do nothing, and those that would move a call in the middle of a talk."""
    for number, rule in enumerate(material.escalation.escalation):
        where = material.places.where
        if rule.to is None and rule.offer is None and not rule.tell:
            place = where("escalation", number, "when", of_key=True)
            what = f"the rule {quoted(str(rule.when))} does nothing"
            yield Finding(place, what, value="when", hint="give it to, tell or offer")
        if rule.to is not None and isinstance(rule.when, TalkOver):
            place = where("escalation", number, "to", of_key=True)
            what = f"to: a call is not moved in the middle of a talk ({rule.when})"
            hint = f"write offer: {rule.to}, and one key of the agent moves it"
            yield Finding(place, what, value="to", hint=hint)


def rounds(material: Material) -> Iterator[Finding]:
    """Calls that are sent round in a circle."""
    ways = _ways(material)
    at_once = {name: [way.to for way in out if way.at_once] for name, out in ways.items()}
    for name in ways:
        ring = _back_to(name, at_once) if name.startswith(_FLOW) else []
        if ring:
            yield _round(material, ways, ring, endless=True)
            for member in ring:  # one finding for each circle
                at_once[member], ways[member] = [], []
    while ring := cycle({name: [way.to for way in out] for name, out in ways.items()}):
        yield _round(material, ways, ring, endless=False)
        for member in ring:
            ways[member] = []


def _back_to(start: str, graph: Mapping[str, list[str]]) -> list[str]:
    """The shortest way from a node back to it, the node first; empty when there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    for name in waiting:
        for target in graph.get(name, ()):
            if target == start:
                way = [name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if target not in came_from:
                came_from[target] = name
                waiting.append(target)
    return []


def _round(material: Material, ways: Mapping[str, list[Way]], ring: list[str], *, endless: bool) -> Finding:
    begin = next((index for index, name in enumerate(ring) if not name.startswith(_FLOW)), 0)
    ring = [*ring[begin:], *ring[:begin]]
    here, there = ring[0], ring[1 % len(ring)]
    way = max((way for way in ways[here] if way.to == there), key=lambda way: way.at_once)
    path = " -> ".join((*ring, ring[0]))
    place = material.places.where(str(way.path[0]), *way.path[1:])
    value = material.places.text(str(way.path[0]), *way.path[1:])
    if endless:
        hint = "let one of these lead elsewhere, or wait first (waited > 1m)"
        return Finding(place, f"a call goes round without end: {path}", value=value, hint=hint)
    if any(name.startswith(_FLOW) for name in ring):
        hint = "after each wait; let one of these lead elsewhere"
    else:
        hint = "no call comes to a queue twice: it stays in the last one"
    return Finding(place, f"a call can go round: {path}", value=value, hint=hint, severity="warning")


def _ways(material: Material) -> dict[str, list[Way]]:
    ways: dict[str, list[Way]] = {}
    for name, queue in material.queues.queues.items():
        ways[name] = [way for way in _out_of(name, queue) if way.to != name and _exists(material, way.to)]
    for name, flow in material.sound_flows:
        ways[_FLOW + name] = [
            Way(mention.name, True, (FLOWS, name, "steps", step, *mention.path))
            for step in walked(flow, flow.start, is_silent)
            for mention in flow.steps[step].mentions()
            if mention.thing is Thing.QUEUE and mention.path == ("queue",) and _exists(material, mention.name)
        ]
    return ways


def _exists(material: Material, name: str) -> bool:
    return name.removeprefix(_FLOW) in material.flows if name.startswith(_FLOW) else name in material.queues.queues


def _out_of(name: str, queue: Queue) -> Iterator[Way]:
    for number, rule in enumerate(queue.overflow):
        if to := _name(rule.to):
            yield Way(to, not rule.when.needs_time, ("queues", name, "overflow", number, "to"))
    limits = queue.limits
    if limits is not None and limits.then is not None and (to := _name(limits.then)):
        yield Way(to, limits.waiting is not None, ("queues", name, "limits", "then"))


def _name(target: Target) -> str:
    match target:
        case ToQueue(queue):
            return queue
        case ToFlow(flow):
            return _FLOW + flow
    return ""
