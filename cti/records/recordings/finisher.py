"""Finishes recordings beside the calls: the engine says what begins and ends, and is never held up or hurt by it."""

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self
from zoneinfo import ZoneInfo

from cti.records.entries import RecordingMade
from cti.records.recordings.alarms import Alarm, AlarmKind, to_log
from cti.records.recordings.disk import MEGABYTE, QUIET, SETTLED, is_being_written, space
from cti.records.recordings.encoding import Encoder
from cti.records.recordings.finishing import Finished, finish, open_file
from cti.records.recordings.names import BadName, Name, days, name_for, parse, within
from cti.records.recordings.notes import clear_torn, notes, remove_note, sidecar_path, write_note
from cti.records.recordings.options import Options
from cti.records.recordings.tags import Tags
from cti.records.recordings.wav import NotWav, measure

MOST_WAITING: Final = 1000
"""Recordings that wait in memory to be finished. More of them wait on the disk, as notes."""

_ROUND: Final = 60.0
"""Seconds between two looks at what waits on the disk, and at its room."""
_AGAIN: Final = 0.25
"""Seconds until a file is looked at again that the switch still writes."""
_PATIENCE: Final = 20.0
"""So long; then it waits for the next round."""
_BEGIN: Final = 2.0
"""Seconds that a beginning recording waits for a slow disk."""
_KEPT: Final = 30.0
"""Seconds after which an entry is in the database or in its spool, and the note can go."""
_LOST: Final = 600.0
"""Seconds without a write after which a recording is over though nobody said so."""
_RECENT: Final = 7
"""Days whose folders are looked through at the start for files that nothing is known of."""
_MAKE_ROOM: Final = "Make room: `cti recordings retention`, or another disk"


@dataclass(slots=True)
class _Job:
    name: Name
    tags: Tags
    settled: float = SETTLED
    since: float = field(default_factory=time.monotonic)


class Finisher:
    """The one who finishes recordings. Use `async with`, or open() and close(); from one event loop.

    `made` takes each recording when it is finished, once or, after a crash, once more; it must not block.
    """

    def __init__(
        self,
        options: Options,
        made: Callable[[RecordingMade], None],
        alarm: Callable[[Alarm], None] = to_log,
        *,
        every: float = _ROUND,
    ) -> None:
        self._options = options
        self._folder = options.folder.absolute()
        self._made = made
        self._alarm = alarm
        self._every = every
        self._encoder = Encoder(options)
        self._queue: asyncio.Queue[_Job] = asyncio.Queue(MOST_WAITING)
        self._workers = ThreadPoolExecutor(options.workers, "recordings")
        self._clerk = ThreadPoolExecutor(1, "recordings-notes")
        self._tasks: list[asyncio.Task[None]] = []
        self._live: set[str] = set()
        self._busy: dict[str, _Job] = {}
        self._handed: dict[str, tuple[Name, float]] = {}
        self._told: set[str] = set()
        self._disk: AlarmKind | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Starts, and takes up what an earlier run has not finished."""
        self._tasks = [asyncio.create_task(self._work(), name="recordings") for _ in range(self._options.workers)]
        self._tasks.append(asyncio.create_task(self._rounds(), name="recordings rounds"))

    async def close(self, limit: float = 10.0) -> None:
        """Finishes what waits; what is not done within `limit` seconds is done after the next start."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self.idle()
        self._encoder.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for threads in (self._workers, self._clerk):
            await asyncio.to_thread(threads.shutdown)

    async def idle(self) -> None:
        """Returns when nothing waits to be finished."""
        while self._busy:  # noqa: ASYNC110 (jobs come and go; only tests and the end wait here)
            await asyncio.sleep(0.02)

    @property
    def waiting(self) -> int:
        """Recordings that wait or are in work."""
        return len(self._busy)

    # --- what the engine says: none of it raises ---------------------------------------------------

    async def begin(self, tags: Tags, zone: ZoneInfo) -> Path | None:
        """Where the switch shall write a recording that begins; None: there is no room for one.

        `zone` is the hotline's. Call it before the switch is told; it takes a moment, two seconds at most.
        """
        try:
            name = name_for(tags.call, tags.number, tags.began_at, zone)
        except BadName as error:
            self._alarm(Alarm(AlarmKind.NOT_BEGUN, error.what))
            return None
        self._live.add(name.id)
        try:
            async with asyncio.timeout(_BEGIN):
                full = await asyncio.get_running_loop().run_in_executor(self._clerk, self._prepare, name, tags)
        except TimeoutError:
            why = f"is not noted: {self._folder} took longer than {_BEGIN:g} s"
            self._alarm(_alarm(AlarmKind.NOT_BEGUN, name, why, "Look at that disk; the switch may still record"))
        except (OSError, RuntimeError) as error:
            why = f"is not noted: {error}"
            self._alarm(_alarm(AlarmKind.NOT_BEGUN, name, why, "Look at permissions; the switch may still record"))
        else:
            if full:
                self._live.discard(name.id)
                self._alarm(_alarm(AlarmKind.DISK_FULL, name, f"is not recorded: {full}", _MAKE_ROOM))
                return None
        return self._folder / name.path("wav")

    def note(self, path: str | Path, tags: Tags) -> None:
        """More is known of a recording that runs: who takes part, what was masked."""
        with suppress(BadName):
            self._write_down(within(self._folder, path), tags)

    def adopt(self, path: str | Path) -> None:
        """A recording of an earlier run goes on: the call was taken over."""
        with suppress(BadName):
            self._live.add(within(self._folder, path).id)

    def finish(self, path: str | Path, tags: Tags) -> None:
        """The switch has stopped a recording, or is gone. `tags` is all that is known; `ended_at` is in it."""
        try:
            name = within(self._folder, path)
        except BadName as error:
            self._alarm(Alarm(AlarmKind.NOT_FINISHED, error.what, "Only files below recordings.folder are finished"))
            return
        self._write_down(name, tags)
        self._live.discard(name.id)
        self._take(_Job(name, tags))

    # --- in the loop -------------------------------------------------------------------------------

    def _write_down(self, name: Name, tags: Tags) -> None:
        def write() -> None:
            with suppress(OSError):  # finishing will say what is wrong
                write_note(self._folder, name, tags)

        with suppress(RuntimeError):  # closed: what there is must do
            self._clerk.submit(write)

    def _take(self, job: _Job) -> None:
        waiting = self._busy.get(job.name.id)
        if waiting is not None:
            waiting.tags, waiting.settled = job.tags, job.settled
        elif job.name.id not in self._handed:
            with suppress(asyncio.QueueFull):  # the note waits for the next round
                self._queue.put_nowait(job)
                self._busy[job.name.id] = job

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            job = await self._queue.get()
            finished, again = None, False
            try:
                finished = await loop.run_in_executor(self._workers, self._finish, job)
                again = finished is None and job.settled == SETTLED and time.monotonic() - job.since < _PATIENCE
            except OSError as error:
                self._cannot(job.name, error.strerror or str(error), "It is tried again every minute")
            except Exception as error:  # noqa: BLE001 (the edge of the task: the next recording is another one)
                self._cannot(job.name, repr(error), "This is a mistake of ours; it is tried again every minute")
            if again:
                loop.call_later(_AGAIN, self._put_back, job)
                continue
            self._busy.pop(job.name.id, None)
            if finished is not None:
                self._done(job.name, finished)

    def _put_back(self, job: _Job) -> None:
        try:
            self._queue.put_nowait(job)
        except asyncio.QueueFull:
            self._busy.pop(job.name.id, None)

    def _done(self, name: Name, finished: Finished) -> None:
        self._told.discard(name.id)
        self._handed[name.id] = (name, time.monotonic())
        for alarm in finished.alarms:
            self._alarm(alarm)
        self._made(finished.entry)

    def _cannot(self, name: Name, why: str, remedy: str) -> None:
        """Says it once of each recording."""
        if name.id not in self._told:
            self._told.add(name.id)
            self._alarm(_alarm(AlarmKind.NOT_FINISHED, name, f"cannot be finished: {why}", remedy))

    async def _rounds(self) -> None:
        await self._round(begin=True)
        while True:
            await asyncio.sleep(self._every)
            await self._round()

    async def _round(self, *, begin: bool = False) -> None:
        """Takes up what waits on the disk, lets go of notes, looks at the room."""
        skip = self._busy.keys() | self._handed.keys()
        found = await asyncio.to_thread(self._look, frozenset(skip), frozenset(self._live), begin)
        for one in found:
            if one.name.id in self._busy or (one.name.id in self._live and one.settled != _LOST):
                continue  # meanwhile it has begun, or is over
            self._live.discard(one.name.id)
            self._take(_Job(one.name, one.tags, one.settled))
        old = [name for name, at in self._handed.values() if time.monotonic() - at >= _KEPT]
        await asyncio.to_thread(_forget, self._folder, old)
        for name in old:
            del self._handed[name.id]
        await self._look_at_disk()

    async def _look_at_disk(self) -> None:
        options = self._options
        try:
            room = await asyncio.to_thread(space, self._folder)
        except OSError as error:
            self._alarm(Alarm(AlarmKind.DISK_FULL, f"{self._folder}: {error.strerror}", "Look at that disk"))
            return
        state, limit = None, 0
        for kind, megabytes in (
            (AlarmKind.DISK_LOW, options.warn_megabytes),
            (AlarmKind.DISK_FULL, options.stop_megabytes),
        ):
            if room.free < megabytes * MEGABYTE:
                state, limit = kind, megabytes
        if state is self._disk:
            return
        free = f"{self._folder} has {room.free / 1e9:.1f} GB free"
        if state is None and self._disk is not None:
            self._alarm(Alarm(self._disk, free, over=True))
        elif state is not None:
            self._alarm(Alarm(state, f"{free}, less than {limit} MB", _MAKE_ROOM))
        self._disk = state

    # --- in threads --------------------------------------------------------------------------------

    def _prepare(self, name: Name, tags: Tags) -> str:
        """Makes the folder and the note; gives the reason when there is no room."""
        free = space(self._folder).free
        if free < self._options.stop_megabytes * MEGABYTE:
            return f"only {free / 1e6:.0f} MB are free"
        (self._folder / name.day).mkdir(parents=True, exist_ok=True)
        write_note(self._folder, name, tags)
        return ""

    def _finish(self, job: _Job) -> Finished | None:
        """None: the switch still writes it."""
        with suppress(OSError):  # finishing says what is wrong
            if is_being_written(self._folder / job.name.path("wav"), time.time(), job.settled):
                return None
        return finish(self._options, self._encoder, job.name, job.tags)

    def _look(self, skip: frozenset[str], live: frozenset[str], begin: bool) -> list["Unfinished"]:
        found = unfinished(self._folder, live=live)
        if begin:
            clear_torn(self._folder, time.time() - QUIET)
            found += orphans(self._folder, {one.name.id for one in found} | live)
        return [one for one in found if one.name.id not in skip]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A recording that waits on the disk."""

    name: Name
    tags: Tags
    settled: float
    """Seconds without a write after which it is over."""


def unfinished(folder: Path, live: Iterable[str] = ()) -> list[Unfinished]:
    """Recordings that have begun and are not in the records; those that run (ids in `live`) only when they seem lost.

    A recording whose file is missing is among them, too, unless it has begun a moment ago.
    """
    now, running = time.time(), frozenset(live)
    return [
        Unfinished(note.name, note.tags, settled)
        for note in notes(folder)
        for settled in [_LOST if note.name.id in running else QUIET]
        if now - max(note.written, _written(folder, note.name)) >= settled
    ]


def orphans(folder: Path, known: Iterable[str] = (), recent: int = _RECENT) -> list[Unfinished]:
    """Recordings of the last days that have neither sidecar nor note: only their names and lengths can be told."""
    noted = {note.name.id for note in notes(folder)} | set(known)
    found = []
    for day in list(days(folder))[-recent:]:
        for path in sorted((folder / day).glob("*.wav")):
            parsed = parse(f"{day}/{path.name}")
            if parsed is None or parsed[0].id in noted or sidecar_path(folder, parsed[0]).exists():
                continue
            with suppress(OSError, NotWav):
                found.append(Unfinished(parsed[0], _guessed(path, parsed[0]), QUIET))
    return found


def _guessed(path: Path, name: Name) -> Tags:
    with open_file(path) as file:
        seconds = measure(file).seconds
    ended = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Tags(call=name.call, number=name.number, began_at=ended - timedelta(seconds=seconds), ended_at=ended)


def _written(folder: Path, name: Name) -> float:
    """When the switch last wrote; 0: it has not, or the file is an encoder's by now."""
    try:
        return (folder / name.path("wav")).stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


def _forget(folder: Path, names: Iterable[Name]) -> None:
    for name in names:
        with suppress(OSError):
            remove_note(folder, name)


def _alarm(kind: AlarmKind, name: Name, what: str, remedy: str) -> Alarm:
    return Alarm(kind, f"{name.path('wav')} {what}", remedy, name.id, name.call)
