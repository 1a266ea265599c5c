"""What each input means in each state of a flow: the whole table, the late and the stray ones included."""

from enum import StrEnum
from typing import Final

from cti.ivr.inputs import (
    CallbackDone,
    HttpDone,
    HttpFailed,
    HungUp,
    Input,
    Key,
    PlayDone,
    QueueLeft,
    Started,
    TimedOut,
    TransferFailed,
    Transferred,
    VoicemailDone,
)


class State(StrEnum):
    """What a flow is waiting for."""

    READY = "ready"
    """To be started."""
    TELLING = "telling"
    """Something plays that is heard out."""
    ASKING = "asking"
    """A question plays."""
    LISTENING = "listening"
    """The question has been heard; a key is waited for."""
    FETCHING = "fetching"
    QUEUED = "queued"
    RECORDING = "recording"
    PROMISING = "promising"
    """The caller is asked about a call back."""
    TRANSFERRING = "transferring"
    ENDED = "ended"


class Reaction(StrEnum):
    """What an input does."""

    BEGIN = "begin"
    ANSWER = "answer"
    """It is what was waited for."""
    LISTEN = "listen"
    """The question has been played: a key is waited for from now on."""
    KEEP = "keep"
    """The key, for the next question."""
    BARGE = "barge"
    """The key answers the question that still plays."""
    READ = "read"
    """The key answers the question."""
    EXIT = "exit"
    """The key may leave the queue."""
    DEAF = "deaf"
    """The key is for nobody, or for whoever records or asks meanwhile."""
    OVERDUE = "overdue"
    """The switch never said that it had played: as if it had."""
    SILENCE = "silence"
    """No key came in time."""
    NO_ANSWER = "no answer"
    """No answer came in time."""
    END = "end"
    """The caller has gone."""
    AGAIN = "again"
    """A flow is started once: ignored, and noted."""
    STRAY = "stray"
    """Cannot answer this wait, though it bears its number: ignored, and noted."""
    OVER = "over"
    """Nothing happens any more."""


INPUTS: Final[tuple[type[Input], ...]] = (
    Started,
    PlayDone,
    Key,
    TimedOut,
    HttpDone,
    HttpFailed,
    QueueLeft,
    Transferred,
    TransferFailed,
    VoicemailDone,
    CallbackDone,
    HungUp,
)

R = Reaction

# An input that bears a number is looked up here only when it is the number of the present wait.
# fmt: off
_ROWS: Final[dict[State, tuple[Reaction, ...]]] = {
    #                    Started  PlayDone  Key     TimedOut     HttpDone  HttpFailed
    #                    QueueLeft  Transferred  TransferFailed  VoicemailDone  CallbackDone  HungUp
    State.READY:        (R.BEGIN, R.STRAY,  R.DEAF, R.STRAY,     R.STRAY,  R.STRAY,
                         R.STRAY,   R.STRAY,     R.STRAY,        R.STRAY,       R.STRAY,      R.END),
    State.TELLING:      (R.AGAIN, R.ANSWER, R.KEEP, R.OVERDUE,   R.STRAY,  R.STRAY,
                         R.STRAY,   R.STRAY,     R.STRAY,        R.STRAY,       R.STRAY,      R.END),
    State.ASKING:       (R.AGAIN, R.LISTEN, R.BARGE, R.OVERDUE,  R.STRAY,  R.STRAY,
                         R.STRAY,   R.STRAY,     R.STRAY,        R.STRAY,       R.STRAY,      R.END),
    State.LISTENING:    (R.AGAIN, R.STRAY,  R.READ, R.SILENCE,   R.STRAY,  R.STRAY,
                         R.STRAY,   R.STRAY,     R.STRAY,        R.STRAY,       R.STRAY,      R.END),
    State.FETCHING:     (R.AGAIN, R.STRAY,  R.KEEP, R.NO_ANSWER, R.ANSWER, R.ANSWER,
                         R.STRAY,   R.STRAY,     R.STRAY,        R.STRAY,       R.STRAY,      R.END),
    State.QUEUED:       (R.AGAIN, R.STRAY,  R.EXIT, R.STRAY,     R.STRAY,  R.STRAY,
                         R.ANSWER,  R.STRAY,     R.STRAY,        R.STRAY,       R.STRAY,      R.END),
    State.RECORDING:    (R.AGAIN, R.STRAY,  R.DEAF, R.STRAY,     R.STRAY,  R.STRAY,
                         R.STRAY,   R.STRAY,     R.STRAY,        R.ANSWER,      R.STRAY,      R.END),
    State.PROMISING:    (R.AGAIN, R.STRAY,  R.DEAF, R.STRAY,     R.STRAY,  R.STRAY,
                         R.STRAY,   R.STRAY,     R.STRAY,        R.STRAY,       R.ANSWER,     R.END),
    State.TRANSFERRING: (R.AGAIN, R.STRAY,  R.DEAF, R.STRAY,     R.STRAY,  R.STRAY,
                         R.STRAY,   R.ANSWER,    R.ANSWER,       R.STRAY,       R.STRAY,      R.END),
    State.ENDED:        (R.OVER,  R.OVER,   R.OVER, R.OVER,      R.OVER,   R.OVER,
                         R.OVER,    R.OVER,      R.OVER,         R.OVER,        R.OVER,       R.OVER),
}
# fmt: on

TABLE: Final[dict[tuple[State, type[Input]], Reaction]] = {
    (state, kind): reaction for state, row in _ROWS.items() for kind, reaction in zip(INPUTS, row, strict=True)
}

LATE: Final[dict[type[Input], str]] = {
    PlayDone: "a prompt that was stopped, or was over already, has ended",
    TimedOut: "the time of something that has happened meanwhile is over",
    HttpDone: "the web server answered after its time",
    HttpFailed: "the web server failed after its time",
    QueueLeft: "the queue let go of a caller who had left it by a key",
    Transferred: "the outside number answered when the flow had gone on",
    TransferFailed: "the outside number failed a second time",
    VoicemailDone: "the message was reported twice",
    CallbackDone: "the call back was reported twice",
}
"""How an input can bear the number of a wait that is over. It is ignored, and noted, in every state."""
