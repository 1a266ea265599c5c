"""`cti check`: reads every file, looks at each and at all together, and proves that every flow ends."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Final

from cti.config.calendar import Calendars, doubts
from cti.config.callers import caller_lists
from cti.config.dialling import misdialled
from cti.config.findings import ConfigError, Finding
from cti.config.flowcheck import flaws
from cti.config.overflowing import endless_waits, idle_escalations, idle_rules, rounds
from cti.config.proof import Proof, days_ahead, prove
from cti.config.reading import Material, read
from cti.config.references import dangling, unreached
from cti.config.routing import Routing, dialled
from cti.config.staffing import narrowing, shared_endpoints, unstaffed
from cti.ids import GroupId, QueueId, SkillId


@dataclass(frozen=True, slots=True)
class Checked:
    """What came out of a check."""

    routing: Routing | None
    """None when there is an error."""
    findings: tuple[Finding, ...]
    """In the order of the files and lines."""
    proof: Proof
    counts: tuple[tuple[str, int], ...]
    """How many hotlines, queues, agents and flows could be read."""

    def accepted(self) -> Routing:
        """The routing. Raises ConfigError with everything that was found when there is an error."""
        if self.routing is None:
            raise ConfigError(self.findings)
        return self.routing

    def with_more(self, findings: Iterable[Finding]) -> "Checked":
        """With what else was found; an error keeps the files from being used."""
        every = (*self.findings, *findings)
        right = all(finding.severity == "warning" for finding in every)
        return replace(self, findings=every, routing=self.routing if right else None)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps the files from being used."""
        return tuple(finding for finding in self.findings if finding.severity == "error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What should be looked at."""
        return tuple(finding for finding in self.findings if finding.severity == "warning")

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        proof = self.proof
        return {
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "findings": [finding.as_json() for finding in self.findings],
            "counts": dict(self.counts),
            "proof": {
                "first_day": str(proof.first_day),
                "last_day": str(proof.last_day),
                "flows": proof.flows,
                "combinations": proof.combinations,
                "instants": proof.instants,
            },
        }

    def summary(self) -> str:
        """One line for people."""
        counted = ", ".join(
            f"{number:,} {noun if number != 1 else noun.removesuffix('s')}" for noun, number in self.counts
        )
        if self.errors:
            errors, warnings = len(self.errors), len(self.warnings)
            found = [f"{errors} error{'s' * (errors != 1)}"]
            found += [f"{warnings} warning{'s' * (warnings != 1)}"] if warnings else []
            return f"{' and '.join(found)} in {counted}"
        proof = self.proof
        plural = "combination" + "s" * (proof.combinations != 1)
        return (
            f"{counted}; every flow ends on every path, {proof.first_day}..{proof.last_day} "
            f"({proof.combinations} {plural} of hours)"
        )


CHECKS: Final[tuple[Callable[[Material], Iterator[Finding]], ...]] = (
    dangling,
    misdialled,
    shared_endpoints,
    narrowing,
    unstaffed,
    idle_rules,
    rounds,
    endless_waits,
    idle_escalations,
    flaws,
)
"""What is looked at across the files."""


def check(routing: Path, flows: Path, today: date) -> Checked:
    """Reads the folders and checks everything. Never raises for what is wrong in the files."""
    material = read(routing, flows)
    proof, endless = prove(material, today)
    found = [*material.findings, *chain.from_iterable(one(material) for one in CHECKS), *endless]
    found += _doubts(material, today)
    if all(finding.severity == "warning" for finding in found):
        found += unreached(material)
    findings = tuple(sorted(dict.fromkeys(found), key=lambda finding: _order(finding, flows)))
    right = all(finding.severity == "warning" for finding in findings)
    return Checked(_routing(material) if right else None, findings, proof, _counts(material))


def load_routing(routing: Path, flows: Path, today: date) -> Routing:
    """What `check` makes of the folders. Raises ConfigError with everything that is wrong."""
    return check(routing, flows, today).accepted()


def _order(finding: Finding, flows: Path) -> tuple[bool, str, int, int]:
    place = finding.place
    return Path(place.source).parent == flows, place.source, place.line, place.column


def _doubts(material: Material, today: date) -> Iterator[Finding]:
    for doubt in doubts(material.hours.hours, *days_ahead(today)):
        place = material.places.where(*doubt.path, of_key=True)
        yield Finding(place, doubt.what, value=doubt.path[-1], hint=doubt.hint, severity="warning")


def _routing(material: Material) -> Routing:
    return Routing(
        hotlines=material.hotlines.hotlines,
        calendars=Calendars(material.hours.hours),
        skills={SkillId(name): shown for name, shown in material.skills.shown_skills().items()},
        groups={GroupId(name): shown for name, shown in material.skills.shown_groups().items()},
        agents=material.agents,
        queues={QueueId(name): queue for name, queue in material.queues.queues.items()},
        rules=material.queues.rules,
        escalation=material.escalation.escalation,
        callers=caller_lists(material.callers),
        flows=dict(material.flows),
        places=material.places,
        content_hash=_hash(material),
        _dialled=dialled(material.hotlines.hotlines, material.callers.region),
    )


def _hash(material: Material) -> str:
    """SHA-256 of the names and texts of all files that were read."""
    digest = hashlib.sha256()
    places = material.places
    for name, document in sorted([*places.files.items(), *((f"flows/{n}", d) for n, d in places.flow_files.items())]):
        text = document.text.text.encode()
        digest.update(f"{name}\n{len(text)}\n".encode() + text)
    return digest.hexdigest()


def _counts(material: Material) -> tuple[tuple[str, int], ...]:
    return (
        ("hotlines", len(material.hotlines.hotlines)),
        ("queues", len(material.queues.queues)),
        ("agents", len(material.agents.agents)),
        ("flows", len(material.flows)),
    )
