"""Entries on disk while the database is away: lines of JSON in numbered files, read back in their order.

Every append is forced to the disk. What was written to the database is remembered after the commit, so a crash
between the two reads some lines again; the database knows them by their keys.

    var/spool/000000000001.jsonl   entries, oldest first
    var/spool/position             file and byte up to which the database has them
    var/spool/dead-letters.jsonl   entries that the database refused, with its reason
    var/spool/lock                 one server at a time
"""

import contextlib
import fcntl
import json
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

import structlog

from cti.errors import Blame
from cti.records.errors import RecordsError

_SUFFIX: Final = ".jsonl"
_DEAD: Final = "dead-letters.jsonl"
_FILE_SIZE: Final = 8_000_000
"""After so many bytes a new file is begun, so that what was read can be deleted."""


class SpoolFailed(RecordsError):
    """The spool cannot be written or read."""

    remedy = "Make room on that disk, or see who may write there (records.spool in the settings)"


class SpoolInUse(RecordsError):
    """Another server has this spool."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Give each server a folder of its own (records.spool in the settings)"


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two lines."""

    file: int
    byte: int


class Spool:
    """The folder. Its methods block: they belong into a thread."""

    def __init__(self, folder: Path, file_size: int = _FILE_SIZE, sync: Callable[[int], None] = os.fsync) -> None:
        self.folder = folder
        self.count = 0
        """Lines that the database does not have yet."""
        self._file_size = file_size
        self._sync = sync
        self._position = Position(0, 0)
        self._last = 0
        self._out: int | None = None
        self._lock: int | None = None
        self._turn = threading.Lock()  # a thread whose task was cancelled goes on to its end
        self._log = structlog.get_logger()

    def open(self) -> None:
        """Takes the folder, made where missing, and sees what a run before has left. Raises SpoolInUse, SpoolFailed."""
        with _failing(self.folder, "open"):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self._position = self._read_position()
            self._delete_read_files()
            files = self._files()
            self._last = max([self._position.file - 1, *files])
            for number in files:
                self._mend_last_line(self._path(number))
            self.count = sum(1 for _ in self._lines())

    def close(self) -> None:
        """Lets go of the folder."""
        with self._turn:
            self._close_out()
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None

    def append(self, lines: Sequence[bytes]) -> None:
        """All of them are on the disk, or none is: then raises SpoolFailed. Each line ends with its newline."""
        with self._turn, _failing(self.folder, "write"):
            out = self._open_out()
            size = os.fstat(out).st_size
            try:
                _write(out, b"".join(lines))
                self._sync(out)
            except OSError:
                with contextlib.suppress(OSError):
                    os.ftruncate(out, size)
                self._close_out()
                raise
            self.count += len(lines)

    def read(self, most: int) -> tuple[list[bytes], Position]:
        """The next lines, and the position behind them for `advance`. Raises SpoolFailed."""
        lines, position = [], self._position
        with self._turn, _failing(self.folder, "read"), contextlib.closing(self._lines()) as source:
            for line, behind in source:
                lines.append(line)
                position = behind
                if len(lines) == most:
                    break
        return lines, position

    def read_all(self) -> Iterator[bytes]:
        """Every line that the database does not have yet."""
        for line, _ in self._lines():
            yield line

    def advance(self, position: Position, lines: int) -> None:
        """The database has the lines up to `position`: they are not read again, and files read to their end go."""
        with self._turn, _failing(self.folder, "clean up"):
            self.count -= lines
            if self.count == 0:  # all of it is written: no file is needed any more
                self._close_out()
                position = Position(self._last + 1, 0)
            self._position = position
            self._write_position(position)
            self._delete_read_files()

    def bury(self, line: bytes, why: str) -> None:
        """Keeps an entry that the database refuses, where a person can look at it. Raises SpoolFailed."""
        letter = {"why": why, "line": line.decode(errors="replace").rstrip("\n")}
        with self._turn, _failing(self.folder, "write"):
            out = os.open(self.folder / _DEAD, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            try:
                _write(out, json.dumps(letter, ensure_ascii=False).encode(errors="replace") + b"\n")
                self._sync(out)
            finally:
                os.close(out)

    def _take_lock(self) -> None:
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise SpoolInUse(f"another server uses the spool {self.folder}") from error
        self._lock = lock

    def _files(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal())

    def _delete_read_files(self) -> None:
        for number in self._files():
            if number < self._position.file:
                self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:012d}{_SUFFIX}"

    def _lines(self) -> Generator[tuple[bytes, Position], None, None]:
        for number in self._files():
            if number < self._position.file:
                continue
            byte = self._position.byte if number == self._position.file else 0
            with self._path(number).open("rb") as file:
                file.seek(byte)
                for line in file:
                    byte += len(line)
                    yield line, Position(number, byte)

    def _mend_last_line(self, path: Path) -> None:
        """The last server may have died while it wrote."""
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        rest = content[whole:]
        if not rest:
            return
        with path.open("r+b") as file:
            try:
                json.loads(rest)  # only the newline is missing
            except ValueError:
                file.truncate(whole)
                self._log.error(
                    "the spool's last line was half written and is dropped", file=str(path), bytes=len(rest)
                )
            else:
                file.seek(0, os.SEEK_END)
                file.write(b"\n")

    def _open_out(self) -> int:
        if self._out is not None and os.fstat(self._out).st_size >= self._file_size:
            self._close_out()
        if self._out is None:
            number = self._last + 1
            self._out = os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            self._last = number
            _sync_folder(self.folder)
        return self._out

    def _close_out(self) -> None:
        if self._out is not None:
            os.close(self._out)
            self._out = None

    def _read_position(self) -> Position:
        try:
            file, byte = (self.folder / "position").read_text().split()
            return Position(int(file), int(byte))
        except (FileNotFoundError, ValueError):
            return Position(0, 0)  # lines are read again, which the keys make harmless

    def _write_position(self, position: Position) -> None:
        new = self.folder / "position.new"
        new.write_text(f"{position.file} {position.byte}\n")
        new.replace(self.folder / "position")


@contextlib.contextmanager
def _failing(folder: Path, do: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SpoolFailed(f"cannot {do} the spool {folder}: {error.strerror or error}") from error


def _write(out: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(out, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
