"""What a softswitch tells and what it can be told, in words of our own. Whatever its dialect, this is all there is.

Every event carries `at`, the switch's own clock in microseconds since 1970 (UTC), and the events of one leg come in
the order in which they happened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Literal, Protocol

from cti.errors import Blame, CtiError
from cti.ids import CallId, LegId

# --- what it tells --------------------------------------------------------------------------------


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
    by_agent: bool = False
    """An agent's phone calls: `ani` is then the user that it has signed in as."""


@dataclass(frozen=True, slots=True)
class LegParked(LegEvent):
    """The leg waits for us: a new call, one that we rang and that is answered, or one whose other side is gone."""


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
    failure: str = ""
    """Why nothing was played, such as FILE NOT FOUND; empty when it was, and when we broke it off."""


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
class LegEnding(LegEvent):
    """The far end has hung up, or we have: nobody is there any more. LegEnded follows, when all is tidied up."""

    cause: str


@dataclass(frozen=True, slots=True)
class LegEnded(LegEvent):
    """The leg is gone."""

    cause: str
    """FreeSWITCH's hangup cause, such as NORMAL_CLEARING."""


@dataclass(frozen=True, slots=True)
class RingFailed(SwitchEvent):
    """What `Switch.ring` began came to nothing.

    Where a leg was made there is also a LegEnded with the same cause, before or after; for a phone that is not there
    this is all that is heard.
    """

    leg: LegId
    cause: str
    """FreeSWITCH's hangup cause: NO_ANSWER, USER_BUSY, CALL_REJECTED, ORIGINATOR_CANCEL, ..."""

    @property
    def unreachable(self) -> bool:
        """No phone is there that could be rung."""
        return self.cause in ("USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT")


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


# --- what it can be told --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phone:
    """Every phone that is registered for a user."""

    user: str


@dataclass(frozen=True, slots=True)
class SipUri:
    """A SIP address, such as ``sip:1001@10.0.0.7``."""

    uri: str


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number, through a carrier: the one named, or the usual one."""

    number: str
    gateway: str | None = None


Endpoint = Phone | SipUri | Number
"""Something that can be rung."""


@dataclass(frozen=True, slots=True)
class ShownCaller:
    """Whom the phone that rings shows. Any text will do: the switch is given what is harmless of it.

    What is not a number is shown as anonymous.
    """

    number: str
    name: str = ""


class Stage(StrEnum):
    """Where a leg is in its life."""

    RINGING = "ringing"
    """We ring somebody who has not answered yet."""
    PARKED = "parked"
    """It waits for us, or plays what we told it to."""
    BRIDGED = "bridged"
    OTHER = "other"
    """On its way between these, or in the hands of the dialplan."""


@dataclass(frozen=True, slots=True)
class LegState:
    """A leg as the switch knows it at this moment. Times in microseconds since 1970, the switch's clock."""

    leg: LegId
    call: CallId
    inbound: bool
    stage: Stage
    created_at: int
    answered_at: int | None
    other: LegId | None
    """Who it is bridged to."""
    ani: str
    caller_name: str
    dnis: str
    by_agent: bool = False
    """As in LegCreated."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What `set_variables` and `ring` wrote, by the same names."""

    @property
    def answered(self) -> bool:
        """Somebody has answered it."""
        return self.answered_at is not None


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """How far the switch's clock is ahead of ours. Seconds."""

    offset: float
    error: float
    """The offset is right within so much."""


class SwitchError(CtiError):
    """Root of what can go wrong when a switch is told something."""

    blame: ClassVar[Blame] = Blame.SWITCH


class LegGone(SwitchError):
    """The leg is no more. That is no fault: its LegEnded is on its way, or was heard already."""

    def __init__(self, leg: LegId) -> None:
        super().__init__(f"leg {leg} is gone")
        self.leg = leg


class SwitchFailed(SwitchError):
    """The switch refuses, or what it was to be told cannot be said safely; nothing was done."""


class SwitchAway(SwitchError):
    """There is no connection, or no answer. It may have been done all the same: reconcile, never repeat blindly."""

    remedy = "Nothing to do: the link reconnects by itself and the state is reconciled"


class Switch(Protocol):
    """What a switch can be told. Each verb raises LegGone, SwitchFailed or SwitchAway.

    A verb is written to the switch before it waits for the first time, and the switch does what it is told in the
    order of writing: verbs that are started one after the other need not wait for each other.
    """

    async def claim(self, leg: LegId) -> bool:
        """Takes over a call that the dialplan has parked. False: too late, the fallback has it."""

    async def guard(self, leg: LegId, seconds: int) -> None:
        """Sends the leg to the fallback after so long, unless it is guarded anew or let go before."""

    async def unguard(self, leg: LegId) -> None:
        """Ends the guard. Needed before a bridge that lasts: the fallback would end it."""

    async def answer(self, leg: LegId) -> None:
        """Picks up; LegAnswered tells when that is done. Fine when it is answered."""

    async def play(self, leg: LegId, files: Sequence[str], execution: str) -> None:
        """Plays files one after the other, after what plays already; ExecutionDone with `execution` ends it.

        Keys come as KeyPressed and do not stop it. `execution` is a fresh UUID. A file that is not there is passed
        over; when none is, ExecutionDone has a failure. What `stop` or a bridge comes before is never begun and
        never done.
        """

    async def music(self, leg: LegId, stream: str, execution: str) -> None:
        """Plays a stream of the switch's, such as ``moh``, until stopped or bridged. Otherwise like `play`."""

    async def stop(self, leg: LegId) -> None:
        """Ends what plays and forgets what was to be played next; fine when nothing is."""

    async def ring(
        self,
        endpoint: Endpoint,
        leg: LegId,
        call: CallId,
        shown: ShownCaller,
        seconds: int,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Rings somebody for so long; the new leg, `leg` (a fresh UUID), is parked when it is answered.

        Comes back when this is written. What happens then: LegCreated, LegRinging, LegAnswered and LegParked, after
        which it can be bridged; or RingFailed. `hang_up` takes it back.
        """

    async def bridge(self, leg: LegId, other: LegId) -> None:
        """Connects two legs, whatever they hear now; LegsBridged tells when it is done.

        When `other` hangs up, `leg` is parked: LegParked. When `leg` does, `other` goes with it.
        """

    async def hang_up(self, leg: LegId, cause: str = "NORMAL_CLEARING") -> None:
        """Ends a leg; fine when it is gone."""

    async def record(self, leg: LegId, path: str) -> None:
        """Records a leg until it ends, through bridges and parking: left what it says, right what it hears."""

    async def stop_record(self, leg: LegId, path: str) -> None:
        """Ends a recording; fine when there is none."""

    async def mask(self, leg: LegId, path: str, masked: bool) -> None:
        """Records silence from now on, or again what is said. Raises SwitchFailed when there is no such recording."""

    async def hold(self, leg: LegId, on: bool) -> None:
        """A bridged leg hears music and its other side nothing, or they hear each other again.

        When the other side hangs up meanwhile, its LegEnded tells; the music goes on, and `leg` may be parked only
        when it is taken back.
        """

    async def set_variables(self, leg: LegId, variables: Mapping[str, str]) -> None:
        """Writes texts into a leg, of whatever characters; an empty one removes. `legs` gives them back."""

    async def legs(self, known: Iterable[LegId] = ()) -> list[LegState]:
        """Every leg that is alive. One of the last moments may be missing, except those of `known`."""

    async def registrations(self) -> set[str]:
        """The users of whom a phone is registered; may lag behind PhoneChanged."""

    async def clock(self) -> ClockOffset:
        """Compares the switch's clock with ours."""

    async def notify(self, leg: LegId, event: Literal["talk", "hold"]) -> None:
        """Asks an agent's phone to pick up or to hold, by a SIP NOTIFY that desk phones know and many others do not."""
