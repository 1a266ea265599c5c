"""An agent sends a caller on, with real phones on both kinds of switch: to a queue, an agent, a number outside."""

from pathlib import Path

import pytest

from cti import app
from cti.engine.inputs import FinishTransfer, ToAgent, ToNumber, ToQueue, Transfer
from cti.ids import AgentId, CallId, QueueId
from cti.records.entries import CallOutcome, SegmentKind, Termination
from tests.acceptance.conftest import Open
from tests.acceptance.hotline import ASKS, Service, carrier_at
from tests.acceptance.phones import sipp
from tests.acceptance.phones.baresip import Phone
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, MUSIC, SUPERVISOR_HERTZ
from tests.acceptance.scene import becomes


async def talk(hotline: Service) -> tuple[Phone, Phone, CallId]:
    """An agent and a caller who hear each other, and the call."""
    agent = await hotline.agent()
    caller = await hotline.waits("1")
    await caller.hears(AGENT_HERTZ)
    await agent.hears(CALLER_HERTZ)
    [call] = hotline.engine.calls
    return agent, caller, call


async def test_an_agent_sends_the_caller_to_a_queue(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        specialist = await hotline.agent("1003", SUPERVISOR_HERTZ)
        agent, caller, call = await talk(hotline)
        hotline.running.runner.put(Transfer(call, ToQueue(QueueId("complaints"))))
        await agent.event("CALL_CLOSED")
        await caller.hears(SUPERVISOR_HERTZ)
        await specialist.hears(CALLER_HERTZ)
        await caller.command("hangup")
        kept = await hotline.kept()
    record = kept.call
    assert (record.agents, record.queue, record.moved) == (("1001", "1003"), "complaints", 1)
    assert [segment.agent for segment in record.segments if segment.kind is SegmentKind.TALK] == ["1001", "1003"]
    assert (record.outcome, record.termination) == (CallOutcome.ANSWERED, Termination.CALLER)
    assert [recording.made.agents for recording in kept.recordings] == [("1001",), ("1001", "1003")]
    assert [recording.made.failure for recording in kept.recordings] == ["", ""]


async def test_an_agent_sends_the_caller_to_another_agent(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        other = await hotline.agent("1002", SUPERVISOR_HERTZ, answers=False)
        agent, caller, call = await talk(hotline)
        hotline.running.runner.put(Transfer(call, ToAgent(AgentId("1002"))))
        await other.event("CALL_INCOMING")
        await other.command("accept")
        await caller.hears(SUPERVISOR_HERTZ)
        await other.hears(CALLER_HERTZ)
        await agent.event("CALL_CLOSED")
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.agents, record.moved, record.termination) == (("1001", "1002"), 1, Termination.CALLER)


async def test_an_agent_speaks_with_the_other_first(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        other = await hotline.agent("1002", SUPERVISOR_HERTZ)
        agent, caller, call = await talk(hotline)
        hotline.running.runner.put(Transfer(call, ToAgent(AgentId("1002")), attended=True))
        await agent.hears(SUPERVISOR_HERTZ)
        await other.hears(AGENT_HERTZ)
        await caller.hears(MUSIC)
        hotline.running.runner.put(FinishTransfer(call, complete=True))
        await caller.hears(SUPERVISOR_HERTZ)
        await other.hears(CALLER_HERTZ)
        await agent.event("CALL_CLOSED")
        await other.command("hangup")
        await caller.hears(ASKS)
        await caller.command("hangup")
        record = await hotline.record()
    assert record.agents == ("1001", "1002")
    assert record.held > 0


async def test_an_agent_takes_the_caller_back(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        other = await hotline.agent("1002", SUPERVISOR_HERTZ)
        agent, caller, call = await talk(hotline)
        hotline.running.runner.put(Transfer(call, ToAgent(AgentId("1002")), attended=True))
        await agent.hears(SUPERVISOR_HERTZ)
        hotline.running.runner.put(FinishTransfer(call, complete=False))
        await other.event("CALL_CLOSED")
        await caller.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.agents, record.moved) == (("1001",), 0)


async def test_an_agent_sends_the_caller_to_a_number_outside(
    open_hotline: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sipp.answers(tmp_path) as outside:
        monkeypatch.setattr(app, "FreeSwitch", carrier_at(outside.port))
        async with open_hotline() as hotline:
            agent, caller, call = await talk(hotline)
            hotline.running.runner.put(Transfer(call, ToNumber("02150001234")))
            await becomes(lambda: "ACK" in outside.messages())
            await agent.event("CALL_CLOSED")
            await caller.command("hangup")
            record = await hotline.record()
    assert (record.agents, record.moved, record.outcome) == (("1001",), 1, CallOutcome.ANSWERED)
    assert [leg.number for leg in record.legs if leg.kind == "outside"] == ["02150001234"]


async def test_a_number_that_cannot_be_reached_leaves_the_caller_with_the_agent(open_hotline: Open) -> None:
    async with open_hotline() as hotline:
        agent, caller, call = await talk(hotline)
        hotline.running.runner.put(Transfer(call, ToNumber("02150001234")))
        await hotline.told("02150001234: ")
        await caller.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        await caller.command("hangup")
        record = await hotline.record()
    assert (record.agents, record.moved) == (("1001",), 0)
