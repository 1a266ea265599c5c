"""What the server can tell a switch to do, with real phones: every verb of the port, and what comes of it."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from cti.esl.dialstring import display_text
from cti.ids import CallId, LegId
from cti.ivr.prompts import Speech
from cti.switch.events import translate
from cti.switch.freeswitch import FreeSwitch as Verbs
from cti.switch.port import (
    Endpoint,
    ExecutionDone,
    Heartbeat,
    KeyPressed,
    LegAnswered,
    LegCreated,
    LegEnded,
    LegGone,
    LegParked,
    LegRinging,
    LegsBridged,
    LegsUnbridged,
    Number,
    Phone,
    RecordingChanged,
    RingFailed,
    ShownCaller,
    SipUri,
    Stage,
    Switch,
    SwitchEvent,
    SwitchFailed,
)
from cti.voice.options import Options
from cti.voice.voice import Voice
from tests.acceptance.embedded import Embedded
from tests.acceptance.freeswitch import CONFIG, FreeSwitch
from tests.acceptance.phones import sipp, sound
from tests.acceptance.phones.baresip import Phone as RealPhone
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, MUSIC, SUPERVISOR_HERTZ
from tests.acceptance.scene import HOTLINE, Scene, scene
from tests.acceptance.story import LIMIT
from tests.voice.sounds import read_wav, seconds, sine, write_wav

FILE_STRING_LEAD = 0.25
"""Seconds of silence that FreeSWITCH plays before a list of files."""

Happened = TypeVar("Happened", bound=SwitchEvent)

CALL = CallId("01J-call")
PHONE = Phone("1001")
CALLER = ShownCaller("13800138000", "张三")
LONG = str(CONFIG / "sounds" / "fallback.wav")
"""Nine seconds."""
HOSTILE = "evil%0AX: 1,execute_on_answer=hangup}[a=b]'^^;c=d|${uuid}~\n\r\x00\\"


def fresh() -> str:
    """An id for an execution or a leg."""
    return str(uuid.uuid4())


class Desk:
    """The server's place in one test: what it tells the switch, and what it hears in the words of the port."""

    def __init__(self, stage: Scene) -> None:
        self.stage = stage
        self.tell: Switch = Verbs(stage.switch)
        self.heard: list[SwitchEvent] = []

    async def until(self, kind: type[Happened], **fields: object) -> Happened:
        """Reads on to the next event of this kind and with these values."""
        try:
            async with asyncio.timeout(LIMIT):
                while True:
                    event = translate(await self.stage.story.next())
                    if event is None:
                        continue
                    self.heard.append(event)
                    if type(event) is kind and all(getattr(event, key) == value for key, value in fields.items()):
                        return event
        except TimeoutError:
            raise AssertionError(f"no {kind.__name__} {fields}; heard: {self.heard}") from None

    async def end_of(self, leg: LegId) -> LegEnded:
        """How a leg ended, or ends."""
        ended = [event for event in self.heard if isinstance(event, LegEnded) and event.leg == leg]
        return ended[0] if ended else await self.until(LegEnded, leg=leg)

    async def parked_again(self, leg: LegId) -> None:
        """Returns when a leg has been parked after its bridge."""
        since = [index for index, event in enumerate(self.heard) if isinstance(event, LegsBridged)][-1]
        if not any(isinstance(event, LegParked) and event.leg == leg for event in self.heard[since:]):
            await self.until(LegParked, leg=leg)

    async def goes_on(self, execution: str, beats: int) -> None:
        """Returns when something has been played for some more seconds."""
        for _ in range(beats):
            await self.until(Heartbeat)
        assert execution not in [event.execution for event in self.heard if isinstance(event, ExecutionDone)]

    async def caller(self, *, answered: bool = True) -> tuple[RealPhone, LegId]:
        """A phone outside that has dialled, and its leg, claimed."""
        phone = await self.stage.phone("caller", CALLER_HERTZ)
        await phone.dial(HOTLINE, self.stage.freeswitch.external_port)
        leg = (await self.until(LegParked)).leg
        assert await self.tell.claim(leg)
        if answered:
            await self.tell.answer(leg)
            await self.until(LegAnswered, leg=leg)
            await phone.event("CALL_ESTABLISHED")
        return phone, leg

    async def ring(self, endpoint: Endpoint = PHONE, *, shown: ShownCaller = CALLER, limit: int = 10) -> LegId:
        """Begins to ring somebody."""
        leg = LegId(fresh())
        await self.tell.ring(endpoint, leg, CALL, shown, limit, {"agent": "1001"})
        return leg

    async def talk(self) -> "Talk":
        """A caller who is bridged to agent 1001, and they hear each other."""
        agent = await self.stage.agent()
        caller, a = await self.caller()
        b = await self.ring()
        await self.until(LegParked, leg=b)
        await self.tell.bridge(a, b)
        await self.until(LegsBridged, leg=a, other=b)
        await caller.hears(AGENT_HERTZ)
        await agent.hears(CALLER_HERTZ)
        return Talk(caller, agent, a, b)

    async def played(self, execution: str) -> float:
        """Waits until something has been played; for how many seconds it was."""
        done = await self.until(ExecutionDone, execution=execution)
        assert done.failure == ""
        events = [event for event in self.stage.story.of(done.leg) if "PLAYBACK" in event.name]
        start, stop = events[-2:]
        assert (start.name, stop.name) == ("PLAYBACK_START", "PLAYBACK_STOP")
        lead = stop["Playback-File-Path"].startswith("file_string") and not isinstance(self.stage.freeswitch, Embedded)
        return (stop.timestamp - start.timestamp) / 1e6 - (FILE_STRING_LEAD if lead else 0)


@dataclass(frozen=True)
class Talk:
    """Two who hear each other, and their legs."""

    caller: RealPhone
    agent: RealPhone
    a: LegId
    b: LegId


@asynccontextmanager
async def desk(freeswitch: FreeSwitch, folder: Path) -> AsyncIterator[Desk]:
    """A switch, no phone yet, and somebody who tells it what to do."""
    async with scene(freeswitch, folder) as stage:
        yield Desk(stage)


def tone(folder: Path, hertz: int, length: float) -> str:
    """A file of so many seconds."""
    return str(write_wav(folder / f"{hertz}-{length}.wav", sine(hertz, 8000, length), 8000))


# --- a call is taken ------------------------------------------------------------------------------


async def test_a_call_is_claimed_once(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller(answered=False)
        assert not await it.tell.claim(leg)


async def test_a_call_that_is_answered_may_be_answered_again(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        await it.tell.answer(leg)


async def test_a_call_is_answered_while_something_plays(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller(answered=False)
        playing = fresh()
        await it.tell.play(leg, [tone(tmp_path, SUPERVISOR_HERTZ, 2)], playing)
        await caller.event("CALL_PROGRESS")
        await caller.hears(SUPERVISOR_HERTZ)
        await it.tell.answer(leg)
        await caller.event("CALL_ESTABLISHED")
        assert await it.played(playing) == pytest.approx(2, abs=0.2)


# --- what the caller hears ------------------------------------------------------------------------


async def test_files_are_played_one_after_the_other_and_keys_do_not_stop_them(
    freeswitch: FreeSwitch, tmp_path: Path
) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        playing = fresh()
        await it.tell.play(leg, [tone(tmp_path, SUPERVISOR_HERTZ, 1.5), tone(tmp_path, AGENT_HERTZ, 1.5)], playing)
        await caller.hears(SUPERVISOR_HERTZ)
        await caller.command("sndcode", "1*#")
        for key in "1*#":
            await it.until(KeyPressed, leg=leg, key=key)
        await caller.hears(AGENT_HERTZ)
        assert await it.played(playing) == pytest.approx(3, abs=0.1)


async def test_a_prompt_of_the_voice_has_its_length(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with Voice(Options(cache=tmp_path, recordings=tmp_path, replacements=tmp_path / "none")) as voice:
        playlist = await voice.playlist([Speech("您好，请问", "zh-CN"), Speech("Thank you.", "en")])
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        playing = fresh()
        await it.tell.play(leg, [str(file) for file in playlist.files], playing)
        await caller.hears(MUSIC)
        length = sum(seconds(read_wav(file)) for file in playlist.files)
        assert len(playlist.files) == 2
        assert await it.played(playing) == pytest.approx(length, abs=0.1)


async def test_what_is_told_later_is_played_later(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        first, second = fresh(), fresh()
        await it.tell.play(leg, [tone(tmp_path, SUPERVISOR_HERTZ, 0.8)], first)
        await it.tell.play(leg, [tone(tmp_path, AGENT_HERTZ, 0.4)], second)
        assert await it.played(first) == pytest.approx(0.8, abs=0.1)
        assert await it.played(second) == pytest.approx(0.4, abs=0.1)


async def test_to_stop_ends_what_plays_and_forgets_what_waits(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        first, forgotten, last = fresh(), fresh(), fresh()
        await it.tell.play(leg, [LONG], first)
        await it.tell.play(leg, [LONG], forgotten)
        await caller.hears(MUSIC)
        await it.tell.stop(leg)
        assert await it.played(first) < 3
        await caller.hears()
        await it.tell.play(leg, [tone(tmp_path, SUPERVISOR_HERTZ, 0.4)], last)
        assert await it.played(last) == pytest.approx(0.4, abs=0.1)
        assert [each.execution for each in it.heard if isinstance(each, ExecutionDone) and each.execution][-2:] == [
            first,
            last,
        ]


async def test_to_stop_nothing_ends_nothing_later(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        playing = fresh()
        await asyncio.gather(
            it.tell.stop(leg), it.tell.stop(leg), it.tell.play(leg, [tone(tmp_path, AGENT_HERTZ, 0.5)], playing)
        )
        assert await it.played(playing) == pytest.approx(0.5, abs=0.1)


async def test_keys_are_heard_during_music(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        await it.tell.music(leg, "moh", fresh())
        await caller.hears(MUSIC)
        await caller.command("sndcode", "*5")
        await it.until(KeyPressed, leg=leg, key="*")
        await it.until(KeyPressed, leg=leg, key="5")
        await caller.hears(MUSIC, seconds=0.6)


async def test_an_announcement_between_music_is_told_at_once(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        before, announcement, after = fresh(), fresh(), fresh()
        await it.tell.music(leg, "moh", before)
        await caller.hears(MUSIC)
        await asyncio.gather(
            it.tell.stop(leg),
            it.tell.play(leg, [tone(tmp_path, SUPERVISOR_HERTZ, 1)], announcement),
            it.tell.music(leg, "moh", after),
        )
        await it.played(before)
        await caller.hears(SUPERVISOR_HERTZ)
        assert await it.played(announcement) == pytest.approx(1, abs=0.1)
        await caller.hears(MUSIC, seconds=0.5)


async def test_a_file_that_has_vanished_is_told_and_passed_over(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        gone, there = str(tmp_path / "gone.wav"), tone(tmp_path, AGENT_HERTZ, 0.5)
        for files in ([gone], [gone, gone]):
            execution = fresh()
            await it.tell.play(leg, files, execution)
            assert (await it.until(ExecutionDone, execution=execution)).failure == "FILE NOT FOUND"
        for files in ([gone, there], [there, gone]):
            execution = fresh()
            await it.tell.play(leg, files, execution)
            assert await it.played(execution) == pytest.approx(0.5, abs=0.1 + FILE_STRING_LEAD)


async def test_music_that_is_not_there_is_told(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        execution = fresh()
        await it.tell.music(leg, "nosuch", execution)
        assert (await it.until(ExecutionDone, execution=execution)).failure == "FILE NOT FOUND"


@pytest.mark.parametrize("file", ["a!b.wav", "/a'b.wav", "{rate=8000}/a.wav", "/a@@80.wav", "/${uuid}.wav", "/a\nb"])
async def test_a_file_whose_name_means_more_is_not_played(freeswitch: FreeSwitch, tmp_path: Path, file: str) -> None:
    async with desk(freeswitch, tmp_path) as it:
        with pytest.raises(SwitchFailed):
            await it.tell.play(LegId(fresh()), [file], fresh())


# --- somebody is rung -----------------------------------------------------------------------------


async def test_a_phone_that_is_answered_is_parked(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        await it.stage.agent()
        leg = await it.ring()
        created = await it.until(LegCreated, leg=leg)
        assert (created.inbound, created.call) == (False, CALL)
        await it.until(LegAnswered, leg=leg, call=CALL)
        await it.until(LegParked, leg=leg, call=CALL)


async def test_a_phone_that_rings_shows_the_caller(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        agent = await it.stage.agent(answers=False)
        leg = await it.ring()
        incoming = await agent.event("CALL_INCOMING")
        assert "sip:13800138000@" in incoming["peeruri"]
        assert incoming["peerdisplayname"] == "张三"
        await it.until(LegRinging, leg=leg)


@pytest.mark.parametrize("number", ["anonymous", "", HOSTILE, "1" * 200, "张三"])
async def test_a_caller_without_a_number_is_anonymous(freeswitch: FreeSwitch, tmp_path: Path, number: str) -> None:
    async with desk(freeswitch, tmp_path) as it:
        agent = await it.stage.agent(answers=False)
        await it.ring(shown=ShownCaller(number))
        assert "sip:anonymous@" in (await agent.event("CALL_INCOMING"))["peeruri"]


async def test_a_hostile_caller_is_only_a_strange_name(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        agent = await it.stage.agent(answers=False)
        leg = LegId(fresh())
        await it.tell.ring(Phone("1001"), leg, CALL, ShownCaller(HOSTILE, HOSTILE), 10, {"name": HOSTILE})
        assert (await agent.event("CALL_INCOMING"))["peerdisplayname"] == display_text(HOSTILE)
        await agent.command("accept")
        await it.until(LegParked, leg=leg)
        await it.tell.set_variables(leg, {"again": HOSTILE, "empty": ""})
        (state,) = await it.tell.legs([leg])
        assert state.variables == {
            "call_id": CALL,
            "dnis": "1001",
            "name": HOSTILE,
            "again": HOSTILE,
        }


async def failed(it: Desk, leg: LegId) -> RingFailed:
    """How ringing a leg came to nothing."""
    return await it.until(RingFailed, leg=leg)


async def test_nobody_answers(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        agent = await it.stage.agent(answers=False)
        leg = await it.ring(limit=1)
        told = await failed(it, leg)
        assert (told.cause, told.unreachable) == ("NO_ANSWER", False)
        assert (await it.end_of(leg)).cause == "NO_ANSWER"
        await agent.event("CALL_CLOSED")


async def test_a_phone_is_busy(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        agent = await it.stage.agent(answers=False)
        leg = await it.ring()
        await agent.event("CALL_INCOMING")
        await agent.command("hangup")
        assert (await failed(it, leg)).cause == "USER_BUSY"


async def test_an_agent_declines(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it, sipp.declines(tmp_path) as phone:
        leg = await it.ring(SipUri(f"sip:1000@127.0.0.1:{phone.port}"))
        assert (await failed(it, leg)).cause == "CALL_REJECTED"
        await phone.done()


async def test_a_ring_is_taken_back(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        agent = await it.stage.agent(answers=False)
        leg = await it.ring()
        await agent.event("CALL_INCOMING")
        await it.tell.hang_up(leg, "LOSE_RACE")
        assert (await failed(it, leg)).cause == "LOSE_RACE"
        assert (await it.end_of(leg)).cause == "LOSE_RACE"
        await agent.event("CALL_CLOSED")


@pytest.mark.parametrize("user", ["1002", "1999"], ids=["not registered", "not known"])
async def test_a_phone_that_is_not_there_is_unreachable(freeswitch: FreeSwitch, tmp_path: Path, user: str) -> None:
    async with desk(freeswitch, tmp_path) as it:
        leg = await it.ring(Phone(user))
        assert (await failed(it, leg)).unreachable
        assert not [event for event in it.heard if isinstance(event, LegCreated)]


@pytest.mark.parametrize(
    "endpoint",
    [
        Phone("1001,user/1002"),
        Phone(""),
        SipUri("tel:1001"),
        SipUri("sip:1001@127.0.0.1;transport=tcp"),
        SipUri("sip:a,b@127.0.0.1"),
        Number("10086"),
        Number("+86 10086", "carrier"),
    ],
    ids=str,
)
async def test_what_cannot_be_rung_is_refused(freeswitch: FreeSwitch, tmp_path: Path, endpoint: Endpoint) -> None:
    async with desk(freeswitch, tmp_path) as it:
        with pytest.raises(SwitchFailed):
            await it.ring(endpoint)


# --- they talk ------------------------------------------------------------------------------------


async def test_a_bridge_ends_the_music_and_what_was_to_be_played(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        agent = await it.stage.agent()
        caller, a = await it.caller()
        music, waiting = fresh(), fresh()
        await it.tell.music(a, "moh", music)
        await it.tell.play(a, [LONG], waiting)
        await caller.hears(MUSIC)
        b = await it.ring()
        await it.until(LegParked, leg=b)
        await it.tell.play(b, [LONG], fresh())
        await it.tell.bridge(a, b)
        await it.until(LegsBridged, leg=a, other=b)
        await caller.hears(AGENT_HERTZ, seconds=0.8)
        await agent.hears(CALLER_HERTZ, seconds=0.8)
        assert waiting not in [event.execution for event in it.heard if isinstance(event, ExecutionDone)]


async def test_when_the_agent_hangs_up_the_caller_is_parked(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        talk = await it.talk()
        await talk.agent.command("hangup")
        await it.until(LegsUnbridged, leg=talk.a)
        await it.until(LegParked, leg=talk.a)
        survey = fresh()
        await it.tell.play(talk.a, [tone(tmp_path, SUPERVISOR_HERTZ, 1)], survey)
        await talk.caller.hears(SUPERVISOR_HERTZ)
        await talk.caller.command("sndcode", "5")
        await it.until(KeyPressed, leg=talk.a, key="5")
        assert await it.played(survey) == pytest.approx(1, abs=0.1)


async def test_when_the_caller_hangs_up_the_agents_leg_goes_along(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        talk = await it.talk()
        await talk.caller.command("hangup")
        await it.until(LegEnded, leg=talk.a)
        await talk.agent.event("CALL_CLOSED")
        await it.stage.no_call()


async def test_a_caller_goes_from_one_agent_to_the_next(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        talk = await it.talk()
        await it.tell.hang_up(talk.b)
        await it.until(LegParked, leg=talk.a)
        await it.tell.music(talk.a, "moh", fresh())
        second = await it.stage.agent("1002", SUPERVISOR_HERTZ)
        c = await it.ring(Phone("1002"))
        await it.until(LegParked, leg=c)
        await it.tell.bridge(talk.a, c)
        await talk.caller.hears(SUPERVISOR_HERTZ)
        await second.hears(CALLER_HERTZ)
        await second.command("hangup")
        await it.until(LegParked, leg=talk.a)


async def test_a_caller_hears_music_on_hold_and_nobody_hears_them(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        talk = await it.talk()
        await it.tell.hold(talk.a, True)
        await talk.caller.hears(MUSIC, seconds=0.5)
        await talk.agent.hears(seconds=0.5)
        await it.tell.hold(talk.a, False)
        await talk.caller.hears(AGENT_HERTZ)
        await talk.agent.hears(CALLER_HERTZ)


async def test_a_caller_whose_agent_hangs_up_during_hold_is_parked_when_taken_back(
    freeswitch: FreeSwitch, tmp_path: Path
) -> None:
    async with desk(freeswitch, tmp_path) as it:
        talk = await it.talk()
        await it.tell.hold(talk.a, True)
        await talk.caller.hears(MUSIC)
        await talk.agent.command("hangup")
        await it.end_of(talk.b)
        await it.tell.hold(talk.a, False)
        await it.parked_again(talk.a)
        await it.tell.play(talk.a, [tone(tmp_path, SUPERVISOR_HERTZ, 1)], fresh())
        await talk.caller.hears(SUPERVISOR_HERTZ)


async def test_a_leg_is_hung_up_while_it_hears_something(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        await it.tell.music(leg, "moh", fresh())
        await caller.hears(MUSIC)
        await it.tell.hang_up(leg, "NORMAL_TEMPORARY_FAILURE")
        assert (await it.until(LegEnded, leg=leg)).cause == "NORMAL_TEMPORARY_FAILURE"
        await caller.event("CALL_CLOSED")


# --- what is kept of it ---------------------------------------------------------------------------


async def test_a_recording_has_the_caller_left_and_what_they_hear_right(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    path = freeswitch.recordings / "both.wav"
    async with desk(freeswitch, tmp_path) as it:
        talk = await it.talk()
        await it.tell.record(talk.a, str(path))
        await it.until(RecordingChanged, leg=talk.a, path=str(path), started=True)
        begun = time.monotonic()
        await talk.caller.hears(AGENT_HERTZ, seconds=1)
        await it.tell.mask(talk.a, str(path), True)
        masked = -time.monotonic()
        await talk.caller.hears(AGENT_HERTZ, seconds=1)
        await it.tell.mask(talk.a, str(path), False)
        masked += time.monotonic()
        await talk.caller.hears(AGENT_HERTZ, seconds=1)
        talked = time.monotonic() - begun - masked
        await talk.agent.command("hangup")
        await it.until(LegParked, leg=talk.a)
        await it.tell.play(talk.a, [tone(tmp_path, SUPERVISOR_HERTZ, 1)], playing := fresh())
        await it.played(playing)
        await it.tell.stop_record(talk.a, str(path))
        await it.until(RecordingChanged, leg=talk.a, path=str(path), started=False)
        await it.tell.stop_record(talk.a, str(path))
    rate, (left, right) = sound.channels(path)
    assert rate == 8000
    assert masked > 0.9
    assert sound.seconds_of(left, CALLER_HERTZ) == pytest.approx(len(left) / rate - masked, abs=0.5)
    assert sound.seconds_of(right, AGENT_HERTZ) == pytest.approx(talked, abs=0.5)
    assert sound.seconds_of(right, SUPERVISOR_HERTZ) == pytest.approx(1, abs=0.2)
    assert sound.seconds_of(left, AGENT_HERTZ) == sound.seconds_of(right, CALLER_HERTZ) == 0


async def test_a_recording_that_cannot_be_written_is_refused_or_told(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        with pytest.raises(SwitchFailed):
            await it.tell.record(leg, "/proc/nowhere/a.wav")
        with pytest.raises(SwitchFailed):
            await it.tell.mask(leg, "/proc/nowhere/a.wav", True)
        with pytest.raises(SwitchFailed):
            await it.tell.record(leg, "/tmp/two words.wav")


# --- when nobody cares any more -------------------------------------------------------------------


async def test_who_is_not_guarded_anew_hears_the_fallback(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        music = fresh()
        await it.tell.music(leg, "moh", music)
        await it.tell.guard(leg, 1)
        await it.until(ExecutionDone, execution=music)
        await it.stage.story.until("PLAYBACK_START", Unique_ID=leg, Playback_File_Path=freeswitch.fallback)
        assert not await it.tell.claim(leg)
        await it.tell.stop(leg)
        assert (await it.until(LegEnded, leg=leg)).cause == "NORMAL_TEMPORARY_FAILURE"


async def test_to_guard_anew_replaces_the_guard(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        await it.tell.music(leg, "moh", music := fresh())
        for _ in range(3):
            await it.tell.guard(leg, 2)
            await it.goes_on(music, 1)
        await it.tell.guard(leg, 60)
        await it.goes_on(music, 4)
        assert await it.tell.claim(leg)
        assert not await it.tell.claim(leg)


async def test_who_is_let_go_is_guarded_no_more(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        await it.tell.music(leg, "moh", music := fresh())
        await it.tell.guard(leg, 1)
        await it.tell.unguard(leg)
        await it.goes_on(music, 3)


async def test_somebody_who_was_rung_can_be_guarded(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        await it.stage.agent()
        leg = await it.ring()
        await it.until(LegParked, leg=leg)
        await it.tell.guard(leg, 1)
        await it.stage.story.until("PLAYBACK_START", Unique_ID=leg, Playback_File_Path=freeswitch.fallback)


# --- how things are -------------------------------------------------------------------------------


async def test_every_leg_is_told_as_it_is(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, a = await it.caller(answered=False)
        legs = [a]

        async def now() -> dict[LegId, tuple[Stage, bool, LegId | None]]:
            return {leg.leg: (leg.stage, leg.answered, leg.other) for leg in await it.tell.legs(legs)}

        assert await now() == {a: (Stage.PARKED, False, None)}
        await it.tell.answer(a)
        answered = await it.until(LegAnswered, leg=a)
        await it.tell.set_variables(a, {"call_id": CALL, "queue": "售后"})
        await it.tell.music(a, "moh", fresh())
        await caller.hears(MUSIC)
        (state,) = await it.tell.legs(legs)
        created = next(event for event in it.heard if isinstance(event, LegCreated))
        assert (state.stage, state.inbound, state.by_agent, state.call) == (Stage.PARKED, True, False, CALL)
        assert (state.ani, state.dnis) == ("13800138000", HOTLINE)
        assert state.variables == {"call_id": CALL, "dnis": HOTLINE, "queue": "售后"}
        assert state.created_at == pytest.approx(created.at, abs=50_000)
        assert state.answered_at == pytest.approx(answered.at, abs=50_000)

        agent = await it.stage.agent(answers=False)
        b = await it.ring()
        legs.append(b)
        await it.until(LegRinging, leg=b)
        assert await now() == {a: (Stage.PARKED, True, None), b: (Stage.RINGING, False, None)}
        await agent.command("accept")
        await it.until(LegParked, leg=b)
        assert await now() == {a: (Stage.PARKED, True, None), b: (Stage.PARKED, True, None)}
        await it.tell.bridge(a, b)
        await it.until(LegsBridged)
        await caller.hears(AGENT_HERTZ)
        bridged = {a: (Stage.BRIDGED, True, b), b: (Stage.BRIDGED, True, a)}
        assert await now() == bridged
        await it.tell.hold(a, True)
        await caller.hears(MUSIC)
        assert await now() == bridged
        await agent.command("hangup")
        await it.end_of(b)
        await it.tell.hold(a, False)
        await it.parked_again(a)
        assert await now() == {a: (Stage.PARKED, True, None)}
        await it.tell.guard(a, 1)
        await it.stage.story.until("PLAYBACK_START", Unique_ID=a, Playback_File_Path=freeswitch.fallback)
        assert await now() == {a: (Stage.OTHER, True, None)}
        await it.tell.hang_up(a)
        await it.until(LegEnded, leg=a)
        await it.stage.no_call()
        assert await now() == {}


async def test_legs_are_found_that_nobody_knew_of(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        _, leg = await it.caller()
        async with asyncio.timeout(5):
            while [state.leg for state in await it.tell.legs()] != [leg]:  # noqa: ASYNC110 (FreeSWITCH lists it later)
                await asyncio.sleep(0.02)


async def test_phones_that_are_registered_are_told(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        await it.stage.agent("1001")
        phone = await it.stage.agent("1002")

        async def are(*users: str) -> None:
            async with asyncio.timeout(5):
                while await it.tell.registrations() != set(users):  # noqa: ASYNC110 (FreeSWITCH writes them later)
                    await asyncio.sleep(0.02)

        await are("1001", "1002")
        await phone.command("uadel", "sip:1002@cti.local")
        await are("1001")


async def test_the_switch_has_our_clock(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        clock = await it.tell.clock()
        assert abs(clock.offset) < 0.05  # one machine; FreeSWITCH follows the system's clock at some distance
        assert 0 < clock.error < 0.05


async def test_a_leg_that_is_gone_is_known_as_gone(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        other = LegId(fresh())
        await caller.command("hangup")
        await it.until(LegEnded, leg=leg)
        await it.stage.no_call()
        verbs: list[Callable[[], Awaitable[object]]] = [
            lambda: it.tell.claim(leg),
            lambda: it.tell.guard(leg, 5),
            lambda: it.tell.answer(leg),
            lambda: it.tell.play(leg, [LONG], fresh()),
            lambda: it.tell.music(leg, "moh", fresh()),
            lambda: it.tell.stop(leg),
            lambda: it.tell.bridge(leg, other),
            lambda: it.tell.record(leg, str(freeswitch.recordings / "none.wav")),
            lambda: it.tell.stop_record(leg, str(freeswitch.recordings / "none.wav")),
            lambda: it.tell.hold(leg, True),
            lambda: it.tell.hold(leg, False),
            lambda: it.tell.set_variables(leg, {"queue": "service"}),
        ]
        for verb in verbs:
            with pytest.raises(LegGone) as raised:
                await verb()
            assert raised.value.leg == leg
        await it.tell.unguard(leg)
        await it.tell.hang_up(leg)
        assert await it.tell.legs() == []


async def test_a_bridge_to_somebody_who_is_gone_leaves_the_caller(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    async with desk(freeswitch, tmp_path) as it:
        caller, leg = await it.caller()
        await it.tell.music(leg, "moh", fresh())
        other = LegId(fresh())
        with pytest.raises(LegGone) as raised:
            await it.tell.bridge(leg, other)
        assert raised.value.leg == other
        await it.tell.music(leg, "moh", fresh())
        await caller.hears(MUSIC)
