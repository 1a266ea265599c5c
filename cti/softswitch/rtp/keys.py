"""Keys as named telephone events (RFC 4733, once RFC 2833). No I/O and no clock of its own.

A key is several packets of one timestamp; its duration grows and its last packet, sent three times, has the end bit.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from cti.softswitch.rtp.codec import FRAME
from cti.softswitch.rtp.errors import BadKeys

KEYS: Final = "0123456789*#ABCDF"
"""By event code (RFC 4733, table 3); 16 is the hook flash, which FreeSWITCH calls F."""

SIZE: Final = 4
"""Bytes of the payload of an event."""

LOST_AFTER: Final = 0.08
"""Seconds without a packet after which the end of a key is taken as lost: three packets did not come."""

FORGOTTEN_AFTER: Final = 1.0
"""Seconds after which a timestamp may come again: SIPp starts every series of keys with the same."""

_EVENT: Final = struct.Struct(">BBH")
_END, _VOLUME, _LONGEST = 0x80, 10, 0xFFFF


class Key(NamedTuple):
    """A key that was pressed, and for how many samples (1/8000 s)."""

    digit: str
    duration: int


class KeyReader:
    """Makes keys of events: each is told once, at its end or when its end is lost."""

    def __init__(self) -> None:
        self._event = -1  # of the key under way
        self._id = (0, 0)  # SSRC and timestamp of the key under way, or of the last one
        self._duration = 0
        self._before = 0  # samples of its earlier segments (RFC 4733, 2.5.1.3)
        self._seen = 0.0
        self._told: dict[tuple[int, int], float] = {}

    @property
    def pending(self) -> bool:
        """Whether a key is under way, so that `lost` should be asked."""
        return self._event >= 0

    def feed(self, ssrc: int, timestamp: int, payload: bytes | memoryview, now: float) -> list[Key]:
        """The keys that this packet ends: none, its own, the one before whose end was lost, or both.

        An event without duration or end is waited with: the filler packets of SIPp look like that.
        """
        event, flags, duration = _EVENT.unpack(payload)
        if event >= len(KEYS) or not (duration or flags & _END):
            return []
        found: list[Key] = []
        this = (ssrc, timestamp)
        if now - self._told.get(this, -FORGOTTEN_AFTER) < FORGOTTEN_AFTER:
            self._told[this] = now
            return found
        if self.pending and this != self._id:
            if self._continues(event, ssrc, timestamp):
                self._before += self._duration
            else:
                found.append(self._tell())
        if not self.pending:
            self._before = 0
        self._event, self._id, self._seen = event, this, now
        self._duration = max(duration, self._duration if this == self._id else 0)
        if flags & _END:
            self._duration = duration
            found.append(self._tell())
        return found

    def lost(self, now: float) -> Key | None:
        """The key whose end did not come, once it is overdue."""
        if self._event < 0 or now - self._seen < LOST_AFTER:
            return None
        return self._tell()

    def _continues(self, event: int, ssrc: int, timestamp: int) -> bool:
        ahead = (timestamp - self._id[1]) & 0xFFFFFFFF
        return (event, ssrc) == (self._event, self._id[0]) and self._duration == _LONGEST == ahead

    def _tell(self) -> Key:
        key = Key(KEYS[self._event], self._before + self._duration)
        self._event = -1
        self._duration = self._before = 0
        self._told = {told: at for told, at in self._told.items() if self._seen - at < FORGOTTEN_AFTER}
        self._told[self._id] = self._seen
        return key


def check(digits: str) -> str:
    """The keys in upper case. Raises BadKeys."""
    upper = "".join(digit if digit in "wW" else digit.upper() for digit in digits)
    for digit in upper:
        if digit not in KEYS and digit not in "wW":
            raise BadKeys(f"{digit!r} in {digits!r} is not a key")
    return upper


def packets(digits: str, duration: int, pause: int) -> Iterator[tuple[bool, bytes] | None]:
    """What to send in each 20 ms: (the first of its key?, payload), or None for nothing.

    `duration` and `pause` are in samples. w is a pause of 0.5 s and W of 1 s, as in FreeSWITCH's send_dtmf.
    """
    duration = min(max(duration, FRAME), _LONGEST)
    for digit in digits:
        if digit in "wW":
            yield from [None] * (25 if digit == "w" else 50)
            continue
        event = KEYS.index(digit)
        for at in range(FRAME, duration, FRAME):
            yield at == FRAME, _EVENT.pack(event, _VOLUME, at)
        for number in range(3):
            yield duration <= FRAME and number == 0, _EVENT.pack(event, _VOLUME | _END, duration)
        yield from [None] * -(-pause // FRAME)
