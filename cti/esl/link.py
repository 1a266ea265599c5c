"""A link keeps one connection to one switch alive: connects, subscribes, notices silence, reconnects, tells.

It works the same over either driver. Whoever owns it is told, in order: it is up (reconcile now), each event, it is
down. Several switches are several links.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn, Protocol

from cti.esl import connection
from cti.esl.commands import Auth, Command, Events, UserAuth
from cti.esl.driver import Address, Connect, Connection
from cti.esl.errors import AccessDenied, AuthRejected, Disconnected, EslError, SilentPeer
from cti.esl.events import Event
from cti.esl.protocol import LogLine, Reply
from cti.esl.wire import Limits

NARROW: Final = Events(
    names=(
        "BACKGROUND_JOB",
        "CHANNEL_ANSWER",
        "CHANNEL_BRIDGE",
        "CHANNEL_CREATE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_HOLD",
        "CHANNEL_PARK",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_UNHOLD",
        "DTMF",
        "HEARTBEAT",
        "PLAYBACK_STOP",
        "RECORD_START",
        "RECORD_STOP",
    ),
    custom=(
        "sofia::expire",
        "sofia::gateway_state",
        "sofia::register",
        "sofia::unregister",
    ),
)
"""What the server needs to hear of. The rest (CHANNEL_STATE, CODEC, CALL_UPDATE, ...) is half of a call's bytes."""


class LinkState(StrEnum):
    """Where a link is."""

    CONNECTING = "connecting"
    UP = "up"
    WAITING = "waiting"
    """Down; the next attempt is due after the back-off."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Timing:
    """How a link behaves in time. Seconds."""

    connect: float = 5.0
    silence: float = 45.0
    """Without a byte for this long the peer counts as gone; HEARTBEAT comes every 20 s unless configured otherwise."""
    retry_first: float = 0.5
    retry_most: float = 15.0
    nudge: float = 0.0
    """How often the switch is nudged to hand out events; 0: never.

    FreeSWITCH looks for events to send when bytes come, and every 20 ms: without nudges an event is 10 ms late on
    average, with one every 2 ms it is 1 ms late (measured on 1.10.12; 1 % of a core on either side).
    """

    def pause(self, attempt: int, random_unit: float) -> float:
        """Seconds before the next attempt, the first being 0: doubling, capped, between half and all of it."""
        longest = min(self.retry_most, self.retry_first * 2.0 ** min(attempt, 30))
        return longest * (0.5 + 0.5 * random_unit)


@dataclass(slots=True)
class Health:
    """What an operator wants to know of a link."""

    state: LinkState = LinkState.CONNECTING
    since: float = 0.0
    """When the state began, on the event loop's clock, seconds."""
    connects: int = 0
    """How often it came up."""
    failures: int = 0
    """Attempts in a row that failed."""
    events: int = 0
    error: EslError | None = None
    """What ended the last connection or attempt."""


class LinkOwner(Protocol):
    """Who acts on what a link tells. The methods are awaited one after the other; none may be slow."""

    async def link_up(self, link: "Link") -> None:
        """Connected and subscribed. What happened meanwhile is unknown: reconcile before the first event is handled."""

    async def link_event(self, link: "Link", event: Event) -> None:
        """An event, in the order in which the switch sent it."""

    async def link_down(self, link: "Link", error: EslError) -> None:
        """The connection is gone, or an attempt failed. Calls go on without us."""


class Link:
    """Keeps one connection to one switch. `run` it as a task of its own."""

    def __init__(
        self,
        name: str,
        address: Address,
        credentials: Auth | UserAuth,
        *,
        subscription: Sequence[Command] = (NARROW,),
        connect: Connect = connection.connect,
        limits: Limits | None = None,
        timing: Timing | None = None,
        random_unit: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.address = address
        self.health = Health()
        self._credentials = credentials
        self._subscription = subscription
        self._connect = connect
        self._limits = limits or Limits()
        self._timing = timing or Timing()
        self._random_unit = random_unit
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection | None:
        """The connection while the link is up."""
        return self._connection

    def send(self, command: Command, *, timeout: float | None = None) -> Awaitable[Reply]:
        """Sends over the connection; raises Disconnected at once while there is none. See `Connection.send`."""
        if self._connection is None:
            raise Disconnected(f"{command}: the link to {self.name} is {self.health.state}, nothing was sent")
        return self._connection.send(command, timeout=timeout)

    async def run(self, owner: LinkOwner) -> NoReturn:
        """Connects again and again until cancelled; then closes. An error of the owner's ends it."""
        try:
            while True:
                self._enter(LinkState.CONNECTING)
                try:
                    await self._live(owner)
                except EslError as error:
                    self.health.error = error
                    self._enter(LinkState.WAITING)
                    await owner.link_down(self, error)
                refused = isinstance(self.health.error, AuthRejected | AccessDenied)
                attempt = 30 if refused else self.health.failures  # a wrong password is not tried in a hurry
                self.health.failures += 1
                await asyncio.sleep(self._timing.pause(attempt, self._random_unit()))
        finally:
            self._enter(LinkState.CLOSED)

    async def _live(self, owner: LinkOwner) -> None:
        """One connection, from connecting to its end, which is an EslError."""
        connected = await self._connect(self.address, self._credentials, self._limits, self._timing.connect)
        silence = _SilenceTimer(connected, self._timing.silence)
        nudges = _Nudges(connected, self._timing.nudge)
        try:
            for command in self._subscription:
                (await connected.send(command)).expect_ok(command)
            self._connection = connected
            self.health.connects += 1
            self._enter(LinkState.UP)
            await owner.link_up(self)
            await self._listen(connected, owner)
        finally:
            if self._connection is not None and self._loop_time() - self.health.since > self._timing.retry_most:
                self.health.failures = 0  # not before: a link that comes up only to fall must not be hurried
            self._connection = None
            silence.cancel()
            nudges.cancel()
            await connected.close()

    async def _listen(self, connected: Connection, owner: LinkOwner) -> None:
        async for item in connected.events:
            if not isinstance(item, LogLine):
                self.health.events += 1
                await owner.link_event(self, item)
        raise Disconnected("the connection was closed")

    def _enter(self, state: LinkState) -> None:
        self.health.state = state
        self.health.since = self._loop_time()

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()


class _Nudges:
    """One every so many seconds, from now on."""

    def __init__(self, connected: Connection, every: float) -> None:
        self._nudge = connected.nudge
        self._every = every
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(every, self._next) if every else None

    def _next(self) -> None:
        self._nudge()
        self._handle = self._loop.call_later(self._every, self._next)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()


class _SilenceTimer:
    """Gives a connection up when nothing comes over it for `limit` seconds, not even a HEARTBEAT."""

    def __init__(self, connected: Connection, limit: float) -> None:
        self._connected = connected
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(limit, self._check)

    def _check(self) -> None:
        quiet = self._loop.time() - self._connected.last_received
        if quiet < self._limit:
            self._handle = self._loop.call_later(self._limit - quiet, self._check)
        else:
            self._connected.abort(SilentPeer(f"nothing came from {self._connected.address} for {quiet:.0f} s"))

    def cancel(self) -> None:
        self._handle.cancel()
