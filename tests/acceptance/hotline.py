"""The whole server beside a switch: routing of the test's own, open at any hour unless a test closes it.

What flows play are tones, so that a phone can tell what it hears: TELLS is said to callers, ASKS is asked of them.
What the server says in words of its own, and music, are what a phone hears as MUSIC.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from cti import app
from cti.acd.commands import Presence
from cti.config.check import load_routing
from cti.config.settings import load_settings
from cti.engine.inputs import FromDesk
from cti.engine.repertoire import repertoire
from cti.ids import AgentId
from cti.ivr.prompts import Piece, Speech
from cti.ivr.transitions import State
from cti.records.archive import KeptCall, KeptRecording
from cti.records.entries import CallClosed, CallRecord, Entry, SegmentKind
from cti.switch.freeswitch import FreeSwitch as Verbs
from cti.switch.port import Endpoint, Number, SipUri
from cti.voice.options import Options as VoiceOptions
from cti.voice.voice import Voice
from tests.acceptance.freeswitch import FreeSwitch
from tests.acceptance.phones import sound
from tests.acceptance.phones.baresip import Phone
from tests.acceptance.phones.sound import AGENT_HERTZ, CALLER_HERTZ, SUPERVISOR_HERTZ, write_tone
from tests.acceptance.scene import HOTLINE, Scene, scene

TELLS = 440
ASKS = SUPERVISOR_HERTZ
CLOSED = "4008008009"
"""A number whose hours are never."""
RATE = 450
"""Words a minute: tests have no time."""
LIMIT = 15.0
"""Seconds to wait for what should happen."""

ROUTING: Mapping[str, str] = {
    "routing/hotlines.yaml": """
hotlines:
  服务热线: {numbers: ["4008008008"], flow: service, hours: always}
  已下班热线: {numbers: ["4008008009"], flow: closed, hours: never}
""",
    "routing/hours.yaml": """
hours:
  always: {weekly: {mon-sun: ["00:00-24:00"]}}
  never: {weekly: {mon: ["09:00-09:01"]}, exceptions: {2026-01-01..2026-12-31: closed, 2027-01-01..2027-12-31: closed}}
""",
    "routing/skills.yaml": """
skills: [repair, complaint]
groups: {service: 售后组, specialists: 专席组}
""",
    "routing/agents.yaml": """
defaults: {wrap_up: 200ms, ring: 8s}
agents:
  "1001": {name: 王芳, groups: [service], skills: {repair: 4}}
  "1002": {name: 刘洋, groups: [service], skills: {repair: 3}}
  "1003": {name: 李强, groups: [specialists], skills: {complaint: 5}}
""",
    "routing/queues.yaml": """
rules: {rest: 1s}
queues:
  service:
    name: 售后服务
    groups: [service]
    needs: {repair: 3}
    strategy: sequential
    overflow:
      - {when: waited > 1m, to: hangup}
  complaints:
    name: 投诉专席
    groups: [specialists]
    needs: {complaint: 3}
    overflow:
      - {when: waited > 1m, to: hangup}
""",
    "routing/escalation.yaml": """
escalation:
  - when: calls today >= 3
    queues: [service]
    to: queue complaints
""",
    "ivr_flows/service.yaml": """
flow: service
start: open
steps:
  open: {hours: always, open: menu, closed: closed}
  menu:
    menu: {file: asks.wav}
    keys: {1: repair, 2: complaint, 0: repair}
    wait: 1500ms
    retries: 1
    otherwise: bye
  repair: {queue: service, survey: score}
  complaint: {queue: complaints}
  closed: {play: {file: tells.wav}, then: hangup}
  bye: {play: {file: tells.wav}, then: hangup}
""",
    "ivr_flows/closed.yaml": """
flow: closed
start: open
steps:
  open: {hours: never, open: person, closed: closed}
  person: {queue: service}
  closed: {say_hours: never, then: after}
  after:
    menu: {file: asks.wav}
    keys: {1: message, 2: callback}
    wait: 1s
    retries: 0
    otherwise: bye
  message: {voicemail: service, then: bye}
  callback: {callback: service, then: bye}
  bye: {play: {file: tells.wav}, then: hangup}
""",
    "ivr_flows/score.yaml": """
flow: score
start: ask
steps:
  ask: {survey: {file: asks.wav}, keys: 1-5, wait: 1s, retries: 0, then: thanks}
  thanks: {play: {file: tells.wav}, then: hangup}
""",
}

Answer = TypeVar("Answer")


def changed(name: str, *words: str) -> dict[str, str]:
    """One of the files with some words replaced: old, new, old, new. Each old one must be there."""
    text = ROUTING[name]
    for old, new in zip(words[::2], words[1::2], strict=True):
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    return {name: text}


def write(folder: Path, changes: Mapping[str, str] | None = None) -> None:
    """The files, some of them another way."""
    for name, text in {**ROUTING, **(changes or {})}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    for name, hertz, seconds in (("tells", TELLS, 1), ("asks", ASKS, 1), ("long", ASKS, 6)):
        write_tone(folder / "ivr_flows" / f"{name}.wav", hertz, seconds)


def render_all(cache: Path, folder: Path) -> None:
    """Everything that the server says in words, so that tests need not wait for it."""
    write(folder)
    routing = load_routing(folder / "routing", folder / "ivr_flows", date.today())

    async def render() -> None:
        async with Voice(VoiceOptions(cache=cache, recordings=folder / "ivr_flows", rate=RATE)) as voice:
            assert (await voice.ready(repertoire(routing))).failures == ()

    asyncio.run(render())


@asynccontextmanager
async def hotline(
    port: int, folder: Path, prompts: Path, changes: Mapping[str, str] | None = None, database: str = ""
) -> AsyncIterator[app.Hotline]:
    """The server, attached to a switch's Event Socket; what it keeps is below `folder`."""
    write(folder, changes)
    secrets = folder / "no secrets"
    secrets.mkdir(exist_ok=True)
    variables = {
        "CTI_SECRETS_DIR": str(secrets),
        "CTI_ESL__NODES__MAIN__PORT": str(port),
        "CTI_ESL__RETRY_FIRST": "100ms",
        "CTI_SOFTSWITCH__ENABLED": "false",
        "CTI_ROUTING": str(folder / "routing"),
        "CTI_FLOWS": str(folder / "ivr_flows"),
        "CTI_VOICE__CACHE": str(prompts),
        "CTI_VOICE__RATE": str(RATE),
        "CTI_VOICE__RECORDINGS": str(folder / "ivr_flows"),
        "CTI_RECORDINGS__FOLDER": str(folder / "recordings"),
        "CTI_RECORDS__URL": database or f"sqlite+aiosqlite:///{folder / 'cti.db'}",
        "CTI_RECORDS__SPOOL": str(folder / "spool"),
    }
    failure: Exception | None = None  # raised outside of the server's task group, which would wrap it up
    async with app.hotline(load_settings(None, variables).settings) as running:
        try:
            yield running
        except Exception as error:  # noqa: BLE001
            failure = error
    if failure is not None:
        raise failure


def carrier_at(port: int) -> type[Verbs]:
    """A switch whose usual carrier is a phone at this port."""

    class WithCarrier(Verbs):
        async def ring(self, endpoint: Endpoint, *rest: object, **more: object) -> None:  # type: ignore[override]
            if isinstance(endpoint, Number):
                endpoint = SipUri(f"sip:{endpoint.number}@127.0.0.1:{port}")
            await super().ring(endpoint, *rest, **more)  # type: ignore[arg-type]

    return WithCarrier


class Service:
    """An open hotline, its phones, and what it says and writes."""

    def __init__(self, running: app.Hotline, stage: Scene, folder: Path) -> None:
        self.running = running
        self.stage = stage
        self.engine = running.runner.engine
        self.recordings = folder / "recordings"
        self.said: list[str] = []
        """What callers were told in words, in order."""
        self.written: list[Entry] = []
        self._listen_to_voice()
        self._look_at_records()

    # Phones

    async def agent(self, user: str = "1001", hertz: int = AGENT_HERTZ, *, answers: bool = True) -> Phone:
        """An agent whose phone is registered, and who is therefore available."""
        phone = await self.stage.agent(user, hertz, answers=answers)
        await self.presence(user, Presence.AVAILABLE)
        return phone

    async def dials(self, number: str = HOTLINE, *, user: str = "13800138000", name: str = "caller") -> Phone:
        """A caller outside."""
        phone = await self.stage.phone(name, CALLER_HERTZ)
        await phone.dial(number, self.stage.freeswitch.external_port, user=user)
        return phone

    async def asked(self, number: str = HOTLINE, *, user: str = "13800138000", name: str = "caller") -> Phone:
        """A caller who hears the menu."""
        phone = await self.dials(number, user=user, name=name)
        await phone.hears(ASKS)
        return phone

    async def waits(self, key: str = "1", *, user: str = "13800138000", name: str = "caller") -> Phone:
        """A caller who waits in a queue, and hears music."""
        phone = await self.asked(user=user, name=name)
        await phone.command("sndcode", key)
        return phone

    # What happens

    async def until(self, what: str, answer: Callable[[], Answer]) -> Answer:
        """Returns as soon as something is so; no event tells of what happens inside of the server."""
        try:
            async with asyncio.timeout(LIMIT):
                while not (found := answer()):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"not within {LIMIT:.0f} s: {what}\n{self.story()}") from None
        return found

    async def presence(self, user: str, presence: Presence, reason: str = "") -> None:
        """Returns when an agent's presence is that."""
        agents = self.engine.acd.floor.agents
        await self.until(
            f"{user} {presence} {reason}",
            lambda: agents[AgentId(user)].presence is presence and agents[AgentId(user)].reason == reason,
        )

    async def told(self, line: str) -> None:
        """Returns when a line of a live call's story holds this text."""
        await self.until(f"the story says {line!r}", lambda: any(line in one for one in self._lines()))

    async def talking(self) -> None:
        """Returns when a caller and somebody else hear each other."""
        calls = self.engine.calls
        await self.until("a talk", lambda: any(call.diary.is_open(SegmentKind.TALK) for call in calls.values()))

    async def listening(self) -> None:
        """Returns when a question has been played, and a key is waited for."""
        await self.until(
            "a key is waited for",
            lambda: any(
                call.interpreter is not None and call.interpreter.state is State.LISTENING
                for call in self.engine.calls.values()
            ),
        )

    def heard(self) -> str:
        """All that was said in words so far."""
        return "".join(self.said)

    def recorded_seconds(self, hertz: int) -> float:
        """For how long a voice is heard in the left channel of the one recording that is being written."""
        return sum(sound.seconds_of(sound.growing(path)[::2], hertz) for path in self.recordings.rglob("*.wav"))

    def channels(self, recording: KeptRecording) -> list[Sequence[int]]:
        """What the caller says, and what the caller hears."""
        rate, voices = sound.channels(self.recordings / recording.made.path)
        assert rate == sound.RATE
        return voices

    def registered(self, user: str) -> bool:
        """Whether the server knows of an agent's phone."""
        return self.engine.acd.floor.agents[AgentId(user)].registered

    def waiting(self) -> list[str]:
        """The numbers of callers who wait in a queue."""
        return [call.arrival.ani for call in self.engine.calls.values() if call.queueing.waits]

    def talks(self) -> dict[str, str]:
        """Callers' numbers, and the agents whom they talk to."""
        talks = {call.arrival.ani: call for call in self.engine.calls.values() if call.diary.is_open(SegmentKind.TALK)}
        return {number: call.diary.agents[-1] for number, call in talks.items() if call.diary.agents}

    async def up_again(self, times: int) -> None:
        """Returns when the link to the switch has come up so often."""
        (link,) = self.running.links.values()
        await self.until("the link is up again", lambda: link.health.connects >= times and link.connection)

    async def down(self) -> None:
        """Returns when there is no link to the switch."""
        (link,) = self.running.links.values()
        await self.until("the link is down", lambda: link.connection is None)

    def put(self, command: Any) -> None:
        """An agent or a supervisor wants something."""
        self.running.runner.put(FromDesk(command))

    # What is kept

    def closed(self) -> list[CallRecord]:
        """The records of calls that are over, in the order of their end."""
        return [entry.call for entry in self.written if isinstance(entry, CallClosed)]

    def entries(self, kind: type[Answer]) -> list[Answer]:
        """Everything of a kind that was written."""
        return [entry for entry in self.written if isinstance(entry, kind)]

    async def kept(self, number: int = 1) -> KeptCall:
        """All that the database has of the so-many-th call that is over; its record is what was handed in."""
        await self.until(f"call {number} is over", lambda: len(self.closed()) >= number)
        record = self.closed()[number - 1]
        await self.running.recorder.idle()
        await self.until("everything is written", lambda: not self.running.records.health().waiting)
        kept = await self.running.records.archive.call(record.id)
        assert kept is not None
        assert isinstance(kept.call, CallRecord)
        for one in fields(record):
            now, then = getattr(kept.call, one.name), getattr(record, one.name)
            if one.name == "legs":  # two may begin at the same time
                now, then = set(now), set(then)
            assert now == then, f"{one.name}: {now}\n{then}"
        return kept

    async def record(self, number: int = 1) -> CallRecord:
        """The record of the so-many-th call that is over, from the database."""
        call = (await self.kept(number)).call
        assert isinstance(call, CallRecord)
        return call

    # For failures

    def story(self) -> str:
        """What the calls have gone through, for the message of a failure."""
        return "\n".join([*self._lines(), f"said: {self.said}", self.stage.freeswitch.story()])

    def _lines(self) -> list[str]:
        over = [line for record in self.closed() for line in record.story]
        live = [line for call in self.engine.calls.values() for line in call.diary.story]
        return [f"{line.at:%H:%M:%S.%f} {line.text}" for line in [*over, *live]]

    # Listening

    def _listen_to_voice(self) -> None:
        voice = self.running.voice
        playlist = voice.playlist

        async def heard(pieces: list[Piece]) -> Any:
            self.said += [piece.text for piece in pieces if isinstance(piece, Speech)]
            return await playlist(pieces)

        voice.playlist = heard  # type: ignore[method-assign, assignment]

    def _look_at_records(self) -> None:
        records = self.running.records
        keep = records.write

        def kept(*entries: Entry) -> None:
            self.written += entries
            keep(*entries)

        records.write = kept  # type: ignore[method-assign]


@asynccontextmanager
async def service(
    freeswitch: FreeSwitch,
    folder: Path,
    prompts: Path,
    changes: Mapping[str, str] | None = None,
    *,
    port: int | None = None,
    database: str = "",
) -> AsyncIterator[Service]:
    """The hotline and no phone yet.

    `changes` are files that are another way, `port` is one between it and the switch, `database` another one than
    SQLite's.
    """
    (folder / "phones").mkdir()
    async with scene(freeswitch, folder / "phones") as before:
        await before.no_call()
        await before.no_phone()
    async with (
        hotline(port or freeswitch.address.port, folder, prompts, changes, database) as running,
        scene(freeswitch, folder / "phones") as stage,
    ):
        opened = Service(running, stage, folder)
        (link,) = running.links.values()
        await opened.until("the link is up", lambda: link.health.connects)
        yield opened
