"""Reads the recordings of a real FreeSWITCH 1.10.12 in tests/data/esl.

A recording is a row of frames: ``--> SECONDS LENGTH`` (sent to the switch) or ``<-- SECONDS LENGTH`` (received), a
newline, LENGTH raw bytes, a newline.
"""

from dataclasses import dataclass
from pathlib import Path

from cti.esl.commands import (
    Api,
    Auth,
    BgApi,
    Command,
    Events,
    Execute,
    Exit,
    Filter,
    Hangup,
    Log,
    NoEvents,
    NoLog,
    SendEvent,
)

FOLDER = Path(__file__).parent.parent / "data" / "esl"
NAMES = sorted(path.stem for path in FOLDER.glob("*.esl"))


@dataclass(frozen=True)
class Part:
    """One stretch of bytes in one direction."""

    sent: bool
    data: bytes


def read(name: str) -> list[Part]:
    """The parts of a recording, in order."""
    data, at, parts = (FOLDER / f"{name}.esl").read_bytes(), 0, []
    while at < len(data):
        end = data.index(b"\n", at)
        direction, _, length = data[at:end].split()
        parts.append(Part(direction == b"-->", data[end + 1 : end + 1 + int(length)]))
        at = end + 2 + int(length)
    return parts


def received(name: str) -> bytes:
    """All that the switch said in a recording."""
    return b"".join(part.data for part in read(name) if not part.sent)


class Unknown(Command):
    """A command that FreeSWITCH does not know; the recording `commands` has one."""

    def render(self) -> bytes:
        return b"nosuch\n\n"


def command(data: bytes) -> Command:
    """The command, as a value of ours, that a client sent in a recording."""
    first, *rest = data.decode().rstrip("\n").split("\n")
    verb, _, line = first.partition(" ")
    headers = [tuple(header.split(": ", 1)) for header in rest]
    values = dict(headers)
    match verb:
        case "auth":
            return Auth(line)
        case "api":
            return Api(*_api(line))
        case "bgapi":
            return BgApi(Api(*_api(line)), values.get("Job-UUID", ""))
        case "event":
            words, _, custom = line.partition(" CUSTOM ")
            form, *names = words.split()
            assert form in ("plain", "json")
            return Events(names, custom.split(), form)
        case "filter":
            return Filter(*line.split(" ", 1))
        case "log":
            return Log(int(line))
        case "sendevent":
            return SendEvent(line, [header for header in headers if header[0] != "content-length"])
        case "sendmsg" if values["call-command"] == "hangup":
            return Hangup(line)
        case "sendmsg":
            return Execute(line, values["execute-app-name"], values.get("execute-app-arg", ""), id=values["Event-UUID"])
    return {"exit": Exit(), "noevents": NoEvents(), "nolog": NoLog(), "nosuch": Unknown()}[verb]


def _api(line: str) -> tuple[str, tuple[str, ...], str]:
    name, _, rest = line.partition(" ")
    return name, (), rest
