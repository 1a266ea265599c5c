"""What is written about a recording beside it: the sidecar of a finished one, the note of one that is not.

A sidecar is ``CALL-N.json`` beside the file. A note is ``.open/CALL-N.json``: it is there from the beginning of a
recording until its entry is in the records, and tells after a crash what has to be finished.
"""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from cti.errors import Blame, CtiError
from cti.records.entries import RecordingMade
from cti.records.recordings import tags as tagging
from cti.records.recordings.names import FORMATS, OPEN, Name, parse
from cti.records.recordings.tags import Tags

_MOST: Final = 1 << 20
"""Bytes of a note or sidecar."""


class BadNote(CtiError):
    """A sidecar or note that is not as we write them."""

    blame: ClassVar[Blame] = Blame.ADMIN
    remedy = "Somebody has changed it, or the disk has; the recording itself may be fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """What is known of a finished recording."""

    tags: Tags
    path: str
    """Of the file, relative to the folder of recordings."""
    format: str
    channels: int
    rate: int
    """Samples a second of what the switch has written."""
    seconds: float
    size: int
    """Bytes."""
    sha256: str
    failure: str = ""
    """What went wrong; empty when all is well."""


def entry_of(sidecar: Sidecar) -> RecordingMade:
    """What the records keep of it."""
    tags = sidecar.tags
    return RecordingMade(
        id=tags.id,
        call=tags.call,
        path=sidecar.path,
        began_at=tags.began_at,
        ended_at=tags.ended_at or tags.began_at,
        format=sidecar.format,
        channels=sidecar.channels,
        size=sidecar.size,
        sha256=sidecar.sha256,
        agents=tags.agents,
        customer=tags.customer,
        hotline=tags.hotline,
        queue=tags.queue,
        repeat_count=tags.repeat_count,
        repeat_count_7d=tags.repeat_count_7d,
        masked=tags.masked,
        failure=sidecar.failure,
    )


def sidecar_path(folder: Path, name: Name) -> Path:
    """Where the sidecar of a recording lies."""
    return folder / name.path("json")


def write_sidecar(folder: Path, name: Name, sidecar: Sidecar) -> None:
    """Writes it: wholly or not at all, and it stays when the power fails. Raises OSError."""
    data = {
        **tagging.to_json(sidecar.tags),
        "path": sidecar.path,
        "format": sidecar.format,
        "channels": sidecar.channels,
        "rate": sidecar.rate,
        "seconds": round(sidecar.seconds, 3),
        "size": sidecar.size,
        "sha256": sidecar.sha256,
        "failure": sidecar.failure,
    }
    write_whole(sidecar_path(folder, name), _text(data), lasting=True)


def read_sidecar(folder: Path, name: Name) -> Sidecar:
    """Reads it. Raises BadNote when it is not one of ours, and OSError."""
    path = sidecar_path(folder, name)
    data = _read(path)
    try:
        sidecar = Sidecar(
            tags=tagging.from_json(data),
            path=str(data["path"]),
            format=str(data["format"]),
            channels=int(data["channels"]),
            rate=int(data["rate"]),
            seconds=float(data["seconds"]),
            size=int(data["size"]),
            sha256=str(data["sha256"]),
            failure=str(data["failure"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadNote(f"{path} is no sidecar of ours: {error}") from error
    if sidecar.format not in FORMATS or sidecar.path != str(name.path(sidecar.format)) or sidecar.tags.id != name.id:
        raise BadNote(f"{path} is of another recording")
    return sidecar


def write_note(folder: Path, name: Name, tags: Tags) -> None:
    """Notes that a recording has begun, or what is known of it by now. Raises OSError."""
    path = _note(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _text({**tagging.to_json(tags), "path": str(name.path("wav"))}), lasting=False)


def remove_note(folder: Path, name: Name) -> None:
    """The recording is in the records, or will never be. Raises OSError."""
    _note(folder, name).unlink(missing_ok=True)


def clear_torn(folder: Path, before: float) -> None:
    """Removes notes that were being written when we were killed, before that time (seconds since 1970)."""
    for path in (folder / OPEN).glob(".*.new"):
        with suppress(OSError):
            if path.stat(follow_symlinks=False).st_mtime < before:
                path.unlink()


@dataclass(frozen=True, slots=True)
class Note:
    """A recording that has begun and is not in the records."""

    name: Name
    tags: Tags
    written: float
    """When; seconds since 1970, as the disk has it."""


def notes(folder: Path) -> Iterator[Note]:
    """Every recording that has begun and is not in the records. What cannot be read is left out, and out of the way."""
    try:
        paths = sorted((folder / OPEN).glob("*.json"))
    except OSError:
        return
    for path in paths:
        try:
            data = _read(path)
            found = parse(str(data.get("path")))
            if found is None or path.name != f"{found[0].id}.json":
                raise BadNote(f"{path} is of another recording")
            yield Note(found[0], tagging.from_json(data), path.stat().st_mtime)
        except (BadNote, ValueError):
            with suppress(OSError):
                path.replace(path.with_suffix(".unreadable"))
        except OSError:
            continue


def write_whole(path: Path, content: bytes, *, lasting: bool) -> None:
    """Writes a file in one piece: whoever reads it finds all or nothing. `lasting`: also after a power cut."""
    new = path.with_name(f".{path.name}.new")
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o640), "wb") as file:
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
    if lasting:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes sure that the names in a folder stay when the power fails."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _note(folder: Path, name: Name) -> Path:
    return folder / OPEN / f"{name.id}.json"


def _text(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def _read(path: Path) -> dict[str, Any]:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        content = file.read(_MOST + 1)
    try:
        data = json.loads(content if len(content) <= _MOST else b"")
    except (ValueError, RecursionError) as error:
        raise BadNote(f"{path} is no JSON") from error
    if not isinstance(data, dict):
        raise BadNote(f"{path} is no JSON object")
    return data
