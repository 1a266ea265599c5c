"""Finishing recordings: what the engine says, what becomes of the files, and what a crash leaves."""

import asyncio
import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cti import log
from cti.ids import AgentId, CallId
from cti.records.entries import RecordingMade
from cti.records.recordings import disk, finisher, finishing, notes
from cti.records.recordings.alarms import Alarm, AlarmKind, to_log
from cti.records.recordings.disk import Space
from cti.records.recordings.finisher import Finisher, orphans, unfinished
from cti.records.recordings.names import within
from cti.records.recordings.options import Options
from cti.records.recordings.tags import Tags
from cti.softswitch.rtp.codec import PCMA
from cti.softswitch.rtp.recorder import Layout, Recorded, Writer
from tests.records.recordings import (
    BEGAN,
    PATH,
    RATE,
    SHANGHAI,
    chunks,
    header,
    info,
    make_old,
    stereo,
    tags,
    write_wav,
)


@dataclass
class World:
    """A folder and what is heard of it."""

    folder: Path
    made: list[RecordingMade] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)

    @asynccontextmanager
    async def finisher(self, every: float = 60.0, **options: object) -> AsyncIterator[Finisher]:
        made = Finisher(Options(folder=self.folder, **options), self.made.append, self.alarms.append, every=every)  # type: ignore[arg-type]
        async with made:
            yield made

    @property
    def path(self) -> Path:
        """The recording that `tags` are of."""
        return self.folder / PATH

    @property
    def sidecar(self) -> dict[str, object]:
        read: dict[str, object] = json.loads(self.path.with_suffix(".json").read_text())
        return read

    def note(self, known: Tags) -> None:
        """As `begin` has left it some time ago."""
        notes.write_note(self.folder, within(self.folder, self.path), known)
        make_old(self.folder / f".open/{known.id}.json")

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "recordings")


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 (files tell nobody)
            await asyncio.sleep(0.01)


async def run(*words: str | Path) -> int:
    """Runs a program; gives its exit code."""
    process = await asyncio.create_subprocess_exec(*words, stderr=subprocess.DEVNULL)
    return await process.wait()


# --- all is well -------------------------------------------------------------------------------------


async def test_a_recording_from_its_beginning_to_its_entry(world: World) -> None:
    async with world.finisher() as finisher:
        path = await finisher.begin(tags(ended_at=None, agents=()), SHANGHAI)
        assert path == world.path
        assert world.files() == [".open/call-1.json"]
        sound = write_wav(path, 2)
        finisher.finish(path, tags())
        await finisher.idle()

    content = path.read_bytes()
    assert dict(chunks(path))["data"] == sound
    assert json.loads(info(path)["ICMT"])["repeat_count_7d"] == 4
    (entry,) = world.made
    assert entry == RecordingMade(
        id="call-1",
        call=CallId("call"),
        path=PATH,
        began_at=BEGAN,
        ended_at=BEGAN + timedelta(seconds=2),
        format="wav",
        channels=2,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        agents=(AgentId("1001"), AgentId("1009")),
        customer="+8613800138000",
        hotline="售后服务热线",
        queue=tags().queue,
        repeat_count=2,
        repeat_count_7d=4,
        masked=((0.5, 1.25),),
    )
    assert world.alarms == []


async def test_the_sidecar_says_all_that_is_known(world: World) -> None:
    write_wav(world.path, 2)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        await finisher.idle()
    content = world.path.read_bytes()
    assert world.sidecar == {
        "id": "call-1",
        "call": "call",
        "number": 1,
        "began_at": "2026-11-20T17:30:00.250000+00:00",
        "ended_at": "2026-11-20T17:30:02.250000+00:00",
        "hotline": "售后服务热线",
        "queue": "service",
        "agents": ["1001", "1009"],
        "customer": "+8613800138000",
        "repeat_count": 2,
        "repeat_count_7d": 4,
        "masked": [[0.5, 1.25]],
        "path": PATH,
        "format": "wav",
        "channels": 2,
        "rate": RATE,
        "seconds": 2.0,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "failure": "",
    }
    assert "售后服务热线" in world.path.with_suffix(".json").read_text()


async def test_withheld_numbers_and_what_is_not_known_leave_no_empty_tags(world: World) -> None:
    write_wav(world.path, 2)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags(customer=None, queue=None, agents=(), hotline="", masked=()))
        await finisher.idle()
    assert set(info(world.path)) == {"INAM", "ICRD", "ICMT"}
    assert (world.made[0].customer, world.made[0].queue) == (None, None)


async def test_what_becomes_known_meanwhile_is_in_the_note(world: World) -> None:
    async with world.finisher() as finisher:
        path = await finisher.begin(tags(agents=()), SHANGHAI)
        assert path is not None
        finisher.note(path, tags(agents=(AgentId("1001"),)))
        await until(lambda: [note.tags.agents for note in notes.notes(world.folder)] == [("1001",)])


async def test_a_note_goes_when_the_entry_is_surely_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(world.path, 2)
    async with world.finisher(every=0.02) as made:
        made.finish(world.path, tags())
        await made.idle()
        await until(lambda: bool(world.made))
        assert ".open/call-1.json" in world.files()
        monkeypatch.setattr(finisher, "_KEPT", 0.0)
        await until(lambda: ".open/call-1.json" not in world.files())
    assert world.files() == ["2026/11/21/call-1.json", PATH]
    assert len(world.made) == 1


async def test_many_are_finished_at_once_and_each_is_itself(world: World) -> None:
    calls = [f"c{number}" for number in range(60)]
    sounds = {
        call: write_wav(world.folder / f"2026/11/21/{call}-1.wav", 0.5 + number / 100)
        for number, call in enumerate(calls)
    }
    async with world.finisher(workers=4) as finisher:
        for call in calls:
            finisher.finish(world.folder / f"2026/11/21/{call}-1.wav", tags(call, ended_at=BEGAN))
        await finisher.idle()
    assert sorted(entry.call for entry in world.made) == sorted(calls)
    for entry in world.made:
        path = world.folder / entry.path
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
        assert dict(chunks(path))["data"] == sounds[entry.call]
        assert json.loads(info(path)["ICMT"])["call"] == entry.call


async def test_more_than_wait_in_memory_wait_on_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finisher, "MOST_WAITING", 3)
    monkeypatch.setattr(finisher, "QUIET", 0.5)
    calls = [f"c{number}" for number in range(20)]
    async with world.finisher(every=0.05) as made:
        for call in calls:
            path = world.folder / f"2026/11/21/{call}-1.wav"
            write_wav(path, 0.2)
            made.finish(path, tags(call, ended_at=BEGAN))
        await until(lambda: len(world.made) == len(calls))
    assert sorted(entry.call for entry in world.made) == sorted(calls)


async def test_two_recordings_of_a_call_are_two(world: World) -> None:
    second = world.folder / "2026/11/21/call-2.wav"
    write_wav(world.path, 2)
    write_wav(second, 2)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        finisher.finish(second, tags(number=2))
        await finisher.idle()
    assert sorted(entry.id for entry in world.made) == ["call-1", "call-2"]


async def test_finishing_twice_is_finishing_once(world: World) -> None:
    write_wav(world.path, 2)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        finisher.finish(world.path, tags())
        await finisher.idle()
        finisher.finish(world.path, tags())
        await finisher.idle()
    assert len(world.made) == 1


# --- the switch still writes -------------------------------------------------------------------------


async def test_a_file_that_is_still_written_is_waited_for(world: World) -> None:
    """RECORD_STOP of the embedded softswitch comes before its last write."""
    sound = stereo(1.0)
    world.path.parent.mkdir(parents=True)
    async with world.finisher() as finisher:
        with world.path.open("wb") as file:
            file.write(header(0) + sound[:1000])
            file.flush()
            make_old(world.path, 30)
            finisher.finish(world.path, tags(ended_at=None))
            await asyncio.sleep(0.4)
            assert world.made == []
            file.write(sound[1000:])
        await finisher.idle()
    assert dict(chunks(world.path))["data"] == sound


async def test_what_the_embedded_recorder_wrote_is_finished_whole(world: World) -> None:
    recorded: list[Recorded] = []
    async with world.finisher() as finisher:
        path = await finisher.begin(tags(ended_at=None), SHANGHAI)
        assert path is not None
        writer = Writer(asyncio.get_running_loop())
        recording = writer.start(path, Layout.STEREO, PCMA, recorded.append, None)
        recording.received(bytes([0x2A]) * 1600, 1, writer.now() + 0.2)
        await asyncio.sleep(0.3)
        recording.stop()
        finisher.finish(path, tags(ended_at=None))
        await writer.close()
        await finisher.idle()
    (one,) = recorded
    both = array("h", dict(chunks(path))["data"])
    assert len(both) == 2 * one.samples
    assert sum(abs(sample) > 1000 for sample in both[0::2]) >= 1500  # the caller is left
    assert max(map(abs, both[1::2])) < 10
    assert world.made[0].failure == ""


def test_the_kernel_knows_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"x")
    make_old(path, 30)
    assert not disk.is_being_written(path, time.time())
    with path.open("ab"):
        assert disk.is_being_written(path, time.time())
        assert not disk.is_being_written(path, time.time() + disk.FORGOTTEN)  # as on NFS, where it is always said
    assert not disk.is_being_written(path, time.time())


def test_a_writer_that_opens_the_file_meanwhile_kills_nobody() -> None:
    """A lease that is broken sends a signal, which would end the process were it SIGIO."""
    code = """
import fcntl, os, signal, tempfile
with tempfile.NamedTemporaryFile() as file:
    os.close(file.file.fileno())
    held = os.open(file.name, os.O_RDONLY)
    fcntl.fcntl(held, fcntl.F_SETSIG, signal.SIGURG)
    fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    try:
        os.open(file.name, os.O_WRONLY | os.O_NONBLOCK)
    except BlockingIOError:
        print("alive")
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "alive\n"


# --- what goes wrong ---------------------------------------------------------------------------------


async def test_no_file_is_an_alarm_and_an_entry(world: World) -> None:
    async with world.finisher() as finisher:
        path = await finisher.begin(tags(), SHANGHAI)
        assert path is not None
        finisher.finish(path, tags())
        await finisher.idle()
    assert [(alarm.kind, alarm.recording, alarm.call) for alarm in world.alarms] == [
        (AlarmKind.MISSING, "call-1", "call")
    ]
    assert [(entry.failure, entry.size, entry.sha256) for entry in world.made] == [
        ("the switch has written no file", 0, "")
    ]


async def test_no_sound_is_an_alarm_and_the_file_stays(world: World) -> None:
    world.path.parent.mkdir(parents=True)
    world.path.write_bytes(header(0))
    make_old(world.path)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        await finisher.idle()
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.EMPTY]
    assert world.made[0].failure == "there is no sound in the file"
    assert world.path.read_bytes() == header(0)
    assert world.sidecar["sha256"] == hashlib.sha256(header(0)).hexdigest()


async def test_what_is_no_wav_stays_as_it_is(world: World) -> None:
    world.path.parent.mkdir(parents=True)
    world.path.write_bytes(b"what?")
    make_old(world.path)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        await finisher.idle()
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.UNREADABLE]
    assert world.path.read_bytes() == b"what?"
    assert world.made[0].failure == "it does not begin as a WAV does"


async def test_a_link_is_not_followed(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other.wav"
    write_wav(other, 1)
    before = other.read_bytes()
    world.path.parent.mkdir(parents=True)
    world.path.symlink_to(other)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        await finisher.idle()
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.UNREADABLE]
    assert (other.read_bytes(), world.path.is_symlink()) == (before, True)


async def test_half_a_recording_is_kept_and_told(world: World) -> None:
    """The switch's disk was full, or it stopped of itself."""
    write_wav(world.path, 2)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags(ended_at=BEGAN + timedelta(seconds=60)))
        await finisher.idle()
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.SHORT]
    assert world.made[0].failure == "it holds 2.0 s of 60.0 s"
    assert info(world.path)["IART"] == "1001, 1009"


async def test_one_channel_is_told(world: World) -> None:
    world.path.parent.mkdir(parents=True)
    world.path.write_bytes(header(32_000, channels=1) + bytes(32_000))
    make_old(world.path)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        await finisher.idle()
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.ONE_VOICE]
    assert (world.made[0].channels, world.made[0].failure) == (1, "")


async def test_a_path_outside_the_folder_is_never_touched(world: World, tmp_path: Path) -> None:
    other = tmp_path / "2026/11/21/call-1.wav"
    write_wav(other, 1)
    before = other.read_bytes()
    async with world.finisher() as finisher:
        finisher.finish(other, tags())
        finisher.finish(f"{world.folder}/../2026/11/21/call-1.wav", tags())
        finisher.note("/etc/passwd", tags())
        await finisher.idle()
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.NOT_FINISHED] * 2
    assert (other.read_bytes(), world.made) == (before, [])


async def test_a_call_id_that_is_none_of_ours_begins_nothing(world: World) -> None:
    async with world.finisher() as finisher:
        assert await finisher.begin(tags("../../etc/x"), SHANGHAI) is None
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.NOT_BEGUN]


async def test_a_full_disk_while_finishing_loses_nothing_and_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = write_wav(world.path, 2)
    before = world.path.read_bytes()
    real = finishing.wav.write_tagged
    full = True

    def write_tagged(*arguments: object) -> tuple[int, str]:
        done = real(*arguments)  # type: ignore[arg-type]
        if full:
            raise OSError(28, "No space left on device")
        return done

    monkeypatch.setattr(finishing.wav, "write_tagged", write_tagged)
    monkeypatch.setattr(finisher, "QUIET", 0.1)
    async with world.finisher(every=0.05) as made:
        made.finish(world.path, tags())
        await until(lambda: bool(world.alarms))
        assert world.path.read_bytes() == before
        assert world.files() == [".open/call-1.json", PATH]
        await asyncio.sleep(0.2)  # it is tried again several times, and told once
        full = False
        await until(lambda: bool(world.made))
    assert [(alarm.kind, alarm.what) for alarm in world.alarms] == [
        (AlarmKind.NOT_FINISHED, f"{PATH} cannot be finished: No space left on device")
    ]
    assert dict(chunks(world.path))["data"] == sound
    assert world.made[0].failure == ""


async def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """A file system of 1 MB, where one can be mounted."""
    small = tmp_path / "small"
    small.mkdir()
    if await run("mount", "-t", "tmpfs", "-o", "size=1m", "none", small):
        pytest.skip("needs root, to mount a small file system")
    try:
        world = World(small / "recordings")
        write_wav(world.path, 20)  # 640 kB: there is no room for a second one
        before = world.path.read_bytes()
        async with world.finisher(stop_megabytes=0, warn_megabytes=0) as made:
            made.finish(world.path, tags(ended_at=None))
            await made.idle()
        assert [alarm.what for alarm in world.alarms] == [f"{PATH} cannot be finished: No space left on device"]
        assert world.path.read_bytes() == before
        assert [name for name in world.files() if name.endswith(".new")] == []
        assert world.made == []
    finally:
        await run("umount", small)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not")
def test_a_folder_that_we_may_not_write_to_is_told(tmp_path: Path) -> None:
    """In a process of its own, which is nobody."""
    folder = tmp_path / "recordings"
    write_wav(folder / PATH, 2)
    for path in (tmp_path, *tmp_path.parents[:2]):
        path.chmod(0o755)
    (folder / PATH).chmod(0o644)
    code = f"""
import asyncio, concurrent.futures.thread, os
from pathlib import Path
from cti.records.recordings.finisher import Finisher
from cti.records.recordings.options import Options
from tests.records.recordings import SHANGHAI, tags
async def main():
    said = []
    tell = lambda alarm: said.append(alarm.kind.value)
    async with Finisher(Options(folder=Path({str(folder)!r})), said.append, tell) as f:
        path = await f.begin(tags("other"), SHANGHAI)
        said.append(path.name)
        f.finish({str(folder / PATH)!r}, tags())
        await f.idle()
    print(said)
os.setgid(65534); os.setuid(65534)
asyncio.run(main())
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout == "['recording_not_begun', 'other-1.wav', 'recording_not_finished']\n", done.stderr


async def test_with_too_little_room_nothing_is_recorded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finisher, "space", lambda folder: Space(free=499_000_000, total=10**12))
    async with world.finisher(stop_megabytes=500, warn_megabytes=5000) as made:
        assert await made.begin(tags(), SHANGHAI) is None
        await until(lambda: len(world.alarms) == 2)
    told = {alarm.kind: alarm for alarm in world.alarms if alarm.recording}
    assert told[AlarmKind.DISK_FULL].what == f"{PATH} is not recorded: only 499 MB are free"
    assert world.files() == []


async def test_the_room_on_the_disk_is_watched_and_each_change_is_told_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [6e9, 4e9, 3e9, 4e8, 3e8, 4e9, 6e9, 7e9]
    monkeypatch.setattr(finisher, "space", lambda folder: Space(int(rooms.pop(0) if rooms else 8e9), 10**12))
    async with world.finisher(every=0.01):
        await until(lambda: not rooms)
    assert [(alarm.kind, alarm.over) for alarm in world.alarms] == [
        (AlarmKind.DISK_LOW, False),
        (AlarmKind.DISK_FULL, False),
        (AlarmKind.DISK_LOW, False),
        (AlarmKind.DISK_LOW, True),
    ]


def test_the_room_is_that_of_the_disk_even_before_the_folder_is_made(tmp_path: Path) -> None:
    room = disk.space(tmp_path / "not" / "there")
    assert 0 < room.free <= room.total


async def test_a_slow_disk_does_not_hold_up_the_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finisher, "_BEGIN", 0.05)
    stuck = threading.Event()
    monkeypatch.setattr(finisher, "space", lambda folder: stuck.wait(5) and Space(10**12, 10**12))
    async with world.finisher() as made:
        began = time.monotonic()
        assert await made.begin(tags(), SHANGHAI) == world.path  # the switch may be luckier
        assert time.monotonic() - began < 1
        stuck.set()
    assert AlarmKind.NOT_BEGUN in [alarm.kind for alarm in world.alarms]


async def test_a_mistake_of_ours_ends_with_one_recording(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = finisher.finish

    def finish(options: Options, encoder: object, name: object, known: object) -> object:
        if "bad" in str(name):
            raise ZeroDivisionError
        return real(options, encoder, name, known)  # type: ignore[arg-type]

    monkeypatch.setattr(finisher, "finish", finish)
    write_wav(world.path, 2)
    async with world.finisher(workers=1) as made:
        made.finish(world.folder / "2026/11/21/bad-1.wav", tags("bad"))
        made.finish(world.path, tags())
        await made.idle()
    assert [entry.call for entry in world.made] == ["call"]
    assert [alarm.kind for alarm in world.alarms] == [AlarmKind.NOT_FINISHED]


async def test_a_recording_that_has_begun_is_not_missed_before_its_file_is_there(world: World) -> None:
    """However wrong the clocks are: what counts is when the note was written."""
    async with world.finisher(every=0.02) as made:
        assert await made.begin(tags(began_at=BEGAN - timedelta(days=400)), SHANGHAI) is not None
        await asyncio.sleep(0.2)
    assert (world.made, world.alarms) == ([], [])


async def test_a_recording_that_nobody_has_ended_is_finished_at_last(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finisher, "_LOST", 0.5)
    async with world.finisher(every=0.05) as made:
        path = await made.begin(tags(ended_at=None), SHANGHAI)
        assert path is not None
        write_wav(path, 2)
        await asyncio.sleep(0.2)
        assert world.made == []
        await until(lambda: len(world.made) == 1)


# --- after a crash -----------------------------------------------------------------------------------


async def test_what_was_begun_and_not_finished_is_finished_after_the_next_start(world: World) -> None:
    world.note(tags(ended_at=None))
    sound = stereo(2.0)
    world.path.parent.mkdir(parents=True)
    world.path.write_bytes(header(0) + sound)
    make_old(world.path)
    async with world.finisher():
        await until(lambda: bool(world.made))
    assert (world.made[0].id, world.made[0].failure) == ("call-1", "")
    assert world.made[0].ended_at == BEGAN + timedelta(seconds=2)
    assert json.loads(info(world.path)["ICMT"])["customer"] == "+8613800138000"
    assert dict(chunks(world.path))["data"] == sound


async def test_an_entry_that_the_records_may_not_have_heard_of_is_handed_over_again(world: World) -> None:
    write_wav(world.path, 2)
    async with world.finisher() as finisher:
        finisher.finish(world.path, tags())
        await finisher.idle()
    content = world.path.read_bytes()
    make_old(world.path)
    make_old(world.folder / ".open/call-1.json")
    async with world.finisher():
        await until(lambda: len(world.made) == 2)
    assert world.made[0] == world.made[1]
    assert world.path.read_bytes() == content


async def test_a_recording_that_still_runs_when_we_are_back_is_left_alone(world: World) -> None:
    world.note(tags(ended_at=None))
    write_wav(world.path, 2)
    with world.path.open("ab"):
        make_old(world.path, 10)
        async with world.finisher(every=0.05) as finisher:
            finisher.adopt(world.path)
            await asyncio.sleep(0.3)
            assert world.made == []


async def test_a_file_without_note_and_sidecar_is_finished_with_what_its_name_says(world: World) -> None:
    write_wav(world.path, 2)
    then = datetime.fromtimestamp(world.path.stat().st_mtime, UTC)
    async with world.finisher():
        await until(lambda: bool(world.made))
    (entry,) = world.made
    assert (entry.id, entry.call, entry.ended_at, entry.began_at) == (
        "call-1",
        "call",
        then,
        then - timedelta(seconds=2),
    )


def test_unfinished_are_those_with_a_note_and_orphans_those_without_anything(world: World) -> None:
    write_wav(world.path, 2)
    world.note(tags())
    write_wav(world.folder / "2026/11/21/lost-1.wav", 2)
    (world.folder / "2026/11/21/notes.txt").write_text("not ours")
    assert [one.name.id for one in unfinished(world.folder)] == ["call-1"]
    assert [one.name.id for one in orphans(world.folder)] == ["lost-1"]
    assert unfinished(world.folder, live=["call-1"]) == []


def test_a_note_that_cannot_be_read_stands_in_nobodys_way(world: World) -> None:
    (world.folder / ".open").mkdir(parents=True)
    for name, text in (
        ("a-1", "{"),
        ("b-1", "[]"),
        ("c-1", "{}"),
        ("d-1", '{"path": "../../x"}'),
        ("e-1", "[" * 100_000),
        ("f-1", '{"path": "2026/11/21/f-1.wav", "call": 3}'),
        ("g-1", '{"path": "2026/11/21/other-1.wav"}'),
    ):
        (world.folder / f".open/{name}.json").write_text(text)
    assert list(notes.notes(world.folder)) == []
    assert len([name for name in world.files() if name.endswith(".unreadable")]) == 7


KILLED = """
import asyncio, sys
from pathlib import Path
from cti.records.recordings.finisher import Finisher
from cti.records.recordings.options import Options
from tests.records.recordings import BEGAN, SHANGHAI, tags
async def main(folder):
    async with Finisher(Options(folder=folder), lambda made: None) as finisher:
        for path in sorted(folder.glob("2026/11/21/*.wav")):
            finisher.finish(path, tags(path.stem.removesuffix("-1"), ended_at=BEGAN))
        print("working", flush=True)
        await finisher.idle()
        print("done", flush=True)
asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("after", [0.0, 0.01, 0.03, 0.06, 0.1])
async def test_killed_in_the_middle_every_recording_is_whole_and_finished_next_time(world: World, after: float) -> None:
    sounds = {f"c{number}": write_wav(world.folder / f"2026/11/21/c{number}-1.wav", 20) for number in range(12)}
    words = [sys.executable, "-c", KILLED, str(world.folder)]
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE, cwd=root)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"working\n"
    await asyncio.sleep(after)
    with suppress(ProcessLookupError):  # it was faster
        process.kill()
    await process.wait()
    for path in (*world.folder.glob("2026/11/21/*.wav"), *world.folder.glob(".open/*")):
        make_old(path)
    async with world.finisher():
        await until(lambda: len(world.made) == 12)
    for entry in world.made:
        path = world.folder / entry.path
        assert entry.failure == ""
        assert dict(chunks(path))["data"] == sounds[entry.call]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256
    assert [name for name in world.files() if name.endswith(".new")] == []


async def test_closing_leaves_the_rest_for_the_next_start(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write_wav(world.path, 2)
    with world.path.open("ab"):
        make_old(world.path, 10)
        made = Finisher(Options(folder=world.folder), world.made.append, world.alarms.append)
        await made.open()
        made.finish(world.path, tags())
        await made.close(limit=0.1)
        made.finish(world.path, tags())  # says nothing, hurts nobody
    assert (world.made, world.files()) == ([], [".open/call-1.json", PATH])


def test_an_alarm_is_a_line_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure("json", stream=sys.stdout)
    to_log(Alarm(AlarmKind.MISSING, "no file", "Look", "call-1", "call"))
    line = json.loads(capsys.readouterr().out)
    assert {key: line[key] for key in ("level", "event", "alarm", "call_id", "what", "remedy")} == {
        "level": "error",
        "event": "recordings alarm",
        "alarm": "recording_missing",
        "call_id": "call",
        "what": "no file",
        "remedy": "Look",
    }


def test_sidecars_are_read_back(world: World) -> None:
    name = within(world.folder, world.path)
    world.path.parent.mkdir(parents=True)
    sidecar = notes.Sidecar(
        tags=tags(), path=PATH, format="wav", channels=2, rate=RATE, seconds=2.0, size=5, sha256="ab", failure="?"
    )
    notes.write_sidecar(world.folder, name, sidecar)
    assert notes.read_sidecar(world.folder, name) == sidecar
    notes.write_sidecar(world.folder, name, dataclasses.replace(sidecar, path="../../../etc/passwd"))
    with pytest.raises(notes.BadNote, match="of another recording"):
        notes.read_sidecar(world.folder, name)
