"""What is kept of calls with real phones, on both kinds of switch: records, counts, recordings and their tags."""

import asyncio
import json

import pytest

from cti.engine.inputs import Hold, MaskRecording
from cti.records.archive import KeptRecording
from cti.records.entries import CallOutcome, SegmentKind, Termination
from tests.acceptance.conftest import Open
from tests.acceptance.hotline import ASKS, TELLS, Service
from tests.acceptance.phones import sound
from tests.acceptance.phones.baresip import Phone
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, MUSIC
from tests.records.postgres import Cluster, NoPostgres
from tests.records.recordings import info

# --- recordings ----------------------------------------------------------------------------------


async def test_a_recording_has_the_caller_left_the_agent_right_and_the_tags_everywhere(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await agent.hears(CALLER_HERTZ, seconds=1)
        await caller.command("hangup")
        kept = await hotline.kept()
    [recording] = kept.recordings
    made = recording.made
    assert (made.failure, made.format, made.channels) == ("", "wav", 2)
    assert (made.agents, made.customer, made.hotline, made.queue) == (
        ("1001",),
        "+8613800138000",
        "服务热线",
        "service",
    )
    assert (made.repeat_count, made.repeat_count_7d) == (0, 0)
    left, right = hotline.channels(recording)
    assert sound.seconds_of(left, CALLER_HERTZ) > 0.8
    assert sound.seconds_of(right, AGENT_HERTZ) > 0.8
    assert (sound.seconds_of(left, AGENT_HERTZ), sound.seconds_of(right, CALLER_HERTZ)) == (0, 0)
    path = hotline.recordings / made.path
    sidecar = json.loads(path.with_suffix(".json").read_text("utf-8"))
    in_file = json.loads(info(path)["ICMT"])
    for tags in (sidecar, in_file):
        assert tags["agents"] == ["1001"]
        assert (tags["customer"], tags["queue"], tags["hotline"]) == ("+8613800138000", "service", "服务热线")
        assert (tags["repeat_count"], tags["repeat_count_7d"]) == (0, 0)
    assert sidecar["sha256"] == made.sha256
    assert info(path)["IART"] == "1001"


async def test_a_masked_stretch_is_silent_and_told(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await agent.hears(CALLER_HERTZ, seconds=0.5)
        [call] = hotline.engine.calls
        hotline.running.runner.put(MaskRecording(call, True))
        await agent.hears(CALLER_HERTZ, seconds=1)
        hotline.running.runner.put(MaskRecording(call, False))
        await agent.hears(CALLER_HERTZ, seconds=1)
        await caller.command("hangup")
        kept = await hotline.kept()
    [recording] = kept.recordings
    [(began, ended)] = recording.made.masked
    assert 0.9 < ended - began < 2
    left, right = hotline.channels(recording)
    inside = slice(round((began + 0.4) * sound.RATE), round((ended - 0.4) * sound.RATE))
    assert (sound.voices(left[inside]), sound.voices(right[inside])) == (frozenset(), frozenset())
    assert sound.seconds_of(left, CALLER_HERTZ) > 0.5


async def test_a_caller_on_the_list_do_not_record_is_not_recorded(open_hotline: Open) -> None:
    async with open_hotline({"routing/callers.yaml": 'lists: {do_not_record: ["13800138000"]}\n'}) as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await agent.hears(CALLER_HERTZ, seconds=0.5)
        await caller.command("hangup")
        kept = await hotline.kept()
    assert kept.call.outcome is CallOutcome.ANSWERED
    assert kept.recordings == []
    assert hotline.recorded_seconds(CALLER_HERTZ) == 0


async def test_hold_is_heard_told_and_counted(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        [call] = hotline.engine.calls
        hotline.running.runner.put(Hold(call, True))
        await caller.hears(MUSIC, seconds=1)
        await agent.hears()
        hotline.running.runner.put(Hold(call, False))
        await caller.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        await agent.command("hangup")
        await caller.hears(ASKS)
        await caller.command("hangup")
        record = await hotline.record()
    assert 1.0 <= record.held < 3.0
    assert record.talked > record.held
    assert record.termination is Termination.AGENT


# --- how often -----------------------------------------------------------------------------------


async def finished(hotline: Service, number: int, caller: Phone) -> KeptRecording:
    """The caller talks and hangs up; the recording of it."""
    await hotline.talking()
    await caller.hears(AGENT_HERTZ)
    await caller.command("hangup")
    [recording] = (await hotline.kept(number)).recordings
    return recording


async def test_the_third_call_of_the_day_goes_to_the_specialists(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        await hotline.agent("1001")
        await hotline.agent("1003")
        recordings = [
            await finished(hotline, number, await hotline.waits("1", name=f"caller{number}")) for number in (1, 2, 3)
        ]
        records = [await hotline.record(number) for number in (1, 2, 3)]
    assert [record.repeat_count for record in records] == [0, 1, 2]
    assert [record.repeat_count_7d for record in records] == [0, 1, 2]
    assert [record.agents for record in records] == [("1001",), ("1001",), ("1003",)]
    assert [record.queue for record in records] == ["service", "service", "complaints"]
    assert [recording.made.repeat_count for recording in recordings] == [0, 1, 2]
    assert [recording.made.agents for recording in recordings] == [("1001",), ("1001",), ("1003",)]


async def test_calls_of_one_customer_at_once_are_counted_right(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        callers = [await hotline.asked(name=f"caller{number}") for number in range(3)]
        for caller in callers:
            await caller.command("hangup")
        records = [await hotline.record(number) for number in (1, 2, 3)]
    assert sorted(record.repeat_count for record in records) == [0, 1, 2]


async def test_withheld_numbers_are_nobodys(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        for number in (1, 2):
            caller = await hotline.asked(user="anonymous", name=f"caller{number}")
            await caller.command("hangup")
            await hotline.record(number)
        records = [await hotline.record(number) for number in (1, 2)]
    assert [(record.customer, record.repeat_count) for record in records] == [(None, 0), (None, 0)]
    assert records[0].ani == "anonymous"


async def test_a_caller_on_the_blacklist_is_refused(open_hotline: Open) -> None:
    async with open_hotline({"routing/callers.yaml": 'lists: {blacklist: ["138001380*"]}\n'}) as hotline:
        caller = await hotline.dials()
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.REFUSED, Termination.SERVER)
    assert record.hangup_cause == "CALL_REJECTED"
    assert (record.legs[0].answered_at, record.answered_at) == (None, None)


async def test_records_are_kept_in_postgresql(open_hotline: Open) -> None:
    try:
        cluster = await asyncio.to_thread(Cluster)
    except NoPostgres as why:
        pytest.skip(str(why))
    try:
        await cluster.create("hotline")
        async with open_hotline(database=cluster.url("hotline")) as hotline:
            await hotline.agent()
            recording = await finished(hotline, 1, await hotline.waits("1", name="first"))
            await finished(hotline, 2, await hotline.waits("1", name="second"))
            records = [await hotline.record(number) for number in (1, 2)]
        assert [record.repeat_count for record in records] == [0, 1]
        assert records[0].agents == recording.made.agents == ("1001",)
    finally:
        await asyncio.to_thread(cluster.remove)


# --- the survey ----------------------------------------------------------------------------------


async def in_survey(hotline: Service) -> Phone:
    """A caller who is asked for a score."""
    agent = await hotline.agent()
    caller = await hotline.waits("1")
    await caller.hears(AGENT_HERTZ)
    await agent.command("hangup")
    await caller.hears(ASKS)
    return caller


async def test_a_caller_who_gives_no_score_is_thanked(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        caller = await in_survey(hotline)
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.survey_score) == (CallOutcome.ANSWERED, None)
    assert record.segments[-1].kind is SegmentKind.SURVEY


async def test_a_score_that_does_not_exist_is_no_score(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        caller = await in_survey(hotline)
        await caller.command("sndcode", "9")
        await caller.hears(TELLS)
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert record.survey_score is None
