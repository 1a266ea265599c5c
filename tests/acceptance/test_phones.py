"""Real phones on both kinds of switch: what they do, what they hear, and what the server is told of it."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from cti.esl.dialstring import Originate, SipUri
from tests.acceptance.conftest import AGENTS
from tests.acceptance.embedded import Embedded
from tests.acceptance.freeswitch import CONFIG, DOMAIN, FreeSwitch
from tests.acceptance.phones import sipp, sound
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, MUSIC, SUPERVISOR_HERTZ
from tests.acceptance.scene import becomes, scene, user


def embedded_only(freeswitch: FreeSwitch, why: str) -> None:
    if not isinstance(freeswitch, Embedded):
        pytest.skip(why)


# --- during a call -------------------------------------------------------------------------------


async def test_an_agent_holds_a_caller_who_hears_music(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await talk.agent.command("hold")
        await stage.story.until("CHANNEL_HOLD", Unique_ID=talk.b)
        await talk.caller.hears(MUSIC)
        await talk.agent.command("resume")
        await stage.story.until("CHANNEL_UNHOLD", Unique_ID=talk.b)
        await talk.caller.hears(AGENT_HERTZ)  # baresip 1.0.0 is deaf once it has resumed: what it hears is not asked


async def test_an_agent_transfers_the_caller(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    embedded_only(freeswitch, "disable-transfer: our FreeSWITCH takes no REFER")
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await talk.agent.command("transfer", "4007007007")
        parked = await stage.story.until("CHANNEL_PARK", Unique_ID=talk.a)
        assert parked.variable("cti_dnis") == "4007007007"
        await stage.ask("sched_del", talk.a)
        await stage.story.until_gone(talk.b)
        await talk.agent.event("CALL_CLOSED")
        assert await stage.ask("uuid_exists", talk.a) == "true"


async def test_a_supervisor_listens_whispers_and_barges_in(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        supervisor = await stage.agent("1002", SUPERVISOR_HERTZ)
        ear = await stage.answering(user("1002"), application="eavesdrop", argument=talk.b)
        await supervisor.hears(CALLER_HERTZ, AGENT_HERTZ)
        await talk.agent.hears(CALLER_HERTZ)

        await stage.ask("uuid_recv_dtmf", f"{ear} 2")
        await talk.agent.hears(CALLER_HERTZ, SUPERVISOR_HERTZ)
        await talk.caller.hears(AGENT_HERTZ)

        await stage.ask("uuid_recv_dtmf", f"{ear} 3")
        await talk.caller.hears(AGENT_HERTZ, SUPERVISOR_HERTZ)
        await talk.agent.hears(CALLER_HERTZ, SUPERVISOR_HERTZ)

        await supervisor.command("sndcode", "0")
        await talk.agent.hears(CALLER_HERTZ)
        await talk.caller.hears(AGENT_HERTZ)
        await supervisor.hears(CALLER_HERTZ, AGENT_HERTZ)


async def test_keys_reach_the_phone(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        agent = await stage.agent()
        leg = await stage.answering()
        await stage.ask("uuid_send_dtmf", f"{leg} 7*")
        for key in "7*":
            assert (await agent.event("CALL_DTMF_START"))["param"] == key


async def test_keys_pass_from_one_phone_to_the_other(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await talk.caller.command("sndcode", "5")
        await stage.story.until("DTMF", Unique_ID=talk.a, DTMF_Digit="5")
        assert (await talk.agent.event("CALL_DTMF_START"))["param"] == "5"


async def test_a_masked_stretch_of_a_recording_is_silent(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    path = freeswitch.recordings / "masked.wav"
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await stage.ask("uuid_setvar", f"{talk.a} RECORD_STEREO true")
        await stage.ask("uuid_record", f"{talk.a} start {path}")
        await stage.story.until("RECORD_START", Unique_ID=talk.a)
        await talk.agent.hears(CALLER_HERTZ, seconds=0.8)
        await stage.ask("uuid_record", f"{talk.a} mask {path}")
        await talk.agent.hears(CALLER_HERTZ, seconds=1)
        await stage.ask("uuid_record", f"{talk.a} unmask {path}")
        await talk.agent.hears(CALLER_HERTZ, seconds=0.8)
        await stage.ask("uuid_record", f"{talk.a} stop {path}")
        await stage.story.until("RECORD_STOP", Unique_ID=talk.a)
    for samples, hertz in zip(sound.channels(path)[1], (CALLER_HERTZ, AGENT_HERTZ), strict=True):
        assert runs(samples) == [{hertz}, set(), {hertz}]
        assert silence(samples) == pytest.approx(1, abs=0.3)


def runs(samples: Sequence[int]) -> list[set[int]]:
    """Who is heard, one after the other; stretches in which that changes are left out."""
    heard = [set(sound.voices(part)) for part in sound.stretches(samples)]
    steady = [now for now, then in itertools.pairwise(heard) if now == then]
    return [voices for voices, _ in itertools.groupby(steady)]


def silence(samples: Sequence[int]) -> float:
    """Seconds in which nobody is heard."""
    return sound.STRETCH * sum(not sound.voices(part) for part in sound.stretches(samples))


# --- what a caller hears and keys ----------------------------------------------------------------


@pytest.mark.parametrize("way", ["playback", "uuid_broadcast"])
async def test_music_plays_on_while_keys_are_heard(freeswitch: FreeSwitch, tmp_path: Path, way: str) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller()
        await stage.ask("uuid_setvar", f"{leg} playback_terminators none")
        if way == "playback":
            await stage.start(leg, "playback", "local_stream://moh")
        else:
            await stage.ask("uuid_broadcast", f"{leg} local_stream://moh")
        await caller.hears(MUSIC)
        await caller.command("sndcode", "12")
        await stage.story.until("DTMF", Unique_ID=leg, DTMF_Digit="1")
        await stage.story.until("DTMF", Unique_ID=leg, DTMF_Digit="2")
        await caller.hears(MUSIC)
        assert stage.story.named("PLAYBACK_STOP", leg) == []


async def test_a_key_ends_the_music(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller()
        await stage.ask("uuid_setvar", f"{leg} playback_terminators 1")
        playing = await stage.start(leg, "playback", "local_stream://moh")
        await caller.hears(MUSIC)
        await caller.command("sndcode", "21")
        done = await stage.done(playing)
        assert done.variable("playback_terminator_used") == "1"
        assert [event["DTMF-Digit"] for event in stage.story.named("DTMF", leg)] == ["2", "1"]


async def test_endless_playback_hears_no_keys(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller()
        playing = await stage.start(leg, "endless_playback", "local_stream://moh")
        await caller.hears(MUSIC)
        await caller.command("sndcode", "1")
        await caller.hears(MUSIC, seconds=0.6)
        await stage.ask("uuid_transfer", f"{leg} 4007007007 XML trunk")
        await stage.done(playing)
        assert stage.story.named("DTMF", leg) == []


async def test_a_caller_is_asked_for_a_number(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller()
        asking = await stage.start(leg, "read", "2 4 silence_stream://10000 digits 5000 #")
        await stage.story.until("PLAYBACK_START", Unique_ID=leg)
        await caller.command("sndcode", "123#")
        done = await stage.done(asking)
        assert (done.variable("digits"), done.variable("read_result")) == ("123", "success")


async def test_a_caller_who_keys_nothing(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        _, leg = await stage.caller()
        done = await stage.run(leg, "read", "2 4 silence_stream://100 digits 300 #")
        assert (done.get("variable_digits"), done.variable("read_result")) == (None, "failure")


async def test_a_caller_leaves_a_message(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    path = freeswitch.recordings / "message.wav"
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller()
        await stage.ask("uuid_setvar", f"{leg} playback_terminators #")
        recording = await stage.start(leg, "record", f"{path} 20")
        await stage.story.until("RECORD_START", Unique_ID=leg)
        await becomes(lambda: path.exists() and sound.seconds_of(sound.growing(path), CALLER_HERTZ) > 0.5)
        await caller.command("sndcode", "#")
        await stage.story.until("RECORD_STOP", Unique_ID=leg)
        done = await stage.done(recording)
        assert done.variable("playback_terminator_used") == "#"
    assert sound.seconds_of(sound.channels(path)[1][0], CALLER_HERTZ) > 0.5


@pytest.mark.parametrize("pre_answered", [True, False])
async def test_a_file_is_heard_before_the_call_is_answered(
    freeswitch: FreeSwitch, tmp_path: Path, pre_answered: bool
) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller(answered=False)
        if pre_answered:
            await stage.start(leg, "pre_answer")
        await stage.start(leg, "playback", str(CONFIG / "sounds" / "fallback.wav"))
        await stage.story.until("CHANNEL_PROGRESS_MEDIA", Unique_ID=leg)
        await caller.event("CALL_PROGRESS")
        await caller.hears(MUSIC, seconds=0.5)
        await stage.ask("uuid_break", leg)
        stopped = await stage.story.until("PLAYBACK_STOP", Unique_ID=leg)
        assert (stopped["Answer-State"], stopped["Playback-Status"]) == ("early", "break")
        await stage.run(leg, "answer")
        await caller.event("CALL_ESTABLISHED")


async def test_silence_takes_its_time(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        _, leg = await stage.caller()
        started = stage.story.events[-1].timestamp
        done = await stage.run(leg, "playback", "silence_stream://500")
        assert (done.timestamp - started) / 1e6 == pytest.approx(0.5, abs=0.2)
        assert done["Application-Response"] == "FILE PLAYED"


# --- ringing -------------------------------------------------------------------------------------


async def test_a_phone_that_nobody_answers(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        agent = await stage.agent(answers=False)
        leg = await stage.ring(timeout=1)
        await agent.event("CALL_INCOMING")
        assert await stage.outcome(leg) == "-ERR NO_ANSWER"
        await stage.story.until_gone(leg)
        assert stage.story.named("CHANNEL_HANGUP_COMPLETE", leg)[0]["Hangup-Cause"] == "NO_ANSWER"
        await agent.event("CALL_CLOSED")


async def test_a_busy_phone(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        agent = await stage.agent(answers=False)
        leg = await stage.ring()
        await agent.event("CALL_INCOMING")
        await agent.command("hangup")
        assert await stage.outcome(leg) == "-ERR USER_BUSY"


async def test_an_agent_declines(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage, sipp.declines(tmp_path) as phone:
        leg = await stage.ring(SipUri("external", "1000", f"127.0.0.1:{phone.port}"))
        assert await stage.outcome(leg) == "-ERR CALL_REJECTED"
        await phone.done()


async def test_nobody_is_registered(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        assert await stage.outcome(await stage.ring(user("1002"))) == "-ERR USER_NOT_REGISTERED"
        assert await stage.outcome(await stage.ring(user("1999"))) == "-ERR SUBSCRIBER_ABSENT"


async def test_an_offer_is_cancelled(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        agent = await stage.agent(answers=False)
        leg = await stage.ring()
        await agent.event("CALL_INCOMING")
        await stage.ask("uuid_kill", f"{leg} ORIGINATOR_CANCEL")
        assert await stage.outcome(leg) == "-ERR ORIGINATOR_CANCEL"
        await agent.event("CALL_CLOSED")


@pytest.mark.parametrize("second_user", ["1002", "1001"], ids=["two users", "one user"])
async def test_the_first_of_two_phones_to_answer_wins(freeswitch: FreeSwitch, tmp_path: Path, second_user: str) -> None:
    if second_user == "1001":
        embedded_only(freeswitch, "multiple-registrations is off: our FreeSWITCH knows one phone of a user")
    async with scene(freeswitch, tmp_path) as stage:
        first = await stage.agent("1001", name="first", answers=False)
        second = await stage.agent(second_user, name="second", answers=False)
        job = Originate([user(each) for each in sorted({"1001", second_user})]).job()
        await stage.switch.send(job)
        await first.event("CALL_INCOMING")
        await second.event("CALL_INCOMING")
        await second.command("accept")
        answered = (await stage.story.until("CHANNEL_ANSWER"))["Unique-ID"]
        assert await stage.outcome(job.job) == f"+OK {answered}"
        await first.event("CALL_CLOSED")
        lost = {event["Unique-ID"] for event in stage.story.events if event.name == "CHANNEL_CREATE"} - {answered}
        await stage.story.until_gone(*lost)
        assert [stage.story.named("CHANNEL_HANGUP_COMPLETE", leg)[0]["Hangup-Cause"] for leg in lost] == ["LOSE_RACE"]


# --- orders from the server ----------------------------------------------------------------------


async def test_the_server_holds_a_phone(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await stage.ask("uuid_hold", talk.a)
        await stage.story.until("CHANNEL_HOLD", Unique_ID=talk.a)
        music = [MUSIC] if isinstance(freeswitch, Embedded) else []  # FreeSWITCH is told to play it, and sends nothing
        await talk.agent.hears(*music)
        await stage.ask("uuid_hold", f"off {talk.a}")
        await stage.story.until("CHANNEL_UNHOLD", Unique_ID=talk.a)
        await talk.agent.hears(CALLER_HERTZ)


async def test_the_server_transfers_a_caller(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await stage.ask("uuid_transfer", f"{talk.a} 4007007007 XML trunk")
        parked = await stage.story.until("CHANNEL_PARK", Unique_ID=talk.a)
        assert parked.variable("cti_dnis") == "4007007007"
        await stage.ask("sched_del", talk.a)
        await stage.story.until_gone(talk.b)
        await talk.agent.event("CALL_CLOSED")


async def test_a_call_ends_at_its_time(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller()
        await stage.ask("sched_hangup", f"+1 {leg} ALLOTTED_TIMEOUT")
        ended = await stage.story.until("CHANNEL_HANGUP_COMPLETE", Unique_ID=leg)
        assert ended["Hangup-Cause"] == "ALLOTTED_TIMEOUT"
        await caller.event("CALL_CLOSED")


async def test_a_broadcast_is_heard_and_broken_off(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        caller, leg = await stage.caller()
        await stage.ask("uuid_broadcast", f"{leg} tone_stream://%(10000,0,{AGENT_HERTZ}) aleg")
        await stage.story.until("PLAYBACK_START", Unique_ID=leg)
        await caller.hears(AGENT_HERTZ)
        await stage.ask("uuid_break", leg)
        assert (await stage.story.until("PLAYBACK_STOP", Unique_ID=leg))["Playback-Status"] == "break"
        await caller.hears()


async def test_both_of_a_bridge_hear_a_broadcast(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await stage.ask("uuid_broadcast", f"{talk.a} tone_stream://%(1000,0,{SUPERVISOR_HERTZ}) both")
        await talk.caller.hears(SUPERVISOR_HERTZ)
        await talk.agent.hears(SUPERVISOR_HERTZ)
        await talk.caller.hears(AGENT_HERTZ)
        await talk.agent.hears(CALLER_HERTZ)


async def test_everybody_is_hung_up(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        talk = await stage.talk()
        await stage.ask("hupall", "NORMAL_TEMPORARY_FAILURE")
        await stage.story.until_gone(talk.a, talk.b)
        for leg in (talk.a, talk.b):
            ended = stage.story.named("CHANNEL_HANGUP_COMPLETE", leg)[0]
            assert ended["Hangup-Cause"] == "NORMAL_TEMPORARY_FAILURE"
        await talk.caller.event("CALL_CLOSED")
        await talk.agent.event("CALL_CLOSED")


# --- registration --------------------------------------------------------------------------------


async def test_a_phone_signs_off_and_on_again(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        phone = await stage.agent()
        await phone.command("uadel", "sip:1001@cti.local")
        await stage.story.until("CUSTOM", Event_Subclass="sofia::unregister", from_user="1001")
        assert await stage.outcome(await stage.ring()) == "-ERR USER_NOT_REGISTERED"
        port = freeswitch.internal_port
        await phone.register("1001", AGENTS["1001"], DOMAIN, port, answers=True)
        await stage.story.until("CUSTOM", Event_Subclass="sofia::register", from_user="1001")
        await stage.answering()


async def test_a_phone_that_vanishes_expires(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    embedded_only(freeswitch, "FreeSWITCH looks for expired phones every half minute and gives them a minute more")
    async with scene(freeswitch, tmp_path) as stage:
        phone = await stage.agent(seconds=10)
        await phone.vanish()
        await stage.story.until("CUSTOM", Event_Subclass="sofia::expire", from_user="1001")
        assert await stage.outcome(await stage.ring()) == "-ERR USER_NOT_REGISTERED"


async def test_who_guesses_passwords_is_locked_out(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    embedded_only(freeswitch, "on our FreeSWITCH this is fail2ban's work")
    async with scene(freeswitch, tmp_path) as stage:
        phone = await stage.phone("guesser")
        for guess in ("a", "b", "c", "d", "e", AGENTS["1003"]):
            await phone.register("1003", guess, DOMAIN, freeswitch.internal_port)
            assert (await phone.event("REGISTER_OK", "REGISTER_FAIL"))["param"] == "403 Forbidden"
            await phone.command("uadel", "sip:1003@cti.local")


# --- afterwards ----------------------------------------------------------------------------------


async def test_a_call_leaves_nothing_behind(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with scene(freeswitch, tmp_path) as stage:
        before = freeswitch.descriptors()
        talk = await stage.talk()
        await stage.agent("1002", SUPERVISOR_HERTZ)
        ear = await stage.answering(user("1002"), application="eavesdrop", argument=talk.b)
        await stage.ask("uuid_record", f"{talk.a} start {freeswitch.recordings / 'whole.wav'}")
        await talk.agent.command("hold")
        await stage.story.until("CHANNEL_HOLD", Unique_ID=talk.b)
        await talk.caller.command("hangup")
        await stage.story.until_gone(talk.a, talk.b, ear)
        await stage.no_call()
        assert "\n0 session(s) - peak" in await stage.ask("status")
        if isinstance(freeswitch, Embedded):
            await becomes(lambda: freeswitch.descriptors() <= before)
