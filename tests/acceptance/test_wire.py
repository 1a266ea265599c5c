"""The library against a real FreeSWITCH on config/freeswitch, with real phones."""

import asyncio
import json
from pathlib import Path

import pytest

from cti.esl.commands import Api, Command, Events, Execute, Hangup, new_uuid
from cti.esl.dialstring import (
    Endpoint,
    Originate,
    SipUri,
    User,
    decode_variable,
    display_text,
    encode_variable,
    set_variables,
)
from cti.esl.driver import Connection
from cti.esl.errors import Disconnected, EslError, SilentPeer
from cti.esl.events import Event
from cti.esl.link import NARROW, Link, LinkState, Timing
from tests.acceptance.conftest import AGENTS
from tests.acceptance.freeswitch import DOMAIN, HEARTBEAT, PASSWORD, FreeSwitch
from tests.acceptance.phones import baresip, sipp, sound
from tests.acceptance.story import Story, signed_in, step
from tests.esl import transcripts
from tests.esl.fake import DRIVERS
from tests.esl.test_link import Diary, running

pytestmark = pytest.mark.freeswitch

HOTLINE = "4008008008"
JOB = "6a0b1f6e-0000-4000-8000-000000000001"


async def handle_call(switch: Connection, story: Story, agent: Endpoint, recording: Path) -> tuple[str, str]:
    """One call from its ringing to its end; gives the legs of caller and agent. Read this to see how it is done."""

    async def ask(command: Command) -> str:
        return (await switch.send(command)).expect_ok(command).text

    async def run(application: str, argument: str = "") -> Event:
        execute = Execute(caller, application, argument)
        await ask(execute)
        return await story.until("CHANNEL_EXECUTE_COMPLETE", Application_UUID=execute.id)

    # The dialplan parks a call and gives us five seconds to claim it.
    parked = await story.until("CHANNEL_PARK", variable_cti_dnis=HOTLINE)
    caller = parked["Unique-ID"]
    assert await ask(Api("sched_del", [caller])) == "+OK Deleted: 1\n"

    # Answer, play a tone, ask for a key.
    await run("answer")
    await run("playback", "tone_stream://%(300,100,440)")
    pressed = await run("play_and_get_digits", "1 1 1 5000 # tone_stream://%(5000,0,350) silence_stream://1 key [0-9]")
    assert pressed.variable("key") == "1"

    # Ring the agent. It takes long, so it is a background job, with an id and a leg of our choice.
    ring = Originate([agent], caller_number="13800138000", timeout=10)
    await ask(ring.job(JOB))
    rung = await story.until("BACKGROUND_JOB", Job_UUID=JOB)
    assert rung.body == f"+OK {ring.leg}\n"

    # Connect the two and record them: the caller left, the agent right.
    await ask(Api("uuid_bridge", [caller, ring.leg]))
    await story.until("CHANNEL_BRIDGE", Unique_ID=caller)
    await ask(set_variables(caller, {"RECORD_STEREO": True}))
    await ask(Api("uuid_record", [caller, "start", str(recording)]))
    await story.until("RECORD_START", Unique_ID=caller)

    # They talk until the caller presses a key again.
    await story.until("DTMF", Unique_ID=caller)
    await ask(Api("uuid_record", [caller, "stop", str(recording)]))
    await story.until("RECORD_STOP", Unique_ID=caller)
    await ask(Hangup(caller, "NORMAL_CLEARING"))
    await story.until_gone(caller, ring.leg)
    return caller, ring.leg


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_call_from_its_ringing_to_its_end(freeswitch: FreeSwitch, driver: str, tmp_path: Path) -> None:
    """The same script over either driver: park, answer, play, take a key, ring, bridge, record, hang up."""
    recording = freeswitch.recordings / f"{driver}.wav"
    async with (
        baresip.phone(tmp_path) as agent,
        signed_in(freeswitch.address, driver) as switch,
    ):
        story = Story(switch.events)
        await agent.register("1001", AGENTS["1001"], DOMAIN, freeswitch.internal_port, answers=True)
        await story.until("CUSTOM", Event_Subclass="sofia::register", from_user="1001")
        async with sipp.calls(tmp_path, HOTLINE, freeswitch.external_port) as call:
            caller, agents = await handle_call(switch, story, User("1001", DOMAIN), recording)
            await call.done()

    assert [step(event) for event in story.of(caller)] == [
        "CHANNEL_CREATE",
        "CHANNEL_EXECUTE_COMPLETE set",
        "CHANNEL_EXECUTE_COMPLETE sched_transfer",
        "CHANNEL_PARK",
        "CHANNEL_ANSWER",
        "CHANNEL_EXECUTE_COMPLETE answer",
        "PLAYBACK_STOP",
        "CHANNEL_EXECUTE_COMPLETE playback",
        "DTMF",
        "PLAYBACK_STOP",
        "CHANNEL_EXECUTE_COMPLETE play_and_get_digits",
        "CHANNEL_EXECUTE_COMPLETE park",
        "CHANNEL_BRIDGE",
        "RECORD_START",
        "DTMF",
        "RECORD_STOP",
        "CHANNEL_HANGUP_COMPLETE",
    ]
    assert [step(event) for event in story.of(agents)] == []
    for leg in (caller, agents):
        assert story.named("CHANNEL_HANGUP_COMPLETE", leg)[0]["Hangup-Cause"] == "NORMAL_CLEARING"

    rate, (left, right) = sound.channels(recording)
    assert rate == 8000
    assert sound.seconds_of(left, sound.CALLER_HERTZ) > 0.4
    assert sound.seconds_of(left, sound.AGENT_HERTZ) == 0
    assert sound.seconds_of(right, sound.AGENT_HERTZ) > 0.4
    assert sound.seconds_of(right, sound.CALLER_HERTZ) == 0
