"""What simulated people say: sounds by the part of a conversation that they belong to."""

import sys
import wave
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cti.softswitch.rtp import tones
from cti.softswitch.rtp.audio import Sound
from cti.softswitch.rtp.errors import SoundError


@dataclass(frozen=True, slots=True)
class Lines:
    """One side's: what it opens with, says in between, and parts with. None of them is empty."""

    opening: Sequence[Sound]
    between: Sequence[Sound]
    parting: Sequence[Sound]

    def line(self, number: int, chance: Random) -> Sound:
        """The `number`-th thing that is said, 0 the first."""
        return chance.choice(self.opening if number == 0 else self.between)


@dataclass(slots=True)
class Voices:
    """Both sides' lines; others may be put in while people talk."""

    customers: Lines
    agents: Lines


def hummed(hertz: int, speed: float = 1.0) -> Lines:
    """Where there is no speech: syllables hummed at a pitch."""

    def words(count: int) -> Sound:
        spans = [(round((180 + 40 * (n % 3)) / speed), round((60 + 50 * (n % 2)) / speed)) for n in range(count)]
        syllables = (f"%({on},{off},{hertz + 15 * (n % 4)})" for n, (on, off) in enumerate(spans))
        return tones.parse(f"v=-18;{';'.join(syllables)}").sound

    return Lines((words(6),), (words(9), words(14), words(5)), (words(4),))


def spoken(files: Sequence[Path], factor: float = 1.0) -> tuple[Sound, ...]:
    """WAVs of 8 kHz mono 16-bit PCM; beyond 1 a factor makes the voice so much deeper and slower. Raises SoundError."""
    return tuple(_deeper(file, factor) for file in files)


def _deeper(file: Path, factor: float) -> Sound:
    try:
        with wave.open(str(file)) as read:
            if (read.getnchannels(), read.getsampwidth(), read.getframerate()) != (1, 2, 8000):
                raise SoundError(f"{file}: not 8 kHz mono 16-bit PCM")
            samples = array("h", read.readframes(read.getnframes()))
    except (OSError, EOFError, wave.Error) as error:
        raise SoundError(f"{file}: cannot be read: {error}") from error
    if sys.byteorder == "big":
        samples.byteswap()
    stretched = array("h")
    for at in range(int((len(samples) - 1) * factor)):
        place = at / factor
        before, rest = int(place), place % 1
        stretched.append(round(samples[before] * (1 - rest) + samples[before + 1] * rest))
    if sys.byteorder == "big":
        stretched.byteswap()
    return Sound(stretched.tobytes())
