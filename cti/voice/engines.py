"""What turns a text into sound: espeak-ng, or any command."""

import asyncio
import contextlib
import importlib.metadata
import os
import re
import signal
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from cti.voice import sound, spelling
from cti.voice.errors import EngineError, RecordingError, Unspeakable
from cti.voice.options import Options
from cti.voice.spelling import voice_of
from cti.voice.workers import Answer, Workers

LONGEST_TEXT: Final = 5000
"""Characters."""

_LARGEST_OUTPUT: Final = 100 * 1024 * 1024
_PLACEHOLDER: Final = re.compile(r"\{(?:language|voice|text|file)\}")


class Engine(Protocol):
    """One way of speaking."""

    def identity(self, language: str) -> tuple[object, ...]:
        """Whatever makes it speak otherwise: part of a sound's name in the cache. Raises EngineError."""

    async def render(self, text: str, language: str) -> Answer:
        """The finished WAV. Raises Unspeakable, EngineError."""

    async def look(self, text: str, language: str) -> Answer | None:
        """Whether it can say the text, without a WAV; None when only rendering tells. Raises like `render`."""


@dataclass(frozen=True, slots=True)
class Espeak:
    """espeak-ng, in worker processes."""

    workers: Workers
    voices: Mapping[str, str]
    rate: int
    pitch: int
    pitch_range: int

    def identity(self, language: str) -> tuple[object, ...]:
        """Part of a sound's name in the cache."""
        voice = _voice(language, self.voices)
        library = importlib.metadata.version("espeakng-loader")
        # an English text may contain Chinese names, said by the Chinese voice
        other = voice_of("zh", self.voices) or ""
        return ("espeak", library, spelling.EDITION, voice, other, self.rate, self.pitch, self.pitch_range)

    async def render(self, text: str, language: str) -> Answer:
        """The finished WAV."""
        return await self._ask("speak", text, language)

    async def look(self, text: str, language: str) -> Answer:
        """Whether it can say the text."""
        return await self._ask("look", text, language)

    async def _ask(self, do: str, text: str, language: str) -> Answer:
        _voice(language, self.voices)
        _check_length(text)
        request: dict[str, Any] = {
            "do": do, "text": text, "language": language, "voices": dict(self.voices),
            "rate": self.rate, "pitch": self.pitch, "pitch_range": self.pitch_range,
        }  # fmt: skip
        return await self.workers.ask(request, short(text))


@dataclass(frozen=True, slots=True)
class Command:
    """Any program that writes WAV, MP3, FLAC or OGG.

    In its arguments {language}, {voice}, {text} and {file} are replaced. Without {text} the text comes on standard
    input, without {file} the sound is taken from standard output. No shell is involved.
    """

    workers: Workers
    places: asyncio.Semaphore
    """How many may run at once."""
    arguments: Sequence[str]
    voices: Mapping[str, str]
    version: str
    limit: float

    def identity(self, language: str) -> tuple[object, ...]:
        """Part of a sound's name in the cache."""
        return ("command", *self.arguments, voice_of(language, self.voices) or "", self.version)

    async def look(self, text: str, language: str) -> None:
        """Only rendering tells."""

    async def render(self, text: str, language: str) -> Answer:
        """The finished WAV."""
        _check_length(text)
        plain = _without_controls(text)
        if not any(char.isalnum() for char in plain):
            raise Unspeakable(f"nothing in it can be spoken: {text!r}")
        async with self.places:
            with tempfile.TemporaryDirectory(prefix="prompt-") as folder:
                file = Path(folder, "speech.wav")
                output = await self._run(plain, language, file)
                if not await asyncio.to_thread(self._put, output, file):
                    raise EngineError(
                        f"{self.arguments[0]} gave no sound for {short(text)}",
                        remedy="It writes to {file} if an argument of voice.command names it, else to standard output",
                    )
                try:
                    return await self.workers.ask(
                        {"do": "convert", "file": str(file), "after": sound.pause_after(text)}, short(text)
                    )
                except RecordingError as error:
                    what = error.what.removeprefix(f"{file}: ")
                    raise EngineError(f"what {self.arguments[0]} gave for {short(text)}: {what}") from error

    def _put(self, output: bytes, file: Path) -> bool:
        """Whether there is sound in the file, which may be what came on standard output. Blocks."""
        if not any("{file}" in argument for argument in self.arguments):
            file.write_bytes(output)
        return file.exists() and file.stat().st_size > 0

    async def _run(self, text: str, language: str, file: Path) -> bytes:
        values = {
            "{language}": language,
            "{voice}": voice_of(language, self.voices) or "",
            "{file}": str(file),
            # a text that begins with a hyphen must not be taken for an option
            "{text}": f" {text}" if text.startswith("-") else text,
        }
        arguments = [_filled(argument, values) for argument in self.arguments]
        try:
            process = await asyncio.create_subprocess_exec(
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise EngineError(
                f"{arguments[0]} cannot be started: {error.strerror}", remedy="Look at voice.command"
            ) from error
        by_argument = any("{text}" in argument for argument in self.arguments)
        try:
            async with asyncio.timeout(self.limit):
                output, complaint = await process.communicate(None if by_argument else text.encode())
        except TimeoutError:
            raise EngineError(
                f"{arguments[0]} took longer than {self.limit:g} s for {short(text)}", remedy="Raise voice.limit"
            ) from None
        finally:
            await _end(process)
        if process.returncode:
            said = complaint.decode(errors="replace").strip().splitlines()
            raise EngineError(
                f"{arguments[0]} failed for {short(text)} (exit code {process.returncode})"
                + (f": {said[-1][:200]}" if said else "")
            )
        if len(output) > _LARGEST_OUTPUT:
            raise EngineError(f"{arguments[0]} gave {len(output) >> 20} MiB for {short(text)}")
        return output


def made(options: Options, workers: Workers) -> Engine:
    """The engine that the options ask for. Raises EngineError."""
    if options.engine == "espeak":
        return Espeak(workers, options.voices, options.rate, options.pitch, options.pitch_range)
    if not options.command:
        raise EngineError("voice.engine is command, but voice.command is empty")
    places = asyncio.Semaphore(options.workers)
    return Command(workers, places, tuple(options.command), options.voices, options.version, options.limit)


def short(text: str) -> str:
    """A text as it is named in errors."""
    return repr(text if len(text) <= 30 else text[:29] + "…")


def _voice(language: str, voices: Mapping[str, str]) -> str:
    voice = voice_of(language, voices)
    if voice is None:
        raise EngineError(
            f"no voice for the language {language!r}",
            remedy=f"Add it to voice.voices; there are {', '.join(voices) or 'none'}",
        )
    return voice


def _check_length(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise Unspeakable(f"a text of {len(text)} characters", remedy="Cut it into several")


def _without_controls(text: str) -> str:
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text).strip()


def _filled(argument: str, values: Mapping[str, str]) -> str:
    """The argument with its placeholders replaced; braces in a value stay as they are."""
    return _PLACEHOLDER.sub(lambda match: values[match[0]], argument)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ends a command and whatever it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
