"""Where a call can be sent by a word in a file: "queue complaints", "voicemail service", "hangup"."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator

from cti.config.findings import nearest, quoted
from cti.config.model import Refused
from cti.ids import GroupId, QueueId


@dataclass(frozen=True, slots=True)
class ToQueue:
    """Waits in another queue, with the time that it has waited."""

    queue: QueueId

    def __str__(self) -> str:
        return f"queue {self.queue}"


@dataclass(frozen=True, slots=True)
class ToGroup:
    """Is offered to the agents of one more skill group, and keeps its place."""

    group: GroupId

    def __str__(self) -> str:
        return f"group {self.group}"


@dataclass(frozen=True, slots=True)
class ToFlow:
    """Leaves the queue and hears a flow."""

    flow: str

    def __str__(self) -> str:
        return f"flow {self.flow}"


@dataclass(frozen=True, slots=True)
class ToVoicemail:
    """Leaves the queue and a message for it, or for another queue."""

    queue: QueueId

    def __str__(self) -> str:
        return f"voicemail {self.queue}"


@dataclass(frozen=True, slots=True)
class ToNumber:
    """Is put through to a number outside, written as it is dialled."""

    number: str

    def __str__(self) -> str:
        return f"number {self.number}"


@dataclass(frozen=True, slots=True)
class HangUp:
    """Ends."""

    def __str__(self) -> str:
        return "hangup"


Target = ToQueue | ToGroup | ToFlow | ToVoicemail | ToNumber | HangUp

FORMS = ("queue NAME", "group NAME", "flow NAME", "voicemail QUEUE", "number 02150001234", "hangup")
_WORDS = ("queue", "group", "flow", "voicemail", "number", "hangup")


def read_target(text: Any) -> Target:
    """The target that a text names; whether there is such a queue is not looked at. Raises Refused."""
    words = text.split() if isinstance(text, str) else []
    match words:
        case ["hangup"]:
            return HangUp()
        case ["queue", name]:
            return ToQueue(QueueId(name))
        case ["group", name]:
            return ToGroup(GroupId(name))
        case ["flow", name]:
            return ToFlow(name)
        case ["voicemail", name]:
            return ToVoicemail(QueueId(name))
        case ["number", *digits] if digits:
            return ToNumber("".join(digits))
    hint = nearest(words[0], _WORDS) if words and words[0] not in _WORDS else ""
    raise Refused(f"{quoted(text)} is not a target", hint=hint, allowed=FORMS)


TargetText = Annotated[Target, PlainValidator(read_target)]
"""A target as a field of a model."""


def read_queue(text: Any) -> ToQueue:
    """A target that must be a queue. Raises Refused."""
    target = read_target(text)
    if not isinstance(target, ToQueue):
        raise Refused(f"{quoted(text)} is not a queue", allowed=FORMS[:1])
    return target


QueueText = Annotated[ToQueue, PlainValidator(read_queue)]
"""A target that must be a queue, as a field of a model."""
