"""routing/agents.yaml: who takes calls."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from cti.config.model import Duration, Strict
from cti.config.yamlfile import parse
from cti.ids import AgentId


def _agent_id(value: str) -> str:
    if not re.fullmatch(r"[0-9]{2,10}", value):
        raise ValueError("an agent's id is what their phone registers as: 2 to 10 digits, in quotes")
    return value


class AgentDefaults(Strict):
    """What holds for every agent that does not say otherwise."""

    wrap_up: Duration = 15.0
    ring: Duration = 20.0


class Agent(Strict):
    """A person who takes calls."""

    name: Annotated[str, Field(min_length=1)]
    groups: tuple[str, ...] = ()
    skills: dict[str, Annotated[int, Field(ge=1, le=5)]] = {}
    """Skill and proficiency, 1 to 5."""
    wrap_up: Duration | None = None
    ring: Duration | None = None


class Agents(Strict):
    """The whole file."""

    defaults: AgentDefaults = AgentDefaults()
    agents: dict[Annotated[str, BeforeValidator(str), AfterValidator(_agent_id)], Agent] = {}

    def ids(self) -> list[AgentId]:
        """The agents, in the order of the file."""
        return [AgentId(agent) for agent in self.agents]


def load_agents(routing: Path) -> Agents:
    """Reads agents.yaml in the folder `routing`. Raises ConfigError."""
    return parse(routing / "agents.yaml", Agents)
