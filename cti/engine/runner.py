"""The engine on an event loop: an inbox, one task that empties it, and hands that work in tasks of their own."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

import aiohttp
import structlog

from cti.config.routing import Routing
from cti.engine import inputs as in_
from cti.engine.engine import Engine
from cti.engine.hands import Leg
from cti.engine.moment import Moment
from cti.errors import CtiError
from cti.ids import CallId, LegId, NodeName
from cti.ivr.actions import RequestHttp
from cti.ivr.prompts import Piece
from cti.records.entries import Entry, RecordingMade, VoicemailLeft
from cti.records.recordings.tags import Tags
from cti.records.store import Earlier
from cti.switch.port import Endpoint, ExecutionDone, ShownCaller, Switch, SwitchError

_Result = TypeVar("_Result")

LOOK_EVERY: Final = 5.0
"""Seconds between looks at each switch: what events did not tell is healed then."""


class Playlist(Protocol):
    """What is played for some pieces."""

    @property
    def files(self) -> tuple[Path, ...]: ...


class Speaker(Protocol):
    """Turns pieces into files."""

    async def playlist(self, pieces: Sequence[Piece]) -> Playlist: ...


class Recorder(Protocol):
    """Knows where recordings lie, and finishes them."""

    async def begin(self, tags: Tags, zone: ZoneInfo) -> Path | None: ...
    def note(self, path: Path, tags: Tags) -> None: ...
    def finish(self, path: Path, tags: Tags) -> None: ...


class Book(Protocol):
    """The records."""

    def write(self, *entries: Entry) -> None: ...
    async def arrived(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> Earlier: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What the engine works with."""

    switches: Mapping[NodeName, Switch]
    speaker: Speaker
    recorder: Recorder
    book: Book
    beep: str
    """The file of the tone before messages."""


class Runner:
    """Runs the engine until cancelled. `put` may be called from the loop's thread at any time."""

    def __init__(self, routing: Routing, parts: Parts, *, sign_in_by_phone: bool = True) -> None:
        self._inbox: asyncio.Queue[in_.Input] = asyncio.Queue()
        self._parts = parts
        self._hands = _AsyncHands(parts, self.put)
        self._log = structlog.get_logger()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at: float | None = None
        self.engine = Engine(routing, self._hands, _now(), sign_in_by_phone=sign_in_by_phone)

    def put(self, event: in_.Input) -> None:
        """Something has happened."""
        self._inbox.put_nowait(event)

    def legs_on(self, node: NodeName) -> list[LegId]:
        """The legs of a switch that we know of."""
        return [leg for leg, call in self.engine.legs.items() if call.leg.node == node]

    def recorded(self, made: RecordingMade) -> None:
        """The recorder has finished a recording."""
        self._hands.recorded(made)

    async def run(self) -> None:
        """Handles what comes, one after the other."""
        async with asyncio.TaskGroup() as tasks, aiohttp.ClientSession() as web:
            self._hands.work_in(tasks, web)
            tasks.create_task(self._look_around(), name="look around")
            try:
                while True:
                    self._handle(await self._inbox.get())
            finally:
                if self._timer is not None:
                    self._timer.cancel()
                self.engine.stop()

    def _handle(self, event: in_.Input) -> None:
        try:
            self.engine.handle(event, _now())
        except Exception:  # noqa: BLE001 (a mistake of ours in one call must not end the others)
            self._log.exception("a mistake of ours", input=type(event).__name__, detail=repr(event)[:500])
        self._set_timer()

    def _set_timer(self) -> None:
        due = self.engine.due()
        if due == self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timer_at = due
        if due is not None:
            self._timer = asyncio.get_running_loop().call_at(due, self._tick)

    def _tick(self) -> None:
        self._timer = self._timer_at = None
        self.put(in_.Tick())

    async def _look_around(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            for node, switch in self._parts.switches.items():
                began = asyncio.get_running_loop().time()
                try:
                    legs, registered = await asyncio.gather(switch.legs(self.legs_on(node)), switch.registrations())
                except SwitchError:
                    continue  # it is away; SwitchDown has told
                self.put(in_.Looked(node, legs, frozenset(registered), began))


def _now() -> Moment:
    return Moment(asyncio.get_running_loop().time(), datetime.now(UTC))


class _AsyncHands:
    """`Hands`, each verb a task. A switch writes a verb before it first waits, so tasks keep their order."""

    def __init__(self, parts: Parts, put: Any) -> None:
        self._parts = parts
        self._put = put
        self._tasks: asyncio.TaskGroup | None = None
        self._web: aiohttp.ClientSession | None = None
        self._speaking: dict[LegId, str] = {}
        """What is being rendered for a leg, by its execution: stopping forgets it."""
        self._recordings: dict[str, asyncio.Task[Path | None]] = {}
        self._mailboxes: dict[str, str] = {}

    def work_in(self, tasks: asyncio.TaskGroup, web: aiohttp.ClientSession) -> None:
        """From now on."""
        self._tasks, self._web = tasks, web

    def _start(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        if self._tasks is not None:
            self._tasks.create_task(self._safely(coroutine, name), name=name)
        else:
            coroutine.close()

    async def _safely(self, coroutine: Coroutine[Any, Any, _Result], name: str) -> _Result | None:
        try:
            return await coroutine
        except Exception:  # noqa: BLE001 (a mistake of ours in one call must not end the others)
            structlog.get_logger().exception("a mistake of ours", doing=name)
            return None

    def _tell(self, leg: Leg, verb: str, doing: Coroutine[Any, Any, Any]) -> None:
        self._start(self._told(leg, verb, doing), verb)

    async def _told(self, leg: Leg, verb: str, doing: Awaitable[Any]) -> None:
        try:
            await doing
        except CtiError as error:
            self._put(in_.VerbFailed(leg.id, verb, error))

    def _switch(self, leg: Leg) -> Switch:
        return self._parts.switches[leg.node]

    # The switch

    def new_id(self) -> str:
        return str(uuid.uuid4())

    def claim(self, leg: Leg, call: CallId) -> None:
        self._tell(leg, "claim", self._claim(leg, call))

    async def _claim(self, leg: Leg, call: CallId) -> None:
        self._put(in_.Claimed(call, await self._switch(leg).claim(leg.id)))

    def guard(self, leg: Leg, seconds: int) -> None:
        self._tell(leg, "guard", self._switch(leg).guard(leg.id, seconds))

    def unguard(self, leg: Leg) -> None:
        self._tell(leg, "unguard", self._switch(leg).unguard(leg.id))

    def answer(self, leg: Leg) -> None:
        self._tell(leg, "answer", self._switch(leg).answer(leg.id))

    def speak(self, leg: Leg, pieces: Sequence[Piece], execution: str) -> None:
        self._speaking[leg.id] = execution
        self._tell(leg, "speak", self._speak(leg, pieces, execution))

    async def _speak(self, leg: Leg, pieces: Sequence[Piece], execution: str) -> None:
        files = await self._files(pieces)
        if self._speaking.get(leg.id) != execution:
            return  # stopped, or something else is to be said
        del self._speaking[leg.id]
        if files:
            await self._switch(leg).play(leg.id, files, execution)
        else:
            done = ExecutionDone(0, leg.id, CallId(""), "playback", execution, "there was nothing to play")
            self._put(in_.FromSwitch(leg.node, done))

    async def _files(self, pieces: Sequence[Piece]) -> list[str]:
        if len(pieces) == 1 and getattr(pieces[0], "path", "") == ":beep":
            return [self._parts.beep]
        return [str(path) for path in (await self._parts.speaker.playlist(pieces)).files]

    def music(self, leg: Leg, stream: str, execution: str) -> None:
        self._tell(leg, "music", self._switch(leg).music(leg.id, stream, execution))

    def stop(self, leg: Leg) -> None:
        self._speaking.pop(leg.id, None)
        self._tell(leg, "stop", self._switch(leg).stop(leg.id))

    def ring(self, leg: Leg, endpoint: Endpoint, call: CallId, shown: ShownCaller, seconds: int) -> None:
        self._tell(leg, "ring", self._switch(leg).ring(endpoint, leg.id, call, shown, seconds))

    def bridge(self, leg: Leg, other: Leg) -> None:
        self._speaking.pop(leg.id, None)
        self._tell(leg, "bridge", self._switch(leg).bridge(leg.id, other.id))

    def hang_up(self, leg: Leg, cause: str = "NORMAL_CLEARING") -> None:
        self._tell(leg, "hang up", self._switch(leg).hang_up(leg.id, cause))

    def set_variables(self, leg: Leg, variables: Mapping[str, str]) -> None:
        self._tell(leg, "set variables", self._switch(leg).set_variables(leg.id, variables))

    def hold(self, leg: Leg, on: bool) -> None:
        self._tell(leg, "hold", self._switch(leg).hold(leg.id, on))

    # Recordings

    def record(self, leg: Leg, tags: Tags, zone: ZoneInfo) -> None:
        if self._tasks is not None:
            recording = self._safely(self._record(leg, tags, zone), "record")
            self._recordings[tags.id] = self._tasks.create_task(recording, name="record")

    async def _record(self, leg: Leg, tags: Tags, zone: ZoneInfo) -> Path | None:
        path = await self._parts.recorder.begin(tags, zone)
        if path is not None:
            await self._told(leg, "record", self._switch(leg).record(leg.id, str(path)))
        return path

    async def _path(self, tags: Tags) -> Path | None:
        begun = self._recordings.get(tags.id)
        return await begun if begun is not None else None

    def stop_record(self, leg: Leg, tags: Tags) -> None:
        self._tell(leg, "stop record", self._stop_record(leg, tags))

    async def _stop_record(self, leg: Leg, tags: Tags) -> None:
        path = await self._path(tags)
        if path is not None:
            await self._switch(leg).stop_record(leg.id, str(path))

    def mask(self, leg: Leg, tags: Tags, masked: bool) -> None:
        self._tell(leg, "mask", self._mask(leg, tags, masked))

    async def _mask(self, leg: Leg, tags: Tags, masked: bool) -> None:
        path = await self._path(tags)
        if path is not None:
            await self._switch(leg).mask(leg.id, str(path), masked)
            self._parts.recorder.note(path, tags)

    def keep_recording(self, tags: Tags, mailbox: str = "") -> None:
        if mailbox:
            self._mailboxes[tags.id] = mailbox
        self._start(self._keep(tags), "keep recording")

    async def _keep(self, tags: Tags) -> None:
        path = await self._path(tags)
        self._recordings.pop(tags.id, None)
        if path is not None:
            self._parts.recorder.finish(path, tags)

    def recorded(self, made: RecordingMade) -> None:
        """A recording is finished; a message is somebody's."""
        self._parts.book.write(made)
        mailbox = self._mailboxes.pop(made.id, "")
        if mailbox and not made.failure:
            self._parts.book.write(
                VoicemailLeft(
                    id=made.id,
                    call=made.call,
                    mailbox=mailbox,
                    at=made.ended_at,
                    seconds=(made.ended_at - made.began_at).total_seconds(),
                    path=made.path,
                    customer=made.customer,
                    sha256=made.sha256,
                )
            )

    # The records and the web

    def write(self, *entries: Entry) -> None:
        self._parts.book.write(*entries)

    def look_up(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> None:
        self._start(self._look_up(call, customer, at, zone), "look up")

    async def _look_up(self, call: CallId, customer: str | None, at: datetime, zone: ZoneInfo) -> None:
        try:
            self._put(in_.LookedUp(call, await self._parts.book.arrived(call, customer, at, zone)))
        except CtiError:
            self._put(in_.LookedUp(call, None))

    def fetch(self, call: CallId, request: RequestHttp) -> None:
        self._start(self._fetch(call, request), "fetch")

    async def _fetch(self, call: CallId, request: RequestHttp) -> None:
        assert self._web is not None  # noqa: S101
        limit = aiohttp.ClientTimeout(total=max(0.1, (request.deadline - datetime.now(UTC)).total_seconds()))
        try:
            async with self._web.request(
                request.method, request.url, json=request.body, timeout=limit, allow_redirects=False
            ) as answer:
                answer.raise_for_status()
                text = await answer.content.read(request.most + 1)
            if len(text) > request.most:
                self._put(in_.Fetched(call, request.wait, failure="the answer is too long"))
            else:
                self._put(in_.Fetched(call, request.wait, json.loads(text)))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            self._put(in_.Fetched(call, request.wait, failure=f"{type(error).__name__}: {error}"))
