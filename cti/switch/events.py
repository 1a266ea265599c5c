"""FreeSWITCH's events in the words of the port. Nothing else in the server knows their headers."""

from collections.abc import Callable
from typing import Final

from cti.esl.events import Event
from cti.ids import CallId, LegId
from cti.switch.port import (
    ExecutionDone,
    GatewayChanged,
    Heartbeat,
    JobDone,
    KeyPressed,
    LegAnswered,
    LegCreated,
    LegEnded,
    LegEnding,
    LegHeld,
    LegParked,
    LegRinging,
    LegsBridged,
    LegsUnbridged,
    PhoneChanged,
    PlaybackEnded,
    RecordingChanged,
    RingFailed,
    SwitchEvent,
)


def translate(event: Event) -> SwitchEvent | None:
    """What `event` means to us; None when it is of a kind that we do not need."""
    name = event.name
    translator = _TRANSLATORS.get(event.subclass or "" if name == "CUSTOM" else name)
    return None if translator is None else translator(event)


def call_id(event: Event) -> CallId:
    """The call that a leg belongs to: what we wrote into its variables, or the first leg's id."""
    return CallId(event.variable("cti_call_id") or event.get("Channel-Call-UUID") or event.leg or "")


def _leg(event: Event) -> tuple[int, LegId, CallId]:
    return event.timestamp, LegId(event.leg or ""), call_id(event)


def _created(event: Event) -> SwitchEvent:
    by_agent = event.get("Caller-Context") == "agents"
    return LegCreated(
        *_leg(event),
        inbound=event.get("Call-Direction") == "inbound",
        ani=event.get("Caller-Username" if by_agent else "Caller-Caller-ID-Number") or "",
        caller_name=event.get("Caller-Caller-ID-Name") or "",
        dnis=event.get("Caller-Destination-Number") or "",
        by_agent=by_agent,
    )


def _other(event: Event) -> LegId:
    return LegId(event.get("Other-Leg-Unique-ID") or event.get("Bridge-B-Unique-ID") or "")


def _number(event: Event, name: str) -> int:
    text = event.get(name) or ""
    return int(text) if text.isascii() and text.isdigit() else 0


def _done(event: Event) -> SwitchEvent:
    response = event.get("Application-Response") or ""
    return ExecutionDone(
        *_leg(event),
        application=event.get("Application") or "",
        execution=event.get("Application-UUID") or "",
        failure=response if response in _FAILURES else "",
    )


def _job(event: Event) -> SwitchEvent:
    """A ring's job has the id of its leg."""
    text, job = event.body.strip(), event.get("Job-UUID") or ""
    if event.get("Job-Command") == "originate" and text.startswith("-ERR"):
        return RingFailed(event.timestamp, LegId(job), text.removeprefix("-ERR").strip())
    return JobDone(event.timestamp, job, not text.startswith(("-ERR", "-USAGE")), text)


def _phone(registered: bool) -> Callable[[Event], SwitchEvent]:
    def translator(event: Event) -> SwitchEvent:
        user = event.get("from-user") or event.get("username") or event.get("user") or ""
        return PhoneChanged(event.timestamp, user, registered)

    return translator


_FAILURES: Final = ("FILE NOT FOUND",)  # PLAYBACK ERROR is also what a bridge or a transfer leaves behind
_TRANSLATORS: Final[dict[str, Callable[[Event], SwitchEvent]]] = {
    "CHANNEL_CREATE": _created,
    "CHANNEL_PARK": lambda e: LegParked(*_leg(e)),
    "CHANNEL_PROGRESS": lambda e: LegRinging(*_leg(e), media=False),
    "CHANNEL_PROGRESS_MEDIA": lambda e: LegRinging(*_leg(e), media=True),
    "CHANNEL_ANSWER": lambda e: LegAnswered(*_leg(e)),
    "CHANNEL_BRIDGE": lambda e: LegsBridged(*_leg(e), other=_other(e)),
    "CHANNEL_UNBRIDGE": lambda e: LegsUnbridged(*_leg(e), other=_other(e)),
    "CHANNEL_HOLD": lambda e: LegHeld(*_leg(e), held=True),
    "CHANNEL_UNHOLD": lambda e: LegHeld(*_leg(e), held=False),
    "CHANNEL_HANGUP": lambda e: LegEnding(*_leg(e), cause=e.get("Hangup-Cause") or "NONE"),
    "CHANNEL_HANGUP_COMPLETE": lambda e: LegEnded(*_leg(e), cause=e.get("Hangup-Cause") or "NONE"),
    "CHANNEL_EXECUTE_COMPLETE": _done,
    "DTMF": lambda e: KeyPressed(*_leg(e), key=e.get("DTMF-Digit") or ""),
    "PLAYBACK_STOP": lambda e: PlaybackEnded(*_leg(e), path=e.get("Playback-File-Path") or ""),
    "RECORD_START": lambda e: RecordingChanged(*_leg(e), path=e.get("Record-File-Path") or "", started=True),
    "RECORD_STOP": lambda e: RecordingChanged(*_leg(e), path=e.get("Record-File-Path") or "", started=False),
    "BACKGROUND_JOB": _job,
    "HEARTBEAT": lambda e: Heartbeat(e.timestamp, _number(e, "Session-Count"), _number(e, "Max-Sessions")),
    "sofia::register": _phone(registered=True),
    "sofia::unregister": _phone(registered=False),
    "sofia::expire": _phone(registered=False),
    "sofia::gateway_state": lambda e: GatewayChanged(e.timestamp, e.get("Gateway") or "", e.get("State") or ""),
}
