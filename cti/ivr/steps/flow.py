"""A flow file: steps by name, and the one that it starts with."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Discriminator, Field, Tag

from cti.ivr.steps.asking import Collect, Menu, Survey
from cti.ivr.steps.base import Edge, Step
from cti.ivr.steps.branching import Check, Goto, Hours, Http, Set
from cti.ivr.steps.leaving import Callback, Hangup, Queue, Transfer, Voicemail
from cti.ivr.steps.telling import Notice, Play, Say, SayHours
from cti.ivr.values import HANGUP, FlowName, Refused, StepName, Strict, Target, nearest

_STEPS: Final[tuple[type[Step], ...]] = (
    Play,
    Say,
    Menu,
    Collect,
    Hours,
    SayHours,
    Notice,
    Queue,
    Voicemail,
    Callback,
    Transfer,
    Survey,
    Set,
    Check,
    Http,
    Goto,
    Hangup,
)

VERBS: Final[dict[str, type[Step]]] = {step.verb: step for step in _STEPS}
"""Every verb, and the step that it makes; pydantic's tag in a location is the verb in angle brackets."""


def _verbs(value: dict[Any, Any]) -> list[str]:
    """The verbs in a mapping. `hours`, `survey`, ... are verbs and also keys of others: the owner of the key wins."""
    found = [key for key in value if key in VERBS]
    return [verb for verb in found if not any(other != verb and verb in VERBS[other].known_keys() for other in found)]


def _one_verb(value: Any) -> Any:
    if isinstance(value, Step):
        return value
    if not isinstance(value, dict):
        raise Refused("a step is a mapping with one verb", allowed=VERBS)
    verbs = _verbs(value)
    if len(verbs) > 1:
        raise Refused(f"two verbs: {', '.join(verbs)}", hint="one verb a step; lead from one step to the next by then")
    if not verbs:
        hints = (nearest(str(key), VERBS) for key in value)
        raise Refused("no verb here", hint=next(filter(None, hints), ""), allowed=VERBS)
    return value


def _tag(value: Any) -> str:
    return f"<{value.verb if isinstance(value, Step) else _verbs(value)[0]}>"


AnyStep = Annotated[
    Annotated[Play, Tag("<play>")]
    | Annotated[Say, Tag("<say>")]
    | Annotated[Menu, Tag("<menu>")]
    | Annotated[Collect, Tag("<collect>")]
    | Annotated[Hours, Tag("<hours>")]
    | Annotated[SayHours, Tag("<say_hours>")]
    | Annotated[Notice, Tag("<notice>")]
    | Annotated[Queue, Tag("<queue>")]
    | Annotated[Voicemail, Tag("<voicemail>")]
    | Annotated[Callback, Tag("<callback>")]
    | Annotated[Transfer, Tag("<transfer>")]
    | Annotated[Survey, Tag("<survey>")]
    | Annotated[Set, Tag("<set>")]
    | Annotated[Check, Tag("<check>")]
    | Annotated[Http, Tag("<http>")]
    | Annotated[Goto, Tag("<goto>")]
    | Annotated[Hangup, Tag("<hangup>")],
    Discriminator(_tag),
    BeforeValidator(_one_verb),
]
"""A step of any verb."""


class Flow(Strict):
    """What callers hear: the file `ivr_flows/<flow>.yaml`. Whether its targets exist is for `edges` to be asked."""

    flow: FlowName
    start: Target
    steps: Annotated[dict[StepName, AnyStep], Field(min_length=1)]

    def edges(self) -> Iterator[tuple[str, Edge]]:
        """Every way from step to step, each with the step that it leaves."""
        return ((name, edge) for name, step in self.steps.items() for edge in step.edges())

    def variables(self) -> tuple[str, ...]:
        """The variables that some step fills."""
        return tuple(dict.fromkeys(name for step in self.steps.values() for name in step.writes()))

    def targets(self) -> tuple[str, ...]:
        """What an edge may lead to."""
        return (*self.steps, HANGUP)
