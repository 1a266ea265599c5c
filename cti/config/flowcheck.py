"""What is wrong within a flow: targets, steps that nothing leads to, menus without a person, values that are not there.

A menu needs a way to a person where a caller meets it in the hours: in a flow that a hotline begins with, before the
caller has been in a queue, and not only where a calendar is closed. A menu after closing time, and one for callers
whom a queue could not serve, may offer a message and a call back alone.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from cti.config.findings import Finding, Place, nearest, quoted
from cti.config.flowvalues import Uses, values
from cti.config.graph import Follow, walked
from cti.config.places import FLOWS
from cti.config.reading import Material
from cti.config.yamlfile import Key
from cti.ivr.steps import Collect, Edge, EdgeKind, Flow, Menu

_EXPECTED: Final = "callers expect a person behind key 0"


def flaws(material: Material) -> Iterator[Finding]:
    """Everything that is wrong within the flows."""
    uses = Uses(material)
    for name, flow in material.sound_flows:
        check = _FlowCheck(material, name, flow)
        lost = list(check.lost())
        yield from lost
        if not lost:  # where a target is misspelt, the rest would be said of what nobody meant
            yield from check.unreached()
            yield from values(material, name, flow, uses)
            if name in uses.hotline:
                yield from check.menus()


class _FlowCheck:
    """One flow."""

    def __init__(self, material: Material, name: str, flow: Flow) -> None:
        self._material = material
        self._name = name
        self._flow = flow

    def _place(self, *path: Key, of_key: bool = False) -> Place:
        return self._material.places.where(FLOWS, self._name, *path, of_key=of_key)

    # --- steps

    def lost(self) -> Iterator[Finding]:
        """Targets that are no step."""
        flow = self._flow
        if flow.start not in flow.steps:
            yield self._lost("start", flow.start, tuple(flow.steps), "start")
        targets = flow.targets()
        for name, edge in flow.edges():
            if edge.target not in targets:
                word = f"key {edge.path[-1]}" if edge.kind is EdgeKind.KEY else edge.path[-1]
                yield self._lost(word, edge.target, targets, "steps", name, *edge.path)

    def _lost(self, word: str, target: str, allowed: tuple[str, ...], *path: Key) -> Finding:
        what = f"{word}: {quoted(target)} is not a step"
        return Finding(self._place(*path), what, value=target, hint=nearest(target, allowed), allowed=allowed)

    def unreached(self) -> Iterator[Finding]:
        """Steps that no path leads to."""
        found = walked(self._flow, self._flow.start, lambda name, edge: True)
        for name in self._flow.steps:
            if name not in found:
                place = self._place("steps", name, of_key=True)
                yield Finding(place, f"no path leads to the step {quoted(name)}", value=name)

    # --- persons

    def menus(self) -> Iterator[Finding]:
        """Menus without a way to a person, and keys 0 that are not that way."""
        first = self._walked_in_hours(past_menus=False)
        for name in self._walked_in_hours(past_menus=True):
            menu = self._flow.steps[name]
            if not isinstance(menu, Menu):
                continue
            if not self._leads_to_person(name, _in_hours):
                place = self._place("steps", name, of_key=True)
                what = f"the menu {quoted(name)} has no way to a person"
                yield Finding(place, what, value=name, hint="let a key, best 0, lead to a queue")
            elif name in first or "0" in menu.keys:
                yield from self._key_0(name, menu)

    def _key_0(self, name: str, menu: Menu) -> Iterator[Finding]:
        target = menu.keys.get("0")
        if target is None:
            place = self._place("steps", name, "keys", of_key=True)
            what = f"the menu {quoted(name)} has no key 0"
            yield Finding(place, what, value="keys", hint=_EXPECTED, severity="warning")
        elif not self._leads_to_person(target, self._unasked):
            place = self._place("steps", name, "keys", "0")
            what = f"key 0: {quoted(target)} does not lead to a person"
            yield Finding(place, what, value=target, hint=_EXPECTED, severity="warning")

    def _walked_in_hours(self, *, past_menus: bool) -> Mapping[str, str]:
        """The steps that a caller meets before the first queue, in the hours."""
        steps = self._flow.steps

        def follow(name: str, edge: Edge) -> bool:
            stop = steps[name].person or (isinstance(steps[name], Menu) and not past_menus)
            return not stop and _in_hours(name, edge)

        return walked(self._flow, self._flow.start, follow)

    def _unasked(self, name: str, edge: Edge) -> bool:
        return _in_hours(name, edge) and not isinstance(self._flow.steps[name], Menu | Collect)

    def _leads_to_person(self, start: str, follow: Follow) -> bool:
        return any(self._flow.steps[name].person for name in walked(self._flow, start, follow))


def _in_hours(name: str, edge: Edge) -> bool:
    return edge.kind is not EdgeKind.CLOSED
