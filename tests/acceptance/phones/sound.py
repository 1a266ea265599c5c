"""What phones say, and what can be heard in a recording."""

import math
import struct
import wave
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Final

CALLER_HERTZ: Final = 1000
"""What SIPp's callers say."""
AGENT_HERTZ: Final = 440
"""What baresip's agents say."""
SUPERVISOR_HERTZ: Final = 1600
MUSIC: Final = 0
"""Stands for whatever is heard that is none of the voices: music, a prompt."""

RATE: Final = 8000
_MILLIWATT: Final = bytes.fromhex("34212134b4a1a1b4")
"""One period of 1000 Hz at 0 dBm0 in A-law (ITU-T G.711, table 5)."""


def write_tone(path: Path, hertz: int, seconds: int) -> None:
    """A WAV that baresip says."""
    samples = array("h", (round(9000 * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes() * seconds)


def write_voice(path: Path, seconds: float) -> None:
    """A capture of RTP that SIPp says: CALLER_HERTZ in A-law, a packet each 20 ms.

    SIPp replaces the addresses and ports. The layers are Ethernet, IPv4 (RFC 791), UDP (RFC 768), RTP (RFC 3550).
    """
    packets = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    loopback = bytes((127, 0, 0, 1))
    for number in range(round(seconds * 50)):
        rtp = struct.pack(">BBHII", 0x80, 8, number, number * 160, 0x0C0FFEE0) + _MILLIWATT * 20
        udp = struct.pack(">HHHH", 6000, 6000, 8 + len(rtp), 0) + rtp
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), number, 0, 64, 17, 0) + loopback * 2 + udp
        frame = bytes(12) + b"\x08\x00" + ip
        packets.append(struct.pack("<IIII", 0, number * 20_000, len(frame), len(frame)) + frame)
    path.write_bytes(b"".join(packets))


def channels(path: Path) -> tuple[int, list[Sequence[int]]]:
    """The rate of a 16-bit WAV in Hz, and the samples of each of its channels."""
    with wave.open(str(path), "rb") as file:
        samples = array("h", file.readframes(file.getnframes()))
        count = file.getnchannels()
        return file.getframerate(), [samples[at::count] for at in range(count)]


def growing(path: Path) -> Sequence[int]:
    """The samples so far of a mono WAV that is being written, whose header does not say yet how many there are."""
    data = path.read_bytes()[44:]
    return array("h", data[: len(data) // 2 * 2])


STRETCH: Final = 0.1
"""Seconds that are listened to at a time: whole periods of all voices."""


def stretches(samples: Sequence[int]) -> list[Sequence[int]]:
    """The samples, by STRETCH, counted from their end; what is left over at their beginning is dropped."""
    size = round(RATE * STRETCH)
    return [samples[at : at + size] for at in range(len(samples) % size, len(samples), size)]


def voices(samples: Sequence[int]) -> frozenset[int]:
    """Who is heard in a stretch: the voices that make up all of it, or MUSIC, or nobody."""
    shares = {hertz: _share(samples, hertz) for hertz in (CALLER_HERTZ, AGENT_HERTZ, SUPERVISOR_HERTZ)}
    heard = frozenset(hertz for hertz, share in shares.items() if share > 0.1)
    if not heard and _is_silent(samples):
        return heard
    return heard if sum(shares.values()) > 0.9 else frozenset({MUSIC})


def seconds_of(samples: Sequence[int], hertz: int) -> float:
    """For how long a tone is heard: the stretches of 50 ms that hold little else."""
    size = RATE // 20
    stretches = (samples[at : at + size] for at in range(0, len(samples) - size + 1, size))
    return sum(_share(stretch, hertz) > 0.8 for stretch in stretches) / 20


def _share(samples: Sequence[int], hertz: int) -> float:
    """The part of the energy that lies at `hertz`, 0 to 1 (a Fourier sum); 0 for silence."""
    if _is_silent(samples):
        return 0.0
    energy = sum(sample * sample for sample in samples)
    turn = 2 * math.pi * hertz / RATE
    real = sum(sample * math.cos(turn * i) for i, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(turn * i) for i, sample in enumerate(samples))
    return 2 * (real**2 + imaginary**2) / len(samples) / energy


def _is_silent(samples: Sequence[int]) -> bool:
    return sum(sample * sample for sample in samples) < len(samples) * 100**2
