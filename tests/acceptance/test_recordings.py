"""Each scenario that a FreeSWITCH 1.10.12 was recorded in, played again: same events, same order per leg, same headers.

The script is the recording itself: its commands are sent again, each when the events that came before it are here.
Legs and ports are other ones, so they are translated. The phones are plain SIP user agents without sound.
"""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from cti.esl import connection
from cti.esl.commands import Api, BgApi, Command, Events, Execute, Exit
from cti.esl.errors import Disconnected
from cti.esl.events import Event
from cti.softswitch.rtp.codec import PCMA
from cti.softswitch.sip import sdp
from cti.softswitch.sip.agent import UserAgent
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.handler import Ending, Handler
from tests.acceptance.conftest import AGENTS
from tests.acceptance.embedded import Embedded
from tests.acceptance.freeswitch import DOMAIN, PASSWORD, FreeSwitch
from tests.acceptance.phones import baresip
from tests.acceptance.story import Story, signed_in
from tests.esl import transcripts

LIMIT = 30.0
"""Seconds that a scenario may take."""

ALSO_FIRED = frozenset({"CODEC", "CALL_UPDATE", "MEDIA_BUG_START", "MEDIA_BUG_STOP", "HEARTBEAT", "BACKGROUND_JOB"})
"""Not compared per leg: nobody uses them, or they belong to no leg. Jobs are compared by their bodies."""

USED = (
    "Channel-State",
    "Channel-Call-State",
    "Original-Channel-Call-State",
    "Answer-State",
    "Call-Direction",
    "Caller-Direction",
    "Caller-Caller-ID-Number",
    "Caller-Destination-Number",
    "Caller-Context",
    "Caller-Unique-ID",
    "Hangup-Cause",
    "Application",
    "Application-Data",
    "Application-Response",
    "DTMF-Digit",
    "Playback-File-Path",
    "Playback-Status",
    "Record-File-Path",
    "Other-Leg-Unique-ID",
    "Bridge-A-Unique-ID",
    "Bridge-B-Unique-ID",
    "variable_uuid",
    "variable_direction",
    "variable_cti_dnis",
    "variable_cti_call_id",
    "variable_cti_agent",
    "variable_cti_digits",
    "variable_cti_score",
    "variable_park_after_bridge",
    "variable_bridge_uuid",
    "variable_current_application",
)
"""The headers that clients use."""

OTHER_FALLBACK = frozenset(
    {"Application-Data", "Application-Response", "Hangup-Cause", "Playback-File-Path", "Playback-Status"}
)
"""Different in the extension `fallback`: ours plays words, not a tone, and hangs up with another cause."""

SCENARIOS = ["call_plain", "survey", "offers", "abandon", "race", "fallback", "supervise"]

PHONES = {"1002": 486, "1003": 603, "1001": 0, "1005": 0}
"""In `offers`: what an agent's phone answers; 0 only rings. In the other scenarios it answers 200."""


class Phones(Handler):
    """Every phone of a scenario, on one port."""

    def __init__(self, scenario: str) -> None:
        self._scenario = scenario
        self._agent = UserAgent("phones", "127.0.0.1", 0, None, self)
        self.caller: Call | None = None
        self.port = 0

    def incoming(self, call: Call) -> None:
        status = PHONES.get(call.req_uri.user or "", 200) if self._scenario == "offers" else 200
        if self._scenario == "race":
            status = 0
        call.ring()
        if status == 200 and call.remote_sdp is not None:
            agreed = sdp.agree(call.remote_sdp)
            assert agreed is not None
            call.answer(sdp.answer(call.remote_sdp, agreed, ("127.0.0.1", 40_000), session=1))
        elif status:
            call.reject(status)

    def ended(self, call: Call, ending: Ending) -> None:
        pass

    def dial(self, number: str, port: int) -> None:
        """The caller's INVITE."""
        offer = sdp.offer(("127.0.0.1", 40_002), session=1, codecs=[PCMA.name])
        self.caller = self._agent.invite(f"sip:{number}@127.0.0.1:{port}", "13800138000", "Zhang San", offer)


@asynccontextmanager
async def phones(scenario: str) -> AsyncIterator[Phones]:
    made = Phones(scenario)
    await made._agent.open()
    made.port = made._agent.local[1]
    try:
        yield made
    finally:
        made._agent.close()


class Translation:
    """From the recording to this run."""

    def __init__(self, phones: Phones, recordings: Path) -> None:
        self.caller = ("", "")
        self._phones = phones
        self._recordings = recordings

    def __call__(self, text: str) -> str:
        if self.caller[0]:
            text = text.replace(*self.caller)
        text = re.sub(r"127\.0\.0\.1:60\d\d", f"127.0.0.1:{self._phones.port}", text)
        return text.replace("/srv/voice/rec", str(self._recordings))


class Legs:
    """The events of a run or a recording, by leg."""

    def __init__(self) -> None:
        self.events: dict[str, list[Event]] = {}
        self.jobs: list[str] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.changed = asyncio.Event()

    def add(self, event: Event) -> None:
        name = event.name
        if name == "BACKGROUND_JOB":
            self.jobs.append(event.body)
            self.counts["", name] += 1
        elif event.leg and name not in ALSO_FIRED:
            self.events.setdefault(event.leg, []).append(event)
            self.counts[event.leg, name] += 1
        self.changed.set()

    def drop(self, name: str) -> None:
        """Forgets the events of this name."""
        self.events = {leg: [e for e in events if e.name != name] for leg, events in self.events.items()}

    async def wait_for(self, leg: str, name: str, count: int) -> None:
        while self.counts[leg, name] < count:
            self.changed.clear()
            await self.changed.wait()


def recorded(name: str) -> list[Event | Command]:
    """The events and commands of a recording, in order."""
    found: list[Event | Command] = []
    for part in transcripts.read(name):
        if part.sent:
            found.append(transcripts.command(part.data))
        elif b"Content-Type: text/event-plain" in part.data[:80]:
            found.append(Event(b"\n" + part.data.partition(b"\n\n")[2]))
    return found[1:]


async def play(name: str, switch: FreeSwitch) -> tuple[Legs, Legs, Translation]:
    """Plays a scenario; gives what was recorded, what came now, and how the one reads in terms of the other."""
    was, now = Legs(), Legs()
    async with phones(name) as line, await connection.connect(switch.address, PASSWORD) as esl:
        translate = Translation(line, switch.recordings)

        async def listen() -> None:
            with suppress(Disconnected):
                async for event in esl.events:
                    if isinstance(event, Event):
                        now.add(event)

        async with asyncio.timeout(LIMIT):
            listening = asyncio.create_task(listen())
            for step in recorded(name):
                if isinstance(step, Exit):
                    continue
                if isinstance(step, Event):
                    was.add(step)
                    await _reach(step, was, now, line, esl, translate, name)
                    continue
                await esl.send(_translated(step, translate))
                if isinstance(step, Events):
                    line.dial("4001234567", switch.external_port)
            await esl.close()
            await listening
    return was, now, translate


async def _reach(
    step: Event,
    was: Legs,
    now: Legs,
    line: Phones,
    esl: connection.AsyncioConnection,
    translate: Translation,
    name: str,
) -> None:
    """Until what was recorded has happened again, with what it takes from outside."""
    leg = step.leg or ""
    if leg and not translate.caller[0]:
        while not now.events:
            now.changed.clear()
            await now.changed.wait()
        translate.caller = (leg, next(iter(now.events)))
    if step.name in ALSO_FIRED and step.name != "BACKGROUND_JOB":
        return
    if name in ("abandon", "race", "offers") and step.name == "CHANNEL_HANGUP" and leg == translate.caller[0]:
        assert line.caller is not None
        line.caller.hangup()
    if step.name == "PLAYBACK_STOP" and "440);loops=2" in (step.get("Playback-File-Path") or ""):
        while now.counts[translate(leg), step.name] < was.counts[leg, step.name]:  # a file of nine seconds
            await esl.send(Api("uuid_break", [translate(leg)]))  # not heard when it comes before the first frame
            with suppress(TimeoutError):
                await asyncio.wait_for(now.wait_for(translate(leg), step.name, was.counts[leg, step.name]), 0.3)
    await now.wait_for(translate(leg), step.name, was.counts[leg, step.name])


def _translated(step: Command, translate: Translation) -> Command:
    match step:
        case Api(name, words, rest):
            return Api(name, words, translate(rest))
        case BgApi(api, job):
            return BgApi(Api(api.name, api.words, translate(api.rest)), job)
        case Execute():
            return Execute(translate(step.leg), step.application, translate(step.argument), id=step.id)
    return step


def plot(events: list[Event]) -> list[str]:
    return [f"{event.name} {event.get('Application') or ''}".strip() for event in events]


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_recorded_scenario_happens_again(freeswitch: FreeSwitch, name: str) -> None:
    was, now, translate = await play(name, freeswitch)
    if not isinstance(freeswitch, Embedded):  # its threads race for the state of a leg that is bridged anew
        was.drop("CHANNEL_STATE")
        now.drop("CHANNEL_STATE")
    assert [translate(job) for job in was.jobs] == now.jobs
    assert {translate(leg) for leg in was.events} == set(now.events)
    for leg, events in was.events.items():
        assert plot(now.events[translate(leg)]) == plot(events)
    assert differences(was, now, translate) == []


def differences(was: Legs, now: Legs, translate: Translation) -> list[str]:
    """What a header said then and does not say now."""
    found = []
    for leg, events in was.events.items():
        for before, after in zip(events, now.events[translate(leg)], strict=True):
            for header in USED:
                value = before.get(header)
                if header in OTHER_FALLBACK and after.get("Caller-Destination-Number") == "fallback":
                    continue
                if value is not None and after.get(header) != translate(value):
                    found.append(f"{before.name} {header}: {translate(value)!r}, now {after.get(header)!r}")
    return found


SAYS_OTHERWISE = ("version", "status", "show", "sofia", "create_uuid", "strftime")
"""Commands whose answers differ from one switch, hour and version to another."""


@pytest.mark.parametrize("name", ["commands", "auth_rejected"])
async def test_commands_are_answered_as_recorded(freeswitch: FreeSwitch, name: str) -> None:
    """Byte for byte, over a bare socket; what is to differ is only read."""
    parts = transcripts.read(name)
    reader, writer = await asyncio.open_connection(freeswitch.address.host, freeswitch.address.port)
    command = ""
    async with asyncio.timeout(LIMIT):
        for part in parts:
            if part.sent:
                command = part.data.decode()
                if "127.0.0.1:1 " in command:
                    command = ""  # a refused datagram: we learn of it by a time-out, FreeSWITCH by ICMP
                    continue
                writer.write(part.data)
            elif command.split(" ")[-1].startswith("1@") or (not command and b"auth/request" not in part.data):
                continue
            elif command.startswith("api ") and command.split()[1] in SAYS_OTHERWISE:
                head = await reader.readuntil(b"\n\n")
                await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
            elif command.startswith("sendevent"):
                answer = await reader.readuntil(b"\n\n")
                assert re.fullmatch(rb"Content-Type: command/reply\nReply-Text: \+OK [0-9a-f-]{36}\n\n", answer)
            else:
                assert await reader.readexactly(len(part.data)) == part.data
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


OF_PHONES = {
    "profile-name": "internal",
    "from-user": "1001",
    "from-host": DOMAIN,
    "to-user": "1001",
    "to-host": DOMAIN,
    "username": "1001",
    "realm": DOMAIN,
    "network-ip": "127.0.0.1",
}
ALSO_OF_PHONES = ("contact", "call-id", "expires", "network-port", "user-agent")


async def test_a_phone_comes_and_goes_as_recorded(freeswitch: FreeSwitch, tmp_path: Path) -> None:
    """The recording `registration`: the same events with the headers that clients use."""
    was = [step for step in recorded("registration") if isinstance(step, Event)]
    assert [event.subclass for event in was] == ["sofia::register", "sofia::unregister"]
    async with signed_in(freeswitch.address) as switch:
        story = Story(switch.events)
        async with baresip.phone(tmp_path) as phone:
            await phone.register("1001", AGENTS["1001"], DOMAIN, freeswitch.internal_port)
            came = await story.until("CUSTOM", Event_Subclass="sofia::register", from_user="1001")
        left = await story.until("CUSTOM", Event_Subclass="sofia::unregister", from_user="1001")
    assert (was[0]["status"], came["status"]) == ("Registered(UDP)", "Registered(UDP)")
    assert int(came["expires"]) > 0
    for before, after in zip(was, (came, left), strict=True):
        for header in (*OF_PHONES, *ALSO_OF_PHONES):
            if before.get(header) is not None:
                assert after[header] == OF_PHONES.get(header, after[header]), header
