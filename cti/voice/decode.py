"""Recorded files as samples: WAV, MP3, FLAC and OGG Vorbis, by what is in them and not by their names."""

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Final

import miniaudio  # type: ignore[import-untyped]

from cti.voice.errors import RecordingError

LARGEST: Final = 100 * 1024 * 1024
"""Bytes."""

LONGEST: Final = 600
"""Seconds."""

_RATES: Final = range(4000, 192001)
_FORMATS: Final[tuple[tuple[bytes, Callable[[bytes], miniaudio.SoundFileInfo]], ...]] = (
    (b"RIFF", miniaudio.wav_get_info),
    (b"fLaC", miniaudio.flac_get_info),
    (b"OggS", miniaudio.vorbis_get_info),
    (b"ID3", miniaudio.mp3_get_info),
    (b"\xff", miniaudio.mp3_get_info),
)


def decoded(path: Path) -> "tuple[array[int], int]":
    """The samples of a file as 16-bit mono, and their rate. Raises RecordingError."""
    try:
        if path.stat().st_size > LARGEST:
            raise RecordingError(f"{path}: larger than {LARGEST >> 20} MiB", remedy="Cut it, or store it compressed")
        content = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
    look = next((look for magic, look in _FORMATS if content.startswith(magic)), None)
    if look is None:
        raise RecordingError(f"{path}: not a WAV, MP3, FLAC or OGG Vorbis")
    try:
        about = look(content)
        if about.sample_rate not in _RATES:
            raise RecordingError(f"{path}: {about.sample_rate} samples a second")
        if about.duration > LONGEST:
            raise RecordingError(f"{path}: longer than {LONGEST} s", remedy="Cut it")
        sound = miniaudio.decode(content, miniaudio.SampleFormat.SIGNED16, 1, about.sample_rate)
    except miniaudio.DecodeError as error:
        raise RecordingError(f"{path}: cannot be decoded") from error
    return sound.samples, about.sample_rate
