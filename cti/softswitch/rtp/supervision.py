"""A supervisor on a call: hears both sides, and is heard by one or both. Mixing is done in linear samples."""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from cti.softswitch.rtp.codec import FRAME, Codec

if TYPE_CHECKING:
    from cti.softswitch.rtp.stream import Stream

MOST_WAITING: Final = 5 * FRAME
"""Samples that a voice may wait to be mixed; the oldest beyond are dropped, so that delay does not add up."""


class Mode(StrEnum):
    """Who hears the supervisor (the keys of FreeSWITCH's eavesdrop: 0, 1, 2, 3)."""

    LISTEN = "listen"
    WHISPER = "whisper"
    """The leg that is supervised."""
    WHISPER_OTHER = "whisper other"
    """The leg it is bridged with."""
    BARGE = "barge"
    """Both."""


class Listener(Protocol):
    """Whatever listens to a leg: put into `Stream.ears`, taken out of it again by its `stop`."""

    def target_received(self, payload: bytes | memoryview) -> None:
        """The leg's phone said this; a memoryview is good only until the next packet."""

    def target_sent(self, payload: bytes | memoryview) -> None:
        """The leg is sent this."""

    def refresh(self) -> None:
        """The leg has another peer."""

    def stop(self) -> None:
        """The leg is closed."""


class Voice:
    """Samples that wait to be mixed: packets go in when they come, frames of 20 ms are taken out."""

    __slots__ = ("_samples",)

    def __init__(self) -> None:
        self._samples: list[int] = []

    def put(self, payload: bytes | memoryview, codec: Codec) -> None:
        """Adds a payload."""
        self._samples += codec.decode(payload)
        if len(self._samples) > MOST_WAITING:
            del self._samples[:-MOST_WAITING]

    def take(self) -> list[int] | None:
        """The next 160 samples, if there are as many."""
        if len(self._samples) < FRAME:
            return None
        frame = self._samples[:FRAME]
        del self._samples[:FRAME]
        return frame


class Blend:
    """What a leg hears while supervisors speak to it: its peer or what is played, and their voices."""

    def __init__(self) -> None:
        self.peer: Final = Voice()
        self.voices: Final[dict[Eavesdrop, Voice]] = {}

    def add(self, eavesdrop: "Eavesdrop") -> None:
        """A supervisor speaks."""
        self.voices[eavesdrop] = Voice()

    def remove(self, eavesdrop: "Eavesdrop") -> bool:
        """A supervisor does not speak any more; says whether others do."""
        self.voices.pop(eavesdrop, None)
        return bool(self.voices)

    def next(self, playing: bytes | None, codec: Codec) -> bytes:
        """The next 20 ms, silence included; `playing` goes before what the peer says."""
        peer = self.peer.take()
        first = peer if playing is None else codec.decode(playing)
        voices = [voice for voice in (first, *(voice.take() for voice in self.voices.values())) if voice is not None]
        return codec.mix(voices) if voices else codec.frame_of_silence


class Eavesdrop:
    """A supervisor's ear and mouth on a target. A Source for the supervisor and a tap on both streams."""

    def __init__(self, supervisor: "Stream", target: "Stream", mode: Mode, on_end: Callable[[], None] | None) -> None:
        self.supervisor: Final = supervisor
        self.target: Final = target
        self._mode = mode
        self._on_end = on_end
        self._speaks, self._hears = Voice(), Voice()
        self._blended: list[Stream] = []
        self.ended = False
        target.ears.append(self)
        supervisor.mouths.append(self)
        self.refresh()
        supervisor.play(self, self.stop)

    @property
    def mode(self) -> Mode:
        """Who hears the supervisor."""
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        self.refresh()

    def stop(self) -> None:
        """Ends it; the call that was listened to goes on."""
        if self.ended:
            return
        self.ended = True
        self._detach()
        self.target.ears.remove(self)
        self.supervisor.mouths.remove(self)
        self.supervisor.stop_play(self)
        if self._on_end is not None:
            self.supervisor.call(self._on_end)

    def refresh(self) -> None:
        """The mode or the target's bridge has changed: speak to whom it is now."""
        self._detach()
        wanted: list[Stream | None] = []
        if self._mode in (Mode.WHISPER, Mode.BARGE):
            wanted.append(self.target)
        if self._mode in (Mode.WHISPER_OTHER, Mode.BARGE):
            wanted.append(self.target.peer)
        for stream in wanted:
            if stream is not None:
                stream.blend_in(self)
                self._blended.append(stream)

    def target_received(self, payload: bytes | memoryview) -> None:
        """The target's phone said this."""
        self._speaks.put(payload, self.target.codec)

    def target_sent(self, payload: bytes | memoryview) -> None:
        """The target is sent this, by others than supervisors."""
        self._hears.put(payload, self.target.codec)

    def supervisor_received(self, payload: bytes | memoryview) -> None:
        """The supervisor said this."""
        for stream in self._blended:
            if stream.blend is not None:
                stream.blend.voices[self].put(payload, self.supervisor.codec)

    def next(self, codec: Codec) -> bytes | None:
        """What the supervisor hears in the next 20 ms; None when it is over."""
        if self.ended:
            return None
        voices = [voice for voice in (self._speaks.take(), self._hears.take()) if voice is not None]
        return codec.mix(voices) if voices else codec.frame_of_silence

    def _detach(self) -> None:
        for stream in self._blended:
            stream.blend_out(self)
        self._blended.clear()
