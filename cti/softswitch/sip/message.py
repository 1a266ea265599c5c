"""Bytes to SIP messages and messages to bytes (RFC 3261, 7 and 25). No I/O.

What `parse` lets through has every header that RFC 3261, 8.1.1 asks for, each readable, so nothing later can trip over
it. Bytes that are not UTF-8 survive as surrogate escapes.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from cti.softswitch.sip.address import NameAddr, Via, split_outside_quotes
from cti.softswitch.sip.errors import BadMessage

MAX_MESSAGE: Final = 65_535
MAX_HEADERS: Final = 256
"""Header lines in one message."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,64}")
_STATUS_LINE: Final = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?")
_CSEQ: Final = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9.!%*_+`'~-]{1,64})")
_BREAKS: Final = re.compile(r"[\r\n\0]")
_LISTS: Final = frozenset({"via", "contact", "route", "record-route"})
"""Headers whose values may share a line, parted by commas, and that we read one by one."""

_COMPACT: Final = {
    "i": "Call-ID", "m": "Contact", "e": "Content-Encoding", "l": "Content-Length", "c": "Content-Type", "f": "From",
    "s": "Subject", "k": "Supported", "t": "To", "v": "Via", "r": "Refer-To", "b": "Referred-By", "o": "Event",
    "u": "Allow-Events", "x": "Session-Expires",
}  # fmt: skip

REASONS: Final = {
    100: "Trying", 180: "Ringing", 181: "Call Is Being Forwarded", 182: "Queued", 183: "Session Progress",
    200: "OK", 202: "Accepted", 300: "Multiple Choices", 301: "Moved Permanently", 302: "Moved Temporarily",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 407: "Proxy Authentication Required", 408: "Request Timeout",
    410: "Gone", 413: "Request Entity Too Large", 415: "Unsupported Media Type", 416: "Unsupported URI Scheme",
    420: "Bad Extension", 423: "Interval Too Brief", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 482: "Loop Detected", 483: "Too Many Hops", 484: "Address Incomplete",
    485: "Ambiguous", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here", 489: "Bad Event",
    491: "Request Pending", 500: "Server Internal Error", 501: "Not Implemented", 502: "Bad Gateway",
    503: "Service Unavailable", 504: "Server Time-out", 513: "Message Too Large", 600: "Busy Everywhere",
    603: "Decline", 604: "Does Not Exist Anywhere", 606: "Not Acceptable",
}  # fmt: skip


class Headers:
    """Header fields in their order. Names are compared without case, compact names count as their long ones."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items: list[tuple[str, str, str]] = []
        for name, value in items:
            self.add(name, value)

    def add(self, name: str, value: str) -> None:
        """Raises BadMessage for a name or value that would end its line."""
        name = _COMPACT.get(name.lower(), name)
        if _TOKEN.fullmatch(name) is None or _BREAKS.search(value):
            raise BadMessage(f"{name[:40]!r}: {value[:80]!r} is no header")
        self._items.append((name.lower(), name, value))

    def set(self, name: str, value: str) -> None:
        """Replaces the first one of that name, drops the others; adds it where there was none."""
        fresh = Headers([(name, value)])._items[0]
        at = next((i for i, (key, _, _) in enumerate(self._items) if key == fresh[0]), len(self._items))
        kept = [item for item in self._items if item[0] != fresh[0]]
        kept.insert(at, fresh)
        self._items = kept

    def replace_first(self, name: str, value: str) -> None:
        """Replaces the first one of that name, which must be there, and leaves the others."""
        key = name.lower()
        at = next(i for i, (other, _, _) in enumerate(self._items) if other == key)
        self._items[at] = (key, self._items[at][1], value)

    def get(self, name: str) -> str | None:
        """The first value, or None."""
        key = _COMPACT.get(name.lower(), name).lower()
        return next((value for other, _, value in self._items if other == key), None)

    def all(self, name: str) -> list[str]:
        key = _COMPACT.get(name.lower(), name).lower()
        return [value for other, _, value in self._items if other == key]

    def tokens(self, name: str) -> list[str]:
        """The words of a list such as Require or Allow, over all its lines."""
        return [word.strip(" \t") for value in self.all(name) for word in value.split(",") if word.strip(" \t")]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((name, value) for _, name, value in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Headers) and self._items == other._items

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Headers({list(self)!r})"


class Cseq(NamedTuple):
    """The number of a request in its dialog, and its method (RFC 3261, 20.16)."""

    number: int
    method: str


@dataclass
class _Message:
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @cached_property
    def from_(self) -> NameAddr:
        return NameAddr.parse(self._needed("From"))

    @cached_property
    def to(self) -> NameAddr:
        return NameAddr.parse(self._needed("To"))

    @cached_property
    def cseq(self) -> Cseq:
        match = _CSEQ.fullmatch(self._needed("CSeq"))
        if match is None or int(match[1]) >= 2**31:
            raise BadMessage(f"{self.headers.get('CSeq')!r} is no CSeq")
        return Cseq(int(match[1]), match[2])

    @property
    def via(self) -> Via:
        """The topmost one."""
        return Via.parse(self._needed("Via"))

    @property
    def call_id(self) -> str:
        return self._needed("Call-ID")

    @cached_property
    def contact(self) -> NameAddr | None:
        """The first Contact; None if there is none, it is ``*``, or it cannot be read."""
        value = self.headers.get("Contact")
        try:
            return None if value is None or value == "*" else NameAddr.parse(value)
        except BadMessage:
            return None

    @property
    def content_type(self) -> str:
        """In lower case and without parameters; empty without one."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip(" \t").lower()

    def _needed(self, name: str) -> str:
        value = self.headers.get(name)
        if not value:
            raise BadMessage(f"There is no {name}")
        return value

    def _rendered(self, first_line: str) -> bytes:
        if _BREAKS.search(first_line):
            raise BadMessage(f"{first_line[:80]!r} is more than one line")
        lines = [first_line]
        lines += [f"{name}: {value}" for name, value in self.headers if name.lower() != "content-length"]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + self.body


@dataclass
class Request(_Message):
    """A request (RFC 3261, 7.1). `uri` is the Request-URI as it came."""

    method: str = ""
    uri: str = ""

    def render(self) -> bytes:
        return self._rendered(f"{self.method} {self.uri} SIP/2.0")

    def response(
        self, status: int, reason: str | None = None, *, to_tag: str = "", headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"", content_type: str = "application/sdp",
    ) -> "Response":  # fmt: skip
        """An answer to this request (RFC 3261, 8.2.6.2): with its Via, From, To, Call-ID, CSeq and Record-Route."""
        to = self._needed("To")
        if to_tag and not self.to.tag:
            to = f"{to};tag={to_tag}" if to.rstrip().endswith(">") or ";" in to else f"<{to}>;tag={to_tag}"
        fields = Headers(("Via", via) for via in self.headers.all("Via"))
        for route in self.headers.all("Record-Route") if 100 < status < 300 else ():
            fields.add("Record-Route", route)
        for name, value in (("From", self._needed("From")), ("To", to), ("Call-ID", self.call_id)):
            fields.add(name, value)
        fields.add("CSeq", self._needed("CSeq"))
        for name, value in headers:
            fields.add(name, value)
        if body:
            fields.add("Content-Type", content_type)
        return Response(fields, body, status, REASONS.get(status, "Unknown") if reason is None else reason)


@dataclass
class Response(_Message):
    """A response (RFC 3261, 7.2)."""

    status: int = 0
    reason: str = ""

    def render(self) -> bytes:
        return self._rendered(f"SIP/2.0 {self.status} {self.reason}")


def parse(data: bytes) -> Request | Response:
    """One datagram (RFC 3261, 7 and 18.3). Raises BadMessage, and nothing else, for whatever is not a message."""
    if len(data) > MAX_MESSAGE:
        raise BadMessage(f"{len(data)} bytes are too many")
    head, body = _cut(data.lstrip(b"\r\n"))
    head = head.replace(b"\r\n", b"\n")
    if b"\r" in head or b"\0" in head:
        raise BadMessage("There are stray control characters")
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    headers = _headers(lines[1:])
    length = headers.get("Content-Length")
    if length is not None:
        if not (length.isascii() and length.isdigit() and len(length) < 6) or int(length) > len(body):
            raise BadMessage(f"Content-Length is {length[:20]!r}, and {len(body)} bytes of body came")
        body = body[: int(length)]
    message = _start_line(lines[0], headers, body)
    _ = message.via, message.from_, message.to, message.call_id, message.cseq  # all of them must be readable
    if isinstance(message, Request) and message.cseq.method != message.method:
        raise BadMessage(f"CSeq is for {message.cseq.method}, the request is {message.method}")
    return message


def _cut(data: bytes) -> tuple[bytes, bytes]:
    """Head and body, without the empty line between them."""
    ends = [(at, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (at := data.find(mark)) >= 0]
    if not ends:
        raise BadMessage("The head does not end")
    at, size = min(ends)
    return data[:at], data[at + size :]


def _headers(lines: list[str]) -> Headers:
    if len(lines) > MAX_HEADERS:
        raise BadMessage(f"{len(lines)} header lines are too many")
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t"):
            if not unfolded:
                raise BadMessage("A header goes on that never began")
            unfolded[-1] += " " + line.strip(" \t")
        else:
            unfolded.append(line)
    headers = Headers()
    for line in unfolded:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadMessage(f"{line[:80]!r} is no header")
        name, value = name.rstrip(" \t"), value.strip(" \t")
        if _COMPACT.get(name.lower(), name).lower() in _LISTS:
            for part in split_outside_quotes(value, ","):
                headers.add(name, part)
        else:
            headers.add(name, value)
    return headers


def _start_line(line: str, headers: Headers, body: bytes) -> Request | Response:
    status = _STATUS_LINE.fullmatch(line)
    if status is not None:
        return Response(headers, body, int(status[1]), status[2] or "")
    method, _, rest = line.partition(" ")
    uri, _, version = rest.rpartition(" ")
    if _TOKEN.fullmatch(method) is None or not uri or version != "SIP/2.0":
        raise BadMessage(f"{line[:80]!r} is no SIP")
    return Request(headers, body, method, uri)
