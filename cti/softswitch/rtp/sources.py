"""Where sound comes from: each source gives one frame of 20 ms after the other, and None at its end."""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final, Protocol

from cti.softswitch.rtp import tones
from cti.softswitch.rtp.audio import Sound, SoundCache
from cti.softswitch.rtp.codec import FRAME, RATE, Codec
from cti.softswitch.rtp.errors import SoundError


class Source(Protocol):
    """Gives the next frame: 160 bytes of the codec that the leg speaks just now, or None at the end."""

    def next(self, codec: Codec) -> bytes | None:
        """The next 20 ms."""


class Playing:
    """A sound, played `times` times (None: for ever)."""

    def __init__(self, sound: Sound, times: int | None = 1) -> None:
        self._sound = sound
        self._at = 0
        self._left = times if sound.frames else 0

    def next(self, codec: Codec) -> bytes | None:
        """The next 20 ms."""
        if self._at == self._sound.frames:
            self._at = 0
            if self._left is not None:
                self._left -= 1
        if self._left == 0:
            return None
        self._at += 1
        return self._sound.frame(self._at - 1, codec)


class Silence:
    """Nothing, for so many milliseconds; for ever when they are 0 or less, as mod_tone_stream has it."""

    def __init__(self, milliseconds: int) -> None:
        self._left = -(-milliseconds * RATE // (1000 * FRAME)) if milliseconds > 0 else -1

    def next(self, codec: Codec) -> bytes | None:
        """The next 20 ms."""
        if self._left == 0:
            return None
        self._left -= 1
        return codec.frame_of_silence


class Following:
    """Sources one after the other: file_string://A!B."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = list(reversed(sources))

    def next(self, codec: Codec) -> bytes | None:
        """The next 20 ms."""
        while self._sources:
            frame = self._sources[-1].next(codec)
            if frame is not None:
                return frame
            self._sources.pop()
        return None


class Station:
    """Music that goes on whether anybody listens or not: everybody hears the same, so a listener costs nothing.

    `slot` is the number of the current 20 ms (MediaEngine.slot). A station is a Source and has no end.
    """

    def __init__(self, sounds: Sequence[Sound], slot: Callable[[], int]) -> None:
        self._sounds = [sound for sound in sounds if sound.frames]
        if not self._sounds:
            raise SoundError("music without any sound", remedy="Put WAV files into its folder")
        self._ends = list(accumulate(sound.frames for sound in self._sounds))
        self._slot = slot
        self._now: dict[Codec, tuple[int, bytes]] = {}

    def next(self, codec: Codec) -> bytes:
        """What is on now."""
        slot = self._slot()
        now = self._now.get(codec)
        if now is not None and now[0] == slot:
            return now[1]
        at = slot % self._ends[-1]
        number = bisect_right(self._ends, at)
        sound = self._sounds[number]
        frame = sound.frame(at - (self._ends[number] - sound.frames), codec)
        self._now[codec] = (slot, frame)
        return frame


class Library:
    """Finds what to play by the names that FreeSWITCH's applications are given.

    A path (relative ones below `sounds`), ``tone_stream://``, ``silence_stream://MS``, ``local_stream://NAME``,
    ``file_string://A!B``. `music` has a folder of WAV files or tones (``%(...)``) for every local stream.
    """

    def __init__(self, slot: Callable[[], int], sounds: Path, music: Mapping[str, Path | str] | None = None) -> None:
        self._slot: Final = slot
        self._sounds: Final = sounds
        self._music: Final = dict(music or {})
        self._stations: dict[str, Station] = {}
        self._cache: Final = SoundCache()

    def source(self, name: str) -> Source:
        """The source of that name. Raises SoundError when there is none."""
        scheme, separator, rest = name.partition("://")
        if not separator:
            return Playing(self.sound(name))
        match scheme:
            case "tone_stream":
                sequence = tones.parse(rest)
                return Playing(sequence.sound, sequence.times)
            case "silence_stream":
                return Silence(_milliseconds(rest))
            case "local_stream":
                return self.station(rest)
            case "file_string":
                return Following(self._those_that_are_there(rest.split("!")))
        raise SoundError(
            f"{name}: {scheme}:// is not known", remedy="See FreeSWITCH's mod_tone_stream, mod_local_stream"
        )

    def _those_that_are_there(self, names: Sequence[str]) -> list[Source]:
        """What can be played of a list; raises SoundError when that is nothing, as FreeSWITCH has it."""
        found, missing = [], None
        for name in names:
            try:
                found.append(self.source(name))
            except SoundError as error:
                missing = error
        if missing is not None and not found:
            raise missing
        return found

    def sound(self, name: str) -> Sound:
        """The sound of a WAV, from the cache when it was played of late. Raises SoundError."""
        return self._cache.get(self._sounds / name)

    def station(self, name: str) -> Station:
        """Music on hold of that name; it begins when it is first asked for. Raises SoundError."""
        name = name.partition("/")[0]
        station = self._stations.get(name)
        if station is None:
            music = self._music.get(name)
            if music is None:
                known = ", ".join(sorted(self._music)) or "none"
                raise SoundError(f"local_stream://{name}: not known", remedy=f"Known: {known}")
            sounds = [tones.parse(music).sound] if isinstance(music, str) else self._folder(music)
            station = self._stations[name] = Station(sounds, self._slot)
        return station

    def _folder(self, folder: Path) -> list[Sound]:
        sounds = [self._cache.get(path) for path in sorted(folder.glob("*.wav"))]
        if not sounds:
            raise SoundError(f"{folder}: no WAV file in it", remedy="Put music into it")
        return sounds


def _milliseconds(text: str) -> int:
    try:
        return int(text.partition(",")[0])
    except ValueError:
        raise SoundError(f"silence_stream://{text}: not a number", remedy="Give milliseconds, -1 for ever") from None
