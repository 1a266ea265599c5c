"""Whether overflow, limits and escalation do what they say: idle rules, calls that go round, calls that wait for ever.

Calls go round where queues send them to each other, straight or by a flow. Where every condition on the way can hold
for a call that has just come, nothing stops it: an error. Where one of them takes waiting (waited > 5m), the call gets
its chance in each queue: a warning.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from cti.config.conditions import QueueCondition, TalkOver
from cti.config.findings import Finding, quoted
from cti.config.graph import cycle, is_silent, walked
from cti.config.places import FLOWS
from cti.config.queues import Queue
from cti.config.reading import Material
from cti.config.targets import Target, ToFlow, ToGroup, ToQueue
from cti.config.yamlfile import Key
from cti.ivr.steps import Thing

NOBODY_COMES: Final = QueueCondition(no_agents_signed_in=True, waited_over=math.inf)
"""The longest night: nobody has signed in and the call has waited for ever."""


class Way(NamedTuple):
    """Out of a queue or flow into another one."""

    to: str
    """The name of a queue, or that of a flow behind the word flow."""
    instant: bool
    """Whether a call that has just come can take it."""
    path: tuple[Key, ...]
    """For `where`: what sends the call there."""


def idle_rules(material: Material) -> Iterator[Finding]:
    """Overflow rules that never move a call."""
    for name, queue in material.queues.queues.items():
        for number, rule in enumerate(queue.overflow):
            why = _never(material, name, queue, number)
            if why:
                place = material.places.where("queues", name, "overflow", number, "when")
                what = f"when: {quoted(str(rule.when))} never moves a call"
                yield Finding(place, what, value=_written(rule.when, place.shown_line), hint=why)


def _never(material: Material, name: str, queue: Queue, number: int) -> str:
    when = queue.overflow[number].when
    for earlier, rule in enumerate(queue.overflow[:number]):
        if when.implies(rule.when):
            line = material.places.where("queues", name, "overflow", earlier, "when").line
            return f"whenever it holds, {quoted(str(rule.when))} in line {line} has held already"
    limits = queue.limits
    if limits is not None and limits.waiting is not None and (when.waiting_over or 0) >= limits.waiting:
        return f"limits let no more than {limits.waiting} wait"
    if limits is not None and limits.wait is not None and (when.waited_over or 0) >= limits.wait:
        return "limits let nobody wait so long"
    return ""


def _written(when: QueueCondition, line: str | None) -> str:
    """The condition as it stands in the file, where that is as we write it."""
    return str(when) if str(when) in (line or "") else ""


def endless_waits(material: Material) -> Iterator[Finding]:
    """Warnings of queues that keep a caller for ever when nobody signs in."""
    for name, queue in material.queues.queues.items():
        if queue.limits is not None and queue.limits.wait is not None:
            continue
        leaves = (rule for rule in queue.overflow if not isinstance(rule.to, ToGroup))
        if not any(NOBODY_COMES.implies(rule.when) for rule in leaves):
            yield Finding(
                material.places.where("queues", name, of_key=True),
                f"callers wait for ever in the queue {quoted(name)} when nobody signs in",
                value=name,
                hint="give it an overflow rule (no agents signed in, waited > 10m) or limits",
                severity="warning",
            )


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
            yield Finding(place, what, value="to", hint=f"offer: {rule.to} lets the agent move it with one key")


def rounds(material: Material) -> Iterator[Finding]:
    """Calls that are sent round in a circle."""
    ways = _ways(material)
    spinning = {name: [way for way in out if way.instant] for name, out in ways.items()}
    errors = list(_rounds(material, spinning))
    yield from errors
    if not errors:
        yield from _rounds(material, ways)


def _ways(material: Material) -> dict[str, list[Way]]:
    ways: dict[str, list[Way]] = {}
    for name, queue in material.queues.queues.items():
        ways[name] = [way for way in _out_of(name, queue) if _exists(material, way.to)]
    for name, flow in material.sound_flows:
        ways[f"flow {name}"] = [
            Way(mention.name, True, (FLOWS, name, "steps", step, *mention.path))
            for step in walked(flow, flow.start, is_silent)
            for mention in flow.steps[step].mentions()
            if mention.thing is Thing.QUEUE and mention.path == ("queue",) and _exists(material, mention.name)
        ]
    return ways


def _exists(material: Material, name: str) -> bool:
    return name.removeprefix("flow ") in material.flows if name.startswith("flow ") else name in material.queues.queues


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
            return f"flow {flow}"
    return ""


def _rounds(material: Material, ways: Mapping[str, list[Way]]) -> Iterator[Finding]:
    """One finding for each set of queues and flows that calls go round in."""
    rest = dict(ways)
    while found := cycle({name: [way.to for way in out if way.to in rest] for name, out in rest.items()}):
        steps = list(zip(found, [*found[1:], found[0]], strict=True))
        taken = [_taken(ways, here, there) for here, there in steps]
        instant = all(way.instant for way in taken)
        first = next((way for way in taken if way.path[0] != FLOWS), taken[0])
        place = material.places.where(str(first.path[0]), *first.path[1:])
        ring = " -> ".join((*found, found[0]))
        if instant:
            what = f"a call goes round without end: {ring}"
            hint = "as soon as all these conditions hold; send one of them elsewhere, or let it take time (waited > 1m)"
            yield Finding(place, what, value=_value(first), hint=hint)
        else:
            yield Finding(place, f"a call can go round: {ring}", value=_value(first), severity="warning")
        for name in found:
            del rest[name]


def _taken(ways: Mapping[str, list[Way]], here: str, there: str) -> Way:
    """The way that a call takes soonest."""
    return max((way for way in ways[here] if way.to == there), key=lambda way: way.instant)


def _value(way: Way) -> str:
    return way.to if way.path[0] == FLOWS or way.to.startswith("flow ") else f"queue {way.to}"
