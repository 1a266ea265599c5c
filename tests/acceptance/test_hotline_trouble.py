"""Callers who give up, hostile callers, and a connection that is cut, with real phones on both kinds of switch."""

import asyncio
from pathlib import Path

import pytest

from cti.records.entries import CallOutcome, SegmentKind, Termination
from cti.records.store import Earlier
from tests.acceptance.conftest import Open
from tests.acceptance.freeswitch import FreeSwitch
from tests.acceptance.hotline import ASKS, changed
from tests.acceptance.phones import sipp
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, MUSIC
from tests.acceptance.scene import HOTLINE
from tests.records.proxy import proxy_to

FLOW = "ivr_flows/service.yaml"

# --- giving up -----------------------------------------------------------------------------------


async def test_a_caller_gives_up_before_the_call_is_answered(
    open_hotline: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_hotline() as hotline:
        asked, may_answer = asyncio.Event(), asyncio.Event()

        async def slow(*_: object) -> Earlier:
            asked.set()
            await may_answer.wait()
            return Earlier()

        monkeypatch.setattr(hotline.running.records, "arrived", slow)
        caller = await hotline.dials()
        await asked.wait()
        await hotline.until("the call is claimed", lambda: any(call.ours for call in hotline.engine.calls.values()))
        await caller.command("hangup")
        record = await hotline.record()
        may_answer.set()
    assert (record.outcome, record.termination) == (CallOutcome.IVR_ONLY, Termination.CALLER)
    assert record.hangup_cause == "ORIGINATOR_CANCEL"
    assert [(leg.kind, leg.answered_at) for leg in record.legs] == [("caller", None)]


async def test_a_caller_gives_up_in_a_prompt(open_hotline: Open) -> None:
    told = "steps:\n  told: {play: {file: tells.wav}, then: menu}"
    async with open_hotline(changed(FLOW, "open: menu", "open: told", "steps:", told)) as hotline:
        caller = await hotline.dials()
        await hotline.told("always is open → told")
        await caller.event("CALL_ESTABLISHED")
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.IVR_ONLY, Termination.CALLER)
    assert record.story[-2].text == "told: the caller hung up"


@pytest.mark.parametrize("when", ["while it is asked", "while a key is waited for"])
async def test_a_caller_gives_up_in_the_menu(open_hotline: Open, when: str) -> None:
    async with open_hotline() as hotline:
        caller = await hotline.asked()
        if when == "while a key is waited for":
            await hotline.listening()
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.IVR_ONLY, Termination.CALLER)
    assert [segment.kind for segment in record.segments] == [SegmentKind.IVR]
    assert record.story[-2].text == "menu: the caller hung up"


async def test_a_caller_gives_up_while_waiting(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        caller = await hotline.waits("1")
        await caller.hears(MUSIC, seconds=1)
        await caller.command("hangup")
        record = await hotline.record()
        assert hotline.waiting() == []
    assert (record.outcome, record.termination) == (CallOutcome.ABANDONED, Termination.CALLER)
    assert (record.queue, record.agents, record.answered_at) == ("service", (), None)
    assert 0.8 <= record.waited < 3.0


async def test_a_caller_gives_up_while_the_agents_phone_rings(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent(answers=False)
        caller = await hotline.waits("1")
        await agent.event("CALL_INCOMING")
        await caller.command("hangup")
        await agent.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.ABANDONED, Termination.CALLER)
    assert [(offer.agent, offer.how) for offer in record.offers] == [("1001", "cancelled")]
    assert [(leg.agent, leg.cause) for leg in record.legs] == [(None, "NORMAL_CLEARING"), ("1001", "ORIGINATOR_CANCEL")]


async def test_a_caller_gives_up_while_talking(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await agent.hears(CALLER_HERTZ)
        await caller.command("hangup")
        await agent.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.ANSWERED, Termination.CALLER)
    assert record.segments[-1].kind is SegmentKind.WRAP_UP
    assert (record.segments[-1].ended_at - record.segments[-1].began_at).total_seconds() >= 0.2


async def test_a_caller_gives_up_in_the_survey(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await agent.command("hangup")
        await caller.hears(ASKS)
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.outcome, record.termination) == (CallOutcome.ANSWERED, Termination.AGENT)
    assert record.survey_score is None
    assert record.segments[-1].kind is SegmentKind.SURVEY


async def test_a_caller_who_gives_up_is_forgotten(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        await hotline.agent()
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        await hotline.record()
        assert (hotline.engine.calls, hotline.engine.legs) == ({}, {})
        await hotline.stage.no_call()


# --- hostile callers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("138%0AAnswer-State%3A%20answered", "evil%0AX-Injected: 1"),
        ("1" * 200, "1" * 200),
        ("%2C%7D%5B%27%5E%5E%3B", "},execute_on_answer=hangup[^^;'"),
    ],
    ids=["newlines", "200 digits", "words of a dial string"],
)
async def test_a_hostile_caller_is_served_and_nobodys_customer(
    open_hotline: Open, tmp_path: Path, number: str, name: str
) -> None:
    async with open_hotline() as hotline:
        agent = await hotline.agent()
        port = hotline.stage.freeswitch.external_port
        async with sipp.calls(tmp_path, HOTLINE, port, user=number, display=name) as caller:
            await agent.hears(CALLER_HERTZ)
            await agent.command("hangup")
            await caller.done()
        record = await hotline.record()
    assert (record.customer, record.repeat_count) == (None, 0)
    assert (record.outcome, record.agents) == (CallOutcome.ANSWERED, ("1001",))
    assert len(record.ani) <= 64
    assert "\n" not in "".join(line.text for line in record.story)


# --- the connection to the switch is cut ---------------------------------------------------------


async def test_a_talk_goes_on_when_the_connection_is_cut(open_hotline: Open, freeswitch: FreeSwitch) -> None:
    async with proxy_to(freeswitch.address.port) as wire, open_hotline(port=wire.port) as hotline:
        agent = await hotline.agent()
        caller = await hotline.waits("1")
        await caller.hears(AGENT_HERTZ)
        wire.cut()
        await hotline.up_again(2)
        await caller.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        await agent.command("hangup")
        await caller.hears(ASKS)
        await caller.command("sndcode", "3")
        await caller.event("CALL_CLOSED")
        record = await hotline.record()
    assert (record.outcome, record.agents, record.survey_score) == (CallOutcome.ANSWERED, ("1001",), 3)


async def test_a_caller_who_waits_is_served_when_the_connection_is_back(
    open_hotline: Open, freeswitch: FreeSwitch
) -> None:
    async with proxy_to(freeswitch.address.port) as wire, open_hotline(port=wire.port) as hotline:
        caller = await hotline.waits("1")
        await caller.hears(MUSIC)
        wire.refuses = True
        wire.cut()
        await hotline.down()
        await caller.hears(MUSIC, seconds=1)
        await hotline.stage.agent("1001")
        wire.refuses = False
        await caller.hears(AGENT_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.outcome, record.agents) == (CallOutcome.ANSWERED, ("1001",))


async def test_what_happens_while_the_connection_is_cut_is_found_out(
    open_hotline: Open, freeswitch: FreeSwitch
) -> None:
    async with proxy_to(freeswitch.address.port) as wire, open_hotline(port=wire.port) as hotline:
        agent = await hotline.agent()
        first = await hotline.waits("1", name="first")
        await first.hears(AGENT_HERTZ)
        second = await hotline.waits("1", user="13900139000", name="second")
        await second.hears(MUSIC)
        wire.refuses = True
        wire.cut()
        await hotline.down()
        await first.command("hangup")
        await agent.event("CALL_CLOSED")
        third = await hotline.dials(user="13700137000", name="third")
        wire.refuses = False
        await second.hears(AGENT_HERTZ)
        await third.hears(ASKS)
        await second.command("hangup")
        await third.command("hangup")
        records = {record.customer: record for record in [await hotline.record(number) for number in (1, 2, 3)]}
    assert records["+8613800138000"].outcome is CallOutcome.ANSWERED
    assert records["+8613800138000"].hangup_cause == "LOST"
    assert records["+8613900139000"].agents == ("1001",)
    assert records["+8613700137000"].outcome is CallOutcome.IVR_ONLY
