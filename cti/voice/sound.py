"""Sound of any rate as a switch wants it: 8 kHz, mono, 16 bits, one loudness, a small silence at both ends. Pure."""

import math
import struct
import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from operator import mul
from typing import Final

RATE: Final = 8000
"""Samples a second of everything that is made here."""

EDITION: Final = 1
"""Counted up when the same samples would become another WAV: it is part of the names in the cache."""

LEAD: Final = 0.02
"""Seconds of silence before every piece."""

ACTIVE_LEVEL: Final = -20.0
"""dB below full scale: the mean power of the stretches with speech in them (compare ITU-T P.56)."""

PEAK: Final = 0.95
"""No sample above this part of full scale."""

MOST_GAIN: Final = 40.0
"""dB."""

_FULL = 32768.0
_QUIETEST = 80.0
"""A recording whose peak is below this (-52 dB) is taken for silence."""
_STOP_DB = 60.0
_PASS, _STOP = 3400 / RATE, 4600 / RATE
"""The edges of the low-pass, as parts of the lower of both rates. What lies between 4,000 and 4,600 Hz folds back to
above 3,400 Hz, where the telephone's band ends."""
_MOST_PHASES = 512
"""Finer steps between two samples would be below the low-pass's 60 dB."""


class Silent(ValueError):
    """There is no sound in it."""


def resampled(samples: Sequence[float], rate: int, to: int = RATE) -> "array[float]":
    """Samples of `rate` Hz as samples of `to` Hz, through a windowed-sinc low-pass of 60 dB."""
    if rate == to:
        return array("f", samples)
    half, step, cycle = _plan(rate, to)
    width = 2 * half
    padded = array("f", bytes(4 * half)) + array("f", samples) + array("f", bytes(4 * (half + step)))
    out = array("f")
    for base in range(0, len(samples), step):
        out.extend([sum(map(mul, taps, padded[base + at : base + at + width])) for at, taps in cycle])
    return out[: len(samples) * to // rate]


@lru_cache(maxsize=8)
def _plan(rate: int, to: int) -> tuple[int, int, list[tuple[int, list[float]]]]:
    """Half the number of taps, and of every so many input samples: where each output sample begins, and its taps."""
    common = math.gcd(rate, to)
    up, down = to // common, rate // common
    low = min(rate, to)
    # Kaiser's formula for the number of taps
    half = math.ceil((_STOP_DB - 8) / (2.285 * 2 * math.pi) * rate / ((_STOP - _PASS) * low) / 2)
    cutoff = (_PASS + _STOP) / 2 * low / rate
    phases = min(up, _MOST_PHASES)
    places = (divmod(number * down, up) for number in range(up))
    return half, down, [(at + 1, _taps(half, round(rest * phases / up) / phases, cutoff)) for at, rest in places]


@lru_cache(maxsize=_MOST_PHASES)
def _taps(half: int, fraction: float, cutoff: float) -> list[float]:
    """The low-pass around a spot `fraction` of a sample after the middle; `cutoff` in cycles a sample."""
    beta = 0.1102 * (_STOP_DB - 8.7)
    taps = []
    for place in range(1 - half, half + 1):
        distance = place - fraction
        window = _bessel(beta * math.sqrt(max(0.0, 1 - (distance / half) ** 2)))
        angle = 2 * math.pi * cutoff * distance
        taps.append(2 * cutoff * window * (math.sin(angle) / angle if angle else 1.0))
    total = sum(taps)
    return [tap / total for tap in taps]


def _bessel(x: float) -> float:
    """The modified Bessel function of order zero."""
    total = term = 1.0
    for k in range(1, 32):
        term *= (x / (2 * k)) ** 2
        total += term
    return total


def trimmed(samples: "array[float]", after: float) -> "array[float]":
    """8 kHz samples with LEAD before the sound and `after` seconds behind it. Raises Silent.

    The sound reaches from the first to the last 5 ms with a sample above a hundredth of the peak (-40 dB): below that
    lie the rooms of studios and the tails of synthesizers, above it even the weakest consonants.
    """
    peak = max(map(abs, samples), default=0.0)
    if peak < _QUIETEST:
        raise Silent("no sound in it")
    step = RATE // 200
    loud = [at for at in range(0, len(samples), step) if max(map(abs, samples[at : at + step])) > max(peak / 100, 8.0)]
    first, end = loud[0], min(len(samples), loud[-1] + step)
    lead, tail = round(LEAD * RATE), round(after * RATE)
    start, stop = max(0, first - lead), min(len(samples), end + min(tail, RATE // 20))
    silence = array("f", bytes(4 * (lead - (first - start))))
    rest = array("f", bytes(4 * (tail - (stop - end))))
    return silence + samples[start:stop] + rest


def levelled(samples: "array[float]") -> "array[int]":
    """8 kHz samples brought to ACTIVE_LEVEL, less where a peak would be clipped otherwise."""
    step = RATE // 50
    powers = [sum(map(mul, part, part)) / len(part) for part in _parts(samples, step)]
    speech = [power for power in powers if power > max(powers) / 316]  # within 25 dB of the loudest 20 ms
    level = math.sqrt(sum(speech) / len(speech))
    gain = min(
        _FULL * 10 ** (ACTIVE_LEVEL / 20) / level,
        _FULL * PEAK / max(map(abs, samples)),
        10 ** (MOST_GAIN / 20),
    )
    return array("h", [round(sample * gain) for sample in samples])


def _parts(samples: "array[float]", size: int) -> "list[array[float]]":
    return [samples[at : at + size] for at in range(0, len(samples), size)]


def prepared(samples: Sequence[float], rate: int, after: float) -> bytes:
    """Mono samples (full scale 32,768) of `rate` Hz as a finished WAV, `after` seconds of silence at its end.

    Raises Silent.
    """
    return wav(levelled(trimmed(resampled(samples, rate), after)))


def wav(samples: "array[int]") -> bytes:
    """A WAV of 8 kHz, mono, 16-bit PCM."""
    if sys.byteorder == "big":
        samples = array("h", samples)
        samples.byteswap()
    data = samples.tobytes()
    layout = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + layout
        + b"data" + struct.pack("<I", len(data)) + data
    )  # fmt: skip


def pause_after(text: str) -> float:
    """Seconds of silence that belong behind a text, by how it ends: pieces are played one after the other."""
    end = text.rstrip(" \t\r\n\"'”’》）)】]")[-1:]
    if end and end in "。！？.!?…":
        return 0.35
    if end and end in "，、；：,;:":
        return 0.16
    return 0.04
