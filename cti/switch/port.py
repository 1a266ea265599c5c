"""What a softswitch tells, in words of our own. Whatever its dialect, this is all that the server hears.

Every event carries `at`, the switch's own clock in microseconds since 1970 (UTC), and the events of one leg come in
the order in which they happened.
"""

from dataclasses import dataclass

from cti.ids import CallId, LegId


@dataclass(frozen=True, slots=True)
class SwitchEvent:
    """Something that happened on a switch."""

    at: int


@dataclass(frozen=True, slots=True)
class LegEvent(SwitchEvent):
    """Something that happened to a leg."""

    leg: LegId
    call: CallId


@dataclass(frozen=True, slots=True)
class LegCreated(LegEvent):
    """A new leg: somebody calls in, or we ring somebody. Nothing in it can be trusted but `leg`."""

    inbound: bool
    ani: str
    """The caller's number as the network gives it; may be anything."""
    caller_name: str
    dnis: str


@dataclass(frozen=True, slots=True)
class LegParked(LegEvent):
    """The leg waits for us: a new call, or one whose other side is gone."""


@dataclass(frozen=True, slots=True)
class LegRinging(LegEvent):
    """The far end rings; with `media` it already sends sound."""

    media: bool


@dataclass(frozen=True, slots=True)
class LegAnswered(LegEvent):
    """Somebody answered."""


@dataclass(frozen=True, slots=True)
class LegsBridged(LegEvent):
    """Two legs hear each other."""

    other: LegId


@dataclass(frozen=True, slots=True)
class LegsUnbridged(LegEvent):
    """They no longer do."""

    other: LegId


@dataclass(frozen=True, slots=True)
class LegHeld(LegEvent):
    """The phone put the other side on hold, or took it back."""

    held: bool


@dataclass(frozen=True, slots=True)
class KeyPressed(LegEvent):
    """A key on the phone: 0-9, *, #, A-D."""

    key: str


@dataclass(frozen=True, slots=True)
class ExecutionDone(LegEvent):
    """An application that we told the leg to run is over."""

    application: str
    execution: str
    """The id that we gave it."""


@dataclass(frozen=True, slots=True)
class PlaybackEnded(LegEvent):
    """A file, tone or stream is no longer played to the leg: it is over, or a key or a bridge ended it."""

    path: str


@dataclass(frozen=True, slots=True)
class RecordingChanged(LegEvent):
    """A recording of the leg began or stopped."""

    path: str
    started: bool


@dataclass(frozen=True, slots=True)
class LegEnded(LegEvent):
    """The leg is gone."""

    cause: str
    """FreeSWITCH's hangup cause, such as NORMAL_CLEARING."""


@dataclass(frozen=True, slots=True)
class JobDone(SwitchEvent):
    """A background job is over."""

    job: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class PhoneChanged(SwitchEvent):
    """An agent's phone registered or is gone."""

    user: str
    registered: bool


@dataclass(frozen=True, slots=True)
class GatewayChanged(SwitchEvent):
    """A carrier's state."""

    gateway: str
    state: str
    """FreeSWITCH's word: REGED, NOREG, FAIL_WAIT, DOWN, ..."""


@dataclass(frozen=True, slots=True)
class Heartbeat(SwitchEvent):
    """The switch is alive."""

    sessions: int
    """Legs at this moment."""
    max_sessions: int
