"""espeak-ng's library, called through ctypes. Only `cti.voice.worker` uses it, in a process of its own.

The library and its voices come with the wheel espeakng-loader (GPL-3.0-or-later; it is loaded at run time by a program
that is called over pipes). Names and numbers below are those of espeak-ng's speak_lib.h, API revision 12.
"""

import ctypes
import os
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import espeakng_loader

from cti.voice.errors import EngineError

LONGEST: Final = 180
"""Seconds of one text."""

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_DONT_EXIT = 0x8000
_POS_CHARACTER = 1
_CHARS_UTF8 = 1  # neither espeakSSML nor espeakPHONEMES: "<b>" and "[[a]]" are just signs
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_HEADROOM = 60  # at the usual volume of 100 some sounds are clipped; the level is set afterwards anyway
_LONGEST_PATH = 150  # the library keeps the path of its data in 160 bytes
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
_UNKNOWN_CHARACTER = {"cmn": "@:11", "yue": "l'et@_"}
"""What a Chinese character that is not in the dictionary is read as."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How it speaks: words a minute (80-450), pitch and its range (0-99)."""

    rate: int = 175
    pitch: int = 50
    pitch_range: int = 75


class Espeak:
    """The library, initialized. There can be one in a process; it is not thread-safe."""

    def __init__(self) -> None:
        try:
            self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
            data = espeakng_loader.get_data_path()
        except (OSError, RuntimeError) as error:
            raise EngineError(
                f"espeak-ng's library cannot be loaded: {error}", remedy="Install espeakng-loader again"
            ) from error
        self._declare()
        self.rate: int = self._library.espeak_Initialize(
            _AUDIO_OUTPUT_SYNCHRONOUS, 0, os.fsencode(_short(data)), _DONT_EXIT
        )
        if self.rate <= 0:
            raise EngineError(f"espeak-ng cannot be initialized on {data}", remedy="Install espeakng-loader again")
        self._voice: str | None = None
        self._manner: Manner | None = None
        self._samples = array("h")
        self._callback = _CALLBACK(self._take)  # kept: the library calls it for as long as it lives
        self._library.espeak_SetSynthCallback(self._callback)
        self._known: dict[tuple[str, str], bool] = {}

    def _declare(self) -> None:
        library, text = self._library, ctypes.POINTER(ctypes.c_char_p)
        library.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        library.espeak_SetSynthCallback.argtypes, library.espeak_SetSynthCallback.restype = [_CALLBACK], None
        library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
        library.espeak_SetParameter.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int]
        library.espeak_TextToPhonemes.argtypes = [text, ctypes.c_int, ctypes.c_int]
        library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip

    def _take(self, samples: Any, count: int, events: Any) -> int:
        if samples and count > 0:
            self._samples.frombytes(ctypes.string_at(samples, 2 * count))
        return int(len(self._samples) > LONGEST * self.rate)  # 1 stops it

    def speak(self, text: str, voice: str, manner: Manner) -> "array[int]":
        """Mono samples of `rate` Hz; may be silent. Raises EngineError."""
        self._choose(voice, manner)
        self._samples = array("h")
        data = text.encode() + b"\0"
        answer = self._library.espeak_Synth(data, len(data), 0, _POS_CHARACTER, 0, _CHARS_UTF8, None, None)
        if answer != 0:
            raise EngineError(f"espeak-ng answered {answer} to the text {text!r}")
        self._library.espeak_Synchronize()
        if len(self._samples) > LONGEST * self.rate:
            raise EngineError(f"a text of more than {LONGEST} s: {text[:40]!r}...", remedy="Cut it into several")
        return self._samples

    def phonemes(self, text: str, voice: str) -> str:
        """What it would say, in its own letters; nothing when it has nothing to say. Raises EngineError."""
        self._choose(voice, self._manner or Manner())
        rest = ctypes.c_char_p(text.encode() + b"\0")
        clauses = []
        while rest.value is not None:
            clauses.append((self._library.espeak_TextToPhonemes(ctypes.byref(rest), _CHARS_UTF8, 0) or b"").decode())
        return " ".join(clauses).strip()

    def knows(self, character: str, voice: str) -> bool:
        """Whether a Chinese character is in the voice's dictionary. Raises EngineError."""
        known = self._known.get((character, voice))
        if known is None:
            said = self.phonemes(character, voice)
            unknown = _UNKNOWN_CHARACTER.get(voice.partition("+")[0])
            known = bool(said) and not (unknown and said.startswith(unknown))
            self._known[character, voice] = known
        return known

    def _choose(self, voice: str, manner: Manner) -> None:
        if voice != self._voice:
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                self._voice = None
                raise EngineError(
                    f"espeak-ng has no voice {voice!r}",
                    remedy="voice.voices takes cmn, yue, en-us, en and the others of espeak-ng, "
                    "with a variant if you like: cmn+f3",
                )
            self._voice, self._manner = voice, None
        if manner != self._manner:
            for parameter, value in (
                (_RATE, manner.rate), (_VOLUME, _HEADROOM), (_PITCH, manner.pitch), (_RANGE, manner.pitch_range)
            ):  # fmt: skip
                self._library.espeak_SetParameter(parameter, value, 0)
            self._manner = manner


def _short(path: str) -> str:
    """The same folder under a path that the library can keep (Linux only). It stays open: voices are read later too."""
    if len(os.fsencode(path)) <= _LONGEST_PATH or not Path("/proc/self/fd").exists():
        return path
    return f"/proc/self/fd/{os.open(path, os.O_RDONLY | os.O_DIRECTORY)}"
