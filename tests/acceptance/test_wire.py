"""The library against a real FreeSWITCH on config/freeswitch, with real phones."""

import json
from pathlib import Path

import pytest

from cti.esl.commands import Api, Command, Events, Execute, Hangup
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
from cti.esl.errors import ConnectFailed, Disconnected, NoGreeting, SilentPeer
from cti.esl.events import Event
from cti.esl.link import NARROW, Link, Timing
from tests.acceptance.conftest import AGENTS
from tests.acceptance.freeswitch import DOMAIN, HEARTBEAT, PASSWORD, FreeSwitch
from tests.acceptance.phones import baresip, sipp, sound
from tests.acceptance.story import Story, signed_in, step
from tests.esl import transcripts
from tests.esl.fake import DRIVERS
from tests.esl.test_link import Diary, running

HOTLINE = "4008008008"
JOB = "6a0b1f6e-0000-4000-8000-000000000001"

RUNG = ["CHANNEL_CREATE", "CHANNEL_PROGRESS", "CHANNEL_ANSWER", "CHANNEL_PARK"]
"""What is heard of a leg that is rung, answers and is parked."""
BRIDGED_AND_ENDED = ["CHANNEL_EXECUTE_COMPLETE park", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE"]
HUNG_UP = ["CHANNEL_HANGUP", "CHANNEL_EXECUTE_COMPLETE park", "CHANNEL_HANGUP_COMPLETE"]


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

    # They talk until the caller has pressed a key twice more.
    await story.until("DTMF", Unique_ID=caller)
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
        "DTMF",
        "RECORD_STOP",
        "CHANNEL_HANGUP",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_HANGUP_COMPLETE",
    ]
    assert [step(event) for event in story.of(agents)] == RUNG + BRIDGED_AND_ENDED
    for leg in (caller, agents):
        assert story.named("CHANNEL_HANGUP_COMPLETE", leg)[0]["Hangup-Cause"] == "NORMAL_CLEARING"

    rate, (left, right) = sound.channels(recording)
    assert rate == 8000
    assert sound.seconds_of(left, sound.CALLER_HERTZ) > 0.5
    assert sound.seconds_of(left, sound.AGENT_HERTZ) == 0
    assert sound.seconds_of(right, sound.AGENT_HERTZ) > 0.5
    assert sound.seconds_of(right, sound.CALLER_HERTZ) == 0


# --- what the switch and its configuration do by themselves ---------------------------------------


async def test_a_call_that_nobody_claims_hears_the_fallback_and_is_hung_up(
    freeswitch: FreeSwitch, tmp_path: Path
) -> None:
    async with (
        signed_in(freeswitch.address, "asyncio", Events(["PLAYBACK_START"])) as switch,
        sipp.calls(tmp_path, HOTLINE, freeswitch.external_port) as call,
    ):
        story = Story(switch.events)
        parked = await story.until("CHANNEL_PARK", variable_cti_dnis=HOTLINE)
        leg = parked["Unique-ID"]
        answered = await story.until("CHANNEL_ANSWER", Unique_ID=leg)
        assert 4.0 < (answered.timestamp - parked.timestamp) / 1e6 < 6.5
        playing = await story.until("PLAYBACK_START", Unique_ID=leg)
        assert playing["Playback-File-Path"].endswith("/sounds/fallback.wav")
        await story.until("DTMF", Unique_ID=leg)  # SIPp takes no BYE between its ACK and its first key
        await switch.send(Api("uuid_break", [leg]))  # enough of its nine seconds
        ended = await story.until("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        assert ended["Hangup-Cause"] == "NORMAL_TEMPORARY_FAILURE"
        await call.done()


def legs_until_answered(events: list[Event]) -> list[list[str]]:
    """For each leg, in the order of their creation, what the server hears of it until it is answered."""
    legs: dict[str, list[str]] = {}
    for event in events:
        if event.leg and event.name in NARROW.names:
            steps = legs.setdefault(event.leg, [])
            if "CHANNEL_ANSWER" not in steps:
                steps.append(step(event))
    return list(legs.values())


async def test_events_come_as_in_the_recording(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    """What tests without a switch believe is what the switch does."""
    payloads = [part.data.partition(b"\n\n")[2] for part in transcripts.read("call_plain") if not part.sent]
    recorded = legs_until_answered([Event(b"\n" + payload) for payload in payloads])

    async with (
        signed_in(freeswitch.address) as switch,
        sipp.answers(tmp_path) as agent,
        sipp.calls(tmp_path, HOTLINE, freeswitch.external_port) as call,
    ):
        story = Story(switch.events)
        parked = await story.until("CHANNEL_PARK", variable_cti_dnis=HOTLINE)
        caller = parked["Unique-ID"]
        await switch.send(Api("sched_del", [caller]))
        await switch.send(Execute(caller, "answer"))
        await story.until("CHANNEL_ANSWER", Unique_ID=caller)
        ring = Originate([SipUri("external", "1000", f"127.0.0.1:{agent.port}")])
        await switch.send(ring.job())
        await story.until("CHANNEL_ANSWER", Unique_ID=ring.leg)
        heard = legs_until_answered(story.events)
        await switch.send(Hangup(caller))
        await switch.send(Hangup(ring.leg))
        await story.until_gone(caller, ring.leg)
        await call.done()

    assert heard == recorded


async def dump(switch: Connection, leg: str) -> dict[str, str]:
    """All that the switch knows of a leg."""
    command = Api("uuid_dump", [leg, "json"])
    values: dict[str, str] = json.loads((await switch.send(command)).expect_ok(command).text)
    return values


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_hostile_caller_sets_nothing(freeswitch: FreeSwitch, driver: str, tmp_path: Path) -> None:
    """Neither a header of an event nor a variable of the leg that shows the caller's name to the agent."""
    display = "evil%0AX-Injected: 1,execute_on_answer=hangup}[a=b]'^^;c=d|${uuid}~"
    user = "138%0AAnswer-State%3A%20answered,execute_on_answer=hangup%7D"

    async with (
        signed_in(freeswitch.address, driver) as switch,
        sipp.answers(tmp_path) as agent,
        sipp.calls(tmp_path, HOTLINE, freeswitch.external_port, user=user, display=display) as call,
    ):

        async def ring_with(name: str) -> dict[str, str]:
            """Rings the agent, showing the name, and keeps it in two variables; gives all of the leg's variables."""
            kept = encode_variable(name)
            endpoint = SipUri("external", "1000", f"127.0.0.1:{agent.port}")
            ring = Originate([endpoint], caller_name=name, variables={"cti_caller_name": kept})
            job = ring.job()
            (await switch.send(job)).expect_ok(job)
            assert (await story.until("BACKGROUND_JOB", Job_UUID=job.job)).body == f"+OK {ring.leg}\n"
            more = set_variables(ring.leg, {"cti_first": kept, "cti_second": 2})
            (await switch.send(more)).expect_ok(more)
            values = await dump(switch, ring.leg)
            await switch.send(Hangup(ring.leg))
            await story.until_gone(ring.leg)
            return values

        story = Story(switch.events)
        parked = await story.until("CHANNEL_PARK", variable_cti_dnis=HOTLINE)
        caller, name = parked["Unique-ID"], parked["Caller-Caller-ID-Name"]
        # The switch passes the caller's own %0A on as it is, and makes ${ harmless.
        assert name == "evil\nX-Injected: 1,execute_on_answer=hangup}[a=b]'^^;c=d|%{uuid}~"
        assert parked["Answer-State"] == "ringing"
        assert parked.get("X-Injected") is None

        await switch.send(Api("sched_del", [caller]))
        await switch.send(Execute(caller, "answer"))
        evil, good = await ring_with(name), await ring_with("Zhang San")
        await switch.send(Hangup(caller))
        await story.until_gone(caller)
        await call.done()

    assert evil.keys() == good.keys()
    assert "variable_execute_on_answer" not in evil
    assert evil["variable_cti_second"] == "2"
    for variable in ("variable_cti_caller_name", "variable_cti_first"):
        assert decode_variable(evil[variable]) == name
    assert evil["variable_origination_caller_id_name"] == display_text(name)
    assert f'From: "{display_text(name)}" <' in agent.messages()


# --- agents' phones -------------------------------------------------------------------------------


async def test_an_agents_phone_registers_rings_and_answers(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with signed_in(freeswitch.address) as switch:
        story = Story(switch.events)
        async with baresip.phone(tmp_path) as phone:
            await phone.register("1002", AGENTS["1002"], DOMAIN, freeswitch.internal_port)
            await story.until("CUSTOM", Event_Subclass="sofia::register", from_user="1002", from_host=DOMAIN)

            ring = Originate([User("1002", DOMAIN)], caller_number="13800138000", timeout=10)
            job = ring.job()
            await switch.send(job)
            assert "13800138000" in (await phone.event("CALL_INCOMING"))["peeruri"]
            await phone.command("accept")
            await phone.event("CALL_ESTABLISHED")
            assert (await story.until("BACKGROUND_JOB", Job_UUID=job.job)).body == f"+OK {ring.leg}\n"

            await switch.send(Hangup(ring.leg))
            await phone.event("CALL_CLOSED")
            await story.until_gone(ring.leg)
            steps = [step(event) for event in story.of(ring.leg)]
        await story.until("CUSTOM", Event_Subclass="sofia::unregister", from_user="1002")
    assert steps == RUNG + HUNG_UP


async def test_a_phone_with_a_wrong_password_is_refused(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    failures = Events(custom=["sofia::register_failure"])
    async with signed_in(freeswitch.address, "asyncio", failures) as switch, baresip.phone(tmp_path) as phone:
        story = Story(switch.events)
        await phone.register("1002", "a guess", DOMAIN, freeswitch.internal_port)
        assert (await phone.event("REGISTER_OK", "REGISTER_FAIL"))["param"] == "403 Forbidden"
        await story.until("CUSTOM", Event_Subclass="sofia::register_failure", to_user="1002")
        assert not [event for event in story.events if event.subclass == "sofia::register"]


# --- a switch in trouble --------------------------------------------------------------------------

QUICK = Timing(connect=0.5, silence=2.5 * HEARTBEAT, retry_first=0.05, retry_most=0.1)


async def told(diary: Diary, line: object) -> None:
    """Reads on in the diary to a line."""
    while await diary.lines.get() != line:
        pass


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_switch_that_hangs_is_given_up_and_found_again(frail_freeswitch: FreeSwitch, driver: str) -> None:
    diary = Diary()
    link = Link("main", frail_freeswitch.address, PASSWORD, connect=DRIVERS[driver], timing=QUICK)
    async with running(link, diary):
        await told(diary, ("up", "main"))
        frail_freeswitch.pause()
        try:
            await told(diary, ("down", SilentPeer))
            await told(diary, ("down", NoGreeting))
        finally:
            frail_freeswitch.resume()
        await told(diary, ("up", "main"))
        assert (await link.send(Api("status"))).text.startswith("UP ")
        assert link.health.connects == 2


@pytest.mark.parametrize("driver", DRIVERS)
async def test_a_switch_that_is_started_again_is_found_again(frail_freeswitch: FreeSwitch, driver: str) -> None:
    diary = Diary()
    link = Link("main", frail_freeswitch.address, PASSWORD, connect=DRIVERS[driver], timing=QUICK)
    async with running(link, diary):
        await told(diary, ("up", "main"))
        frail_freeswitch.kill()
        await told(diary, ("down", Disconnected))
        await told(diary, ("down", ConnectFailed))
        frail_freeswitch.launch()
        await told(diary, ("up", "main"))
        await told(diary, ("event", "HEARTBEAT"))
        assert link.health.connects == 2
    await frail_freeswitch.ready()
