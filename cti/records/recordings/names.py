"""Where a recording lies: ``YYYY/MM/DD/CALL-N.wav`` below the folder of recordings.

The day is that of the hotline's own clock when the recording began, as people who look for it count days.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

from cti.errors import Blame, CtiError
from cti.ids import CallId

FORMATS: Final = ("wav", "opus", "mp3")
OPEN: Final = ".open"
"""The folder, below that of recordings, of notes about recordings that are not finished."""

MOST: Final = 9999
"""Recordings of one call."""

_CALL: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_FILE: Final = re.compile(rf"({_CALL})-([1-9][0-9]{{0,3}})\.([a-z0-9]+)")
_DAY: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}")


class BadName(CtiError):
    """A name that cannot be that of a recording."""

    blame: ClassVar[Blame] = Blame.OURS


@dataclass(frozen=True, slots=True)
class Name:
    """What a recording is called."""

    call: CallId
    number: int
    """From 1: the how-many-eth recording of the call."""
    day: str
    """``YYYY/MM/DD``."""

    @property
    def id(self) -> str:
        """``CALL-N``."""
        return f"{self.call}-{self.number}"

    def path(self, ending: str) -> PurePosixPath:
        """Relative to the folder of recordings."""
        return PurePosixPath(self.day, f"{self.id}.{ending}")


def path_for(call: CallId, number: int, at: datetime, zone: ZoneInfo) -> PurePosixPath:
    """Where a call's recording that begins at `at` (aware) lies, relative to the folder. Raises BadName."""
    return name_for(call, number, at, zone).path("wav")


def name_for(call: CallId, number: int, at: datetime, zone: ZoneInfo) -> Name:
    """The name of a call's recording that begins at `at` (aware). Raises BadName."""
    if not re.fullmatch(_CALL, call):
        raise BadName(f"{call[:80]!r} is no id of a call of ours")
    if not 1 <= number <= MOST:
        raise BadName(f"{number} is no number of a recording: they go from 1 to {MOST}")
    if at.tzinfo is None:
        raise BadName("the time of a recording has no time zone")
    return Name(call, number, f"{at.astimezone(zone):%Y/%m/%d}")


def parse(relative: PurePosixPath | str) -> tuple[Name, str] | None:
    """The name in a path relative to the folder, and its ending; None: that is no file of ours."""
    day, _, file = str(relative).rpartition("/")
    match = _FILE.fullmatch(file)
    if match is None or not _DAY.fullmatch(day):
        return None
    return Name(CallId(match[1]), int(match[2]), day), match[3]


def within(folder: Path, path: str | Path) -> Name:
    """The name in an absolute path, such as the switch tells. Raises BadName when it is not below the folder."""
    try:
        relative = Path(path).relative_to(folder)
    except ValueError:
        raise BadName(f"{str(path)[:200]!r} is not below {folder}") from None
    found = parse(relative.as_posix())
    if found is None:
        raise BadName(f"{str(path)[:200]!r} is not the name of a recording")
    return found[0]


def days(folder: Path) -> Iterator[str]:
    """Every day that has a folder, oldest first; links are not followed."""
    for year in _folders(folder, r"[0-9]{4}"):
        for month in _folders(folder / year, r"[0-9]{2}"):
            for day in _folders(folder / year / month, r"[0-9]{2}"):
                yield f"{year}/{month}/{day}"


def _folders(folder: Path, pattern: str) -> list[str]:
    try:
        inner = list(folder.iterdir())
    except FileNotFoundError:
        return []
    return sorted(path.name for path in inner if re.fullmatch(pattern, path.name) and _is_folder(path))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
