"""How long recordings are kept, and the deletion of those whose time is over.

Only what a sidecar of ours describes is ever deleted: the file that it names, in its own folder, and the sidecar
itself. Links are not followed, and what is not known is reported and left alone.
"""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from cti.ids import CallId
from cti.records.entries import RecordingDeleted
from cti.records.recordings.names import Name, days, parse
from cti.records.recordings.notes import BadNote, Sidecar, notes, read_sidecar
from cti.records.recordings.tags import Tags

BATCH: Final = 200
"""Recordings that the database is asked about, and told of, at once."""


@dataclass(frozen=True, slots=True)
class Rule:
    """So long are recordings kept of which all that is said here holds; the longest of the rules that hold counts."""

    days: int
    hotline: str | None = None
    queue: str | None = None
    complaint: bool = False
    """Only those of calls with a complaint."""

    def holds(self, tags: Tags, *, complaint: bool) -> bool:
        """Whether it is about this recording."""
        return (
            self.hotline in (None, tags.hotline)
            and self.queue in (None, tags.queue)
            and (complaint or not self.complaint)
        )

    def __str__(self) -> str:
        of = [
            *([f"hotline {self.hotline}"] if self.hotline is not None else []),
            *([f"queue {self.queue}"] if self.queue is not None else []),
            *(["complaints"] if self.complaint else []),
        ]
        return f"kept {self.days} days" + (f" ({', '.join(of)})" if of else "")


class Books(Protocol):
    """What retention and verifying ask of the database."""

    async def complaints(self, of: Sequence[CallId]) -> Collection[CallId]:
        """Those of the calls that had a complaint."""

    async def hashes(self, of: Sequence[str]) -> dict[str, str]:
        """The SHA-256 of each of the recordings that it knows."""

    async def deleted(self, entries: Sequence[RecordingDeleted]) -> None:
        """Their files are gone. Returns when that is kept."""


@dataclass(frozen=True, slots=True)
class Expired:
    """A recording whose time is over."""

    name: Name
    path: str
    """Relative to the folder; the file may be gone already."""
    size: int
    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """What lies among the recordings and is left alone."""

    path: str
    """Relative to the folder."""
    what: str
    expired: bool = False
    """It should have been deleted, and could not be."""


@dataclass(frozen=True, slots=True)
class Day:
    """What was found in one day's folder."""

    day: str
    kept: int
    expired: tuple[Expired, ...]
    unknown: tuple[Unknown, ...]
    """Problems of deleting are here, too."""


async def retain(
    folder: Path, rules: Sequence[Rule], books: Books, now: datetime, *, dry_run: bool = False
) -> AsyncIterator[Day]:
    """Deletes what is expired, day by day, and tells the database; `dry_run` only lists. Raises what `books` raises.

    A file goes first, then the database is told, then the sidecar goes: whenever this is interrupted, it can be run
    again. A complaint that nobody can be asked about is kept: `books` is asked before anything is deleted.
    """
    begun = frozenset(await asyncio.to_thread(lambda: {note.name.id for note in notes(folder)}))
    for day in await asyncio.to_thread(lambda: list(days(folder))):
        sidecars, unknown = await asyncio.to_thread(_read_day, folder, day, begun)
        expired: list[Expired] = []
        for start in range(0, len(sidecars), BATCH):
            batch = sidecars[start : start + BATCH]
            over = [one for one in batch if _over(one[1], rules, now, complaint=False)]
            calls = sorted({sidecar.tags.call for _, sidecar in over})
            complaints = frozenset(await books.complaints(calls)) if calls else frozenset()
            over = [one for one in over if _over(one[1], rules, now, complaint=one[1].tags.call in complaints)]
            gone = [
                Expired(name, sidecar.path, sidecar.size, _why(sidecar, rules, sidecar.tags.call in complaints))
                for name, sidecar in over
            ]
            if gone and not dry_run:
                gone, failed = await asyncio.to_thread(_delete_files, folder, day, gone)
                unknown += failed
                if gone:
                    await books.deleted([RecordingDeleted(one.name.id, now, one.why) for one in gone])
                    await asyncio.to_thread(_delete_sidecars, folder, day, gone)
            expired += gone
        if expired and not dry_run:
            await asyncio.to_thread(_remove_empty, folder, day)
        yield Day(day, len(sidecars) - len(expired), tuple(expired), tuple(unknown))


def _over(sidecar: Sidecar, rules: Sequence[Rule], now: datetime, *, complaint: bool) -> bool:
    rule = _longest(sidecar, rules, complaint)
    return rule is not None and (sidecar.tags.ended_at or sidecar.tags.began_at) + timedelta(days=rule.days) <= now


def _longest(sidecar: Sidecar, rules: Sequence[Rule], complaint: bool) -> Rule | None:
    return max(
        (rule for rule in rules if rule.holds(sidecar.tags, complaint=complaint)),
        key=lambda rule: rule.days,
        default=None,
    )


def _why(sidecar: Sidecar, rules: Sequence[Rule], complaint: bool) -> str:
    return f"retention: {_longest(sidecar, rules, complaint)}"


def _read_day(folder: Path, day: str, begun: frozenset[str]) -> tuple[list[tuple[Name, Sidecar]], list[Unknown]]:
    sidecars, unknown, known = [], [], set()
    names = sorted(path.name for path in (folder / day).iterdir())
    for file in names:
        parsed = parse(f"{day}/{file}")
        if parsed is None or parsed[1] != "json":
            continue
        try:
            sidecar = read_sidecar(folder, parsed[0])
        except (BadNote, OSError) as error:
            unknown.append(Unknown(f"{day}/{file}", _words(error)))
            continue
        sidecars.append((parsed[0], sidecar))
        known |= {f"{day}/{file}", sidecar.path}
    known |= {one.path for one in unknown}
    rest = (f"{day}/{file}" for file in names if not file.startswith("."))  # those are being written
    unknown += [
        Unknown(path, "no sidecar tells of it") for path in rest if path not in known and not _runs(path, begun)
    ]
    return sidecars, unknown


def _runs(path: str, begun: frozenset[str]) -> bool:
    parsed = parse(path)
    return parsed is not None and parsed[0].id in begun


def _delete_files(folder: Path, day: str, expired: Iterable[Expired]) -> tuple[list[Expired], list[Unknown]]:
    gone, failed = [], []
    descriptor = open_day(folder, day)
    try:
        for one in expired:
            file = one.path.rpartition("/")[2]
            try:
                if not stat.S_ISREG(os.stat(file, dir_fd=descriptor, follow_symlinks=False).st_mode):
                    failed.append(Unknown(one.path, "it is no plain file", expired=True))
                    continue
                os.unlink(file, dir_fd=descriptor)
            except FileNotFoundError:
                pass  # an earlier run came so far
            except OSError as error:
                failed.append(Unknown(one.path, f"cannot be deleted: {error.strerror}", expired=True))
                continue
            gone.append(one)
    finally:
        os.close(descriptor)
    return gone, failed


def _delete_sidecars(folder: Path, day: str, expired: Iterable[Expired]) -> None:
    descriptor = open_day(folder, day)
    try:
        for one in expired:
            with suppress(FileNotFoundError):
                os.unlink(f"{one.name.id}.json", dir_fd=descriptor)
    finally:
        os.close(descriptor)


def open_day(folder: Path, day: str) -> int:
    """A descriptor of a day's folder, to which no link has led. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for part in day.split("/"):
        above = descriptor
        try:
            descriptor = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        finally:
            os.close(above)
    return descriptor


def _remove_empty(folder: Path, day: str) -> None:
    """Removes the folders that are empty now, from the day up to the year."""
    parts = day.split("/")
    with suppress(OSError):  # not empty
        for length in (3, 2, 1):
            (folder / "/".join(parts[:length])).rmdir()


def _words(error: BadNote | OSError) -> str:
    return error.what if isinstance(error, BadNote) else f"cannot be read: {error.strerror}"
