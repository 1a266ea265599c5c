"""The database goes away, is slow, comes back in the middle of something: every record is kept, once."""

import asyncio
import errno
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import EventDict

from cti.ids import CallId
from cti.records.archive import Filter
from cti.records.database import Database
from cti.records.entries import Entry
from cti.records.lines import to_line
from cti.records.spool import Spool
from cti.records.store import Earlier, Records
from tests.records.calls import LI, NOON, SHANGHAI, WANG, closed, on_break, opened, recorded
from tests.records.conftest import Open, settled, until
from tests.records.postgres import Cluster
from tests.records.proxy import Proxy, proxy_to

ROOT = Path(__file__).parents[2]
KEPT = ("calls", "legs", "segments", "offers", "agent_states", "recordings")


def a_call(number: int) -> list[Entry]:
    """All that a call writes."""
    name = f"c{number:04d}"
    return [opened(name), replace(on_break(), id=name), closed(name), recorded(name)]


async def assert_kept(records: Records, calls: Iterable[int]) -> None:
    """These calls are there in full, and nothing else is."""
    expected = [f"c{number:04d}" for number in calls]
    found = await records.archive.find(Filter(limit=1_000))
    assert sorted(call.id for call in found) == expected
    assert await records.open_calls() == []
    async with records._database.engine.connect() as connection:
        counts = [(await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one() for table in KEPT]
    many = len(expected)
    assert counts == [many, 2 * many, 4 * many, 2 * many, many, many]


def errors(log: list[EventDict]) -> list[str]:
    return [line["event"] for line in log if line["log_level"] in ("error", "critical")]


# --- away at the start, on both -------------------------------------------------------------------


async def test_a_server_starts_while_the_database_is_away(
    cluster: Cluster, open_at: Open, tmp_path: Path, log: list[EventDict]
) -> None:
    async with proxy_to(cluster.port) as proxy, fresh_database(cluster) as name:
        proxy.refuses = True
        records = await open_at(cluster.url(name, proxy.port))
        assert records.health().away_since is not None
        for number in range(5):
            records.write(*a_call(number))
        await until(lambda: records.health().spooled == 20)
        proxy.refuses = False
        await settled(records)
        await assert_kept(records, range(5))
        assert records.health().away_since is None
    assert errors(log) == ["the database is away: records go to the spool"]


async def test_a_file_of_sqlite_that_cannot_be_made_at_first(open_at: Open, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("in the way")
    records = await open_at(f"sqlite+aiosqlite:///{tmp_path}/var/cti.db")
    records.write(*a_call(0))
    await until(lambda: records.health().spooled == 4)
    assert "cannot make the folder" in records.health().last_error
    (tmp_path / "var").unlink()
    await settled(records)
    await assert_kept(records, range(1))


@asynccontextmanager
async def fresh_database(cluster: Cluster) -> AsyncIterator[str]:
    name = "outage"
    await cluster.create(name)
    try:
        yield name
    finally:
        await cluster.drop(name)


# --- locked, on both ------------------------------------------------------------------------------


@asynccontextmanager
async def locked(url: str, cluster: Cluster | None) -> AsyncIterator[None]:
    """Somebody else holds the table of calls."""
    if cluster is None:
        holder = sqlite3.connect(Database(url).url.database or "", isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            holder.close()
        return
    connection = await cluster.connect(Database(url).url.database or "")
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        await transaction.rollback()
        await connection.close()


async def test_a_database_that_is_too_slow_holds_up_nobody(
    url: str, open_records: Open, request: pytest.FixtureRequest
) -> None:
    cluster = request.getfixturevalue("cluster") if url.startswith("postgresql") else None
    records = await open_records(limit=0.2, count_limit=0.1)
    records.write(*a_call(0))
    await settled(records)
    async with locked(url, cluster):
        for number in range(1, 30):
            records.write(*a_call(number))
            await asyncio.sleep(0.005)
        await until(lambda: records.health().spooled > 0)
    await settled(records)
    await assert_kept(records, range(30))


async def test_entries_that_come_faster_than_the_database_takes_them_go_to_the_spool(
    url: str, open_records: Open, request: pytest.FixtureRequest
) -> None:
    cluster = request.getfixturevalue("cluster") if url.startswith("postgresql") else None
    records = await open_records(limit=60.0, crowded=50)
    async with locked(url, cluster):
        for number in range(30):
            records.write(*a_call(number))
            await asyncio.sleep(0.002)
        await until(lambda: records.health().spooled > 0 and records.health().waiting <= 50)
    await settled(records)
    await assert_kept(records, range(30))


# --- PostgreSQL stops, and comes back -------------------------------------------------------------


async def test_postgresql_is_killed_and_started_again(cluster: Cluster, open_at: Open, log: list[EventDict]) -> None:
    async with fresh_database(cluster) as name:
        records = await open_at(cluster.url(name))
        for number in range(10):
            records.write(*a_call(number))
        await settled(records)
        await asyncio.to_thread(cluster.stop)
        try:
            for number in range(10, 40):
                records.write(*a_call(number))
                await asyncio.sleep(0.002)
            await until(lambda: records.health().waiting == 0)
            assert records.health().spooled == 120
            assert (await records.arrived(CallId("x"), LI, NOON, SHANGHAI)).complete is False
        finally:
            await asyncio.to_thread(cluster.start)
        for number in range(40, 50):
            records.write(*a_call(number))
        await settled(records)
        await assert_kept(records, range(50))
    assert errors(log) == ["the database is away: records go to the spool"]


async def test_the_first_count_after_a_restart_of_postgresql_is_complete(cluster: Cluster, open_at: Open) -> None:
    async with fresh_database(cluster) as name:
        records = await open_at(cluster.url(name))
        records.write(*a_call(0))
        await settled(records)
        await records.arrived(CallId("warm"), WANG, NOON, SHANGHAI)
        await asyncio.to_thread(cluster.stop)
        await asyncio.to_thread(cluster.start)
        assert await records.arrived(CallId("x"), LI, NOON, SHANGHAI) == Earlier(1, 1, "1001", "service")


# --- the connection breaks in the middle ----------------------------------------------------------


@asynccontextmanager
async def through_a_proxy(cluster: Cluster, open_at: Open, **options: Any) -> AsyncIterator[tuple[Records, Proxy]]:
    async with proxy_to(cluster.port) as proxy, fresh_database(cluster) as name:
        records = await open_at(cluster.url(name, proxy.port), **options)
        yield records, proxy
        await records.close()


@pytest.mark.parametrize("statement", [b"BEGIN", b"INSERT INTO calls", b"INSERT INTO legs", b"COMMIT"])
async def test_the_connection_breaks_before_a_statement_of_the_batch(
    cluster: Cluster, open_at: Open, statement: bytes
) -> None:
    async with through_a_proxy(cluster, open_at) as (records, proxy):
        proxy.cut_before = statement
        for number in range(5):
            records.write(*a_call(number))
        await until(lambda: proxy.cuts == 1)
        await settled(records)
        await assert_kept(records, range(5))


async def test_the_answer_to_a_commit_never_comes(cluster: Cluster, open_at: Open, log: list[EventDict]) -> None:
    async with through_a_proxy(cluster, open_at) as (records, proxy):
        proxy.cut_answer_to = b"COMMIT"
        for number in range(5):
            records.write(*a_call(number))
        await until(lambda: proxy.cuts == 1)
        await settled(records)
        await assert_kept(records, range(5))
    assert errors(log) == ["the database is away: records go to the spool"]


async def test_the_connection_breaks_after_any_number_of_bytes(cluster: Cluster, open_at: Open) -> None:
    async with through_a_proxy(cluster, open_at) as (records, proxy):
        for number in range(60):
            proxy.cut_after = number * 97 % 2_500
            records.write(*a_call(number))
            await asyncio.sleep(0.005)
        await until(lambda: proxy.cuts > 5)
        proxy.cut_after = None
        await settled(records)
        await assert_kept(records, range(60))


async def test_a_network_that_swallows_everything(cluster: Cluster, open_at: Open) -> None:
    async with through_a_proxy(cluster, open_at, limit=0.3, count_limit=0.1) as (records, proxy):
        records.write(*a_call(0))
        await settled(records)
        proxy.flows.clear()
        records.write(*a_call(1))
        loop = asyncio.get_running_loop()
        began = loop.time()
        assert (await records.arrived(CallId("x"), LI, NOON, SHANGHAI)).complete is False
        assert loop.time() - began < 0.3
        assert (
            await records.arrived(CallId("y"), LI, NOON, SHANGHAI)
        ).calls_today == 2  # c1 and x, which it knows itself
        await until(lambda: records.health().spooled == 4)
        proxy.flows.set()
        await settled(records, within=20.0)
        await assert_kept(records, range(2))


# --- counting while it is away --------------------------------------------------------------------


async def test_calls_in_the_spool_count_after_a_restart(open_at: Open, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("in the way")
    away = f"sqlite+aiosqlite:///{tmp_path}/var/cti.db"
    records = await open_at(away)
    records.write(opened("c1"), closed("c1"), opened("c2"), opened("c3", WANG))
    await records.close()
    again = await open_at(away)
    assert again.health().spooled == 4
    assert await again.arrived(CallId("x"), LI, NOON, SHANGHAI) == Earlier(2, 2, "1001", "service", complete=False)
    (tmp_path / "var").unlink()
    await settled(again)
    await until(lambda: again._counter._ask_again_at < asyncio.get_running_loop().time())
    assert await again.arrived(CallId("y"), LI, NOON, SHANGHAI) == Earlier(3, 3, "1001", "service")


# --- crashes --------------------------------------------------------------------------------------


async def test_a_crash_between_the_commit_and_the_spool_s_position(
    url: str, open_records: Open, tmp_path: Path
) -> None:
    entries = [entry for number in range(20) for entry in a_call(number)]
    database = Database(url)
    await database.migrate()
    await database.write(entries[:30])  # what the run before had committed
    await database.close()
    spool = Spool(tmp_path / "spool")
    spool.open()
    spool.append([to_line(entry) for entry in entries])
    spool.close()
    records = await open_records()
    await settled(records)
    await assert_kept(records, range(20))


async def test_the_spool_is_written_in_order_and_then_gone(url: str, open_records: Open, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    spool.open()
    spool.append([to_line(entry) for number in range(100) for entry in a_call(number)])
    spool.close()
    records = await open_records(batch=7)
    for number in range(100, 120):
        records.write(*a_call(number))
        await asyncio.sleep(0.001)
    await settled(records)
    await assert_kept(records, range(120))
    assert list((tmp_path / "spool").glob("0*.jsonl")) == []


SERVER = """
import asyncio, sys
from pathlib import Path
from cti.records.store import Options, Records
from tests.records.test_outages import a_call

async def main():
    async with Records(Options(url=sys.argv[1], spool=Path(sys.argv[2]), pause=0.005, retry_first=0.02)) as records:
        for number in range(10_000):
            records.write(*a_call(number))
            await asyncio.sleep(0.001)
            while number % 10 == 9 and records.health().waiting:
                await asyncio.sleep(0.001)
            if number % 10 == 9:
                print(number, flush=True)

asyncio.run(main())
"""


async def test_a_server_that_is_killed_loses_only_what_it_had_in_memory(
    url: str, open_records: Open, tmp_path: Path
) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, url, str(tmp_path / "spool"), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert server.stdout is not None
    done = -1
    while done < 60:
        done = int(await server.stdout.readline())
    server.kill()
    await server.wait()
    records = await open_records()
    await settled(records)
    found = {call.id for call in await records.archive.find(Filter(limit=1_000))}
    assert {f"c{number:04d}" for number in range(done + 1)} <= found


async def test_a_line_of_the_spool_that_is_no_entry_is_kept_apart(
    open_records: Open, tmp_path: Path, log: list[EventDict]
) -> None:
    spool = Spool(tmp_path / "spool")
    spool.open()
    spool.append([to_line(opened("c1")), b'{"kind":"Something"}\n', b"\xff\xfe\n", to_line(closed("c1"))])
    spool.close()
    records = await open_records()
    await settled(records)
    assert [call.id for call in await records.archive.find(Filter())] == ["c1"]
    assert len((tmp_path / "spool" / "dead-letters.jsonl").read_text().splitlines()) == 2
    assert errors(log) == ["a line of the spool is no record: see dead-letters.jsonl"] * 2


async def test_an_entry_that_no_database_would_take_is_kept_apart_while_it_is_away(
    open_at: Open, tmp_path: Path, log: list[EventDict]
) -> None:
    (tmp_path / "var").write_text("in the way")
    records = await open_at(f"sqlite+aiosqlite:///{tmp_path}/var/cti.db")
    poison = replace(opened("p1"), hotline=None)  # type: ignore[arg-type]
    records.write(opened("c1"), poison, closed("c1"))
    await until(lambda: records.health().waiting == 0)
    (tmp_path / "var").unlink()
    await settled(records)
    assert [call.id for call in await records.archive.find(Filter())] == ["c1"]
    assert records.health().refused == 1
    (letter,) = (tmp_path / "spool" / "dead-letters.jsonl").read_text().splitlines()
    assert "p1" in letter


# --- no room --------------------------------------------------------------------------------------


async def test_a_full_disk_while_the_database_is_away_keeps_records_in_memory(
    open_at: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: list[EventDict]
) -> None:
    (tmp_path / "var").write_text("in the way")
    records = await open_at(f"sqlite+aiosqlite:///{tmp_path}/var/cti.db")
    spool = records._writer._spool
    append = spool.append
    monkeypatch.setattr(spool, "_sync", no_room)
    for number in range(10):
        records.write(*a_call(number))
    await until(lambda: "No space left" in records.health().last_error)
    assert records.health().waiting == 40
    assert records.health().spooled == 0
    monkeypatch.undo()
    assert spool.append == append
    await until(lambda: records.health().spooled == 40)
    (tmp_path / "var").unlink()
    await settled(records)
    await assert_kept(records, range(10))
    assert errors(log) == [
        "the database is away: records go to the spool",
        "records stay in memory: the disk does not take them",
    ]


def no_room(_: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_records_that_nothing_takes_go_to_the_database_when_it_is_back(
    open_at: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "var").write_text("in the way")
    records = await open_at(f"sqlite+aiosqlite:///{tmp_path}/var/cti.db")
    monkeypatch.setattr(records._writer._spool, "_sync", no_room)
    for number in range(10):
        records.write(*a_call(number))
    await until(lambda: "No space left" in records.health().last_error)
    (tmp_path / "var").unlink()
    await settled(records)
    await assert_kept(records, range(10))


async def test_only_when_memory_is_full_too_are_records_lost_and_that_is_told(
    open_at: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: list[EventDict]
) -> None:
    (tmp_path / "var").write_text("in the way")
    records = await open_at(f"sqlite+aiosqlite:///{tmp_path}/var/cti.db", most=100, crowded=100)
    monkeypatch.setattr(records._writer._spool, "_sync", no_room)
    for number in range(60):
        records.write(*a_call(number))
    health = records.health()
    assert (health.waiting, health.lost) == (100, 140)
    (told,) = [line for line in log if line["event"].startswith("records are lost")]
    assert (told["log_level"], told["lost"], told["call_id"]) == ("critical", 1, "c0025")
    (tmp_path / "var").unlink()
    await settled(records)
    await assert_kept(records, range(25))


async def test_closing_while_the_database_is_away_leaves_everything_in_the_spool(open_at: Open, tmp_path: Path) -> None:
    (tmp_path / "var").write_text("in the way")
    away = f"sqlite+aiosqlite:///{tmp_path}/var/cti.db"
    records = await open_at(away, pause=60.0)
    for number in range(10):
        records.write(*a_call(number))
    await records.close()
    (tmp_path / "var").unlink()
    again = await open_at(away)
    await settled(again)
    await assert_kept(again, range(10))


async def test_closing_does_not_wait_longer_than_it_may(
    url: str, open_records: Open, request: pytest.FixtureRequest
) -> None:
    cluster = request.getfixturevalue("cluster") if url.startswith("postgresql") else None
    records = await open_records(limit=60.0)
    loop = asyncio.get_running_loop()
    async with locked(url, cluster):
        records.write(*a_call(0))
        await asyncio.sleep(0.05)
        records.write(*a_call(1))
        began = loop.time()
        await records.close(limit=0.2)
        assert loop.time() - began < 4
    again = await open_records()
    await settled(again)
    await assert_kept(again, range(2))
