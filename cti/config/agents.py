"""routing/agents.yaml: who takes calls."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainValidator

from cti.config.fields import Lasting, Name, Needs, ShownName
from cti.config.findings import quoted
from cti.config.model import Duration, Refused, Strict
from cti.config.yamlfile import parse
from cti.ids import AgentId


@dataclass(frozen=True, slots=True)
class RegisteredPhone:
    """A phone that registers at our switch, by what it registers as."""

    user: str


@dataclass(frozen=True, slots=True)
class SipAddress:
    """A phone elsewhere: sip:USER@HOST."""

    uri: str


@dataclass(frozen=True, slots=True)
class OutsideNumber:
    """A phone in the telephone network, in E.164."""

    number: str


Endpoint = RegisteredPhone | SipAddress | OutsideNumber
"""What is rung for an agent."""

ENDPOINT_FORMS = ('"1001"', "sip:wang@203.0.113.7", '"+8613800138000"')

_PHONE = re.compile(r"[0-9]{2,10}")
_SIP = re.compile(r"sip:[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})(?::[0-9]{1,5})?")
_OUTSIDE = re.compile(r"\+[1-9][0-9]{6,14}")


def read_endpoint(value: Any) -> Endpoint:
    """The endpoint that a text names. Raises Refused."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if _PHONE.fullmatch(text):
        return RegisteredPhone(text)
    if _SIP.fullmatch(text):
        return SipAddress(text)
    if _OUTSIDE.fullmatch(text):
        return OutsideNumber(text)
    outside = text.isdecimal() and len(text) > 10
    hint = "a number outside begins with + and its country: +86" if outside else ""
    raise Refused(f"{quoted(value)} is not an endpoint", hint=hint, allowed=ENDPOINT_FORMS)


def _agent_id(value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise Refused(
            f"{quoted(value)} is not an agent's id",
            hint="it is what their phone registers as: 2 to 10 digits, in quotes",
        )
    return value


class AgentDefaults(Strict):
    """What holds for every agent that does not say otherwise."""

    wrap_up: Duration = 15.0
    ring: Lasting = 20.0


class Agent(Strict):
    """A person who takes calls."""

    name: ShownName
    groups: tuple[Name, ...] = ()
    skills: Needs = {}
    """Skill and proficiency, 1 to 5."""
    prefers: tuple[Name, ...] = ()
    """Queues whose calls they get first; among these the usual order."""
    endpoint: Annotated[Endpoint | None, PlainValidator(read_endpoint)] = None
    """What is rung; without it the phone that registers as the agent's id."""
    wrap_up: Duration | None = None
    ring: Lasting | None = None


class Agents(Strict):
    """The whole file."""

    defaults: AgentDefaults = AgentDefaults()
    agents: dict[Annotated[str, BeforeValidator(str), AfterValidator(_agent_id)], Agent] = {}

    def ids(self) -> list[AgentId]:
        """The agents, in the order of the file."""
        return [AgentId(agent) for agent in self.agents]

    def endpoint(self, agent: AgentId) -> Endpoint:
        """What is rung for an agent."""
        return self.agents[agent].endpoint or RegisteredPhone(agent)

    def ring(self, agent: AgentId) -> float:
        """How long an offered call rings, in seconds, where the queue does not say."""
        own = self.agents[agent].ring
        return self.defaults.ring if own is None else own

    def wrap_up(self, agent: AgentId) -> float:
        """The pause after a call, in seconds, where the queue does not say."""
        own = self.agents[agent].wrap_up
        return self.defaults.wrap_up if own is None else own


def load_agents(routing: Path) -> Agents:
    """Reads agents.yaml in the folder `routing`. Raises ConfigError."""
    return parse(routing / "agents.yaml", Agents)
