"""Events: kept as the bytes that came, a header found when it is asked for.

A late CHANNEL event has 200 headers of which a reader wants five, so none is split in advance. Values are
percent-encoded by the switch (switch_event.c, switch_event_serialize) and are decoded only after they are cut
out: decoding first would let a caller's name with an encoded newline forge a header.
"""

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_to_bytes

from cti.esl.errors import WireError

_UNDEFINED: Final = b"_undef_"  # how the plain format writes an empty value
_PERCENT: Final = ord("%")
_LENGTH: Final = b"\nContent-Length: "


class _Needles(dict[str, bytes]):
    """Header name -> the bytes to look for. Names come from our code, so the table stays small."""

    def __missing__(self, name: str) -> bytes:
        needle = b"\n%b: " % name.encode()
        if len(self) < 4096:
            self[name] = needle
        return needle


_needles: Final = _Needles()


class Event:
    """One event in the plain format. Reading one never fails: what is not there is None."""

    __slots__ = ("_clear", "raw")

    def __init__(self, raw: bytes) -> None:
        """`raw` is the payload with the newline that stood before it."""
        self.raw = raw
        self._clear = 0  # no body begins before this byte

    def get(self, name: str) -> str | None:
        """The decoded value of a header, or None. Bytes that are not UTF-8 become U+FFFD.

        The value may hold any character, newlines included: a caller chooses some of them. He may also write a
        body, so a find in there is none. The switch writes an inner Content-Length as the last header exactly when a
        body follows: without one before `at` the empty line, four times as dear to find, need not be looked for.
        """
        raw, needle = self.raw, _needles[name]
        at = raw.find(needle)
        if at > self._clear:
            if raw.find(_LENGTH, self._clear, at) < 0:
                self._clear = at
            elif at >= self._head_end():
                return None
        elif at < 0:
            return None
        at += len(needle)
        value = raw[at : raw.find(b"\n", at)]
        if _PERCENT in value:
            value = unquote_to_bytes(value)
        elif value == _UNDEFINED:
            return ""
        return value.decode("utf-8", "replace")

    def _head_end(self) -> int:
        """The newline that makes the empty line after the headers."""
        end = self.raw.find(b"\n\n")
        return len(self.raw) if end < 0 else end + 1

    def __getitem__(self, name: str) -> str:
        """Like get, but a header that is missing is a KeyError."""
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def variable(self, name: str) -> str | None:
        """A channel variable (header ``variable_NAME``)."""
        return self.get(f"variable_{name}")

    @property
    def name(self) -> str:
        """Event-Name, such as CHANNEL_PARK; empty when the event has none."""
        return self.get("Event-Name") or ""

    @property
    def subclass(self) -> str | None:
        """Event-Subclass of a CUSTOM event, such as ``sofia::register``."""
        return self.get("Event-Subclass")

    @property
    def timestamp(self) -> int:
        """The switch's own clock when it fired the event (Event-Date-Timestamp), microseconds since 1970, UTC."""
        text = self.get("Event-Date-Timestamp") or "0"
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def leg(self) -> str | None:
        """Unique-ID of the channel that the event is about, if any."""
        return self.get("Unique-ID")

    @property
    def body(self) -> str:
        """What follows the headers (BACKGROUND_JOB, MESSAGE): as many bytes as the inner Content-Length says."""
        start = self._head_end() + 1
        length = self.raw.rfind(_LENGTH, 0, start)
        if length < 0:
            return ""
        digits = self.raw[length + len(_LENGTH) : start - 2]
        count = int(digits) if digits.isdigit() and len(digits) < 12 else 0
        return self.raw[start : start + count].decode("utf-8", "replace")

    def headers(self) -> Iterator[tuple[str, str]]:
        """All headers in order, decoded. For people; readers in a hurry use get."""
        for line in self.raw[1 : self._head_end()].split(b"\n"):
            name, colon, value = line.partition(b": ")
            if colon:
                text = "" if value == _UNDEFINED else unquote_to_bytes(value).decode("utf-8", "replace")
                yield name.decode("utf-8", "replace"), text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.subclass or self.leg or ''}>"


class JsonEvent(Event):
    """One event in the JSON format. Dearer than plain: all of it is parsed, at once. Raises WireError."""

    __slots__ = ("_values",)

    def __init__(self, raw: bytes) -> None:
        super().__init__(raw)
        try:
            values = json.loads(raw.decode("utf-8", "replace"), strict=False)
        except (ValueError, RecursionError) as error:
            raise WireError("an event that is not JSON") from error
        if not isinstance(values, dict):
            raise WireError("an event that is not a JSON object")
        self._values: dict[str, object] = values

    def get(self, name: str) -> str | None:
        value = self._values.get(name)
        return None if value is None else _text(value)

    @property
    def body(self) -> str:
        return self.get("_body") or ""

    def headers(self) -> Iterator[tuple[str, str]]:
        return ((name, _text(value)) for name, value in self._values.items() if name != "_body")


def _text(value: object) -> str:
    """A list is a header that was pushed several times; the plain format writes it as ``ARRAY::a|:b``."""
    return "ARRAY::" + "|:".join(map(str, value)) if isinstance(value, list) else str(value)
