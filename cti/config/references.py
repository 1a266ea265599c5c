"""What refers to what by name across the files: names that nothing defines, and definitions that nobody reaches."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cti.config.findings import Finding, nearest, quoted
from cti.config.places import FLOWS, at_part
from cti.config.queues import Queue
from cti.config.reading import Kind, Material
from cti.config.targets import Target, ToFlow, ToGroup, ToQueue, ToVoicemail
from cti.config.yamlfile import Key
from cti.ivr.steps import Flow, Thing

_KINDS: Final = {Thing.QUEUE: Kind.QUEUE, Thing.HOURS: Kind.HOURS, Thing.FLOW: Kind.FLOW, Thing.LIST: Kind.LIST}

_MOST_HINTS: Final = 200
"""Names that the nearest right one is looked for; whoever has more wrong ones has one reason for all of them."""


class Reference(NamedTuple):
    """A name in a file that another entry defines."""

    kind: Kind
    name: str
    path: tuple[Key, ...]
    """For `where`."""
    text: str = ""
    """The text that the name is a part of, where it does not stand alone."""
    of_key: bool = False


def dangling(material: Material) -> Iterator[Finding]:
    """Names that nothing defines."""
    known = {kind: tuple(sorted(names or ())) for kind, names in material.names.items()}
    hints: dict[tuple[Kind, str], str] = {}
    for reference in references(material):
        kind, name, path, text, of_key = reference
        if material.knows(kind, (name,)):
            continue
        if (kind, name) not in hints and len(hints) < _MOST_HINTS:
            hints[kind, name] = nearest(name, known[kind]) or ("" if known[kind] else f"there is no {kind} yet")
        words = [step for step in (path[:-1] if of_key else path) if isinstance(step, str)]
        place = at_part(material.places.where(str(path[0]), *path[1:], of_key=of_key), name, text)
        what = f"{words[-1]}: {quoted(name)} is not a {kind}"
        yield Finding(place, what, value=name, hint=hints.get((kind, name), ""), allowed=known[kind])


def references(material: Material) -> Iterator[Reference]:
    """Every name of another entry, in the order of the files; of agents only those among which one is wrong."""
    for name, hotline in material.hotlines.hotlines.items():
        yield Reference(Kind.FLOW, hotline.flow, ("hotlines", name, "flow"))
        yield Reference(Kind.HOURS, hotline.hours, ("hotlines", name, "hours"))
    yield from _of_agents(material)
    for name, queue in material.queues.queues.items():
        yield from _of_queue(name, queue)
    yield from _of_escalation(material)
    for name, flow in material.flows.items():
        yield from _of_flow(name, flow)


def _of_agents(material: Material) -> Iterator[Reference]:
    knows = material.knows
    for id_, agent in material.agents.agents.items():  # of 10,000 nearly all are right, and passed over quickly
        if not knows(Kind.GROUP, agent.groups):
            yield from _listed(Kind.GROUP, agent.groups, "agents", id_, "groups")
        if not knows(Kind.SKILL, agent.skills):
            yield from _keys(Kind.SKILL, agent.skills, "agents", id_, "skills")
        if not knows(Kind.QUEUE, agent.prefers):
            yield from _listed(Kind.QUEUE, agent.prefers, "agents", id_, "prefers")


def _of_queue(name: str, queue: Queue) -> Iterator[Reference]:
    yield from _listed(Kind.GROUP, queue.groups or (), "queues", name, "groups")
    yield from _keys(Kind.SKILL, queue.needs, "queues", name, "needs")
    for number, step in enumerate(queue.relax):
        yield from _keys(Kind.SKILL, step.needs or {}, "queues", name, "relax", number, "needs")
        yield from _listed(Kind.GROUP, step.groups or (), "queues", name, "relax", number, "groups")
    for path, target in targets(name, queue):
        yield from _of_target(target, *path)


def targets(name: str, queue: Queue) -> Iterator[tuple[tuple[Key, ...], Target]]:
    """Every target that a queue sends calls to, with its path for `where`."""
    if queue.limits is not None and queue.limits.then is not None:
        yield ("queues", name, "limits", "then"), queue.limits.then
    for number, rule in enumerate(queue.overflow):
        yield ("queues", name, "overflow", number, "to"), rule.to


def _of_escalation(material: Material) -> Iterator[Reference]:
    for number, rule in enumerate(material.escalation.escalation):
        yield from _listed(Kind.QUEUE, rule.queues or (), "escalation", number, "queues")
        for key, target in (("to", rule.to), ("offer", rule.offer)):
            if target is not None:
                yield from _of_target(target, "escalation", number, key)


def _of_flow(name: str, flow: Flow) -> Iterator[Reference]:
    for step_name, step in flow.steps.items():
        for mention in step.mentions():
            kind = _KINDS.get(mention.thing)
            if kind is not None:
                text = f"caller in {mention.name}" if kind is Kind.LIST else ""
                yield Reference(kind, mention.name, (FLOWS, name, "steps", step_name, *mention.path), text)


def _of_target(target: Target, *path: Key) -> Iterator[Reference]:
    match target:
        case ToQueue(name) | ToVoicemail(name):
            yield Reference(Kind.QUEUE, name, path, str(target))
        case ToGroup(name):
            yield Reference(Kind.GROUP, name, path, str(target))
        case ToFlow(name):
            yield Reference(Kind.FLOW, name, path, str(target))
        case _:
            pass


def _listed(kind: Kind, names: Iterable[str], *path: Key) -> Iterator[Reference]:
    return (Reference(kind, name, (*path, number)) for number, name in enumerate(names))


def _keys(kind: Kind, names: Mapping[str, Any], *path: Key) -> Iterator[Reference]:
    return (Reference(kind, name, (*path, name), of_key=True) for name in names)


# --- what nobody reaches ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reached:
    """The flows and queues that a call can get to, and the calendars that are asked on the way."""

    flows: frozenset[str]
    queues: frozenset[str]
    hours: frozenset[str]


def reached(material: Material) -> Reached:
    """Follows calls from the hotlines through flows, queues, overflow, surveys and escalation."""
    found: dict[Kind, set[str]] = {Kind.FLOW: set(), Kind.QUEUE: set(), Kind.HOURS: set()}
    waiting: list[tuple[Kind, str]] = []
    for hotline in material.hotlines.hotlines.values():
        waiting += [(Kind.FLOW, hotline.flow), (Kind.HOURS, hotline.hours)]
    waiting += [(r.kind, r.name) for r in _of_escalation(material) if r.path[2] != "queues"]
    while waiting:
        kind, name = waiting.pop()
        if kind in found and name not in found[kind]:
            found[kind].add(name)
            waiting += [(reference.kind, reference.name) for reference in _beyond(material, kind, name)]
    return Reached(frozenset(found[Kind.FLOW]), frozenset(found[Kind.QUEUE]), frozenset(found[Kind.HOURS]))


def _beyond(material: Material, kind: Kind, name: str) -> Iterator[Reference]:
    if kind is Kind.FLOW and name in material.flows:
        yield from _of_flow(name, material.flows[name])
    elif kind is Kind.QUEUE and name in material.queues.queues:
        yield from _of_queue(name, material.queues.queues[name])


def unreached(material: Material) -> Iterator[Finding]:
    """Warnings of flows, queues and calendars that no call gets to.

    To be asked only where there is no error: what is misspelt leads nowhere, which would say all this again.
    """
    got = reached(material)
    where = material.places.where
    for name in material.flows:
        if name not in got.flows:
            yield Finding(
                where(FLOWS, name, "flow"),
                f"no hotline, queue or survey leads to the flow {quoted(name)}",
                value=name,
                severity="warning",
            )
    for name in material.queues.queues:
        if name not in got.queues:
            what = f"no flow, queue or escalation leads to the queue {quoted(name)}"
            yield Finding(where("queues", name, of_key=True), what, value=name, severity="warning")
    for name in material.hours.hours:
        if name not in got.hours:
            what = f"no hotline and no flow asks for the calendar {quoted(name)}"
            yield Finding(where("hours", name, of_key=True), what, value=name, severity="warning")
