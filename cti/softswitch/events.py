"""Events as FreeSWITCH writes them: names, headers in order, an optional body; serialised once for all listeners."""

import json
import os
import socket
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

from cti.esl.wire import render_frame

# switch_utils.h, SWITCH_URL_UNSAFE; and everything that is not printable ASCII (switch_url_encode_opt)
_UNSAFE: Final = frozenset(b'\r\n #%&+:;<=>?@[\\]^`{|}"')
_HEX: Final = frozenset(b"0123456789ABCDEF")
_SAFE_TEXT: Final = frozenset(chr(byte) for byte in range(0x21, 0x7F) if byte not in _UNSAFE)

Header = tuple[str, str]


def encode(value: str) -> str:
    """A header's value as the plain format has it; ``%XX`` that is there already is left alone."""
    if not value:
        return "_undef_"
    if _SAFE_TEXT.issuperset(value):
        return value
    data = value.encode("utf-8", "surrogateescape")
    encoded = []
    for at, byte in enumerate(data):
        already = byte == 0x25 and _HEX.issuperset(data[at + 1 : at + 3]) and at + 2 < len(data)
        encoded.append(chr(byte) if already or (0x20 < byte < 0x7F and byte not in _UNSAFE) else f"%{byte:02X}")
    return "".join(encoded)


class SwitchEvent:
    """One event. `headers` are whole, in order, not yet encoded."""

    def __init__(self, name: str, headers: Sequence[Header], body: str = "", subclass: str = "") -> None:
        self.name = name
        self.subclass = subclass
        self.headers = headers
        self.body = body

    def get(self, name: str) -> str | None:
        """A header's value, or None."""
        return next((value for key, value in self.headers if key == name), None)

    @cached_property
    def plain(self) -> bytes:
        """The frame in the plain format."""
        lines = [f"{key}: {encode(value)}\n" for key, value in self.headers]
        body = self.body.encode("utf-8", "surrogateescape")
        if body:
            lines.append(f"Content-Length: {len(body)}\n")
        return _frame("text/event-plain", "".join(lines).encode() + b"\n" + body)

    @cached_property
    def json(self) -> bytes:
        """The frame in the JSON format."""
        values = dict(self.headers)
        if self.body:
            values |= {"Content-Length": str(len(self.body.encode())), "_body": self.body}
        text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
        return _frame("text/event-json", text.encode("utf-8", "replace"))


def _frame(kind: str, payload: bytes) -> bytes:
    return render_frame([("Content-Length", str(len(payload))), ("Content-Type", kind)]) + payload


class EventSource:
    """Numbers and stamps events, as one running switch does."""

    def __init__(self, core_uuid: str) -> None:
        self.core_uuid = core_uuid
        self._hostname = socket.gethostname()
        self._sequence = 0

    def make(self, name: str, headers: Sequence[Header] = (), body: str = "", subclass: str = "") -> SwitchEvent:
        """An event of now."""
        self._sequence += 1
        now = time.time_ns() // 1000
        gmt = datetime.fromtimestamp(now // 1_000_000, UTC)
        common = [
            ("Event-Name", name),
            ("Core-UUID", self.core_uuid),
            ("FreeSWITCH-Hostname", self._hostname),
            ("FreeSWITCH-Switchname", self._hostname),
            ("Event-Date-Local", gmt.astimezone().strftime("%Y-%m-%d %H:%M:%S")),
            ("Event-Date-GMT", gmt.strftime("%a, %d %b %Y %H:%M:%S GMT")),
            ("Event-Date-Timestamp", str(now)),
            ("Event-Calling-File", "cti.softswitch"),
            ("Event-Calling-Function", f"pid {os.getpid()}"),
            ("Event-Calling-Line-Number", "0"),
            ("Event-Sequence", str(self._sequence)),
        ]
        if subclass:
            common.insert(0, ("Event-Subclass", subclass))
        return SwitchEvent(name, [*common, *headers], body, subclass)
