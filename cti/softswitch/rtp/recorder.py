"""Recordings: what a leg says and what it hears, side by side in a WAV, kept in step by the clock.

The event loop collects G.711 bytes; once a second they go to the one writer thread, which makes PCM of them and brings
the header up to date, so that a file is readable at any time.
"""

import asyncio
import os
import struct
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import Queue
from typing import Final

from cti.softswitch.rtp.codec import RATE, Codec

SLACK: Final = RATE // 10
"""Samples that a voice may be behind or ahead of the clock (jitter, clock drift) before silence is put in or sound
is left out."""

INTERVAL: Final = 1.0
"""Seconds between two writes of a recording."""

WAITING: Final = 4000
"""Writes that may wait for the disk. When they do, recordings hold their sound back, MOST_HELD of it at most."""

MOST_HELD: Final = 60 * RATE
"""Samples that a recording holds back while the disk does not keep up; older ones are lost, as silence."""


class Layout(StrEnum):
    """What stands in the file."""

    STEREO = "stereo"
    """The leg's own voice left, what it hears right (FreeSWITCH's RECORD_STEREO: caller left, agent right)."""
    MIXED = "mixed"
    """Both in one channel."""
    OWN = "own"
    """Only the leg's own voice: a message (FreeSWITCH's application record)."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording that is complete."""

    path: Path
    milliseconds: int
    samples: int
    error: str | None = None
    """Why there is less in the file than was heard, or no file."""


class _Track:
    """One voice: sample `start` is the first of `buffer`."""

    __slots__ = ("buffer", "fresh", "start")

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.start = 0
        self.fresh = True  # nothing was put in since the start: its first place is exact

    def put(self, payload: bytes | memoryview, at: int, silence: bytes) -> None:
        """Adds a payload that ended at sample `at` of the clock."""
        buffer = self.buffer
        behind = at - len(payload) - self.start - len(buffer)
        if behind > SLACK or (self.fresh and behind > 0):
            buffer += silence * behind
        elif behind < -SLACK:
            return
        self.fresh = False
        buffer += payload

    def cut(self, at: int, silence: bytes) -> bytes:
        """Takes out what comes before sample `at`, filled up with silence."""
        count = at - self.start
        chunk = bytes(self.buffer[:count])
        del self.buffer[:count]
        self.start = at
        return chunk.ljust(count, silence)


class Recording:
    """A recording under way. `Stream.record` makes it; the stream feeds it."""

    def __init__(self, writer: "Writer", path: Path, layout: Layout, codec: Codec, now: float) -> None:
        self.path: Final = path
        self.layout: Final = layout
        self.on_end: Callable[[], None] = lambda: None  # the stream lets go of it
        self._writer = writer
        self._file = _File(path, layout)
        self._codec = codec
        self._started = now
        self._own, self._other = _Track(), _Track()
        self._masked = False
        self._ended: float | None = None
        self.done = False

    @property
    def masked(self) -> bool:
        """Whether silence is recorded."""
        return self._masked

    def mask(self, masked: bool) -> None:
        """Records silence from now on, or sound again (FreeSWITCH's uuid_record mask, unmask)."""
        self._masked = masked

    def stop(self) -> None:
        """Ends it. The file is complete when on_done is called, shortly after."""
        if self._ended is None:
            self._ended = self._writer.now()
            self.on_end()
            self._writer.hurry(self)

    def samples_at(self, now: float) -> int:
        """Its length at that time."""
        return max(0, round((now - self._started) * RATE))

    def received(self, payload: bytes | memoryview, step: int, now: float) -> None:
        """The leg said this, `step` packets after the last one."""
        track, size = self._own, len(payload)
        if step > 1 and not track.fresh:
            track.buffer += self._codec.silence * (min(step - 1, 10) * size)
        track.put(self._codec.silence * size if self._masked else payload, self.samples_at(now), self._codec.silence)

    def sent(self, payload: bytes | memoryview, now: float) -> None:
        """The leg was sent this."""
        if self._masked:
            payload = self._codec.silence * len(payload)
        self._other.put(payload, self.samples_at(now), self._codec.silence)

    def retune(self, codec: Codec) -> None:
        """The leg speaks another codec from now on."""
        table = self._codec.tables.get(codec)
        if table is not None:
            for track in (self._own, self._other):
                track.buffer = track.buffer.translate(table)
            self._codec = codec

    def flush(self, now: float) -> None:
        """Hands what is ripe to the writer; when that has no room, later."""
        ended = self._ended is not None
        at = self.samples_at(now if self._ended is None else self._ended)
        if not ended:
            at = max(self._own.start, at - 2 * SLACK)  # what may still come
        if not self._writer.has_room():
            self._shorten(at)
            return
        silence = self._codec.silence
        job = _Job(self._file, self._codec, self._own.cut(at, silence), self._other.cut(at, silence), ended)
        self._writer.write(job)
        self.done = ended

    def _shorten(self, at: int) -> None:
        if at - self._own.start > MOST_HELD:
            keep = at - MOST_HELD // 2
            self._file.missing += keep - self._own.start
            for track in (self._own, self._other):
                track.cut(keep, self._codec.silence)


@dataclass(slots=True)
class _Job:
    file: "_File"
    codec: Codec
    left: bytes
    right: bytes
    last: bool


class _File:
    """The WAV of a recording. Used by the writer thread only, but for `missing` (samples to be made up)."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path = path
        self.missing = 0
        self.samples = 0
        self.error: str | None = None
        self.on_start: Callable[[Path], None] | None = None
        self.on_done: Callable[[Recorded], None] | None = None
        self._layout = layout
        self._channels = 2 if layout is Layout.STEREO else 1
        self._descriptor = -1

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o640)
        self._write(self._header(0))

    def add(self, job: _Job) -> None:
        if self.missing:
            gap, self.missing = self.missing, 0
            self._write(bytes(gap * 2 * self._channels))
            self.samples += gap
        self._write(self._pcm(job))
        self.samples += len(job.left)
        os.pwrite(self._descriptor, self._header(self.samples), 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def recorded(self) -> Recorded:
        return Recorded(self.path, self.samples * 1000 // RATE, self.samples, self.error)

    def _pcm(self, job: _Job) -> bytes | bytearray:
        codec = job.codec
        match self._layout:
            case Layout.STEREO:
                return codec.interleave(job.left, job.right)
            case Layout.OWN:
                return codec.pcm(job.left)
        return codec.pcm(codec.mix((codec.decode(job.left), codec.decode(job.right))))

    def _header(self, samples: int) -> bytes:
        wide = 2 * self._channels
        size = samples * wide
        layout = struct.pack("<HHIIHH", 1, self._channels, RATE, RATE * wide, wide, 16)
        return struct.pack("<4sI4s4sI16s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, layout, b"data", size)

    def _write(self, data: bytes | bytearray) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]


class Writer:
    """Flushes every recording once a second, a few in each tick, and has the one thread that writes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: deque[tuple[float, Recording]] = deque()
        self._jobs: Queue[_Job | _File | None] = Queue()
        self._thread: threading.Thread | None = None
        self._closing: asyncio.Event | None = None

    def now(self) -> float:
        """The loop's clock, in seconds."""
        return self._loop.time()

    def __len__(self) -> int:
        """Recordings under way."""
        return len(self._due)

    def start(
        self,
        path: Path,
        layout: Layout,
        codec: Codec,
        on_done: Callable[[Recorded], None] | None,
        on_start: Callable[[Path], None] | None,
    ) -> Recording:
        """A new recording; its file is opened in the thread."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)
            self._thread.start()
        now = self.now()
        recording = Recording(self, path, layout, codec, now)
        file = recording._file
        file.on_done, file.on_start = on_done, on_start
        self._due.append((now + INTERVAL, recording))
        self._jobs.put(file)
        return recording

    def flush(self, now: float) -> None:
        """Called every tick: flushes a few of those whose second is over."""
        due = self._due
        for _ in range(1 + len(due) // 50):
            if not due or due[0][0] > now:
                return
            _, recording = due.popleft()
            if not recording.done:
                recording.flush(now)
            if not recording.done:
                due.append((now + INTERVAL, recording))

    def hurry(self, recording: Recording) -> None:
        """Flushes one that was stopped, at once if the queue has room."""
        recording.flush(self.now())

    def has_room(self) -> bool:
        """Whether another write may wait."""
        return self._jobs.qsize() < WAITING

    def write(self, job: _Job) -> None:
        """Queues a write."""
        self._jobs.put(job)

    async def close(self) -> None:
        """Waits until everything is on disk. All recordings must have been stopped."""
        while any(not recording.done for _, recording in self._due):
            for _, recording in self._due:
                if not recording.done:
                    recording.flush(self.now())
            await asyncio.sleep(0.01)
        self._due.clear()
        if self._thread is not None:
            self._closing = asyncio.Event()
            self._jobs.put(None)
            await self._closing.wait()
            self._thread.join()
            self._thread = None

    # --- in the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if isinstance(job, _File):
                self._open(job)
            else:
                self._do(job)
        if self._closing is not None:
            self._call(self._closing.set)

    def _open(self, file: _File) -> None:
        if file._descriptor < 0 and file.error is None:
            try:
                file.open()
            except OSError as error:
                file.error = f"{file.path}: {error.strerror}"
            else:
                if file.on_start is not None:
                    self._call(file.on_start, file.path)

    def _do(self, job: _Job) -> None:
        file = job.file
        self._open(file)
        try:
            if file.error is None and (job.left or not job.last):
                file.add(job)
            if job.last:
                file.close()
        except OSError as error:
            file.error = f"{file.path}: {error.strerror}"
            with suppress(OSError):
                file.close()
        if job.last and file.on_done is not None:
            self._call(file.on_done, file.recorded())

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self._loop.call_soon_threadsafe(function, *arguments)
