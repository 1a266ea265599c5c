"""Everything that admins have decided, as one value that never changes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cti.config.agents import Agents
from cti.config.calendar import Calendars
from cti.config.callers import CallerLists
from cti.config.escalation import EscalationRule
from cti.config.findings import Place
from cti.config.hotlines import Hotline
from cti.config.numbers import comparable
from cti.config.places import FLOWS, Places
from cti.config.queues import Queue, QueueRules
from cti.config.yamlfile import Key
from cti.ids import GroupId, QueueId, SkillId
from cti.ivr.prompts import Piece, static_pieces
from cti.ivr.steps import Flow


@dataclass(frozen=True, slots=True)
class Routing:
    """The files of routing/ and ivr_flows/, checked: every name in them is defined. Made by `check`.

    A call keeps the Routing that it began with, whatever is put in force meanwhile.
    """

    hotlines: Mapping[str, Hotline]
    calendars: Calendars
    skills: Mapping[SkillId, str]
    """Every skill, and what people see."""
    groups: Mapping[GroupId, str]
    agents: Agents
    queues: Mapping[QueueId, Queue]
    rules: QueueRules
    escalation: tuple[EscalationRule, ...]
    callers: CallerLists
    flows: Mapping[str, Flow]
    places: Places = field(repr=False)
    content_hash: str = ""
    """Of the text of all files: what is equal in it is equal in every letter."""
    _dialled: Mapping[str, str] = field(default_factory=dict, repr=False)

    def where(self, section: str, *path: Key, of_key: bool = False) -> Place:
        """Where something stands: where("queues", "service", "strategy"), where("flows", "service", "start")."""
        return self.places.where(section, *path, of_key=of_key)

    def hotline_of(self, number: str) -> str | None:
        """The hotline that has a dialled number, however the network writes it; None when it is not ours."""
        return self._dialled.get(comparable(number, self.callers.region))


def dialled(hotlines: Mapping[str, Hotline], region: str) -> dict[str, str]:
    """The hotline of each number, in E.164."""
    return {comparable(number, region): name for name, one in hotlines.items() for number in one.numbers}


def static_prompts(routing: Routing) -> Iterator[tuple[Piece, Place]]:
    """Everything that the flows can have rendered before anybody calls, each with the place of its prompt."""
    for name, flow in routing.flows.items():
        for step_name, step in flow.steps.items():
            for use in step.prompts():
                place = routing.where(FLOWS, name, "steps", step_name, *use.path)
                for piece in static_pieces(use.prompt):
                    yield piece, place
