"""routing/queues.yaml: who waits for whom, how long, and what happens meanwhile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cti.config.conditions import QueueConditionText
from cti.config.fields import Count, Every, Lasting, Name, Needs, Share, ShownName, Truth
from cti.config.findings import quoted
from cti.config.model import Duration, Noun, Refused, Strict
from cti.config.targets import Target, TargetText, ToGroup

Strategy = Annotated[
    Literal["longest_idle", "round_robin", "fewest_calls", "least_occupied", "most_skilled", "sequential", "ring_all"],
    Noun("strategy"),
]

Priority = Annotated[int, Field(strict=True, ge=0, le=10)]


class QueueRules(Strict):
    """What holds in every queue."""

    ageing: Lasting = 60.0
    """Waiting this long weighs as much as one point of priority."""
    vip: Priority = 3
    """Points of priority that a caller on the list vip has in addition."""
    rest: Duration = 5.0
    """The pause after an agent declined or did not answer, before the next offer to them."""
    no_answers: Count = 3
    """So many offers unanswered in a row, and the agent goes on a break with reason no_answer."""


class RelaxStep(Strict):
    """From this wait on, more agents will do."""

    after: Lasting
    needs: Needs | None = None
    """In place of those before; without it those before stay."""
    groups: tuple[Name, ...] | None = None
    """In place of those before; without it those before stay."""


def _leaves(target: Target) -> Target:
    if isinstance(target, ToGroup):
        raise Refused(f"{quoted(str(target))} keeps the call in the queue", hint="write it as an overflow rule")
    return target


class Limits(Strict):
    """When a queue takes no more, and keeps nobody longer."""

    waiting: Count | None = None
    """So many calls wait already: the next one does not enter."""
    wait: Lasting | None = None
    """A call that has waited so long leaves."""
    then: Annotated[TargetText, AfterValidator(_leaves)] | None = None

    @model_validator(mode="after")
    def _says_what_and_where(self) -> Self:
        if self.waiting is None and self.wait is None:
            raise Refused("neither waiting nor wait is given", hint="{waiting: 60, wait: 30m, then: voicemail NAME}")
        if self.then is None:
            raise Refused("then is missing", hint="where calls go that find the queue full, or have waited too long")
        return self


class ServiceLevel(Strict):
    """What the queue is measured by (F3)."""

    within: Lasting = 20.0
    target: Share = 0.8


def _service_level(value: Any) -> Any:
    return {"within": value} if isinstance(value, str | int | float) else value


class Announce(Strict):
    """What callers hear of their wait."""

    position: Every | None = None
    """How often their place in the queue is said."""
    estimated_wait: Truth = False
    """The estimated wait is said with it."""
    offer_callback_after: Duration | None = None
    """From this wait on a call back is offered, which keeps the place."""


class Overflow(Strict):
    """Where a call goes when the queue cannot serve it."""

    when: QueueConditionText
    to: TargetText


@dataclass(frozen=True, slots=True)
class Reach:
    """Who can be offered a call from some wait on."""

    after: float
    """Seconds."""
    needs: Mapping[str, int]
    groups: tuple[str, ...] | None
    """None: every agent who has the skills."""


class Queue(Strict):
    """Calls that wait for the same people."""

    name: ShownName
    groups: tuple[Name, ...] | None = None
    """Skill groups that serve it; without it every agent who has the skills."""
    needs: Needs = {}
    """Skills and the least proficiency in each."""
    relax: tuple[RelaxStep, ...] = ()
    """The longer the wait, the wider the net."""
    strategy: Strategy = "longest_idle"
    sticky: Duration = 0.0
    """For so long a call waits for the customer's last agent alone; 0 is off."""
    priority: Priority = 0
    ring: Lasting | None = None
    """How long an offer rings; without it the agent's own."""
    wrap_up: Duration | None = None
    """The pause after a call; without it the agent's own."""
    limits: Limits | None = None
    service_level: Annotated[ServiceLevel, BeforeValidator(_service_level)] = ServiceLevel()
    music: Name = "moh"
    announce: Announce = Announce()
    overflow: tuple[Overflow, ...] = ()
    """Looked at all the time; the first that holds moves the call."""

    def reaches(self) -> Iterator[Reach]:
        """Who can be offered its calls at first, and after each step of relax."""
        reach = Reach(after=0.0, needs=self.needs, groups=self.groups)
        yield reach
        for step in self.relax:
            reach = Reach(
                after=step.after,
                needs=reach.needs if step.needs is None else step.needs,
                groups=reach.groups if step.groups is None else step.groups,
            )
            yield reach


class Queues(Strict):
    """The whole file."""

    rules: QueueRules = QueueRules()
    queues: dict[Name, Queue]
