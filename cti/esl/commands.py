"""Commands are values that render themselves. What would change a command's meaning is refused here.

Every command ends at the first empty line it contains (mod_event_socket.c, read_packet), and every line ends at
CR or LF, so no part of a command may hold either, nor NUL. Texts that a caller controls come in through
`cti.esl.dialstring`, which is stricter.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

from cti.esl.errors import UnsafeValue

_BREAKS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
_NAME: Final = re.compile(r"[A-Za-z0-9_.:\-]+")
_NOT_IN_A_WORD: Final = re.compile(r"[ \t'\\\u00a0]")
_HEADER: Final = re.compile(r"[A-Za-z0-9_\-]+")
_EXPANSION: Final = re.compile(r"\$[$\\]*\{")
_UUID: Final = re.compile(r"[A-Za-z0-9\-]{1,64}")


class Command:
    """Something to ask of the switch; it gets exactly one reply."""

    __slots__ = ()

    def render(self) -> bytes:
        """The bytes on the wire. Raises UnsafeValue."""
        raise NotImplementedError

    def __str__(self) -> str:
        """For logs and error messages: one line, without secrets and without what a caller said."""
        return self.render().split(b"\n", 1)[0].decode()[:120]


def text(value: str, what: str) -> str:
    """`value`, when it stays on its line. Raises UnsafeValue."""
    if _BREAKS.search(value):
        raise UnsafeValue(f"{what} holds a line break or control character: {value[:60]!r}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UnsafeValue(f"{what} cannot be written as UTF-8: {value[:60]!r}") from None
    return value


def word(value: str, what: str) -> str:
    """`value`, when it is one word: not empty, no white space, no quote or backslash."""
    if not value or _NOT_IN_A_WORD.search(text(value, what)):
        raise UnsafeValue(f"{what} is not one word: {value[:60]!r}")
    return value


@lru_cache(maxsize=256)  # names come from our code, the same few again and again
def name(value: str, what: str) -> str:
    """`value`, when it is a plain ASCII name of the switch: an event, an application, an API command."""
    if not _NAME.fullmatch(value):
        raise UnsafeValue(f"{what} is not a name: {value[:60]!r}")
    return value


def leg_id(value: str) -> str:
    """`value`, when it can be a channel's Unique-ID."""
    if not _UUID.fullmatch(value):
        raise UnsafeValue(f"not a leg's id: {value[:60]!r}")
    return value


def new_uuid() -> str:
    """A fresh id for a job, an execution or a leg."""
    return str(uuid.uuid4())


def _lines(*lines: str, body: str | None = None) -> bytes:
    if body is None:
        return ("\n".join(lines) + "\n\n").encode()
    data = body.encode()
    return ("\n".join(lines) + f"\ncontent-length: {len(data)}\n\n").encode() + data


# --- signing in and out --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Auth(Command):
    """``auth PASSWORD``"""

    password: str = field(repr=False)

    def render(self) -> bytes:
        return _lines(f"auth {text(self.password, 'the password')}")

    def __str__(self) -> str:
        return "auth ***"


@dataclass(frozen=True, slots=True)
class UserAuth(Command):
    """``userauth USER@DOMAIN:PASSWORD``: a user of the directory with esl-password and its own permissions."""

    user: str
    domain: str
    password: str = field(repr=False)

    def render(self) -> bytes:
        user, domain = name(self.user, "the user"), name(self.domain, "the domain")
        if ":" in user + domain:
            raise UnsafeValue("neither user nor domain may hold a colon")
        return _lines(f"userauth {user}@{domain}:{text(self.password, 'the password')}")

    def __str__(self) -> str:
        return f"userauth {self.user}@{self.domain}:***"


@dataclass(frozen=True, slots=True)
class Exit(Command):
    """``exit``: the switch answers ``+OK bye``, sends a disconnect notice and closes."""

    def render(self) -> bytes:
        return b"exit\n\n"


@dataclass(frozen=True, slots=True)
class Linger(Command):
    """``linger [SECONDS]``: keep the socket after the channel it belongs to is gone."""

    seconds: int | None = None

    def render(self) -> bytes:
        return _lines("linger" if self.seconds is None else f"linger {self.seconds:d}")


@dataclass(frozen=True, slots=True)
class NoLinger(Command):
    """``nolinger``"""

    def render(self) -> bytes:
        return b"nolinger\n\n"


# --- what to hear of -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Events(Command):
    """``event FORMAT NAME ... CUSTOM SUBCLASS ...``: adds to what this connection hears."""

    names: Sequence[str] = ()
    custom: Sequence[str] = ()
    format: Literal["plain", "json"] = "plain"

    def render(self) -> bytes:
        words = ["event", self.format, *(name(n, "an event's name") for n in self.names)]
        if self.custom:  # everything after CUSTOM is taken as a subclass, so it comes last
            words += ["CUSTOM", *(name(c, "an event's subclass") for c in self.custom)]
        return _lines(" ".join(words))


@dataclass(frozen=True, slots=True)
class NoEvents(Command):
    """``noevents``: hear of nothing any more."""

    def render(self) -> bytes:
        return b"noevents\n\n"


@dataclass(frozen=True, slots=True)
class Filter(Command):
    """``filter HEADER VALUE``: hear only of events with this header; several filters are alternatives."""

    header: str
    value: str

    def render(self) -> bytes:
        return _lines(f"filter {name(self.header, 'a header')} {text(self.value, 'a filter')}")


@dataclass(frozen=True, slots=True)
class FilterDelete(Command):
    """``filter delete HEADER [VALUE]``; header ``all`` deletes every filter."""

    header: str
    value: str = ""

    def render(self) -> bytes:
        return _lines(f"filter delete {name(self.header, 'a header')} {text(self.value, 'a filter')}".rstrip())


@dataclass(frozen=True, slots=True)
class Log(Command):
    """``log LEVEL``: the switch's log lines, 0 (console) to 7 (debug)."""

    level: int

    def render(self) -> bytes:
        return _lines(f"log {self.level:d}")


@dataclass(frozen=True, slots=True)
class NoLog(Command):
    """``nolog``"""

    def render(self) -> bytes:
        return b"nolog\n\n"


# --- API commands --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Api(Command):
    """``api NAME WORD ... REST``: runs at once and holds up this connection until it is done.

    Each of `words` is one word; `rest` may hold spaces and is what remains of the line.
    """

    name: str
    words: Sequence[str] = ()
    rest: str = ""

    def line(self) -> str:
        """The command as one would type it."""
        line = name(self.name, "an API command")
        if self.words:
            line += "".join([f" {word(w, 'an argument')}" for w in self.words])
        if self.rest:
            line += f" {text(self.rest, 'an argument')}"
        return line

    def render(self) -> bytes:
        return f"api {self.line()}\n\n".encode()

    def __str__(self) -> str:
        return f"api {self.name}"


@dataclass(frozen=True, slots=True)
class BgApi(Command):
    """``bgapi``: runs in a thread of its own; the result is a BACKGROUND_JOB event with our `job` as Job-UUID.

    With an empty `job` the switch makes one up and says it in the reply's Job-UUID.
    """

    api: Api
    job: str = field(default_factory=new_uuid)

    def render(self) -> bytes:
        return _lines(f"bgapi {self.api.line()}", *([f"Job-UUID: {leg_id(self.job)}"] if self.job else []))

    def __str__(self) -> str:
        return f"bgapi {self.api.name}"


# --- messages to a leg ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Execute(Command):
    """``sendmsg``, call-command execute: the leg runs a dialplan application (mod_dptools) at its next frame.

    `id` comes back as Application-UUID on CHANNEL_EXECUTE_COMPLETE. `loops` -1 is forever. `lock` holds
    back later messages until this one is done. ``${...}`` in an argument would be expanded by the switch, API calls
    included, so it is refused.
    """

    leg: str
    application: str
    argument: str = ""
    id: str = field(default_factory=new_uuid)
    loops: int = 1
    lock: bool = False

    def render(self) -> bytes:
        argument = text(self.argument, "an application's argument")
        if _EXPANSION.search(argument):
            raise UnsafeValue(f"an application's argument would be expanded by the switch: {argument[:60]!r}")
        lines = [
            f"sendmsg {leg_id(self.leg)}",
            "call-command: execute",
            f"execute-app-name: {name(self.application, 'an application')}",
            f"Event-UUID: {leg_id(self.id)}",
        ]
        if argument:
            lines.append(f"execute-app-arg: {argument}")
        if self.loops != 1:
            lines.append(f"loops: {self.loops:d}")
        if self.lock:
            lines.append("event-lock: true")
        return _lines(*lines)

    def __str__(self) -> str:
        return f"execute {self.application}"


@dataclass(frozen=True, slots=True)
class Hangup(Command):
    """``sendmsg``, call-command hangup; without a cause it is NORMAL_CLEARING."""

    leg: str
    cause: str = ""

    def render(self) -> bytes:
        lines = [f"sendmsg {leg_id(self.leg)}", "call-command: hangup"]
        if self.cause:
            lines.append(f"hangup-cause: {name(self.cause, 'a hangup cause')}")
        return _lines(*lines)

    def __str__(self) -> str:
        return f"hangup {self.cause}".rstrip()


@dataclass(frozen=True, slots=True)
class SendEvent(Command):
    """``sendevent NAME``: fires an event into the switch (NOTIFY, MESSAGE, CUSTOM, ...)."""

    event: str
    headers: Sequence[tuple[str, str]] = ()
    body: str = ""

    def render(self) -> bytes:
        lines = [f"sendevent {name(self.event, 'an event')}"]
        for key, value in self.headers:
            if not _HEADER.fullmatch(key) or key.lower() == "content-length":
                raise UnsafeValue(f"not a header that may be set: {key[:60]!r}")
            lines.append(f"{key}: {text(value, f'header {key}')}")
        return _lines(*lines, body=self.body)

    def __str__(self) -> str:
        return f"sendevent {self.event}"
