"""Bytes to frames and frames to bytes: the Event Socket's outermost layer. No I/O.

A frame is a block of ``Key: value`` lines, an empty line, and as many bytes of body as Content-Length says
(mod_event_socket.c, read_packet and listener_run). Nothing is decoded here.
"""

import re
import sys
from dataclasses import dataclass
from typing import Final

from cti.esl.errors import BodyTooLarge, HeaderTooLarge, WireError


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on what a peer can make us hold. Sizes in bytes, the rest in items."""

    max_header: int = 256 * 1024
    max_body: int = 16 * 1024 * 1024
    """mod_event_socket's own cap on a body is 16 MiB."""
    max_pending: int = 10_000
    """Commands that wait for a reply."""
    max_events: int = 20_000
    """Events that wait to be handled; past it the connection is given up (EventOverflow)."""
    pause_events: int = 1_000
    """Waiting events at which reading pauses while no reply is awaited, so that TCP slows the switch."""


READ_SIZE: Final = 512 * 1024
"""Room offered to a single read of the socket."""

_NEWLINE: Final = 0x0A
_EVENT_HEAD: Final = re.compile(rb"Content-Length: (\d{1,9})\nContent-Type: text/event-plain\n\n")
_API_HEAD: Final = re.compile(rb"Content-Type: api/response\nContent-Length: (\d{1,9})\n\n")


class Frame:
    """One frame as it came. `head` and `body` both begin with the newline before them.

    That newline makes ``head.find(b"\\nKey: ")`` find the first header as well as any other.
    """

    __slots__ = ("body", "content_type", "head")

    def __init__(self, content_type: bytes, head: bytes, body: bytes) -> None:
        self.content_type = content_type
        self.head = head
        self.body = body

    def header(self, name: str) -> str | None:
        """The value of a header of the frame itself, or None. These are not percent-encoded."""
        value = _value(self.head, b"\n%b: " % name.encode())
        return None if value is None else value.decode("utf-8", "replace")

    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become U+FFFD."""
        return self.body[1:].decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"Frame({self.content_type!r}, {self.head[:80]!r}, {len(self.body) - 1} bytes)"


class FrameReader:
    """Cuts a stream into frames. Owns one buffer that the socket writes into.

    Use: ``get_buffer``, write, ``written(n)``, then ``next_frame`` until it returns None.
    After a WireError the stream cannot be read on.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._buffer = bytearray(READ_SIZE)
        self._view = memoryview(self._buffer)
        self._start = 0  # first byte of the frame under way
        self._end = 0  # one past the last byte received
        self._scanned = 0  # no empty line begins before this
        self._need = 0  # length of the frame under way, once its head is read

    def get_buffer(self) -> memoryview:
        """Room for the next read."""
        if self._start == self._end:
            self._start = self._end = self._scanned = 0
            if len(self._buffer) > READ_SIZE:
                self._move_to(bytearray(READ_SIZE))
        elif len(self._buffer) - self._end < READ_SIZE // 4:
            held = self._end - self._start
            room = max(READ_SIZE, held + READ_SIZE // 2, self._need)
            self._move_to(self._buffer if room == len(self._buffer) else bytearray(room))
        return self._view[self._end :]

    def written(self, count: int) -> None:
        """Says that `count` bytes were put into the buffer."""
        self._end += count

    def feed(self, data: bytes | memoryview) -> None:
        """Copies `data` in, for a transport that has its own buffer."""
        at = 0
        while at < len(data):
            room = self.get_buffer()
            count = min(len(room), len(data) - at)
            room[:count] = data[at : at + count]
            self._end += count
            at += count

    @property
    def buffered(self) -> int:
        """Bytes of the frame under way that are here already."""
        return self._end - self._start

    def peek(self, count: int) -> bytes:
        """The first bytes of the frame under way, for an error message."""
        return bytes(self._view[self._start : min(self._end, self._start + count)])

    def next_frame(self) -> Frame | None:
        """The next whole frame, or None when more bytes are needed.

        Raises HeaderTooLarge, BodyTooLarge, or WireError when this is not the protocol.
        """
        buffer, start, end = self._buffer, self._start, self._end
        while start < end and buffer[start] == _NEWLINE:  # some bodies end with one more than they count
            start += 1
        self._start = start
        split = self._head_end()
        if split < 0:
            return None
        head = b"\n" + self._view[start:split]
        body_at, length, content_type = split + 1, _content_length(head), _content_type(head)
        if length > self._limits.max_body:
            raise BodyTooLarge(f"a body of {length} bytes is announced, the cap is {self._limits.max_body}")
        after = body_at + 1 + length
        if after > end:
            self._need = after - start
            return None
        self._start = self._scanned = after
        self._need = 0
        return Frame(content_type, head, bytes(self._view[body_at:after]))

    def plain_events(self) -> list[bytes]:
        """The payloads of the whole plain events that come next, each with the newline before it.

        The short way for nearly all of the traffic: it stops at whatever else comes, which is next_frame's.
        """
        return self._bodies(_EVENT_HEAD, sys.maxsize)

    def api_responses(self, most: int) -> list[bytes]:
        """The bodies of at most so many whole api/responses that come next, each with the newline before it."""
        return self._bodies(_API_HEAD, most)

    def _bodies(self, pattern: re.Pattern[bytes], most: int) -> list[bytes]:
        buffer, view, start, end = self._buffer, self._view, self._start, self._end
        cap, match = self._limits.max_body, pattern.match
        bodies: list[bytes] = []
        while len(bodies) < most:
            head = match(buffer, start, end)
            if head is None:
                break
            body_at, length = head.end() - 1, int(head[1])
            after = body_at + 1 + length
            if after > end or length > cap:
                break
            bodies.append(bytes(view[body_at:after]))
            start = after
        self._start = start
        return bodies

    def _head_end(self) -> int:
        """Where the empty line after the headers begins, or -1 when it is not here yet."""
        split = self._buffer.find(b"\n\n", max(self._start, self._scanned), self._end)
        size = (self._end if split < 0 else split) - self._start
        if size > self._limits.max_header:
            raise HeaderTooLarge(f"{size} bytes of headers, the cap is {self._limits.max_header}")
        self._scanned = split if split >= 0 else max(self._start, self._end - 1)
        return split

    def _move_to(self, buffer: bytearray) -> None:
        """Goes on in `buffer`, which may be the one in use: a view copies what overlaps rightly."""
        held = self._end - self._start
        view = memoryview(buffer)
        view[:held] = self._view[self._start : self._end]
        self._buffer, self._view = buffer, view
        self._scanned -= self._start
        self._start, self._end = 0, held


def _content_length(head: bytes) -> int:
    digits = _value(head, b"\nContent-Length: ")
    if digits is None:
        return 0
    if not digits.isdigit() or len(digits) > 18:
        raise WireError(f"Content-Length is not a number: {_excerpt(digits)}")
    return int(digits)


def _content_type(head: bytes) -> bytes:
    value = _value(head, b"\nContent-Type: ")
    if value is None:
        raise WireError(f"a frame without a Content-Type: {_excerpt(head)}")
    return value


def _value(head: bytes, needle: bytes) -> bytes | None:
    at = head.find(needle)
    if at < 0:
        return None
    at += len(needle)
    end = head.find(b"\n", at)
    return head[at:] if end < 0 else head[at:end]


def _excerpt(data: bytes) -> str:
    return repr(data[:60].decode("ascii", "replace").strip("\n"))


def render_frame(headers: list[tuple[str, str]], body: bytes = b"") -> bytes:
    """A frame as mod_event_socket writes it; Content-Length is added when there is a body."""
    lines = [f"{name}: {value}\n" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}\n")
    return "".join(lines).encode() + b"\n" + body
