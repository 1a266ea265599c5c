"""The verbs that hand the caller to somebody else, or end the call: queue, voicemail, callback, transfer, hangup."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from cti.ivr.steps.base import Edge, EdgeKind, Mention, Step, Thing, edge, key_edges
from cti.ivr.values import Key, Number, Reference, Refused, Target, nearest, quoted


class Queue(Step):
    """Waits for an agent."""

    verb = "queue"
    person = True
    queue: Reference
    survey: Reference | None = None
    """The flow that runs when the agent has hung up."""
    keys: Annotated[dict[Key, Target], Field(default_factory=dict)]
    """Keys that leave the queue."""
    then: Target | None = None
    """When the queue gives the caller back unserved; without it the call ends with an excuse."""

    def edges(self) -> tuple[Edge, ...]:
        return (*key_edges(self.keys), *edge(EdgeKind.GIVEN_BACK, self.then, "then"))

    def mentions(self) -> tuple[Mention, ...]:
        survey = (Mention(Thing.FLOW, self.survey, ("survey",)),) if self.survey is not None else ()
        return (Mention(Thing.QUEUE, self.queue, ("queue",)), *survey)


class Voicemail(Step):
    """Records a message for a queue's agents."""

    verb = "voicemail"
    voicemail: Reference
    then: Target | None = None

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.THEN, self.then, "then")

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.QUEUE, self.voicemail, ("voicemail",)),)


class Callback(Step):
    """Asks whether and where the caller wants to be called back by a queue's agents."""

    verb = "callback"
    callback: Reference
    then: Target | None = None

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.THEN, self.then, "then")

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.QUEUE, self.callback, ("callback",)),)


class Transfer(Step):
    """Puts the caller through to a number outside."""

    verb = "transfer"
    person = True
    transfer: Number
    then: Target | None = None
    """When nobody answers there; without it the call ends with an excuse."""

    def edges(self) -> tuple[Edge, ...]:
        return edge(EdgeKind.FAILED, self.then, "then")

    def mentions(self) -> tuple[Mention, ...]:
        return (Mention(Thing.NUMBER, self.transfer, ("transfer",)),)


class Cause(StrEnum):
    """What the caller's network is told when we hang up; after an answer it makes no difference to the caller."""

    NORMAL = "normal"
    BUSY = "busy"
    REJECTED = "rejected"
    CONGESTION = "congestion"
    UNAVAILABLE = "unavailable"


def _cause(value: Any) -> Cause:
    if value is True:
        return Cause.NORMAL
    for cause in Cause:
        if value == cause.value:
            return cause
    hint = nearest(value, list(Cause)) if isinstance(value, str) else ""
    raise Refused(f"{quoted(value)} is not a cause", hint=hint, allowed=("true", *Cause))


class Hangup(Step):
    """Ends the call."""

    verb = "hangup"
    hangup: Annotated[Cause, PlainValidator(_cause)]
