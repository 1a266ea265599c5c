"""What happens to the file of one recording when the switch has stopped writing. Runs in a thread; may be repeated.

The sound goes into a new file with a right header and tags, which then takes the place of the switch's. Whenever this
is interrupted, the recording is whole, and doing it again leads to the same end.
"""

import dataclasses
import errno
import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from cti.records.entries import RecordingMade
from cti.records.recordings import containers, tags, wav
from cti.records.recordings.alarms import Alarm, AlarmKind
from cti.records.recordings.encoding import Encoder, NotConverted
from cti.records.recordings.names import Name
from cti.records.recordings.notes import BadNote, Sidecar, entry_of, read_sidecar, sync_folder, write_sidecar
from cti.records.recordings.options import Options
from cti.records.recordings.tags import Tags
from cti.records.recordings.wav import NotWav, Wav

_SHORT_SECONDS: Final = 2.0
_SHORT_SHARE: Final = 0.1
"""What may be missing at the end: the larger of the two."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A recording that is finished, well or not."""

    entry: RecordingMade
    alarms: tuple[Alarm, ...] = ()


def finish(options: Options, encoder: Encoder, name: Name, known: Tags) -> Finished:
    """Mends, tags, hashes and converts one recording, and writes its sidecar. Raises OSError: try again later."""
    work = _Work(options, encoder, name)
    try:
        done = _done_before(options.folder, name)
        return work.finish(known) if done is None else Finished(entry_of(done))
    finally:
        work.clear()


def sha256_of(file: BinaryIO) -> str:
    """The SHA-256 of a file from where it stands. Raises OSError."""
    digest = hashlib.sha256()
    while block := file.read(wav.BLOCK):
        digest.update(block)
    return digest.hexdigest()


def open_file(path: Path) -> BinaryIO:
    """Opens a file for reading; a link or anything else that is no plain file raises NotWav. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise NotWav("it is a link, or no file at all") from error
        raise
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise NotWav("it is no file")
    return file


def _done_before(folder: Path, name: Name) -> Sidecar | None:
    """The sidecar, when all was done and only the records did not hear of it."""
    try:
        sidecar = read_sidecar(folder, name)
        if (folder / sidecar.path).stat(follow_symlinks=False).st_size != sidecar.size:
            return None
    except (BadNote, FileNotFoundError):
        return None
    if sidecar.format != "wav":
        (folder / name.path("wav")).unlink(missing_ok=True)
    return sidecar


class _Work:
    """One recording in work."""

    def __init__(self, options: Options, encoder: Encoder, name: Name) -> None:
        self._options = options
        self._encoder = encoder
        self._name = name
        self._day = options.folder / name.day
        self._path = options.folder / name.path("wav")
        self._new = self._day / f".{name.id}.wav.new"
        self._raw = self._day / f".{name.id}.raw.{options.convert}"
        self._tagged = self._day / f".{name.id}.{options.convert}.new"
        self._alarms: list[Alarm] = []

    def clear(self) -> None:
        for path in (self._new, self._raw, self._tagged):
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def finish(self, known: Tags) -> Finished:
        try:
            source = open_file(self._path)
        except FileNotFoundError:
            what = "the switch has written no file"
            self._tell(AlarmKind.MISSING, what, "Can the switch write there? Is it the same folder for it?")
            return Finished(entry_of(self._sidecar(known, 0, "", what)), tuple(self._alarms))
        except NotWav as error:
            self._tell(AlarmKind.UNREADABLE, error.what, error.remedy)
            return Finished(entry_of(self._sidecar(known, 0, "", error.what)), tuple(self._alarms))
        with source:
            sidecar = self._of(source, known)
        write_sidecar(self._options.folder, self._name, sidecar)
        if sidecar.format != "wav":
            self._path.unlink(missing_ok=True)
        return Finished(entry_of(sidecar), tuple(self._alarms))

    def _of(self, source: BinaryIO, known: Tags) -> Sidecar:
        try:
            sound = wav.measure(source)
            if not sound.size:
                what = "there is no sound in the file"
                self._tell(AlarmKind.EMPTY, what, "Did the switch hear anything? Is its disk full?")
                return self._as_it_is(source, known, what)
            failure = self._check(sound, known)
            ended = known.ended_at or known.began_at + timedelta(seconds=sound.seconds)
            known = dataclasses.replace(known, ended_at=ended)
            sidecar = dataclasses.replace(
                self._write_tagged(source, sound, known, failure),
                channels=sound.channels,
                rate=sound.rate,
                seconds=sound.seconds,
            )
        except NotWav as error:
            self._tell(AlarmKind.UNREADABLE, error.what, error.remedy)
            return self._as_it_is(source, known, error.what)
        return self._converted(sidecar) if self._options.convert != "none" else sidecar

    def _check(self, sound: Wav, known: Tags) -> str:
        """What is wrong with the sound; empty: nothing."""
        if sound.channels != 2:
            what = f"it has {sound.channels} channels instead of caller left, agent right"
            self._tell(AlarmKind.ONE_VOICE, what, "Is RECORD_STEREO set on the caller's leg?")
        if known.ended_at is None:
            return ""
        asked = (known.ended_at - known.began_at).total_seconds()
        if sound.seconds >= asked - max(_SHORT_SECONDS, asked * _SHORT_SHARE):
            return ""
        what = f"it holds {sound.seconds:.1f} s of {asked:.1f} s"
        self._tell(AlarmKind.SHORT, what, "Did the switch stop, or its disk fill?")
        return what

    def _write_tagged(self, source: BinaryIO, sound: Wav, known: Tags, failure: str) -> Sidecar:
        with self._new.open("wb") as target:
            os.fchmod(target.fileno(), stat.S_IMODE(os.fstat(source.fileno()).st_mode))
            size, sha256 = wav.write_tagged(source, sound, tags.fields(known), target)
            target.flush()
            os.fsync(target.fileno())
        self._new.replace(self._path)
        return self._sidecar(known, size, sha256, failure)

    def _converted(self, sidecar: Sidecar) -> Sidecar:
        """That of the converted file, or when it cannot be converted of the WAV."""
        form = self._options.convert
        target = self._options.folder / self._name.path(form)
        try:
            self._encoder.encode(self._path, self._raw, sidecar.seconds)
            containers.tag(form, self._raw, self._tagged, tags.fields(sidecar.tags))
        except (NotConverted, containers.NotTagged) as error:
            self._tell(AlarmKind.NOT_CONVERTED, error.what, error.remedy)
            return sidecar
        with self._tagged.open("rb") as file:
            sha256, size = sha256_of(file), os.fstat(file.fileno()).st_size
            os.fchmod(file.fileno(), stat.S_IMODE(self._path.stat().st_mode))
            os.fsync(file.fileno())
        self._tagged.replace(target)
        sync_folder(self._day)
        path = str(self._name.path(form))
        return dataclasses.replace(sidecar, path=path, format=form, size=size, sha256=sha256)

    def _as_it_is(self, source: BinaryIO, known: Tags, failure: str) -> Sidecar:
        """Of a file that is left alone."""
        source.seek(0)
        return self._sidecar(known, os.fstat(source.fileno()).st_size, sha256_of(source), failure)

    def _sidecar(self, known: Tags, size: int, sha256: str, failure: str) -> Sidecar:
        return Sidecar(
            tags=known,
            path=str(self._name.path("wav")),
            format="wav",
            channels=0,
            rate=0,
            seconds=0.0,
            size=size,
            sha256=sha256,
            failure=failure,
        )

    def _tell(self, kind: AlarmKind, what: str, remedy: str) -> None:
        self._alarms.append(Alarm(kind, f"{self._path}: {what}", remedy, self._name.id, self._name.call))
