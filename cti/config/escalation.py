"""routing/escalation.yaml: which calls go to specialists, and who is told."""

from typing import Annotated, Any, Literal

from pydantic import PlainValidator

from cti.config.conditions import TriggerText
from cti.config.fields import Name
from cti.config.findings import nearest, quoted
from cti.config.model import Refused, Strict
from cti.config.targets import QueueText

Told = Literal["agent", "supervisors"]
TOLD: tuple[Told, ...] = ("agent", "supervisors")


def _told(value: Any) -> tuple[Told, ...]:
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else []
    unknown = next((word for word in words if word not in TOLD), None)
    if unknown is not None:
        raise Refused(f"{quoted(unknown)} cannot be told", hint=nearest(unknown, TOLD), allowed=TOLD)
    if not words:
        raise Refused(f"{quoted(value)} cannot be told", hint="write it as: agent, supervisors")
    return tuple(told for told in TOLD if told in words)


class EscalationRule(Strict):
    """What happens when a call meets a condition. At least one of to, tell and offer."""

    when: TriggerText
    queues: tuple[Name, ...] | None = None
    """Only calls of these queues; without it all."""
    to: QueueText | None = None
    """The queue that the call moves to at once."""
    tell: Annotated[tuple[Told, ...], PlainValidator(_told)] = ()
    offer: QueueText | None = None
    """The queue that one key of the agent moves the call to."""


class Escalation(Strict):
    """The whole file."""

    escalation: tuple[EscalationRule, ...] = ()
