"""The folder of rendered sound. A file's name says what is in it, so a file is never changed, only made or deleted."""

import contextlib
import hashlib
import json
import os
import secrets
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cti.voice import sound
from cti.voice.errors import CacheError

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR

_SMALLEST = 45
"""Bytes: a WAV with a sample. A file that a crash of the machine has left empty is as good as none."""
_FORBIDDEN = frozenset("!{}$'\n")


def key_of(*content: object) -> str:
    """The name for sound that is made of this."""
    text = json.dumps([sound.EDITION, *content], ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted."""

    files: int
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class _Kept:
    path: Path
    size: int
    used: float


class Cache:
    """Sound by key, at most about `limit` bytes of it: then what was not used for the longest time goes.

    `now` values are seconds since the epoch. When a file was used last is its modification time, to an hour; several
    processes may share the folder. Raises CacheError where the folder's path would mean something else to a switch.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder.absolute()
        self._limit = limit
        self._size: int | None = None
        self._needed: set[str] = set()
        if found := sorted(_FORBIDDEN & set(str(self._folder))):
            raise CacheError(
                f"{self._folder}: {''.join(found)!r} in a path means something to FreeSWITCH",
                remedy="Choose another voice.cache",
            )

    @property
    def folder(self) -> Path:
        """Where it is, as an absolute path."""
        return self._folder

    def find(self, key: str, now: float) -> Path | None:
        """The file, if there is one; it counts as used. A few microseconds."""
        path = self._folder / f"{key}.wav"
        try:
            status = path.stat()
        except OSError:
            return None
        if status.st_size < _SMALLEST:
            return None
        if now - status.st_mtime > HOUR:
            with contextlib.suppress(OSError):  # somebody else's file, or a read-only folder: still good for playing
                os.utime(path, (now, now))
        return path

    def keep(self, key: str, content: bytes, now: float) -> Path:
        """Writes a file, whole or not at all. Blocks. Raises CacheError."""
        path = self._folder / f"{key}.wav"
        temporary = self._folder / f".{key}.{secrets.token_hex(4)}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                temporary.write_bytes(content)
                os.utime(temporary, (now, now))
                temporary.replace(path)
            except OSError:
                temporary.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise CacheError(f"{self._folder}: cannot be written: {error.strerror}") from error
        self._grown(len(content), now)
        return path

    def need(self, keys: Collection[str]) -> None:
        """These stay, whatever was used last; they replace those that were needed before."""
        self._needed = set(keys)

    def prune(self, older_than: float, now: float) -> Pruned:
        """Deletes what is not needed and was not used for so many seconds, and what broken writes have left. Blocks."""
        gone = [kept for kept in self._files() if self._may_go(kept, now - older_than)]
        for path in self._folder.glob(".*.tmp"):
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > HOUR:
                    path.unlink()
        return self._delete(gone)

    def size(self) -> tuple[int, int]:
        """Files and bytes. Blocks."""
        files = list(self._files())
        return len(files), sum(kept.size for kept in files)

    def _grown(self, size: int, now: float) -> None:
        if self._size is None:
            self._size = self.size()[1]
        else:
            self._size += size
        if self._size <= self._limit:
            return
        surplus = self.size()[1] - self._limit * 9 // 10
        gone = []
        for kept in sorted(self._files(), key=lambda kept: kept.used):
            if surplus <= 0:
                break
            if self._may_go(kept, now - HOUR):
                gone.append(kept)
                surplus -= kept.size
        self._delete(gone)
        self._size = self.size()[1]

    def _may_go(self, kept: _Kept, before: float) -> bool:
        return kept.path.stem not in self._needed and kept.used < before

    def _delete(self, files: Collection[_Kept]) -> Pruned:
        for kept in files:
            with contextlib.suppress(FileNotFoundError):
                try:
                    kept.path.unlink()
                except OSError as error:
                    raise CacheError(f"{kept.path}: cannot be deleted: {error.strerror}") from error
        return Pruned(len(files), sum(kept.size for kept in files))

    def _files(self) -> Iterator[_Kept]:
        for path in self._folder.glob("*.wav"):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                yield _Kept(path, status.st_size, status.st_mtime)


def now() -> float:
    """Seconds since the epoch."""
    return time.time()
