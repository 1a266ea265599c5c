"""Opus or MP3 of a WAV, by a program: opusenc, lame, ffmpeg, or one that the settings name."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import ClassVar, Final

from cti.errors import Blame, CtiError
from cti.records.recordings.options import Options

_LEAST: Final = 60.0
"""Seconds that a program may take in any case; for long recordings it is a tenth of their length."""
_SHOWN: Final = 500
"""Bytes of what it says that are shown."""
_KNOWN: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "opus": (
        ("opusenc", "--quiet", "--bitrate", "{bitrate}", "{source}", "{target}"),
        (
            *(
                "ffmpeg",
                "-nostdin",
                "-hide_banner",
                "-loglevel",
                "error",
                "-y",
                "-i",
                "{source}",
                "-map_metadata",
                "-1",
            ),
            *("-c:a", "libopus", "-b:a", "{bitrate}k", "-f", "opus", "{target}"),
        ),
    ),
    "mp3": (
        ("lame", "--quiet", "-m", "s", "-b", "{bitrate}", "{source}", "{target}"),
        (
            *(
                "ffmpeg",
                "-nostdin",
                "-hide_banner",
                "-loglevel",
                "error",
                "-y",
                "-i",
                "{source}",
                "-map_metadata",
                "-1",
            ),
            *("-c:a", "libmp3lame", "-joint_stereo", "0", "-b:a", "{bitrate}k", "-f", "mp3", "{target}"),
        ),
    ),
}


class NotConverted(CtiError):
    """The program is missing, failed, or took too long."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Look at recordings.convert and recordings.command; the WAV is kept"


class Stopped(OSError):
    """The server stops: try again after its next start."""


class Encoder:
    """Runs the program. Used by several threads."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def encode(self, source: Path, target: Path, seconds: float) -> None:
        """Makes `target` of the WAV `source`, `seconds` long. Raises NotConverted; Stopped after `stop`."""
        options = self._options
        words = [_fill(word, options.bitrate, source, target) for word in options.command or _found(options.convert)]
        limit = max(_LEAST, seconds / 10)
        try:
            said, code = self._run(words, limit)
        except Stopped:
            raise
        except subprocess.TimeoutExpired:
            raise NotConverted(f"{words[0]} took longer than {limit:.0f} s") from None
        except OSError as error:
            raise NotConverted(f"{words[0]} cannot be run: {error.strerror}") from error
        if code != 0:
            raise NotConverted(f"{words[0]} ended with {code}: {said or 'it said nothing'}")
        if not target.is_file() or not target.stat().st_size:
            raise NotConverted(f"{words[0]} ended well but has written no file")

    def stop(self) -> None:
        """Ends what runs; the recordings are converted after the next start."""
        self._stopped = True
        for process in list(self._running):
            process.kill()

    def _run(self, words: list[str], limit: float) -> tuple[str, int]:
        """What the program said at its end, and its exit code."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(  # noqa: S603 (the admin's own words, no shell)
                [*_gently(), *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
            )
            self._running.add(process)
            try:
                if self._stopped:
                    process.kill()
                code = process.wait(limit)
            finally:
                process.kill()
                process.wait()
                self._running.discard(process)
            if self._stopped:
                raise Stopped
            said.seek(max(0, said.seek(0, os.SEEK_END) - _SHOWN))
            return said.read().decode("utf-8", "replace").strip(), code


def _found(form: str) -> tuple[str, ...]:
    for words in _KNOWN[form]:
        if shutil.which(words[0]):
            return words
    names = " or ".join(words[0] for words in _KNOWN[form])
    raise NotConverted(f"there is no {names}", remedy=f"Install {names}, or name a program in recordings.command")


def _gently() -> list[str]:
    """Calls come first."""
    return ["nice", "-n", "10"] if os.name == "posix" and shutil.which("nice") else []


def _fill(word: str, bitrate: int, source: Path, target: Path) -> str:
    for name, value in (("{bitrate}", str(bitrate)), ("{source}", str(source)), ("{target}", str(target))):
        word = word.replace(name, value)
    return word
