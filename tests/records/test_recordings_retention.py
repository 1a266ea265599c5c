"""Which recordings are deleted when their time is over, and which never; and what verifying finds."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cti.ids import AgentId, CallId, QueueId
from cti.records.database import Database
from cti.records.entries import CallClosed, CallOutcome, CallRecord, RecordingDeleted, Termination
from cti.records.errors import DatabaseAway
from cti.records.recordings import retention
from cti.records.recordings.books import DatabaseBooks
from cti.records.recordings.names import within
from cti.records.recordings.notes import Sidecar, entry_of, read_sidecar, write_note, write_sidecar
from cti.records.recordings.retention import Day, Rule, retain
from cti.records.recordings.verify import State, verify
from tests.records.recordings import BEGAN, PATH, RATE, tags, write_wav

KEEP = Rule(180)
NOW = BEGAN + timedelta(seconds=2, days=180)
"""The very moment at which the time of `tags` is over."""
BEFORE = NOW - timedelta(microseconds=1)


@dataclass
class Told:
    """Books that remember what they were told."""

    complaints_of: Collection[str] = ()
    known: dict[str, str] = field(default_factory=dict)
    told: list[RecordingDeleted] = field(default_factory=list)
    away: bool = False

    async def complaints(self, of: Sequence[CallId]) -> Collection[CallId]:
        return [call for call in of if call in self.complaints_of]

    async def hashes(self, of: Sequence[str]) -> dict[str, str]:
        return {id_: sha256 for id_, sha256 in self.known.items() if id_ in of}

    async def deleted(self, entries: Sequence[RecordingDeleted]) -> None:
        if self.away:
            raise DatabaseAway("away")
        self.told += entries


def finished(folder: Path, path: str = PATH, **known: object) -> Path:
    """A recording as it is when all is done."""
    file = folder / path
    write_wav(file, 0.1)
    name = within(folder, file)
    content = file.read_bytes()
    known_tags = tags(name.call, number=name.number, **known)
    sha256 = hashlib.sha256(content).hexdigest()
    sidecar = Sidecar(
        tags=known_tags, path=path, format="wav", channels=2, rate=RATE, seconds=0.1, size=len(content), sha256=sha256
    )
    write_sidecar(folder, name, sidecar)
    return file


async def retained(
    folder: Path, *rules: Rule, now: datetime = NOW, books: Told | None = None, dry_run: bool = False
) -> list[Day]:
    found = retain(folder, [KEEP, *rules], books or Told(), now, dry_run=dry_run)
    return [day async for day in found]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


async def test_a_recording_goes_when_its_days_are_over_and_the_database_is_told(tmp_path: Path) -> None:
    finished(tmp_path)
    books = Told()
    (day,) = await retained(tmp_path, books=books)
    assert [(one.name.id, one.path, one.why) for one in day.expired] == [("call-1", PATH, "retention: kept 180 days")]
    assert books.told == [RecordingDeleted("call-1", NOW, "retention: kept 180 days")]
    assert not (tmp_path / "2026").exists()


async def test_a_moment_before_it_stays(tmp_path: Path) -> None:
    finished(tmp_path)
    (day,) = await retained(tmp_path, now=BEFORE)
    assert (day.kept, day.expired) == (1, ())
    assert files(tmp_path) == ["2026/11/21/call-1.json", PATH]


async def test_a_dry_run_only_lists(tmp_path: Path) -> None:
    finished(tmp_path)
    books = Told()
    (day,) = await retained(tmp_path, books=books, dry_run=True)
    assert [one.name.id for one in day.expired] == ["call-1"]
    assert (books.told, len(files(tmp_path))) == ([], 2)


@pytest.mark.parametrize(
    ("rule", "stays"),
    [
        (Rule(365, hotline="售后服务热线"), True),
        (Rule(365, hotline="订购热线"), False),
        (Rule(365, queue="service"), True),
        (Rule(365, queue="orders"), False),
        (Rule(365, hotline="售后服务热线", queue="orders"), False),
        (Rule(365, complaint=True), True),
        (Rule(365, complaint=True, queue="orders"), False),
        (Rule(365, complaint=True, queue="service"), True),
    ],
)
async def test_a_rule_keeps_longer_what_it_is_about(tmp_path: Path, rule: Rule, stays: bool) -> None:
    finished(tmp_path)
    await retained(tmp_path, rule, books=Told(complaints_of=["call"]))
    assert bool(files(tmp_path)) is stays


async def test_the_longest_of_the_rules_that_hold_counts(tmp_path: Path) -> None:
    finished(tmp_path)
    rules = Rule(730, complaint=True), Rule(365, queue="service")
    books = Told(complaints_of=["call"])
    assert (await retained(tmp_path, *rules, books=books, now=BEGAN + timedelta(days=729)))[0].kept == 1
    (day,) = await retained(tmp_path, *rules, books=books, now=BEGAN + timedelta(days=731))
    assert day.expired[0].why == "retention: kept 730 days (complaints)"


async def test_an_encoders_file_goes_too(tmp_path: Path) -> None:
    file = finished(tmp_path)
    file.rename(file.with_suffix(".opus"))
    name = within(tmp_path, file)
    write_sidecar(
        tmp_path,
        name,
        Sidecar(
            tags=tags(),
            path=PATH.replace("wav", "opus"),
            format="opus",
            channels=2,
            rate=RATE,
            seconds=1,
            size=1,
            sha256="",
        ),
    )
    await retained(tmp_path)
    assert files(tmp_path) == []


async def test_what_is_not_known_is_never_deleted(tmp_path: Path) -> None:
    finished(tmp_path)
    for name in ("lost-1.wav", "notes.txt", "call-2.opus", "call-3.json", "x.json"):
        (tmp_path / "2026/11/21" / name).write_text("{}")
    finished(tmp_path / "other", "2026/11/21/call-1.wav")
    (day,) = await retained(tmp_path)
    assert [(one.path.rpartition("/")[2], one.what) for one in day.unknown] == [
        (
            "call-3.json",
            f"{tmp_path}/2026/11/21/call-3.json is no sidecar of ours: not the tags of a recording: 'ended_at'",
        ),
        ("call-2.opus", "no sidecar tells of it"),
        ("lost-1.wav", "no sidecar tells of it"),
        ("notes.txt", "no sidecar tells of it"),
        ("x.json", "no sidecar tells of it"),
    ]
    assert len(files(tmp_path)) == 7


async def test_what_runs_is_not_reported(tmp_path: Path) -> None:
    write_wav(tmp_path / PATH, 1)
    write_note(tmp_path, within(tmp_path, tmp_path / PATH), tags())
    (day,) = await retained(tmp_path)
    assert day == Day("2026/11/21", 0, (), ())


async def test_links_are_never_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "recordings", tmp_path / "outside"
    finished(folder)
    finished(outside)
    finished(outside, "2026/12/01/call-1.wav")
    (folder / "2026/12").symlink_to(outside / "2026/12")
    (folder / PATH).unlink()
    (folder / PATH).symlink_to(outside / PATH)
    (day,) = await retained(folder)
    assert day.expired == ()
    assert [(one.path, one.what, one.expired) for one in day.unknown] == [(PATH, "it is no plain file", True)]
    assert len(files(outside)) == 4
    assert (folder / PATH).is_symlink()


@pytest.mark.parametrize(
    "path", ["../../../victim.wav", "/etc/passwd", "2026/11/20/call-1.wav", "2026/11/21/other-1.wav"]
)
async def test_a_sidecar_that_names_another_file_deletes_nothing(tmp_path: Path, path: str) -> None:
    file = finished(tmp_path)
    sidecar = file.with_suffix(".json")
    sidecar.write_text(sidecar.read_text().replace(PATH, path))
    (day,) = await retained(tmp_path)
    assert day.expired == ()
    assert [one.path for one in day.unknown] == ["2026/11/21/call-1.json", PATH]
    assert day.unknown[0].what.endswith("call-1.json is of another recording")
    assert len(files(tmp_path)) == 2


async def test_interrupted_before_the_database_heard_it_is_told_next_time(tmp_path: Path) -> None:
    finished(tmp_path)
    books = Told(away=True)
    with pytest.raises(DatabaseAway):
        await retained(tmp_path, books=books)
    assert files(tmp_path) == ["2026/11/21/call-1.json"]
    books.away = False
    await retained(tmp_path, books=books)
    assert ([entry.id for entry in books.told], files(tmp_path)) == (["call-1"], [])


async def test_what_may_not_be_deleted_is_reported_and_stays_in_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unlink(path: str, *, dir_fd: int) -> None:
        raise PermissionError(13, "Permission denied")

    finished(tmp_path)
    monkeypatch.setattr(retention.os, "unlink", unlink)
    books = Told()
    (day,) = await retained(tmp_path, books=books)
    assert [(one.path, one.what, one.expired) for one in day.unknown] == [
        (PATH, "cannot be deleted: Permission denied", True)
    ]
    assert (day.kept, day.expired, books.told, len(files(tmp_path))) == (1, (), [], 2)


async def test_many_go_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 7)
    for number in range(1, 31):
        finished(tmp_path, f"2026/11/{number:02d}/call-1.wav")
        finished(tmp_path, f"2026/11/01/c{number}-1.wav")
    books = Told(complaints_of=["c3"])
    days = await retained(tmp_path, Rule(365, complaint=True), books=books)
    assert [day.day for day in days] == [f"2026/11/{number:02d}" for number in range(1, 31)]
    assert len(books.told) == 59
    assert files(tmp_path) == ["2026/11/01/c3-1.json", "2026/11/01/c3-1.wav"]


async def test_no_folder_is_nothing_to_do(tmp_path: Path) -> None:
    assert await retained(tmp_path / "recordings") == []


# --- verifying ---------------------------------------------------------------------------------------


async def verified(folder: Path, books: Told | None = None) -> dict[str, State]:
    return {verdict.path.rpartition("/")[2]: verdict.state async for verdict in verify(folder, books)}


async def test_verifying_says_what_is_not_as_it_was(tmp_path: Path) -> None:
    finished(tmp_path)
    with finished(tmp_path, "2026/11/21/bit-1.wav").open("r+b") as file:
        file.seek(1000)
        file.write(b"\x55")
    finished(tmp_path, "2026/11/21/gone-1.wav").unlink()
    finished(tmp_path, "2026/11/21/torn-1.wav").with_suffix(".json").write_text("{")
    write_wav(tmp_path / "2026/11/21/alone-1.wav", 1)
    write_wav(tmp_path / "2026/11/21/runs-1.wav", 1)
    write_note(tmp_path, within(tmp_path, tmp_path / "2026/11/21/runs-1.wav"), tags("runs"))
    link = finished(tmp_path, "2026/11/21/link-1.wav")
    link.unlink()
    link.symlink_to(tmp_path / PATH)
    finished(tmp_path, "2026/11/21/both-1.wav")
    assert await verified(tmp_path, Told(known={"both-1": "another", "call-1": read_sha(tmp_path)})) == {
        "call-1.wav": State.FINE,
        "bit-1.wav": State.CHANGED,
        "gone-1.wav": State.MISSING,
        "torn-1.json": State.UNREADABLE,
        "alone-1.wav": State.NO_SIDECAR,
        "runs-1.wav": State.UNFINISHED,
        "link-1.wav": State.UNREADABLE,
        "both-1.wav": State.FORGED,
    }


def read_sha(folder: Path) -> str:
    return read_sidecar(folder, within(folder, folder / PATH)).sha256


# --- with the database -------------------------------------------------------------------------------


async def test_the_database_knows_complaints_and_hashes_and_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'cti.db'}")
    await database.migrate()
    try:
        for call in ("good", "bad"):
            finished(folder, f"2026/11/21/{call}-1.wav")
            name = within(folder, folder / f"2026/11/21/{call}-1.wav")
            await database.write([closed(call, complaint=call == "bad"), entry_of(read_sidecar(folder, name))])
        books = DatabaseBooks(database)
        assert set((await verified_with(folder, books)).values()) == {State.FINE}
        days = [day async for day in retain(folder, [KEEP, Rule(365, complaint=True)], books, NOW)]
        assert [one.name.id for day in days for one in day.expired] == ["good-1"]
        assert files(folder) == ["2026/11/21/bad-1.json", "2026/11/21/bad-1.wav"]
        async with database.engine.connect() as connection:
            rows = (await connection.exec_driver_sql("SELECT id, deleted_why FROM recordings ORDER BY id")).all()
        assert [tuple(row) for row in rows] == [("bad-1", ""), ("good-1", "retention: kept 180 days")]
    finally:
        await database.close()


async def verified_with(folder: Path, books: DatabaseBooks) -> dict[str, State]:
    return {verdict.path: verdict.state async for verdict in verify(folder, books)}


def closed(call: str, *, complaint: bool) -> CallClosed:
    return CallClosed(
        CallRecord(
            id=CallId(call),
            started_at=BEGAN,
            ended_at=BEGAN + timedelta(seconds=9),
            hotline="售后服务热线",
            zone="Asia/Shanghai",
            dnis="4008008008",
            ani="13800138000",
            customer="+8613800138000",
            outcome=CallOutcome.ANSWERED,
            termination=Termination.CALLER,
            queue=QueueId("service"),
            agents=(AgentId("1001"),),
            complaint=complaint,
        )
    )
