"""What a flow wants done. What takes time bears the number of the wait that its answer names."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from cti.ids import QueueId
from cti.ivr.inputs import WaitId
from cti.ivr.prompts import Piece
from cti.ivr.steps import Cause
from cti.ivr.values import Language


@dataclass(frozen=True, slots=True)
class Play:
    """Play these one after the other; then PlayDone."""

    wait: WaitId
    pieces: tuple[Piece, ...]
    barge_in: bool = False
    """A key stops it: we say StopPlay, and the switch may already have stopped by itself."""
    terminators: str = ""
    """The keys that may stop it."""


@dataclass(frozen=True, slots=True)
class StopPlay:
    """Stop playing. No answer is waited for; when it is over already, nothing is to do."""

    wait: WaitId


@dataclass(frozen=True, slots=True)
class ListenUntil:
    """Nothing plays; a key is waited for. TimedOut at the deadline."""

    wait: WaitId
    deadline: datetime


@dataclass(frozen=True, slots=True)
class RequestHttp:
    """Ask a web server for JSON; then HttpDone or HttpFailed, or TimedOut at the deadline."""

    wait: WaitId
    method: Literal["GET", "POST"]
    url: str
    body: Mapping[str, str] | None
    """A JSON object to send."""
    deadline: datetime
    most: int
    """Bytes of the answer; a longer one is a failure."""


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """Let the caller wait for an agent; then QueueLeft. Keys are reported all the while."""

    wait: WaitId
    queue: QueueId
    survey: str | None = None
    """The flow to run after the talk."""
    exit_keys: str = ""


@dataclass(frozen=True, slots=True)
class LeaveQueue:
    """Take the caller out. No answer is waited for."""

    wait: WaitId
    key: str = ""
    """The exit key that was pressed; empty when the caller hung up."""


@dataclass(frozen=True, slots=True)
class RecordVoicemail:
    """Record a message for a queue's agents; then VoicemailDone."""

    wait: WaitId
    queue: QueueId


@dataclass(frozen=True, slots=True)
class AskCallback:
    """Ask whether and where to call back, and promise it; then CallbackDone."""

    wait: WaitId
    queue: QueueId


@dataclass(frozen=True, slots=True)
class TransferTo:
    """Put the caller through to a number outside; then Transferred or TransferFailed."""

    wait: WaitId
    number: str


@dataclass(frozen=True, slots=True)
class Abandon:
    """Give up a request, recording, question or transfer: the caller has gone, or it took too long."""

    wait: WaitId


@dataclass(frozen=True, slots=True)
class SetLanguage:
    """The caller hears this language from here on."""

    language: Language


@dataclass(frozen=True, slots=True)
class RecordScore:
    """The caller gave a score."""

    name: str
    score: int


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call; nothing follows."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the call's story: where the flow was, why it goes on, and where to."""

    flow: str
    step: str
    why: str
    target: str = ""
    """The step that comes next, or `hangup`; empty where the flow stays."""
    path: tuple[str, ...] = ()
    """The keys in the flow's file that say so."""


Action = (
    Play
    | StopPlay
    | ListenUntil
    | RequestHttp
    | EnterQueue
    | LeaveQueue
    | RecordVoicemail
    | AskCallback
    | TransferTo
    | Abandon
    | SetLanguage
    | RecordScore
    | Hangup
    | Note
)
