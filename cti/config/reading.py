"""Reads every file of routing/ and ivr_flows/, and saves of a file with errors what is right in it.

What is wrong with one queue must not hide what is wrong with the next one, nor make every mention of it look wrong.
So an entry with an error is left out, its name stays known, and the file counts as broken.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cti.config.agents import Agents
from cti.config.callers import WELL_KNOWN, Callers
from cti.config.escalation import Escalation
from cti.config.findings import ConfigError, Finding, Place, nearest, quoted
from cti.config.hotlines import Hotlines
from cti.config.hours import HoursFile
from cti.config.places import FLOWS, Places
from cti.config.queues import Queues
from cti.config.skills import Skills
from cti.config.yamlfile import Document, findings, load
from cti.ivr.steps import Flow

Model = TypeVar("Model", bound=BaseModel)

NECESSARY: Final = {
    "hotlines.yaml": "the numbers that people call",
    "hours.yaml": "when somebody is there",
    "skills.yaml": "what agents can do",
    "agents.yaml": "who takes calls",
    "queues.yaml": "who waits for whom",
}
OPTIONAL: Final = ("escalation.yaml", "callers.yaml")

_WITHOUT: Final[dict[str, dict[str, object]]] = {"skills": {}, "groups": {}, "hours": {}, "lists": {}}
"""Sections that a file need not have."""
_LISTS: Final = ("skills", "groups")
"""Sections that may be written as a list of names."""


class Kind(StrEnum):
    """What names in the files can mean."""

    SKILL = "skill"
    GROUP = "skill group"
    QUEUE = "queue"
    FLOW = "flow"
    HOURS = "calendar"
    LIST = "caller list"


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that could be read."""

    places: Places
    hotlines: Hotlines
    hours: HoursFile
    skills: Skills
    agents: Agents
    queues: Queues
    escalation: Escalation
    callers: Callers
    flows: Mapping[str, Flow]
    names: Mapping[Kind, frozenset[str] | None]
    """Every name that is defined, with those whose entry is wrong; None where the file cannot say."""
    broken: frozenset[str] = frozenset()
    """The files with errors, by their names, and the flows with errors as flows/NAME."""
    findings: tuple[Finding, ...] = ()

    def knows(self, kind: Kind, names: Iterable[str]) -> bool:
        """Whether all of these are defined, as far as the files can say."""
        known = self.names[kind]
        return known is None or known.issuperset(names)

    @property
    def sound_flows(self) -> Iterator[tuple[str, Flow]]:
        """The flows that are right in themselves."""
        return ((name, flow) for name, flow in self.flows.items() if f"{FLOWS}/{name}" not in self.broken)


def read(routing: Path, flows: Path) -> Material:
    """Reads everything. What is wrong is in the findings; nothing is raised."""
    return _Reader(routing, flows).read()


@dataclass(slots=True)
class _Part(Generic[Model]):
    """One file, as far as it can be used."""

    model: Model | None = None
    document: Document | None = None
    absent: bool = False
    """Whether the file is not there, and need not be."""

    def names(self, section: str) -> frozenset[str] | None:
        """The keys of a section, or what its list has; None where the file does not say."""
        if self.document is None:
            return frozenset() if self.absent else None
        data = {} if self.document.data is None else self.document.data
        entries = data.get(section, _WITHOUT.get(section)) if isinstance(data, dict) else None
        if isinstance(entries, dict) or (isinstance(entries, list) and section in _LISTS):
            return frozenset(map(str, entries))
        return None


@dataclass(slots=True)
class _Reader:
    routing: Path
    flows: Path
    findings: list[Finding] = field(default_factory=list)
    files: dict[str, Document] = field(default_factory=dict)
    flow_files: dict[str, Document] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    def read(self) -> Material:
        self._look_around()
        hotlines = self._routing("hotlines.yaml", Hotlines)
        hours = self._routing("hours.yaml", HoursFile)
        skills = self._routing("skills.yaml", Skills)
        agents = self._routing("agents.yaml", Agents)
        queues = self._routing("queues.yaml", Queues)
        escalation = self._routing("escalation.yaml", Escalation)
        callers = self._routing("callers.yaml", Callers)
        flows = dict(self._flows())
        lists = callers.names("lists")
        return Material(
            places=Places(self.routing, self.flows, self.files, self.flow_files),
            hotlines=hotlines.model or Hotlines(hotlines={}),
            hours=hours.model or HoursFile(hours={}),
            skills=skills.model or Skills(),
            agents=agents.model or Agents(),
            queues=queues.model or Queues(queues={}),
            escalation=escalation.model or Escalation(),
            callers=callers.model or Callers(),
            flows={name: part.model for name, part in flows.items() if part.model is not None},
            names={
                Kind.SKILL: skills.names("skills"),
                Kind.GROUP: skills.names("groups"),
                Kind.QUEUE: queues.names("queues"),
                Kind.FLOW: frozenset(flows) if self.flows.is_dir() else None,
                Kind.HOURS: hours.names("hours"),
                Kind.LIST: None if lists is None else lists | frozenset(WELL_KNOWN),
            },
            broken=frozenset(self.broken),
            findings=tuple(self.findings),
        )

    def _look_around(self) -> None:
        """Files that nobody reads are probably misspelt."""
        for folder in (self.routing, self.flows):
            if not folder.is_dir():
                self.findings.append(Finding(Place(str(folder)), "is not a folder"))
                self.broken.add(str(folder))
        known = (*NECESSARY, *OPTIONAL)
        for file in _entries(self.routing):
            if file.suffix in (".yaml", ".yml") and file.name not in known:
                hint = nearest(file.with_suffix(".yaml").name, known)
                self._warn(file, "is not read: no file of this name is looked for", hint, known)
        for file in _entries(self.flows):
            if file.suffix == ".yml":
                self._warn(file, "is not read: the name of a flow's file ends in .yaml", "", ())

    def _warn(self, file: Path, what: str, hint: str, allowed: tuple[str, ...]) -> None:
        self.findings.append(Finding(Place(str(file)), what, hint=hint, allowed=allowed, severity="warning"))

    def _routing(self, file: str, model: type[Model]) -> _Part[Model]:
        path = self.routing / file
        if not path.exists():
            if file in NECESSARY and self.routing.is_dir():
                self.findings.append(Finding(Place(str(path)), f"is missing: {NECESSARY[file]}"))
                self.broken.add(file)
            return _Part(absent=file in OPTIONAL)
        part = self._part(path, file, model)
        if part.document is not None:
            self.files[file] = part.document
        return part

    def _flows(self) -> Iterator[tuple[str, _Part[Flow]]]:
        for path in _entries(self.flows):
            if path.suffix != ".yaml":
                continue
            name = path.stem
            part = self._part(path, f"{FLOWS}/{name}", Flow)
            if part.document is not None:
                self.flow_files[name] = part.document
            if part.model is not None and part.model.flow != name:
                self._misnamed(name, part.model)
            yield name, part

    def _misnamed(self, name: str, flow: Flow) -> None:
        place = self.flow_files[name].place(("flow",))
        what = f"flow: {quoted(flow.flow)} is not the name of the file"
        self.findings.append(Finding(place, what, value=flow.flow, hint=f"write {name}, or rename the file"))

    def _part(self, path: Path, name: str, model: type[Model]) -> _Part[Model]:
        try:
            document = load(path)
        except ConfigError as error:
            self.findings += error.findings
            self.broken.add(name)
            return _Part()
        data = document.data if document.data is not None else {}
        try:
            return _Part(model.model_validate(data), document)
        except ValidationError as error:
            self.findings += findings(error, model, document.place)
            self.broken.add(name)
            return _Part(_saved(data, error, model), document)


def _entries(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if not file.name.startswith(".")) if folder.is_dir() else []


def _saved(data: Any, error: ValidationError, model: type[Model]) -> Model | None:
    """The model without the entries that have errors; None when that is not enough."""
    if not isinstance(data, dict):
        return None
    kept = {section: dict(value) if isinstance(value, dict) else value for section, value in data.items()}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        section, *entry = detail["loc"]
        if entry and isinstance(kept.get(str(section)), dict):
            kept[str(section)].pop(str(entry[0]), None)
        else:
            kept.pop(str(section), None)
    try:
        return model.model_validate(kept)
    except ValidationError:
        return None
