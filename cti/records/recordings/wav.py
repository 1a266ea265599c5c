"""WAV files as switches leave them, whole or cut short, and our own of the same sound with tags.

RIFF: four letters, a little-endian length of 32 bits, the content, padded to an even length. Tags are a chunk
``LIST`` of kind ``INFO`` behind the sound, in UTF-8, as a chunk ``CSET`` says.
"""

import hashlib
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, ClassVar, Final

from cti.errors import Blame, CtiError

MOST: Final = 0xFFFFFFFF
"""Bytes of a WAV: 37 hours of stereo at 8 kHz."""

BLOCK: Final = 1 << 20

_UTF_8: Final = 65001
"""Its number as a code page."""
_INFO: Final = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "genre": b"IGNR",
    "date": b"ICRD",
    "comment": b"ICMT",
}
_MOST_HEADER: Final = 1 << 16
"""The sound begins within so many bytes."""


class NotWav(CtiError):
    """A file that is no WAV, or one that we cannot mend."""

    blame: ClassVar[Blame] = Blame.SWITCH
    remedy = "The file stays as it is; listen whether it can be saved"


@dataclass(frozen=True, slots=True)
class Wav:
    """What is in a WAV."""

    layout: bytes
    """The content of its chunk `fmt `."""
    channels: int
    rate: int
    """Samples a second."""
    frame: int
    """Bytes of one sample of all channels."""
    begins: int
    """The sound's first byte in the file."""
    size: int
    """Bytes of sound, in whole frames."""
    repaired: bool
    """The header says otherwise: whoever wrote the file could not finish it."""

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.size / (self.rate * self.frame)


def measure(file: BinaryIO) -> Wav:
    """What is in an open WAV. A header that was never finished is corrected from the file's length. Raises NotWav."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_MOST_HEADER)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NotWav("it does not begin as a WAV does")
    at, layout = 12, b""
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt ":
            layout = head[at : at + size]
        elif name == b"data":
            return _measured(file, length, layout, at, size)
        at += size + size % 2
    raise NotWav("it has no sound")


def _measured(file: BinaryIO, length: int, layout: bytes, begins: int, said: int) -> Wav:
    if len(layout) < 16:
        raise NotWav("it does not say how its sound is written")
    _, channels, rate, _, frame, _ = struct.unpack_from("<HHIIHH", layout)
    if not (channels and rate and frame):
        raise NotWav(f"it says to be of {channels} channels, {rate} samples a second, {frame} bytes a sample")
    there = length - begins
    whole = 0 < said <= there and _are_chunks(file, begins + said + said % 2, length)
    size = said if whole else there
    size -= size % frame
    return Wav(layout, channels, rate, frame, begins, size, repaired=not whole and size != said)


def _are_chunks(file: BinaryIO, at: int, length: int) -> bool:
    """Whether what stands behind the sound is chunks to the very end, and not more sound."""
    while at + 8 <= length:
        file.seek(at)
        head = file.read(8)
        if not (head[:4].isalnum() or head[:4].rstrip(b" ").isalnum()):
            return False
        size = int.from_bytes(head[4:], "little")
        at += 8 + size + size % 2
    return length - 1 <= at <= length + 1


def write_tagged(source: BinaryIO, wav: Wav, tags: Mapping[str, str], target: BinaryIO) -> tuple[int, str]:
    """Writes the sound of `source` with a right header and tags; gives the size and the SHA-256 of what it wrote.

    `tags` is `tags.fields`. Raises NotWav when it were larger than a WAV can be, and OSError.
    """
    sound = _chunk(b"fmt ", wav.layout)
    if wav.layout[:2] not in (b"\x01\x00", b"\xfe\xff"):
        sound += _chunk(b"fact", struct.pack("<I", min(wav.size // wav.frame, MOST)))  # what is not PCM must have it
    behind = bytes(wav.size % 2) + _charset() + _chunk(b"LIST", _info(tags))
    size = 12 + len(sound) + 8 + wav.size + len(behind)
    if size > MOST:
        raise NotWav(f"with {wav.seconds / 3600:.1f} hours it is larger than the 4 GiB of a WAV")
    head = struct.pack("<4sI4s", b"RIFF", size - 8, b"WAVE") + sound + struct.pack("<4sI", b"data", wav.size)
    digest = hashlib.sha256(head)
    target.write(head)
    source.seek(wav.begins)
    left = wav.size
    while left:
        block = source.read(min(left, BLOCK))
        if not block:
            raise NotWav("it became shorter while it was read")
        left -= len(block)
        digest.update(block)
        target.write(block)
    digest.update(behind)
    target.write(behind)
    return size, digest.hexdigest()


def _charset() -> bytes:
    """The chunk that says that texts are UTF-8."""
    return _chunk(b"CSET", struct.pack("<4H", _UTF_8, 0, 0, 0))


def _info(tags: Mapping[str, str]) -> bytes:
    texts = ((_INFO[key], value.encode("utf-8", "replace")) for key, value in tags.items())
    return b"INFO" + b"".join(_chunk(name, text + b"\0") for name, text in texts)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)
