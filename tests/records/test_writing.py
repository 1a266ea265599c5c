"""What was handed in is kept, once, and reads back as it was."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import EventDict

from cti.ids import AgentId, CallId, QueueId
from cti.records.archive import Filter, KeptRecording
from cti.records.entries import (
    CallOutcome,
    FollowUp,
    FollowUpDone,
    RecordingConverted,
    RecordingDeleted,
    VoicemailHeard,
    VoicemailLeft,
)
from cti.records.store import Health, Records
from tests.records.calls import LI, NOON, WANG, closed, on_break, opened, record, recorded
from tests.records.conftest import Open, settled, until


async def test_an_open_call_reads_back_as_it_was(records: Records) -> None:
    entry = opened(
        "c1", place="广东省广州市", carrier="中国移动", vip=True, repeat_count=2, repeat_count_7d=3, node="main"
    )
    records.write(entry)
    await settled(records)
    kept = await records.archive.call(CallId("c1"))
    assert kept is not None
    assert kept.call == entry
    assert await records.open_calls() == [entry]


async def test_a_closed_call_reads_back_with_all_its_parts(records: Records) -> None:
    call = record("c1", notes="客户要求回电", complaint=True, survey_score=5, moved=1)
    records.write(opened("c1"), closed("c1", notes="客户要求回电", complaint=True, survey_score=5, moved=1))
    await settled(records)
    kept = await records.archive.call(CallId("c1"))
    assert kept is not None
    assert kept.call == call
    assert await records.open_calls() == []


async def test_a_call_that_was_never_opened_is_kept_all_the_same(records: Records) -> None:
    records.write(closed("c1"))
    await settled(records)
    records.write(opened("c1"))
    await settled(records)
    kept = await records.archive.call(CallId("c1"))
    assert kept is not None
    assert kept.call == record("c1")


async def test_a_record_is_never_changed_once_it_is_closed(records: Records) -> None:
    records.write(opened("c1"), closed("c1"))
    await settled(records)
    other = closed("c1", LI, NOON, None, notes="another end")
    records.write(other)
    records.write(closed("c2"), replace(other, call=replace(other.call, id=CallId("c2"))))  # in one batch
    await settled(records)
    for call in ("c1", "c2"):
        kept = await records.archive.call(CallId(call))
        assert kept is not None
        assert kept.call == record(call)


async def test_entries_handed_in_twice_are_kept_once(records: Records) -> None:
    entries = (opened("c1"), closed("c1"), on_break(), recorded("c1"))
    records.write(*entries, *entries)
    await settled(records)
    records.write(*entries)
    await settled(records)
    assert await count_of(
        records, "calls", "legs", "segments", "offers", "agent_states", "recordings", "customers"
    ) == {
        "calls": 1,
        "legs": 2,
        "segments": 4,
        "offers": 2,
        "agent_states": 1,
        "recordings": 1,
        "customers": 1,
    }


async def count_of(records: Records, *tables: str) -> dict[str, int]:
    async with records._database.engine.connect() as connection:
        return {
            table: (await connection.exec_driver_sql(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables
        }


async def test_what_callers_choose_harms_nothing(records: Records, log: list[EventDict]) -> None:
    names = ["a\0b", "\ud800", "'; DROP TABLE calls; --", "%0AX-Injected: 1", "9" * 200, "匿名\u202e", ""]
    for number, name in enumerate(names):
        records.write(replace(opened(f"c{number}", None), ani=name, dnis=name))
    await settled(records)
    kept = [await records.archive.call(CallId(f"c{number}")) for number in range(len(names))]
    assert [one.call.ani for one in kept if one] == ["a�b", "�", *names[2:4], "9" * 64, *names[5:]]
    assert [line for line in log if line["log_level"] != "warning"] == []


async def test_agents_history_is_kept_in_order(records: Records) -> None:
    states = [on_break("1001", NOON + timedelta(seconds=second)) for second in (0, 5, 9)]
    records.write(on_break("1002"), *states)
    await settled(records)
    assert await records.archive.agent_history(AgentId("1001"), NOON, NOON + timedelta(seconds=9)) == states[:2]


async def test_two_changes_of_an_agent_in_one_microsecond_are_both_kept(records: Records) -> None:
    records.write(on_break(), on_break())
    await settled(records)
    assert await count_of(records, "agent_states") == {"agent_states": 2}


async def test_a_recording_is_converted_and_deleted_and_its_row_stays(records: Records) -> None:
    made = recorded("c1")
    records.write(closed("c1"), made, RecordingConverted(made.id, "c1.opus", "opus", 2_000, "ab" * 32))
    await settled(records)
    records.write(RecordingDeleted(made.id, NOON, "kept 90 days"), RecordingDeleted(made.id, NOON, "again"))
    await settled(records)
    kept = await records.archive.call(CallId("c1"))
    assert kept is not None
    converted = replace(made, path="c1.opus", format="opus", size=2_000, sha256="ab" * 32)
    assert kept.recordings == [KeptRecording(converted, NOON, "kept 90 days")]


async def test_the_first_who_cares_for_a_message_counts(records: Records) -> None:
    left = VoicemailLeft(id="v1", call=CallId("c1"), mailbox="service", at=NOON, seconds=12.5, path="v1.wav")
    records.write(closed("c1"), left)
    records.write(VoicemailHeard("v1", NOON, AgentId("1001")), VoicemailHeard("v1", NOON, AgentId("1002")))
    await settled(records)
    kept = await records.archive.call(CallId("c1"))
    assert kept is not None
    assert [(one.left, one.heard_by) for one in kept.voicemails] == [(left, "1001")]


async def test_what_was_promised_is_to_do_until_it_is_done(records: Records) -> None:
    tomorrow, later = NOON + timedelta(days=1), NOON + timedelta(days=9)
    promise = FollowUp(created_at=NOON, due_at=tomorrow, customer=LI, call=CallId("c1"), promised="明天上午回电")
    urgent = FollowUp(created_at=NOON, due_at=NOON, customer=WANG)
    records.write(promise, urgent, FollowUp(created_at=NOON, due_at=later, customer=WANG))
    await settled(records)
    assert await records.archive.follow_ups_to_do(later) == [urgent, promise]
    records.write(FollowUpDone(urgent.id, NOON, AgentId("1001"), "done"))
    await settled(records)
    assert await records.archive.follow_ups_to_do(later) == [promise]


CALLS: dict[str, dict[str, Any]] = {
    "c1": {"customer": LI, "at": NOON - timedelta(days=2)},
    "c2": {"customer": WANG, "at": NOON - timedelta(days=1), "agent": "1009", "queue": QueueId("complaints")},
    "c3": {"customer": LI, "at": NOON, "agent": None, "repeat_count": 2},
}


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (Filter(), ["c4", "c3", "c2", "c1"]),
        (Filter(limit=2), ["c4", "c3"]),
        (Filter(since=NOON - timedelta(days=1)), ["c4", "c3", "c2"]),
        (Filter(until=NOON), ["c2", "c1"]),
        (Filter(customer=LI), ["c3", "c1"]),
        (Filter(agent=AgentId("1009")), ["c2"]),
        (Filter(agent=AgentId("1009"), since=NOON), []),
        (Filter(queue="complaints"), ["c2"]),
        (Filter(outcome=CallOutcome.ABANDONED), ["c3"]),
        (Filter(repeat=2), ["c3"]),
        (Filter(customer=LI, outcome=CallOutcome.ANSWERED), ["c1"]),
    ],
)
async def test_calls_are_found_newest_first(records: Records, which: Filter, expected: list[str]) -> None:
    records.write(*(closed(name, **what) for name, what in CALLS.items()))
    records.write(opened("c4", None, NOON + timedelta(seconds=1)))
    await settled(records)
    assert [call.id for call in await records.archive.find(which)] == expected


async def test_a_call_is_found_by_the_beginning_of_its_id(records: Records) -> None:
    records.write(opened("abc-1"), opened("abc-2"), opened("a_c-3"))
    await settled(records)
    assert sorted(await records.archive.ids_like("abc")) == ["abc-1", "abc-2"]
    assert await records.archive.ids_like("a_") == ["a_c-3"]
    assert await records.archive.call(CallId("abc")) is None


async def test_the_engine_is_not_held_up(open_records: Open) -> None:
    records = await open_records()
    entries = [closed(f"c{number}") for number in range(1_000)]
    loop = asyncio.get_running_loop()
    began = loop.time()
    records.write(*entries)
    assert loop.time() - began < 0.1
    assert records.health().waiting == 1_000
    await settled(records)
    assert await count_of(records, "calls") == {"calls": 1_000}


async def test_closing_writes_what_waits(open_records: Open, url: str, tmp_path: Path) -> None:
    records = await open_records(pause=60.0)
    records.write(*(opened(f"c{number}") for number in range(250)))
    await records.close()
    again = await open_records()
    assert await count_of(again, "calls") == {"calls": 250}
    assert again.health() == Health(0, 0, 0, 0, None, "")


async def test_an_entry_that_the_database_refuses_does_not_stop_the_rest(
    records: Records, tmp_path: Path, log: list[EventDict]
) -> None:
    poison = [
        replace(opened("p1"), hotline=None),  # type: ignore[arg-type]
        replace(opened("p2"), started_at=NOON.replace(tzinfo=None)),
        replace(opened("p3"), repeat_count=2**70),
        closed("p4", survey_score="five"),
    ]
    good = [opened(f"c{number}") for number in range(8)]
    records.write(good[0], poison[0], *good[1:4], poison[1], poison[2], *good[4:7], poison[3], good[7])
    await settled(records)
    expected = {f"c{number}" for number in range(8)}
    if (refused := records.health().refused) == 3:  # SQLite takes text for a number
        expected.add("p4")
    else:
        assert refused == 4
    assert {call.id for call in await records.archive.find(Filter())} == expected
    letters = [json.loads(line) for line in (tmp_path / "spool" / "dead-letters.jsonl").read_text().splitlines()]
    assert len(letters) == refused
    assert all(letter["why"] and letter["line"] for letter in letters)
    told = [line for line in log if line["log_level"] == "error"]
    assert [line["call_id"] for line in told] == ["p1", "p2", "p3", "p4"][:refused]
    assert all("dead-letters.jsonl" in line["event"] for line in told)


async def test_what_is_no_entry_at_all_does_not_stop_the_rest(records: Records, log: list[EventDict]) -> None:
    records.write("nonsense", opened("c1"))  # type: ignore[arg-type]
    await until(lambda: records.health().refused == 1)
    await settled(records)
    assert [call.id for call in await records.archive.find(Filter())] == ["c1"]


async def test_a_refused_call_is_counted_no_more(records: Records) -> None:
    records.write(replace(opened("p1"), hotline=None))  # type: ignore[arg-type]
    await until(lambda: records.health().refused == 1)
    assert len(records._counter.unwritten) == 0
