"""tone_stream://: tones as FreeSWITCH writes them (TGML: libteletone, teletone_run; mod_tone_stream).

``v=-13;%(300,100,440,480)`` is 300 ms of both tones at -13 dBm0 each and 100 ms of nothing. Keys stand for
themselves (``12#``). ``d=``, ``w=`` set what keys last and wait in ms, ``l=`` repeats the next tone, ``L=`` all of it,
``;loops=N`` at the end as well (-1 for ever). Decay (``>= <= +=``) is accepted and not played.
"""

import math
import re
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cti.softswitch.rtp.audio import Sound
from cti.softswitch.rtp.codec import RATE
from cti.softswitch.rtp.errors import SoundError

LONGEST: Final = 120 * RATE
"""Samples of the longest sequence, before it is looped."""

_ROWS, _COLUMNS = (697, 770, 859, 941), (1209, 1336, 1477, 1633)  # 859, not 852: as libteletone has it
KEYS: Final = {
    key: (row, column)
    for row, keys in zip(_ROWS, ("123A", "456B", "789C", "*0#D"), strict=True)
    for column, key in zip(_COLUMNS, keys, strict=True)
}
"""The two frequencies of a key in Hz (ITU-T Q.23, but for the 859)."""

_LOOPS: Final = re.compile(r";loops=\s*(-?\d+).*", re.IGNORECASE | re.DOTALL)
_PART: Final = re.compile(r"\s*(?:(?P<name>.)=(?P<value>[^;]*)|(?P<tones>[^;]*))(?:;|$)", re.DOTALL)
_TONE: Final = re.compile(r"(?P<key>.)\((?P<numbers>[^)]*)\)|(?P<alone>\S)")
_SYNTAX: Final = "Write %(ms on, ms off, Hz[, Hz ...]), such as tone_stream://%(2000,4000,440,480);loops=-1"


@dataclass(frozen=True, slots=True)
class Tones:
    """A sequence of tones, and how often it is played; None is for ever."""

    sound: Sound
    times: int | None


@dataclass(slots=True)
class _State:
    duration: int = 2000  # samples of a key without its own
    wait: int = 500
    volume: float = -7.0  # dBm0
    repeat: int = 1  # of the next tone
    whole: int = 1


@lru_cache(maxsize=256)
def parse(text: str) -> Tones:
    """What follows ``tone_stream://``. Raises SoundError."""
    loops = _LOOPS.search(text)
    times = 1 if loops is None else int(loops[1])
    samples, state = array("h"), _State()
    for part in _PART.finditer(text if loops is None else text[: loops.start()]):
        if part["name"] is not None:
            _set(state, part["name"], part["value"])
        else:
            for tone in _TONE.finditer(part["tones"]):
                _play(state, tone, samples)
    if not samples:
        raise SoundError(f"tone_stream://{text}: no tone in it", remedy=_SYNTAX)
    return Tones(Sound(samples.tobytes()), None if times < 0 else max(1, times) * state.whole)


def _set(state: _State, name: str, value: str) -> None:
    number = _number(value)
    match name:
        case "v" if -63 <= number <= 0:
            state.volume = number
        case "d":
            state.duration = _samples(number)
        case "w":
            state.wait = _samples(number)
        case "l":
            state.repeat = max(1, int(number))
        case "L":
            state.whole = max(1, int(number))
        case _:  # the rate and the channels are ours to choose, decay is not played
            pass


def _play(state: _State, tone: re.Match[str], samples: "array[int]") -> None:
    key = tone["key"] or tone["alone"]
    numbers = [_number(text) for text in tone["numbers"].split(",")] if tone["key"] else []
    duration, wait = state.duration, state.wait
    if numbers:
        duration, wait = _samples(numbers[0]), _samples(numbers[1] if len(numbers) > 1 else 0)
    if key == "%":
        if len(numbers) < 3:
            raise SoundError(f"{tone[0]!r} is not a tone", remedy=_SYNTAX)
        hertz = tuple(round(number) for number in numbers[2:])
    elif key in KEYS:
        hertz = KEYS[key]
    else:
        return  # as libteletone: a comma between tones, a letter without one
    if len(samples) + (duration + wait) * state.repeat > LONGEST:
        raise SoundError(f"tones of more than {LONGEST // RATE} s", remedy="Write a short tone and loop it")
    samples.extend((_sine(hertz, duration, state.volume) + array("h", bytes(2 * wait))) * state.repeat)
    state.repeat = 1


@lru_cache(maxsize=64)
def _sine(hertz: tuple[int, ...], duration: int, volume: float) -> "array[int]":
    """Tones together. libteletone gives each `volume` dBm0 and then divides by their number."""
    if not all(0 <= each < RATE / 2 for each in hertz):
        raise SoundError(f"a tone of {max(hertz)} Hz", remedy="A telephone has 0 to 4,000 Hz")
    peak = 10 ** ((volume - 6.16) / 20) * 32767 * math.sqrt(2) / len(hertz)
    period = min(duration, RATE // math.gcd(*hertz, RATE))
    turns = [2 * math.pi * each / RATE for each in hertz]
    one = array("h", (round(peak * sum(math.sin(turn * at) for turn in turns)) for at in range(period)))
    return (one * (duration // period + 1))[:duration] if period else one


def _number(text: str) -> float:
    """As C's atof: what it begins with, else 0."""
    found = re.match(r"\s*([-+]?\d{0,9}(?:\.\d*)?)", text)
    try:
        return float(found[1]) if found else 0.0
    except ValueError:
        return 0.0


def _samples(milliseconds: float) -> int:
    return max(0, int(milliseconds) * RATE // 1000)
