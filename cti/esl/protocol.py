"""The conversation: who has signed in, which reply belongs to which command, what came by itself. No I/O.

The switch answers commands in order and without ids, so every command keeps its place in line until its reply
is here, whether anybody still waits for it or not.
"""

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

from cti.esl.commands import Auth, Command, UserAuth
from cti.esl.errors import (
    AccessDenied,
    AuthRejected,
    CommandFailed,
    ConnectFailed,
    Disconnected,
    EslError,
    NoGreeting,
    TooManyPending,
    WireError,
)
from cti.esl.events import Event, JsonEvent
from cti.esl.wire import Frame, FrameReader, Limits


class Phase(Enum):
    """How far the conversation is."""

    GREETING = auto()  # connected; the switch has not said auth/request yet
    SIGNING_IN = auto()  # our auth is on its way
    READY = auto()
    CLOSED = auto()


class Reply:
    """The answer to one command."""

    __slots__ = ("_frame", "text")

    def __init__(self, text: str, frame: Frame | None = None) -> None:
        self.text = text
        self._frame = frame

    @classmethod
    def of(cls, frame: Frame) -> "Reply":
        """The reply in a command/reply or api/response."""
        is_api = frame.content_type == b"api/response"
        return cls(frame.text() if is_api else frame.header("Reply-Text") or "", frame)

    @property
    def ok(self) -> bool:
        """False when the switch answered -ERR or -USAGE."""
        return not self.text.startswith(("-ERR", "-USAGE"))

    def header(self, name: str) -> str | None:
        """A header of the reply, such as Job-UUID."""
        return self._frame.header(name) if self._frame else None

    def expect_ok(self, command: Command) -> "Reply":
        """Itself; raises CommandFailed when the switch refused `command`."""
        if not self.ok:
            raise CommandFailed(f"{command}: the switch answered {self.text.strip()!r}", self.text.strip())
        return self

    def __repr__(self) -> str:
        return f"Reply({self.text[:80]!r})"


class Slot:
    """One command's place in line. Stays there when nobody waits any more: the reply still comes."""

    __slots__ = ("command", "deadline", "reply", "waiter")

    def __init__(self, command: Command) -> None:
        self.command = command
        self.waiter: Any = None
        """The driver's: what it wakes when the reply is here, and until when that is waited for."""
        self.deadline = 0.0
        self.reply: Reply | None = None
        """Here when the slot is among the outputs."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The switch accepted the password; commands may be sent."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the switch's log."""

    level: int
    """0 console, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 info, 7 debug."""
    text: str
    leg: str | None


@dataclass(frozen=True, slots=True)
class Notice:
    """The switch says that it will close, or (lingers) that it would but keeps the socket for the rest."""

    lingers: bool


Output = Event | Slot | SignedIn | LogLine | Notice

_EXPECTED: Final[dict[Phase, frozenset[bytes]]] = {
    Phase.GREETING: frozenset({b"auth/request", b"text/rude-rejection"}),
    Phase.SIGNING_IN: frozenset({b"command/reply", b"text/disconnect-notice"}),
    Phase.READY: frozenset(
        {
            b"command/reply",
            b"api/response",
            b"text/event-plain",
            b"text/event-json",
            b"log/data",
            b"text/disconnect-notice",
        }
    ),
    Phase.CLOSED: frozenset(),
}


class EslProtocol:
    """One connection's conversation in inbound mode.

    In: `get_buffer` and `written` (or `feed`), `submit`, `end`. Out: `outputs`, `data_to_send`, and `error` at the end.
    """

    def __init__(self, credentials: Auth | UserAuth, limits: Limits | None = None) -> None:
        self._credentials = credentials
        self._limits = limits or Limits()
        self._reader = FrameReader(self._limits)
        self._line: deque[Slot] = deque()
        self._out: list[bytes] = []
        self._said_goodbye = False
        self.phase = Phase.GREETING
        self.error: EslError | None = None
        """Why the conversation is over; None while it goes on."""
        self.get_buffer = self._reader.get_buffer
        self.written = self._reader.written
        self.feed = self._reader.feed

    @property
    def pending(self) -> deque[Slot]:
        """The commands that wait for their reply, the oldest first."""
        return self._line

    def submit(self, command: Command) -> Slot:
        """Puts a command in line. Raises UnsafeValue, TooManyPending or Disconnected; then nothing is sent."""
        if self.phase is not Phase.READY:
            raise self.error or Disconnected(f"{command}: not signed in")
        if len(self._line) >= self._limits.max_pending:
            raise TooManyPending(f"{command}: {len(self._line)} commands wait for a reply already")
        self._out.append(command.render())
        slot = Slot(command)
        self._line.append(slot)
        return slot

    def data_to_send(self) -> bytes:
        """The bytes to write now; empty when there are none."""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def outputs(self) -> list[Output]:
        """What the bytes received so far mean, in order. Look at `error` afterwards."""
        outputs: list[Output] = []
        reader, line = self._reader, self._line
        try:
            while self.error is None:
                if self.phase is Phase.READY:  # two short ways for nearly all of the traffic
                    outputs += map(Event, reader.plain_events())
                    for body in reader.api_responses(len(line)):
                        slot = line.popleft()
                        slot.reply = Reply(body[1:].decode("utf-8", "replace"))
                        outputs.append(slot)
                frame = reader.next_frame()
                if frame is None:
                    break
                self._take(frame, outputs)
        except WireError as error:
            self._close(error)
        return outputs

    def end(self) -> None:
        """The peer closed the stream, or it broke."""
        if self.error is not None:
            return
        if self.phase is Phase.GREETING:
            self._close(NoGreeting(f"the peer closed without a greeting{self._heard()}"))
        elif self.phase is Phase.SIGNING_IN:
            self._close(AuthRejected("the switch closed the connection while we signed in"))
        elif self._said_goodbye:
            self._close(Disconnected("the switch said goodbye and closed the connection"))
        else:
            self._close(Disconnected("the switch closed the connection"))

    def stop(self, error: EslError) -> None:
        """We give the conversation up; no more is sent or understood."""
        if self.error is None:
            self._close(error)

    def greeting_overdue(self) -> EslError:
        """The error for a peer that has not let us in in time."""
        if self.phase is Phase.GREETING:
            return NoGreeting(f"connected, but no greeting came{self._heard()}")
        return ConnectFailed("no answer to our password")

    def _heard(self) -> str:
        start = self._reader.peek(60)
        return f"; it said {start.decode('ascii', 'replace')!r}" if start else ""

    def _take(self, frame: Frame, outputs: list[Output]) -> None:
        kind = frame.content_type
        if kind not in _EXPECTED[self.phase]:
            if self.phase is Phase.READY and kind != b"auth/request":
                return  # a kind of frame that a later FreeSWITCH may have
            raise WireError(f"{kind[:40].decode('ascii', 'replace')!r} while {self.phase.name.lower()}")
        if kind == b"auth/request":
            self.phase = Phase.SIGNING_IN
            self._out.append(self._credentials.render())
        elif kind in (b"command/reply", b"api/response"):
            self._answer(Reply.of(frame), outputs)
        elif kind == b"text/event-json":
            outputs.append(JsonEvent(frame.body))
        elif kind == b"text/event-plain":
            outputs.append(Event(frame.body))
        elif kind == b"log/data":
            level = frame.header("Log-Level") or ""
            leg = frame.header("User-Data") or None
            outputs.append(LogLine(int(level) if level.isdecimal() else 7, frame.text(), leg))
        elif kind == b"text/rude-rejection":
            self._close(AccessDenied("FreeSWITCH refuses connections from this address"))
        else:
            lingers = frame.header("Content-Disposition") == "linger"
            self._said_goodbye = not lingers
            outputs.append(Notice(lingers))

    def _answer(self, reply: Reply, outputs: list[Output]) -> None:
        if self.phase is Phase.SIGNING_IN:
            if reply.text.startswith("+OK"):
                self.phase = Phase.READY
                outputs.append(SignedIn())
            else:
                self._close(AuthRejected(f"the password was refused ({reply.text.strip()[:80]})"))
        elif self._line:
            slot = self._line.popleft()
            slot.reply = reply
            outputs.append(slot)
        else:
            raise WireError("a reply that no command asked for")

    def _close(self, error: EslError) -> None:
        self.phase = Phase.CLOSED
        self.error = error
