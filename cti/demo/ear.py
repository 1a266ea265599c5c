"""What a simulated person hears: sound, silence, and how long each has lasted."""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from cti.softswitch.rtp.codec import Codec
from cti.softswitch.rtp.stream import Stream

LOUD: Final = 250
"""Linear samples beyond it are sound: 42 dB below full scale, far below speech and above a quiet room."""
MANY: Final = 8
"""So many of a packet's samples must be."""
BREATH: Final = 0.8
"""Seconds of silence within what counts as one stretch of sound: the pause between two sentences is shorter."""


class Ear:
    """Listens to a stream from its first packet to its end (`rtp.supervision.Listener`). Seconds throughout."""

    def __init__(self, stream: Stream, clock: Callable[[], float] | None = None) -> None:
        self._stream = stream
        self._clock = clock or asyncio.get_running_loop().time
        self._began = self._last = self._clock()
        self._pause = 0.0
        self._heard = False
        stream.ears.append(self)

    @property
    def quiet(self) -> float:
        """How long it has been silent."""
        return self._clock() - self._last

    @property
    def stretch(self) -> float:
        """How long the present stretch of sound has lasted, or the latest one did; 0 before the first."""
        return self._last - self._began if self._heard else 0.0

    @property
    def music(self) -> bool:
        """Whether it has gone on for so long without drawing breath that nobody can be speaking."""
        return self._heard and self._last - self._pause > 6.0

    def forget(self) -> None:
        """Listens afresh: what was heard so far does not count."""
        self._heard = False
        self._last = self._clock()

    def target_received(self, payload: bytes | memoryview) -> None:
        if bytes(payload).translate(_loud(self._stream.codec)).count(1) < MANY:
            return
        now = self._clock()
        if not self._heard or now - self._last > BREATH:
            self._began = now
        if not self._heard or now - self._last > 0.15:
            self._pause = now
        self._heard, self._last = True, now

    def target_sent(self, payload: bytes | memoryview) -> None:
        """What we say ourselves."""

    def refresh(self) -> None:
        """Nobody is spoken to."""

    def stop(self) -> None:
        if self in self._stream.ears:
            self._stream.ears.remove(self)


@lru_cache(maxsize=2)
def _loud(codec: Codec) -> bytes:
    """For every code whether it is loud."""
    return bytes(abs(value) > LOUD for value in codec.linear)
