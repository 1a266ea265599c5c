"""What the tests of the voice listen with, and sounds to give it."""

import cmath
import math
import struct
import wave
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path

DATA = Path(__file__).parent / "data"
"""ma.mp3, ma.flac, ma.ogg: one rendered syllable of 0.31 s."""


def sine(hertz: float, rate: int, seconds: float = 1.0, amplitude: float = 10_000) -> list[float]:
    """A pure tone."""
    return [amplitude * math.sin(2 * math.pi * hertz * i / rate) for i in range(round(rate * seconds))]


def write_wav(path: Path, samples: Sequence[float], rate: int, channels: int = 1) -> Path:
    """A 16-bit WAV; the same in every channel."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        values = (round(sample) for sample in samples for _ in range(channels))
        file.writeframes(b"".join(struct.pack("<h", value) for value in values))
    return path


def read_wav(path: Path) -> "array[int]":
    """The samples of a WAV, which must be 8 kHz, mono, 16 bits."""
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        return array("h", file.readframes(file.getnframes()))


def seconds(samples: Sequence[float]) -> float:
    """Length at 8 kHz."""
    return len(samples) / 8000


def decibels(samples: Sequence[float]) -> float:
    """Mean power below that of full scale."""
    return 10 * math.log10(sum(sample * sample for sample in samples) / len(samples) / 32768**2 + 1e-12)


def active_level(samples: Sequence[float]) -> float:
    """Mean power of the 20 ms stretches within 25 dB of the loudest, in dB below full scale."""
    parts = [samples[at : at + 160] for at in range(0, len(samples), 160)]
    powers = [sum(sample * sample for sample in part) / len(part) for part in parts]
    active = [power for power in powers if power > max(powers) / 316]
    return 10 * math.log10(sum(active) / len(active) / 32768**2)


def pitch(samples: Sequence[float]) -> list[float]:
    """The fundamental frequency (62 to 121 Hz) of the loud stretches, every 20 ms, by autocorrelation."""
    found = []
    for at in range(0, len(samples) - 640, 160):
        window = samples[at : at + 320]
        if decibels(window) < -35:
            continue

        def alike(lag: int, at: int = at, window: Sequence[float] = window) -> float:
            other = samples[at + lag : at + lag + 320]
            return sum(a * b for a, b in zip(window, other, strict=True)) / (math.hypot(*other) or 1)

        found.append(8000 / max(range(66, 130), key=alike))
    return found


def share(samples: Sequence[float], low: float, high: float) -> float:
    """The share of the power that lies between two frequencies, in the middle second."""
    middle = max(0, len(samples) // 2 - 4000)
    heard, total = 0.0, 0.0
    for at in range(middle, min(len(samples) - 256, middle + 8000), 512):
        part = samples[at : at + 256]
        for line in range(1, 128):
            power = abs(sum(s * cmath.exp(-2j * math.pi * line * i / 256) for i, s in enumerate(part))) ** 2
            total += power
            if low <= line * 8000 / 256 <= high:
                heard += power
    return heard / total


def silence(length: float) -> list[float]:
    """Nothing, at 8 kHz."""
    return [0.0] * round(8000 * length)


def mean(values: Iterable[float]) -> float:
    """Of at least one value."""
    listed = list(values)
    return sum(listed) / len(listed)
