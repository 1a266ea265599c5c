"""Sounds: what a WAV or a tone holds, cut into 20 ms frames of either codec, and kept while it is wanted."""

import struct
import sys
from array import array
from collections import OrderedDict
from pathlib import Path
from typing import Final

from cti.softswitch.rtp.codec import FRAME, RATE, Codec
from cti.softswitch.rtp.errors import SoundError

LARGEST: Final = 256 * 1024 * 1024
"""Bytes of the largest WAV that is read."""

_PCM, _EXTENSIBLE = 1, 0xFFFE


class Sound:
    """16-bit PCM that is cut and encoded frame by frame, each when it is first asked for.

    So the first caller does not stall the others while minutes of music are converted. `data` is little-endian and
    may be stereo or of a whole multiple of 8 kHz; channels and neighbours are averaged.
    """

    def __init__(self, data: bytes, channels: int = 1, rate: int = RATE) -> None:
        if rate % RATE or not 1 <= rate // RATE <= 6 or channels not in (1, 2):
            raise SoundError(
                f"{channels} channels at {rate} Hz: only mono or stereo at 8, 16, 24, 32 or 48 kHz is read"
            )
        self._data = data
        self._step = channels * (rate // RATE)  # values that become one sample
        self.samples: Final = len(data) // (2 * self._step)
        """Length at 8 kHz."""
        self.frames: Final = -(-self.samples // FRAME)
        """Length in frames of 20 ms, the last filled up with silence."""
        self._cut: dict[Codec, list[bytes | None]] = {}

    @property
    def milliseconds(self) -> int:
        """Length."""
        return self.samples * 1000 // RATE

    @property
    def size(self) -> int:
        """About the bytes that it holds once it was played."""
        return len(self._data) + 200 * self.frames

    def frame(self, number: int, codec: Codec) -> bytes:
        """Frame `number`, from 0 to less than `frames`: 160 bytes."""
        cut = self._cut.get(codec)
        if cut is None:
            cut = self._cut[codec] = [None] * self.frames
        frame = cut[number]
        if frame is None:
            frame = cut[number] = self._encode(number, codec)
        return frame

    def _encode(self, number: int, codec: Codec) -> bytes:
        size = 2 * FRAME * self._step
        raw = self._data[number * size : (number + 1) * size]
        values = array("h", raw[: len(raw) // (2 * self._step) * 2 * self._step])
        if sys.byteorder == "big":
            values.byteswap()
        step = self._step
        samples = values if step == 1 else [sum(values[at : at + step]) // step for at in range(0, len(values), step)]
        return codec.encode(samples).ljust(FRAME, codec.silence)


def read_wav(path: Path) -> Sound:
    """A WAV of 16-bit PCM. One that is still being written, or was never finished, is read as far as it goes.

    Raises SoundError when there is no such file, or it is something else.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise SoundError(f"{path}: larger than {LARGEST >> 20} MiB", remedy="Cut it into pieces")
        content = path.read_bytes()
    except OSError as error:
        remedy = "Look at the path and its permissions"
        raise SoundError(f"{path}: cannot be read: {error.strerror}", remedy=remedy) from error
    try:
        return parse_wav(content)
    except SoundError as error:
        raise SoundError(f"{path}: {error.what}", remedy=error.remedy) from error


def parse_wav(content: bytes) -> Sound:
    """The sound in the bytes of a WAV (RIFF chunks: four letters, a little-endian length, padded to even)."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise SoundError("not a WAV")
    at, layout = 12, None
    while at + 8 <= len(content):
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        body = at + 8
        if name == b"fmt " and length >= 16 and body + 16 <= len(content):
            layout = struct.unpack_from("<HHIIHH", content, body)
        elif name == b"data":
            return _sound(layout, content[body : body + length])
        at = body + length + length % 2
    raise SoundError("a WAV without sound")


def _sound(layout: tuple[int, ...] | None, data: bytes) -> Sound:
    if layout is None:
        raise SoundError("a WAV without a format")
    kind, channels, rate, _, _, bits = layout
    if kind not in (_PCM, _EXTENSIBLE) or bits != 16:
        raise SoundError(f"a WAV of kind {kind} with {bits} bits a sample, not 16-bit PCM")
    return Sound(data, channels, rate)


class SoundCache:
    """Sounds of files that were played of late, at most `limit` bytes of them; a changed file is read anew."""

    def __init__(self, limit: int = 128 * 1024 * 1024) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[Path, int, int], Sound] = OrderedDict()
        self._size = 0

    def get(self, path: Path) -> Sound:
        """The sound of a WAV. Raises SoundError."""
        try:
            status = path.stat()
        except OSError:
            return read_wav(path)  # says what is wrong
        key = (path, status.st_mtime_ns, status.st_size)
        sound = self._held.get(key)
        if sound is not None:
            self._held.move_to_end(key)
            return sound
        sound = self._held[key] = read_wav(path)
        self._size += sound.size
        while self._size > self._limit and len(self._held) > 1:
            self._size -= self._held.popitem(last=False)[1].size
        return sound

    def __len__(self) -> int:
        return len(self._held)
