"""Whether recordings are what they were when they were finished."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cti.records.recordings.finishing import open_file, sha256_of
from cti.records.recordings.names import FORMATS, Name, days, parse
from cti.records.recordings.notes import BadNote, Sidecar, notes, read_sidecar
from cti.records.recordings.retention import BATCH, Books
from cti.records.recordings.wav import NotWav


class State(StrEnum):
    """How it stands with a recording."""

    FINE = "fine"
    CHANGED = "changed"
    """The file is not what the sidecar says."""
    FORGED = "forged"
    """File and sidecar agree, but the database knows another SHA-256."""
    MISSING = "missing"
    """There is a sidecar, and no file."""
    UNREADABLE = "unreadable"
    """File or sidecar cannot be read."""
    NO_SIDECAR = "no sidecar"
    UNFINISHED = "unfinished"
    """It runs, or the server will finish it."""

    @property
    def is_bad(self) -> bool:
        """Whether somebody should look at it."""
        return self not in (State.FINE, State.UNFINISHED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about one recording."""

    path: str
    """Relative to the folder."""
    state: State
    what: str = ""


async def verify(folder: Path, books: Books | None = None) -> AsyncIterator[Verdict]:
    """Reads every recording, oldest first. With `books`, what the database knows of them counts, too."""
    begun = frozenset(await asyncio.to_thread(lambda: {note.name.id for note in notes(folder)}))
    for day in await asyncio.to_thread(lambda: list(days(folder))):
        found = await asyncio.to_thread(_names, folder, day)
        for start in range(0, len(found), BATCH):
            batch = found[start : start + BATCH]
            known = await books.hashes([name.id for name, _ in batch]) if books is not None else {}
            for name, files in batch:
                verdict, sidecar = await asyncio.to_thread(_look_at, folder, name, files, name.id in begun)
                if sidecar is not None and known.get(name.id, sidecar.sha256) != sidecar.sha256:
                    verdict = Verdict(verdict.path, State.FORGED, f"the database knows {known[name.id]}")
                yield verdict


def _names(folder: Path, day: str) -> list[tuple[Name, list[str]]]:
    """Every recording of a day with the endings of its files."""
    endings: dict[Name, list[str]] = {}
    for path in sorted((folder / day).iterdir()):
        parsed = parse(f"{day}/{path.name}")
        if parsed is not None and parsed[1] in (*FORMATS, "json"):
            endings.setdefault(parsed[0], []).append(parsed[1])
    return list(endings.items())


def _look_at(folder: Path, name: Name, endings: list[str], begun: bool) -> tuple[Verdict, Sidecar | None]:
    """The sidecar comes with a file that fits it."""
    if "json" not in endings:
        path = str(name.path(endings[0]))
        if begun:
            return Verdict(path, State.UNFINISHED), None
        return Verdict(path, State.NO_SIDECAR, "nothing tells whether it is what it was"), None
    path = str(name.path("json"))
    try:
        sidecar = read_sidecar(folder, name)
        path = sidecar.path
        with open_file(folder / path) as file:
            sha256 = sha256_of(file)
    except FileNotFoundError:
        return Verdict(path, State.MISSING), None
    except (BadNote, NotWav) as error:
        return Verdict(path, State.UNREADABLE, error.what), None
    except OSError as error:
        return Verdict(path, State.UNREADABLE, error.strerror or str(error)), None
    if sha256 != sidecar.sha256:
        return Verdict(path, State.CHANGED, f"SHA-256 is {sha256}, was {sidecar.sha256}"), None
    return Verdict(path, State.FINE), sidecar
