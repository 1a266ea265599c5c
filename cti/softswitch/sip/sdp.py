"""Session descriptions for one audio stream: PCMA, PCMU, telephone-event, 20 ms (RFC 4566, 3264, 4733). No I/O.

`parse` reads what the other side says, `agree` decides what both can do, `render` writes ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from cti.softswitch.sip.address import Address
from cti.softswitch.sip.errors import BadMessage

CODECS: Final = {"PCMA": 8, "PCMU": 0}
"""What we speak, and the static payload types (RFC 3551, 6)."""
PTIME: Final = 20
"""Milliseconds of sound in a packet."""
TELEPHONE_EVENT: Final = 101
"""The payload type that our offers give to keys."""

_STATIC: Final = {0: "PCMU", 8: "PCMA", 3: "GSM", 4: "G723", 9: "G722", 13: "CN", 18: "G729"}
_MAX_MEDIA: Final = 16
_MAX_PAYLOADS: Final = 64


class Direction(StrEnum):
    """Who sends, seen from the one who says it (RFC 4566, 6)."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @classmethod
    def of(cls, *, sends: bool, receives: bool) -> "Direction":
        if sends:
            return cls.SENDRECV if receives else cls.SENDONLY
        return cls.RECVONLY if receives else cls.INACTIVE

    @property
    def sends(self) -> bool:
        return self in (Direction.SENDRECV, Direction.SENDONLY)

    @property
    def receives(self) -> bool:
        return self in (Direction.SENDRECV, Direction.RECVONLY)


@dataclass(frozen=True, slots=True)
class Payload:
    """One RTP payload type: number, encoding name in upper case, clock rate in Hz."""

    number: int
    name: str
    rate: int


@dataclass(frozen=True, slots=True)
class Description:
    """The other side's session description, as far as it matters here."""

    address: str
    """Where its audio is wanted; 0.0.0.0 is hold as RFC 2543 had it."""
    port: int
    """0: no audio."""
    payloads: tuple[Payload, ...]
    """In the order of its liking."""
    direction: Direction = Direction.SENDRECV
    ptime: int = PTIME
    lines: tuple[tuple[str, str, str], ...] = ()
    """Media, protocol and first format of every m= line; an answer needs as many (RFC 3264, 6)."""
    audio: int = 0
    """Which of `lines` this describes."""
    raw: bytes = field(default=b"", compare=False, repr=False)
    """As it came, for variable_switch_r_sdp."""

    @property
    def hold(self) -> bool:
        """The other side does not want to hear us."""
        return not self.direction.receives or self.address == "0.0.0.0"  # noqa: S104 (not bound to)

    @property
    def telephone_event(self) -> int | None:
        """Its payload type for keys, or None."""
        return next((p.number for p in self.payloads if p.name == "TELEPHONE-EVENT" and p.rate == 8000), None)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides can do. `direction` is ours."""

    codec: Literal["PCMA", "PCMU"]
    payload: int
    telephone_event: int | None
    remote: Address
    direction: Direction


@dataclass(slots=True)
class _Media:
    kind: str
    port: int
    protocol: str
    formats: list[str]
    address: str = ""
    direction: Direction | None = None
    ptime: int = PTIME
    maps: dict[int, tuple[str, int]] = field(default_factory=dict)


def parse(body: bytes) -> Description:
    """Reads a description; lines that are not needed are not looked at. Raises BadMessage."""
    session = _Media("", 0, "", [])
    media: list[_Media] = []
    for line in body.decode("utf-8", "replace").replace("\r", "\n").split("\n"):
        kind, equals, value = line.strip(" \t").partition("=")
        if equals and kind == "m":
            media.append(_media_line(value))
            if len(media) > _MAX_MEDIA:
                raise BadMessage("The session description has too many m= lines")
        elif equals and kind in ("c", "a"):
            _attribute(media[-1] if media else session, kind, value)
    audio = next((at for at, one in enumerate(media) if one.kind == "audio" and one.protocol == "RTP/AVP"), None)
    if audio is None:
        raise BadMessage("The session description offers no audio over RTP/AVP")
    one = media[audio]
    return Description(
        _ipv4(one.address or session.address),
        one.port,
        _payloads(one),
        one.direction or session.direction or Direction.SENDRECV,
        one.ptime,
        tuple((m.kind, m.protocol, m.formats[0]) for m in media),
        audio,
        body,
    )


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) > most:
        raise BadMessage(f"{text[:40]!r} is no number up to {most}")
    return int(text)


def _ipv4(text: str) -> str:
    parts = text.split(".")
    if len(parts) != 4:
        raise BadMessage(f"{text[:80]!r} is no IPv4 address")
    return ".".join(str(_number(part, 255)) for part in parts)


def _media_line(value: str) -> _Media:
    words = value.split()
    if len(words) < 4 or len(words) > 3 + _MAX_PAYLOADS:
        raise BadMessage(f"m={value[:80]!r} is no media line")
    return _Media(words[0].lower(), _number(words[1].partition("/")[0], 65535), words[2].upper(), words[3:])


def _attribute(media: _Media, kind: str, value: str) -> None:
    if kind == "c":
        words = value.split()
        if len(words) == 3 and words[:2] == ["IN", "IP4"]:
            media.address = words[2].partition("/")[0]
        return
    name, _, rest = value.partition(":")
    if name in ("sendrecv", "sendonly", "recvonly", "inactive"):
        media.direction = Direction(name)
    elif name == "ptime":
        media.ptime = _number(rest.strip(), 1000) if rest.strip().isdigit() else PTIME
    elif name == "rtpmap" and len(media.maps) < _MAX_PAYLOADS:
        number, _, encoding = rest.strip().partition(" ")
        codec, _, rate = encoding.strip().partition("/")
        media.maps[_number(number, 127)] = (codec.upper(), _number(rate.partition("/")[0].strip(), 10**6))


def _payloads(media: _Media) -> tuple[Payload, ...]:
    found = []
    for text in media.formats:
        number = _number(text, 127)
        name, rate = media.maps.get(number, (_STATIC.get(number, ""), 8000))
        found.append(Payload(number, name, rate))
    return tuple(found)


def agree(theirs: Description, codecs: Sequence[str] = ("PCMA", "PCMU")) -> Agreement | None:
    """The first of their codecs that is one of ours, or None (answer 488, RFC 3261, 13.3.1.3). Reads answers, too."""
    for payload in theirs.payloads:
        if payload.name in codecs and payload.rate == 8000 and theirs.port:
            held = theirs.address == "0.0.0.0"  # noqa: S104 (not bound to)
            direction = Direction.of(sends=theirs.direction.receives and not held, receives=theirs.direction.sends)
            codec: Literal["PCMA", "PCMU"] = "PCMA" if payload.name == "PCMA" else "PCMU"
            remote = (theirs.address, theirs.port)
            return Agreement(codec, payload.number, theirs.telephone_event, remote, direction)
    return None


def offer(
    local: Address, *, session: int, version: int = 1, codecs: Sequence[str] = ("PCMA", "PCMU"),
    direction: Direction = Direction.SENDRECV, telephone_event: int | None = TELEPHONE_EVENT,
) -> bytes:  # fmt: skip
    """A description of our own. `session` stays the same for a call, `version` grows with each change (RFC 3264, 8)."""
    audio = _audio(local[1], [(CODECS[name], name) for name in codecs], telephone_event, direction)
    return _description(local[0], session, version, [audio])


def answer(theirs: Description, agreed: Agreement, local: Address, *, session: int, version: int = 1) -> bytes:
    """The answer to an offer (RFC 3264, 6): their payload numbers, one codec, every other stream refused."""
    audio = _audio(local[1], [(agreed.payload, agreed.codec)], agreed.telephone_event, agreed.direction)
    lines = [
        audio if at == theirs.audio else f"m={kind} 0 {protocol} {first}"
        for at, (kind, protocol, first) in enumerate(theirs.lines)
    ]
    return _description(local[0], session, version, lines)


def _audio(port: int, codecs: list[tuple[int, str]], telephone_event: int | None, direction: Direction) -> str:
    numbers = [number for number, _ in codecs] + ([] if telephone_event is None else [telephone_event])
    lines = [f"m=audio {port} RTP/AVP {' '.join(map(str, numbers))}"]
    lines += [f"a=rtpmap:{number} {name}/8000" for number, name in codecs]
    if telephone_event is not None:
        lines += [f"a=rtpmap:{telephone_event} telephone-event/8000", f"a=fmtp:{telephone_event} 0-15"]
    return "\r\n".join([*lines, f"a=ptime:{PTIME}", f"a={direction}"])


def _description(address: str, session: int, version: int, media: list[str]) -> bytes:
    head = ["v=0", f"o=FreeSWITCH {session} {version} IN IP4 {address}", "s=FreeSWITCH", f"c=IN IP4 {address}", "t=0 0"]
    return ("\r\n".join([*head, *media]) + "\r\n").encode()
