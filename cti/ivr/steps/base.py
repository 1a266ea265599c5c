"""What every step of a flow can tell about itself, so that nobody has to ask which verb it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from cti.ivr.prompts import Prompt, Template
from cti.ivr.values import Strict, Target

Path = tuple[str, ...]
"""Keys that lead to a value inside a step: ("keys", "1")."""


class EdgeKind(StrEnum):
    """When a flow takes an edge."""

    ALWAYS = "always"
    OPEN = "open"
    """The calendar of the step is open; time decides."""
    CLOSED = "closed"
    KEY = "key"
    """The caller pressed it."""
    ENTERED = "entered"
    """The caller keyed what was asked for."""
    OTHERWISE = "otherwise"
    """The caller keyed nothing that could be used, as often as was asked; or a web server did not answer."""
    THEN = "then"
    """A condition holds, or what the step does has been done."""
    ELSE = "else"
    GIVEN_BACK = "given back"
    """The queue gave the caller back unserved."""
    FAILED = "failed"
    """The number could not be reached."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A way out of a step."""

    kind: EdgeKind
    target: str
    """A step's name, or `hangup`."""
    path: Path
    needs_caller: bool = False
    """Nobody takes this edge who stays silent."""


class Thing(StrEnum):
    """What a step refers to in other files."""

    QUEUE = "queue"
    HOURS = "hours"
    FLOW = "flow"
    LIST = "list"
    NOTICE = "notice"
    NUMBER = "number"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Mention:
    """Something outside of the flow that a step names."""

    thing: Thing
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class PromptUse:
    """A prompt of a step."""

    prompt: Prompt
    path: Path


@dataclass(frozen=True, slots=True)
class Read:
    """A placeholder or variable whose value a step uses."""

    name: str
    path: Path


class Step(Strict):
    """One thing that a flow does. Its first key is the verb."""

    verb: ClassVar[str]
    person: ClassVar[bool] = False
    """Whether it leads to somebody who talks."""

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys of this verb as they stand in a file, the verb first."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    def edges(self) -> tuple[Edge, ...]:
        """The ways out; () where the step always ends the call."""
        return ()

    def prompts(self) -> tuple[PromptUse, ...]:
        """What it plays of its own."""
        return ()

    def mentions(self) -> tuple[Mention, ...]:
        """What it names that other files define."""
        return ()

    def writes(self) -> tuple[str, ...]:
        """The variables that it fills."""
        return ()

    def reads(self) -> tuple[Read, ...]:
        """The placeholders and variables that it uses."""
        in_prompts = (
            Read(name, (*use.path, *inside)) for use in self.prompts() for name, inside in use.prompt.placeholders()
        )
        return (*in_prompts, *self._reads_besides())

    def _reads_besides(self) -> Iterable[Read]:
        return ()


def edge(kind: EdgeKind, target: Target | None, *path: str, needs_caller: bool = False) -> tuple[Edge, ...]:
    """The edge, or none where the file gives no target."""
    return (Edge(kind, target, path, needs_caller),) if target is not None else ()


def key_edges(keys: dict[str, str]) -> tuple[Edge, ...]:
    """One edge a key that the caller may press."""
    return tuple(Edge(EdgeKind.KEY, target, ("keys", key), needs_caller=True) for key, target in keys.items())


def prompt_use(prompt: Prompt | None, *path: str) -> tuple[PromptUse, ...]:
    """The use, or none where the file gives no prompt."""
    return (PromptUse(prompt, path),) if prompt is not None else ()


def template_reads(template: Template, *path: str) -> Iterator[Read]:
    """The placeholders of a text that is not a prompt."""
    return (Read(name, path) for name in template.placeholders)
