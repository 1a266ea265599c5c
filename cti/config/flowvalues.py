"""Whether what a flow says has a value by then: placeholders that are known there, variables that were filled."""

from collections.abc import Iterator
from typing import Final

from cti.config.findings import Finding, Place, nearest, quoted
from cti.config.graph import walked, way_to
from cti.config.places import FLOWS, at_part
from cti.config.reading import Material
from cti.config.references import targets
from cti.config.targets import ToFlow
from cti.ivr.placeholders import PLACEHOLDERS, Scope, known
from cti.ivr.steps import Check, Collect, Edge, EdgeKind, Flow, Http, Read, Step, Thing

_FILLS_ON: Final[dict[type[Step], EdgeKind]] = {Collect: EdgeKind.ENTERED, Http: EdgeKind.THEN}
"""The only edge on which these have filled their variables; others fill them on every edge."""

_KNOWN: Final = {
    Scope.CALL: "in every flow",
    Scope.QUEUE: "while the caller waits in a queue",
    Scope.TALK: "after the talk with an agent",
}


class Uses:
    """How calls come into each flow."""

    def __init__(self, material: Material) -> None:
        self.hotline = {hotline.flow for hotline in material.hotlines.hotlines.values()}
        """Flows that a hotline begins with."""
        self.survey = {
            mention.name
            for flow in material.flows.values()
            for step in flow.steps.values()
            for mention in step.mentions()
            if mention.thing is Thing.FLOW
        }
        """Flows that run after the talk."""
        self.overflow = {
            target.flow
            for name, queue in material.queues.queues.items()
            for _, target in targets(name, queue)
            if isinstance(target, ToFlow)
        }
        """Flows that a queue sends calls to."""
        self._variables = {name: flow.variables() for name, flow in material.flows.items()}

    def scopes(self, flow: str) -> list[Scope]:
        """What is known when the flow runs, for each way into it; nothing where no way is known."""
        in_call = flow in self.hotline or flow in self.overflow
        return [scope for scope, comes in ((Scope.CALL, in_call), (Scope.TALK, flow in self.survey)) if comes]

    def brought(self, flow: str) -> frozenset[str]:
        """Variables that a call may have when it comes in: those of other flows, where it has been in one."""
        if flow in self.hotline:
            return frozenset()
        return frozenset(name for other, names in self._variables.items() if other != flow for name in names)


def values(material: Material, name: str, flow: Flow, uses: Uses) -> Iterator[Finding]:
    """Placeholders that are not known in the flow, and variables that nothing has filled by then."""
    scopes, brought = uses.scopes(name), uses.brought(name)
    filled = (*flow.variables(), *sorted(brought))
    for step in walked(flow, flow.start, lambda name, edge: True):
        for read in dict.fromkeys(flow.steps[step].reads()):
            place = material.places.where(FLOWS, name, "steps", step, *read.path)
            shown = read.name if isinstance(flow.steps[step], Check) else f"{{{read.name}}}"
            place = at_part(place, shown)
            if read.name in PLACEHOLDERS:
                yield from _unknown_here(place, shown, read.name, scopes)
            elif read.name not in filled:
                allowed = (*known((), (*scopes, Scope.CALL)[0]), *filled)
                what = f"{shown} is neither a placeholder nor filled by a step"
                yield Finding(place, what, value=shown, hint=nearest(read.name, allowed), allowed=allowed)
            elif read.name not in brought and not _may_be_empty(flow.steps[step], read):
                yield from _unfilled(place, shown, read.name, step, flow)


def _may_be_empty(step: Step, read: Read) -> bool:
    """Whether the step copes with it, or fills it itself: a check may ask for it, and confirm says what was keyed."""
    keyed = isinstance(step, Collect) and read.path[:1] == ("confirm",) and read.name == step.into
    return keyed or isinstance(step, Check)


def _unknown_here(place: Place, shown: str, name: str, scopes: list[Scope]) -> Iterator[Finding]:
    when = PLACEHOLDERS[name].scopes
    if not when.issuperset(scopes):
        hint = f"it is known only {' and '.join(_KNOWN[scope] for scope in Scope if scope in when)}"
        yield Finding(place, f"{shown} has no value in this flow", value=shown, hint=hint)


def _unfilled(place: Place, shown: str, name: str, step: str, flow: Flow) -> Iterator[Finding]:
    without = walked(flow, flow.start, lambda here, edge: not _fills(flow.steps[here], edge, name))
    if step not in without:
        return
    beyond = (edge.target for here, edge in flow.edges() if _fills(flow.steps[here], edge, name))
    if not any(step in walked(flow, target, lambda here, edge: True) for target in beyond):
        yield Finding(place, f"{shown} is filled nowhere before the step {quoted(step)}", value=shown)
        return
    way = " -> ".join(way_to(step, without))
    yield Finding(place, f"{shown} has no value on the way {way}", value=shown, severity="warning")


def _fills(step: Step, edge: Edge, name: str) -> bool:
    return name in step.writes() and edge.kind is _FILLS_ON.get(type(step), edge.kind)
