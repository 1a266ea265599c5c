"""``cti bench records``: how long the count of earlier calls takes, and what writing costs.

Count: a table of as many calls as asked for, of 90 days and customers of whom some call often, is made by the database
itself; then `Records.arrived` is timed from one call to its answer, for customers drawn at random, for new ones, and
for one who has called 10,000 times in these 7 days; once alone and once while 100 calls a second are written.

Writing: 100 calls a second (each with two legs, four segments, two offers, six changes of agents' states and a
recording) for some seconds: the share of one core that this process uses. And all of them at once: rows a second.

PostgreSQL is a fresh cluster on this machine, with fsync; SQLite a file. Both keep to their settings in production.
"""

import argparse
import asyncio
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from zoneinfo import ZoneInfo

import uvloop
from sqlalchemy import literal, select, text

from benchmarks.esl import Span
from cti.ids import CallId
from cti.records.count import MOST_COUNTED
from cti.records.database import Database
from cti.records.entries import CallClosed, Entry
from cti.records.store import Options, Records
from tests.records import calls as believable
from tests.records.postgres import Cluster, NoPostgres

ZONE = ZoneInfo("Asia/Shanghai")
MOST_MILLISECONDS = 5.0
"""Promised for the p99 of a count at 10 million calls."""
DAYS = 90
BUSY = "+8613999999999"
BUSY_CALLS = 10_000
RATE = 100
ROWS_A_CALL = 18
"""What one call comes to: its row (twice), its customer, and what the docstring says."""

_COLUMNS = """
    id, direction, hotline, zone, dnis, ani, customer, place, carrier, started_at, answered_at, ended_at, queue, agents,
    last_agent, repeat_count, repeat_count_7d, outcome, termination, hangup_cause, waited, talked, held, moved, vip,
    complaint, survey_score, disposition, notes, node, routing_hash, story
"""
_STORY = json.dumps([["2026-03-04T04:00:00+00:00", "您好，这里是售后服务热线", "ivr_flows/service.yaml:4:5"]] * 3)

_SQLITE = f"""
    WITH RECURSIVE n(i) AS (SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last),
    r(i, customer, at, answered) AS (
        SELECT i, printf('+861%010d',
               CAST(pow(abs(random()) / 9223372036854775808.0, 3) * :customers AS INTEGER)),
               strftime('%Y-%m-%d %H:%M:%f', :start, '+' || (i * :step) || ' seconds') || '000', i % 10 < 8 FROM n)
    INSERT INTO calls ({_COLUMNS})
    SELECT printf('%032x', i), 'inbound', '售后服务热线', 'Asia/Shanghai', '4008008008', customer, customer,
           '广东省广州市', '中国移动',
           at, at, at, 'service', '["1001"]', CASE WHEN answered THEN printf('10%02d', i % 50) END, 0, 0,
           CASE WHEN answered THEN 'answered' ELSE 'abandoned' END, 'caller', 'NORMAL_CLEARING', 20.5, 170.25, 0.0, 0,
           0, 0, NULL, '', '', 'main', 'abcdef012345', :story FROM r
"""  # noqa: S608
_POSTGRESQL = f"""
    INSERT INTO calls ({_COLUMNS})
    SELECT lpad(to_hex(i), 32, '0'), 'inbound', '售后服务热线', 'Asia/Shanghai', '4008008008', customer, customer,
           '广东省广州市', '中国移动', at, at, at, 'service', '["1001"]',
           CASE WHEN answered THEN '10' || i % 50 END, 0, 0,
           CASE WHEN answered THEN 'answered' ELSE 'abandoned' END, 'caller', 'NORMAL_CLEARING', 20.5, 170.25, 0.0, 0,
           false, false, NULL, '', '', 'main', 'abcdef012345', CAST(CAST(:story AS text) AS jsonb)
    FROM (SELECT i, '+861' || lpad(CAST(CAST(pow(random(), 3) * :customers AS bigint) AS text), 10, '0') AS customer,
                 CAST(:start AS timestamptz) + i * CAST(:step AS float8) * interval '1 second' AS at,
                 i % 10 < 8 AS answered
          FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS i) AS r
"""  # noqa: S608
_CHUNK = 500_000


def _progress(line: str) -> None:
    print(line, file=sys.stderr)


async def fill(database: Database, count: int, now: datetime) -> None:
    """So many calls, and the busy customer's. Indexes are made afterwards, which is faster and ends the same."""
    sqlite = database.engine.dialect.name == "sqlite"
    start = now - timedelta(days=DAYS)
    values = {"customers": max(1, count // 5), "step": DAYS * 86_400 / count, "story": _STORY}
    values["start"] = f"{start:%Y-%m-%d %H:%M:%S}" if sqlite else start
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        indexes = await _take_indexes(connection, sqlite)
        if sqlite:
            for pragma in ("synchronous = OFF", "cache_size = -1000000"):
                await connection.execute(text(f"PRAGMA {pragma}"))
        for first in range(0, count, _CHUNK):
            last = min(first + _CHUNK, count) - 1
            await connection.execute(text(_SQLITE if sqlite else _POSTGRESQL), values | {"first": first, "last": last})
            _progress(f"{database.engine.dialect.name}: {last + 1:,} of {count:,} calls")
        busy = values | {
            "first": count,
            "last": count + BUSY_CALLS - 1,
            "customers": 0,
            "step": 7 * 86_400 / BUSY_CALLS,
        }
        begun = now - timedelta(days=7, seconds=count * busy["step"])
        busy["start"] = f"{begun:%Y-%m-%d %H:%M:%S}" if sqlite else begun
        await connection.execute(text(_SQLITE if sqlite else _POSTGRESQL), busy)
        mine = f"{count:032x}" if sqlite else f"{count:x}".rjust(32, "0")
        await connection.execute(
            text("UPDATE calls SET customer = :busy WHERE id >= :mine"), {"busy": BUSY, "mine": mine}
        )
        for index in indexes:
            await connection.execute(text(index))
        await connection.execute(text("ANALYZE" if sqlite else "VACUUM ANALYZE calls"))


async def _take_indexes(connection, sqlite: bool) -> list[str]:
    listing = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'calls' AND sql IS NOT NULL"
        if sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'calls' AND indexname NOT LIKE '%pkey'"
    )
    rows = (await connection.execute(text(listing))).all()
    for name, _ in rows:
        await connection.execute(text(f"DROP INDEX {name}"))
    return [sql for _, sql in rows]


def customers(count: int, many: int, chance: random.Random) -> list[str]:
    """Drawn as the table's were: who calls often is met often."""
    return [f"+861{int(chance.random() ** 3 * max(1, count // 5)):010d}" for _ in range(many)]


async def time_counts(records: Records, who: list[str], now: datetime) -> list[float]:
    """Milliseconds of each. Raises AssertionError when one was not complete."""
    times = []
    for number, customer in enumerate(who):
        began = time.perf_counter()
        earlier = await records.arrived(CallId(f"bench-{number}"), customer, now, ZONE)
        times.append((time.perf_counter() - began) * 1_000)
        assert earlier.complete
        if customer == BUSY:
            assert earlier.calls_in_7_days >= MOST_COUNTED
    return times


async def time_nothing(url: str, many: int) -> list[float]:
    """Milliseconds of a query that asks for nothing, by the same way: what the machine and the libraries cost."""
    database, times = Database(url), []
    for _ in range(many + 20):
        began = time.perf_counter()
        await database.fetch(select(literal(1)))
        times.append((time.perf_counter() - began) * 1_000)
    await database.close()
    return times[20:]


def _spans(times: list[float]) -> dict[str, float]:
    return {"p50 ms": median(times), "p99 ms": quantiles(times, n=100)[98], "most ms": max(times)}


async def measure_count(url: str, folder: Path, count: int, queries: int) -> dict[str, dict[str, float]]:
    """Who asks -> column -> milliseconds."""
    now = datetime.now(UTC)
    database = Database(url)
    await database.migrate()
    began = time.perf_counter()
    await fill(database, count, now)
    _progress(f"made in {time.perf_counter() - began:.0f} s")
    await database.close()
    chance = random.Random(1)
    results = {}
    for title, who in (
        ("customers at random", customers(count, queries, chance)),
        ("new customers", [f"+862{number:010d}" for number in range(queries)]),
        (f"one with {BUSY_CALLS:,} calls in 7 days", [BUSY] * max(100, queries // 10)),
    ):
        async with Records(Options(url=url, spool=folder / "spool")) as records:
            await time_counts(records, who[:20], now)  # connects, prepares
            results[title] = _spans(await time_counts(records, who, now))
    async with Records(Options(url=url, spool=folder / "spool")) as records:
        entries = the_calls(max(2, queries // 500) * RATE, now)
        feeding = asyncio.create_task(feed(records, entries))
        times = []
        while not feeding.done():
            times += await time_counts(records, customers(count, 10, chance), now)
            await asyncio.sleep(0.02)
        results[f"at random, while {RATE} calls/s are written"] = _spans(times)
    results["SELECT 1, for comparison"] = _spans(await time_nothing(url, queries))
    return results


def the_calls(count: int, now: datetime) -> list[list[Entry]]:
    """The entries of each call, made ahead: they are the engine's work, not that of the records."""
    chance = random.Random(2)
    found = []
    for number in range(count):
        name, customer = f"{now.timestamp():.0f}-{number}", f"+863{chance.randrange(count):010d}"
        record = believable.record(name, customer, now)
        found.append(
            [
                believable.opened(name, customer, now),
                *(replace(believable.on_break(f"1{number % 50:03d}"), id=f"{name}-{turn}") for turn in range(6)),
                CallClosed(record),
                believable.recorded(name),
            ]
        )
    return found


async def feed(records: Records, entries: list[list[Entry]]) -> None:
    """So many calls a second; what each has to say comes spread over the second."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, of_call in enumerate(entries):
        await asyncio.sleep(max(0.0, began + number / RATE - loop.time()))
        records.write(*of_call)


async def measure_writing(
    url: str, folder: Path, seconds: int, commit: Callable[[Options], Options]
) -> dict[str, float]:
    """At a steady rate, and as fast as it goes."""
    now = datetime.now(UTC)
    options = commit(Options(url=url, spool=folder / "spool-writing"))
    async with Records(options) as records:
        entries = the_calls(seconds * RATE, now)
        held_up = [0.0]
        watch = asyncio.create_task(_watch(held_up))
        wall, cpu = time.perf_counter(), time.process_time()
        await feed(records, entries)
        await _drained(records)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        watch.cancel()
        idle = await _idle_share(seconds, len(entries))
        row = {"share of a core %": 100 * (cpu / wall - idle), "loop held up ms": held_up[0] * 1_000}
        more = the_calls(min(2_000, 2 * seconds * RATE), now + timedelta(days=1))
        began = time.perf_counter()
        for of_call in more:
            records.write(*of_call)
            await asyncio.sleep(0)
            while records.health().waiting > 2_000:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await _drained(records)
        took = time.perf_counter() - began
        row |= {"calls/s at most": len(more) / took, "rows/s at most": len(more) * ROWS_A_CALL / took}
        health = records.health()
        assert (health.refused, health.lost) == (0, 0)
    return row


async def _idle_share(seconds: int, calls: int) -> float:
    """What the clock of `feed` and the watch cost by themselves."""

    class Nobody:
        def write(self, *entries: Entry) -> None:
            """Takes them."""

    held_up = [0.0]
    watch = asyncio.create_task(_watch(held_up))
    short = min(seconds, 3)
    wall, cpu = time.perf_counter(), time.process_time()
    await feed(Nobody(), [[]] * (calls * short // seconds))  # type: ignore[arg-type]
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    watch.cancel()
    return share


async def _watch(longest: list[float]) -> None:
    last = time.perf_counter()
    while True:
        await asyncio.sleep(0.002)
        now = time.perf_counter()
        longest[0], last = max(longest[0], now - last - 0.002), now


async def _drained(records: Records) -> None:
    while (health := records.health()).waiting or health.spooled:  # noqa: ASYNC110
        await asyncio.sleep(0.001)


@asynccontextmanager
async def databases(
    folder: Path, which: list[str], notes: dict[str, str]
) -> AsyncIterator[dict[str, Callable[[str], str]]]:
    """By kind: what makes the URL of a database of that name."""
    found: dict[str, Callable[[str], str]] = {}
    cluster = None
    if "sqlite" in which:
        found["sqlite"] = lambda name: f"sqlite+aiosqlite:///{folder}/{name}.db"
    if "postgresql" in which:
        try:
            cluster = await asyncio.to_thread(Cluster, fsync="on", shared_buffers="512MB", max_wal_size="4GB")
            for name in ("calls", "writing"):
                await cluster.create(name)
            found["postgresql"] = cluster.url
        except NoPostgres as why:
            notes["postgresql"] = str(why)
    try:
        yield found
    finally:
        if cluster is not None:
            await asyncio.to_thread(cluster.remove)


async def measure(options: argparse.Namespace, notes: dict[str, str]) -> dict[str, dict[str, dict[str, float]]]:
    """Part -> what was measured -> column -> value."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="cti-bench-", dir=options.folder) as name:
        folder = Path(name)
        async with databases(folder, options.database, notes) as urls:
            for kind, url in urls.items():
                results[f"writing, {kind}"] = {
                    f"{RATE} calls/s": await measure_writing(
                        url("writing"), folder, options.seconds, lambda given: given
                    )
                }
            for kind, url in urls.items():
                results[f"count, {kind}"] = await measure_count(url("calls"), folder, options.calls, options.queries)
    return results


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="cti bench records", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--calls", type=int, default=1_000_000, help="in the table (%(default)s)")
    parser.add_argument("--queries", type=int, default=5_000, help="counts of each kind (%(default)s)")
    parser.add_argument("--seconds", type=int, default=20, help="of steady writing (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the databases lie; the system's folder for temporary files")
    kinds = ["sqlite", "postgresql"]
    parser.add_argument("--database", choices=kinds, nargs="*", default=kinds, help="(both)")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Measures and prints. A missed target is a result, not a failure."""
    options = _arguments(argv)
    notes: dict[str, str] = {}
    found = uvloop.run(measure(options, notes))
    verdicts = []
    for part, rows in found.items():
        for title, row in rows.items():
            if part.startswith("count") and not title.startswith("SELECT 1"):
                target = f"{part}, {title}: p99 under {MOST_MILLISECONDS:g} ms at {options.calls:,} calls"
                verdicts.append({"target": target, "value": row["p99 ms"], "met": row["p99 ms"] < MOST_MILLISECONDS})
    machine = {"cores": os.cpu_count(), "python": platform.python_version()}
    if options.json:
        results = {
            part: {title: {column: Span.of([value]) for column, value in row.items()} for title, row in rows.items()}
            for part, rows in found.items()
        }
        report = {"machine": machine, "notes": notes, "targets": verdicts, "results": results}
        print(json.dumps(report, default=asdict, indent=2))
        return 0
    print(f"{machine['cores']} cores, Python {machine['python']}.\n")
    for part, rows in found.items():
        columns = list(next(iter(rows.values())))
        lines = [
            [part, *columns],
            *([title, *(f"{value:,.2f}" for value in row.values())] for title, row in rows.items()),
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text_of = [
            "| " + " | ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) + " |" for row in lines
        ]
        rule = "|" + "|".join("-" * (width + 1) + (":" if at else "-") for at, width in enumerate(widths)) + "|"
        print("\n".join([text_of[0], rule, *text_of[1:], ""]))
    for name, note in notes.items():
        print(f"- {name}: {note}")
    for verdict in verdicts:
        print(f"- {verdict['target']}: {verdict['value']:.2f}, {'met' if verdict['met'] else 'NOT met'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
