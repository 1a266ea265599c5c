"""How often a customer has called."""

import asyncio
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ids import CallId
from cti.records.count import QUERY, Earlier, Unwritten, Window
from cti.records.database import Database
from cti.records.entries import CallOutcome
from cti.records.store import Records
from tests.records.calls import LI, NOON, SHANGHAI, WANG, closed, opened
from tests.records.conftest import Open, settled


async def arrives(
    records: Records, call: str, customer: str | None = LI, at: datetime = NOON, zone: ZoneInfo = SHANGHAI
) -> Earlier:
    return await records.arrived(CallId(call), customer, at, zone)


def counts(earlier: Earlier) -> tuple[int, int]:
    return earlier.calls_today, earlier.calls_in_7_days


async def test_the_first_call_of_a_customer_has_none_before_it(records: Records) -> None:
    assert await arrives(records, "c1") == Earlier(0, 0, None, None)


async def test_two_calls_at_once_before_anything_is_written(records: Records) -> None:
    first, second = await asyncio.gather(arrives(records, "c1"), arrives(records, "c2"))
    assert (counts(first), counts(second)) == ((0, 0), (1, 1))


async def test_ten_calls_at_once_are_counted_one_after_the_other(records: Records) -> None:
    found = await asyncio.gather(*(arrives(records, f"c{number}") for number in range(10)))
    assert [earlier.calls_today for earlier in found] == list(range(10))


async def test_an_open_call_counts(records: Records) -> None:
    await arrives(records, "c1")
    records.write(opened("c1"))
    await settled(records)
    assert counts(await arrives(records, "c2")) == (1, 1)


async def test_a_closed_call_that_is_not_written_yet_counts_once_and_its_agent_is_known(open_records: Open) -> None:
    records = await open_records(pause=60.0)
    records.write(opened("c1"), closed("c1"))
    assert await arrives(records, "c2") == Earlier(1, 1, "1001", "service")


async def test_an_open_call_whose_end_is_not_written_yet_counts_once(open_records: Open) -> None:
    records = await open_records(pause=0.2)
    records.write(opened("c1"))
    await settled(records)
    records.write(closed("c1"))
    assert await arrives(records, "c2") == Earlier(1, 1, "1001", "service")


async def test_a_call_is_counted_once_at_every_moment_of_its_writing(records: Records) -> None:
    """Another customer's calls keep the database busy; the count is asked without pause."""
    found = set()
    for number in range(30):
        records.write(opened(f"w{number}", WANG), closed(f"w{number}", WANG))
        if number == 3:
            records.write(opened("c1"))
        if number == 15:
            records.write(closed("c1"))
        found.add(counts(await records._counter.arrived(CallId("mine"), LI, NOON, SHANGHAI)))
        records._counter.unwritten.given_up([opened("mine")])
        await asyncio.sleep(0.003)
    assert found == {(0, 0), (1, 1)}


async def test_other_customers_do_not_count(records: Records) -> None:
    records.write(opened("c1", WANG))
    await settled(records)
    assert counts(await arrives(records, "c2")) == (0, 0)


async def test_withheld_numbers_are_nobody_s(records: Records) -> None:
    await arrives(records, "c1", None)
    records.write(opened("c1", None), closed("c1", None))
    await settled(records)
    assert await arrives(records, "c2", None) == Earlier(0, 0, None, None)


async def test_calls_that_we_made_do_not_count_and_their_agent_is_known(records: Records) -> None:
    records.write(closed("c1", LI, NOON, "1003", direction="outbound"))
    await settled(records)
    assert await arrives(records, "c2", at=NOON + timedelta(hours=1)) == Earlier(0, 0, "1003", "service")


async def test_a_call_does_not_count_itself_after_a_restart(records: Records) -> None:
    records.write(opened("c1"))
    await settled(records)
    assert counts(await arrives(records, "c1")) == (0, 0)


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(minutes=1), (1, 1)),
        (timedelta(hours=12), (1, 1)),  # midnight
        (timedelta(hours=12, microseconds=1), (0, 1)),
        (timedelta(days=6, hours=12), (0, 1)),  # midnight six days before
        (timedelta(days=6, hours=12, microseconds=1), (0, 0)),
    ],
)
async def test_days_are_calendar_days_of_the_hotline(
    records: Records, before: timedelta, expected: tuple[int, int]
) -> None:
    records.write(opened("c1", at=NOON - before))
    assert counts(await arrives(records, "c2")) == expected
    await settled(records)
    assert counts(await arrives(records, "c2")) == expected


async def test_late_in_the_evening_in_utc_is_the_next_day_in_shanghai(records: Records) -> None:
    records.write(opened("c1", at=datetime(2026, 3, 3, 15, 59, 59, tzinfo=UTC)))
    records.write(opened("c2", at=datetime(2026, 3, 3, 16, 0, 0, tzinfo=UTC)))
    await settled(records)
    assert counts(await arrives(records, "c3", at=datetime(2026, 3, 3, 17, 0, tzinfo=UTC))) == (1, 2)


@pytest.mark.parametrize(
    ("zone", "at", "midnight"),
    [
        # the clocks go forward at 2:00: the day has 23 hours
        ("Europe/Berlin", datetime(2026, 3, 29, 12, 0), datetime(2026, 3, 28, 23, 0)),
        # back at 3:00: 25 hours
        ("Europe/Berlin", datetime(2026, 10, 25, 12, 0), datetime(2026, 10, 24, 22, 0)),
        # forward at midnight: the day begins at 1:00
        ("Africa/Cairo", datetime(2026, 4, 24, 12, 0), datetime(2026, 4, 23, 22, 0)),
        # back at midnight: 23:00 to 24:00 comes twice, and the day begins after the second
        ("Africa/Cairo", datetime(2026, 10, 30, 12, 0), datetime(2026, 10, 29, 22, 0)),
    ],
)
async def test_a_day_with_a_change_of_the_clocks(records: Records, zone: str, at: datetime, midnight: datetime) -> None:
    here, begins = ZoneInfo(zone), midnight.replace(tzinfo=UTC)
    moment = at.replace(tzinfo=here)
    assert Window.at(moment, here).today == begins
    records.write(opened("c1", at=begins - timedelta(seconds=1)), opened("c2", at=begins))
    await settled(records)
    assert counts(await arrives(records, "c3", at=moment, zone=here)) == (1, 2)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(
        ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/Havana", "Asia/Beirut"]
    ),
)
def test_a_window_holds_seven_whole_days_of_the_zone(at: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    window = Window.at(at, zone)
    day = at.astimezone(zone).date()
    for begins, first in ((window.today, day), (window.week, day - timedelta(days=6))):
        assert begins <= at
        assert begins.astimezone(UTC).astimezone(zone).date() == first
        assert (begins.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date() == first - timedelta(days=1)


async def test_the_last_agent_is_that_of_the_last_answered_call_however_long_ago(records: Records) -> None:
    long_ago = NOON - timedelta(days=200)
    records.write(closed("c1", LI, long_ago, "1007"), closed("c2", LI, long_ago + timedelta(days=1), "1008"))
    records.write(closed("c3", LI, NOON - timedelta(hours=1), None))
    await settled(records)
    assert await arrives(records, "c4") == Earlier(1, 1, "1008", "service")


async def test_a_later_answered_call_that_is_not_written_yet_gives_the_last_agent(open_records: Open) -> None:
    records = await open_records(pause=0.1)
    records.write(closed("c1", LI, NOON - timedelta(hours=2), "1007"))
    await settled(records)
    records.write(
        closed("c2", LI, NOON - timedelta(hours=1), "1009"), closed("c3", LI, NOON - timedelta(hours=3), "1001")
    )
    assert (await arrives(records, "c4")).last_agent == "1009"


async def plan(database: Database) -> str:
    """How the database goes about the count."""
    values = {"customer": LI, "at": NOON, "today": NOON, "week": NOON - timedelta(days=7), "apart": ["c1", "c2"]}
    sqlite = database.engine.dialect.name == "sqlite"
    query = QUERY.compile(dialect=database.engine.dialect).construct_expanded_state(values)
    parameters = query.positional_parameters
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE" if sqlite else "VACUUM ANALYZE calls")
        if sqlite:
            parameters = [str(value) for value in parameters]
        explained = await connection.exec_driver_sql(
            f"EXPLAIN {'QUERY PLAN' * sqlite} {query.statement}", tuple(parameters)
        )
        return "\n".join(str(row[-1]) for row in explained)


async def test_the_count_reads_indexes_alone(records: Records) -> None:
    records.write(*(opened(f"c{number}", f"+86138{number:08d}") for number in range(2_000)))
    records.write(*(closed(f"d{number}", f"+86138{number:08d}") for number in range(200)))
    await settled(records)
    steps = await plan(records._database)
    assert re.search(r"Index Only Scan (Backward )?using calls_by_customer|COVERING INDEX calls_by_customer", steps)
    assert "calls_by_last_answer" in steps
    assert not re.search(r"Seq Scan|SCAN calls", steps)


def test_only_so_many_unwritten_calls_are_remembered() -> None:
    unwritten = Unwritten(most=3)
    for number in range(5):
        unwritten.arrived(CallId(f"c{number}"), LI, NOON)
    assert len(unwritten) == 3
    assert list(unwritten.of(LI)) == ["c2", "c3", "c4"]


def test_nothing_is_remembered_of_calls_that_are_written() -> None:
    unwritten = Unwritten()
    for entry in (opened("c1"), closed("c1"), opened("c2", WANG)):
        unwritten.taken(entry)
    unwritten.written([opened("c1"), opened("c2", WANG)])
    assert list(unwritten.of(LI)) == ["c1"]
    unwritten.written([closed("c1")])
    assert (len(unwritten), unwritten.of(LI), unwritten.of(WANG)) == (0, {}, {})


def test_the_days_of_a_call_at_midnight() -> None:
    midnight = datetime.combine(date(2026, 3, 4), time.min, SHANGHAI)
    assert Window.at(midnight, SHANGHAI) == Window(midnight, midnight - timedelta(days=6))


async def test_outcomes_other_than_answered_count_too(records: Records) -> None:
    records.write(closed("c1", LI, NOON, None, outcome=CallOutcome.IVR_ONLY))
    await settled(records)
    assert counts(await arrives(records, "c2", at=NOON + timedelta(minutes=1))) == (1, 1)
