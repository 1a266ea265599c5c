"""The proof that every flow ends on every path, at every hour of the coming days.

A caller who keeps pressing keys can hear a menu for ever; that is no fault of the flow. So a flow ends when a caller
who keys nothing comes to an end from every step: by the edges that need no key there must be no circle. Such a circle
may depend on which calendars are open. All of a flow's calendars are followed through the coming days, and every
combination of open and closed that occurs is looked at once: between two changes the flow is always the same.
A call that is in a flow while a calendar changes is then in the next combination, where it ends as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cti.config.calendar import HORIZON, Calendars
from cti.config.findings import Finding
from cti.config.graph import circle, is_silent, walked, way_to
from cti.config.places import FLOWS
from cti.config.reading import Material
from cti.ivr.steps import Edge, EdgeKind, Flow, Hours

Combination = tuple[bool, ...]
"""Whether each calendar of a flow is open, in the order in which the flow names them."""

_STATE: Final = {EdgeKind.OPEN: True, EdgeKind.CLOSED: False}


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved."""

    first_day: date
    last_day: date
    flows: int = 0
    combinations: int = 0
    """Of open and closed calendars, summed over the flows."""
    instants: int = 0
    """At which a calendar of a flow changes, summed over the flows."""


def days_ahead(today: date) -> tuple[date, date]:
    """The first and the last day that are looked at."""
    return today, today + timedelta(days=HORIZON)


def prove(material: Material, today: date) -> tuple[Proof, list[Finding]]:
    """Proves that every flow ends; what does not is in the findings, with an instant at which it does not."""
    first, last = days_ahead(today)
    clock = _Clock(Calendars(material.hours.hours), first, last)
    flows = combinations = instants = 0
    found: list[Finding] = []
    for name, flow in material.sound_flows:
        hours = tuple(calendars_of(flow))
        if any(calendar not in clock.calendars for calendar in hours):
            continue  # an error of its own
        occurring, changes = clock.combinations(hours)
        way, at = _endless(flow, hours, occurring)
        if way:
            found.append(_finding(material, name, way, at))
        flows, combinations, instants = flows + 1, combinations + len(occurring), instants + changes
    return Proof(first, last, flows, combinations, instants), found


def calendars_of(flow: Flow) -> dict[str, None]:
    """The calendars that decide where the flow goes, in its order."""
    return dict.fromkeys(step.hours for step in flow.steps.values() if isinstance(step, Hours))


def _endless(
    flow: Flow, hours: tuple[str, ...], occurring: Mapping[Combination, datetime]
) -> tuple[list[str], datetime | None]:
    """The way into a circle and once round it, and when (None: always); no steps when the flow ends."""
    if not circle(flow, is_silent):
        return [], None  # not even if open and closed could hold at once
    for combination, at in occurring.items():
        state = dict(zip(hours, combination, strict=True))

        def follow(name: str, edge: Edge, state: Mapping[str, bool] = state) -> bool:
            step = flow.steps[name]
            fits = not isinstance(step, Hours) or state[step.hours] is _STATE[edge.kind]
            return fits and is_silent(name, edge)

        ring = circle(flow, follow)
        if ring:
            way = way_to(ring[0], walked(flow, flow.start, follow))
            return [*way, *ring[1:], ring[0]], at if hours else None
    return [], None


def _finding(material: Material, name: str, way: list[str], at: datetime | None) -> Finding:
    when = f", for example {at:%Y-%m-%d %H:%M}" if at else ""
    place = material.places.where(FLOWS, name, "steps", way[-1], of_key=True)
    what = f"the flow does not end for a caller who keys nothing{when}: {' -> '.join(way)}"
    return Finding(place, what, value=way[-1], hint="it goes round; lead one of these steps elsewhere, or to hangup")


class _Clock:
    """Which combinations of calendars occur; worked out once for each calendar and each set of them."""

    def __init__(self, calendars: Calendars, first: date, last: date) -> None:
        self.calendars = calendars
        self._first = first
        self._after = last + timedelta(days=1)
        self._changes: dict[tuple[str, ZoneInfo], list[tuple[datetime, bool]]] = {}
        self._combinations: dict[tuple[str, ...], tuple[dict[Combination, datetime], int]] = {}

    def combinations(self, hours: tuple[str, ...]) -> tuple[dict[Combination, datetime], int]:
        """Every combination with the instant at which it first holds, and the number of instants looked at."""
        if hours not in self._combinations:
            self._combinations[hours] = self._followed(hours)
        return self._combinations[hours]

    def _followed(self, hours: tuple[str, ...]) -> tuple[dict[Combination, datetime], int]:
        if not hours:
            return {(): datetime.combine(self._first, time(), UTC)}, 1
        zone = self.calendars[hours[0]].zone
        at_instant: dict[datetime, list[tuple[int, bool]]] = {}
        for index, name in enumerate(hours):
            for at, is_open in self._of(name, zone):
                at_instant.setdefault(at, []).append((index, is_open))
        state = [False] * len(hours)
        found: dict[Combination, datetime] = {}
        for at in sorted(at_instant):
            for index, is_open in at_instant[at]:
                state[index] = is_open
            found.setdefault(tuple(state), at)
        return found, len(at_instant)

    def _of(self, name: str, zone: ZoneInfo) -> list[tuple[datetime, bool]]:
        """The changes of a calendar; the days begin and end as they do in the zone."""
        key = (name, zone)
        if key not in self._changes:
            begin, end = (datetime.combine(day, time(), zone) for day in (self._first, self._after))
            self._changes[key] = list(self.calendars[name].changes(begin, end))
        return self._changes[key]
