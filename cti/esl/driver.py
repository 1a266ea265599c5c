"""What a driver of the Event Socket offers, and the queue between it and the one reader of its events."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from cti.esl.commands import Auth, Command, UserAuth
from cti.esl.errors import CommandTimeout, Disconnected, EslError, EventOverflow
from cti.esl.events import Event
from cti.esl.protocol import LogLine, Reply, Slot
from cti.esl.wire import Limits


@dataclass(frozen=True, slots=True)
class Address:
    """Where an Event Socket listens."""

    host: str
    port: int = 8021

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Connection(Protocol):
    """A signed-in connection to one switch."""

    @property
    def address(self) -> Address:
        """Where it is connected to."""

    @property
    def last_received(self) -> float:
        """When bytes came last, on the event loop's clock, seconds."""

    @property
    def pending(self) -> int:
        """Commands that wait for a reply."""

    @property
    def late_replies(self) -> int:
        """Replies that came when nobody waited any more, and were thrown away."""

    @property
    def events(self) -> "EventQueue":
        """The events and log lines, in the order in which the switch sent them, for one reader."""

    def send(self, command: Command, *, timeout: float | None = None) -> Awaitable[Reply]:
        """Sends at once, once, and gives the reply to await.

        Raises UnsafeValue, TooManyPending (both before sending), CommandTimeout (default 10 s), Disconnected.
        """

    def nudge(self) -> None:
        """Has the switch hand out the events that it holds, see `cti.esl.link.Timing`. A driver may do nothing."""

    def abort(self, error: EslError) -> None:
        """Gives the connection up: pending commands and the reader of events get `error`."""

    async def close(self) -> None:
        """Says exit and closes. Safe to call twice."""


Connect = Callable[[Address, Auth | UserAuth, Limits, float], Awaitable[Connection]]
"""A driver: address, credentials, caps and seconds for the whole of connecting and signing in."""

COMMAND_TIMEOUT = 10.0
"""Seconds to wait for a reply unless told otherwise."""


class EventQueue:
    """Events on their way to their one reader: ``async for event in queue``.

    Over `pause_events` it asks its driver to stop reading, over `max_events` it is an EventOverflow. The iteration
    ends when we closed the connection, and raises what ended it otherwise, after the last event.
    """

    __slots__ = ("_closed", "_error", "_items", "_limits", "_on_room", "_paused", "_waiter", "high_water", "put")

    def __init__(self, limits: Limits, on_room: Callable[[], None]) -> None:
        self._items: deque[Event | LogLine] = deque()
        self.put = self._items.append
        """Adds an item. The driver calls `flush` when it has added what it had."""
        self._limits = limits
        self._on_room = on_room
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False
        self._error: EslError | None = None
        self._paused = False
        self.high_water = 0
        """The most events that ever waited here."""

    def __len__(self) -> int:
        return len(self._items)

    def flush(self) -> EventOverflow | None:
        """Wakes the reader; the error when there are more events than the cap."""
        count = len(self._items)
        self.high_water = max(self.high_water, count)
        if count and self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if count > self._limits.max_events:
            return EventOverflow(f"{count} events wait to be handled, the cap is {self._limits.max_events}")
        return None

    def wants_pause(self) -> bool:
        """Whether the driver should stop reading; `on_room` is called when it may go on."""
        self._paused = len(self._items) > self._limits.pause_events
        return self._paused

    def close(self, error: EslError | None) -> None:
        """No more will come; `error` is why, None when we wanted it so."""
        if not self._closed:
            self._closed, self._error = True, error
            if self._waiter is not None and not self._waiter.done():
                self._waiter.set_result(None)

    def __aiter__(self) -> "EventQueue":
        return self

    async def __anext__(self) -> Event | LogLine:
        items = self._items
        while not items:
            if self._closed:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        item = items.popleft()
        if self._paused and len(items) <= self._limits.pause_events // 2:
            self._paused = False
            self._on_room()
        return item


class ReplyWaiters:
    """Who waits for which reply, and until when. The line itself is the driver's; a slot never leaves it early."""

    def __init__(self, address: Address, line: deque[Slot]) -> None:
        self.late_replies = 0
        self._address = address
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, slot: Slot, timeout: float | None) -> "asyncio.Future[Reply]":
        """The future of the reply; it fails after `timeout` seconds (None: COMMAND_TIMEOUT)."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        slot.waiter = future
        slot.deadline = self._loop.time() + (COMMAND_TIMEOUT if timeout is None else timeout)
        if self._timer is None or slot.deadline < self._timer.when():
            self._set_timer(slot.deadline)
        return future

    def answer(self, slot: Slot) -> None:
        """The reply of a slot is here; it is thrown away when nobody waits any more."""
        if slot.waiter.done():
            self.late_replies += 1
        else:
            slot.waiter.set_result(slot.reply)

    def fail(self, error: EslError) -> None:
        """The connection is over: so is the wait of everybody in line."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._line:
            slot = self._line.popleft()
            if not slot.waiter.done():
                slot.waiter.set_exception(Disconnected(f"{slot.command}: sent, but before the reply: {error.what}"))

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._expire)

    def _expire(self) -> None:
        """Fails the waits whose time is up; their slots stay. One timer serves all commands."""
        self._timer = None
        now = self._loop.time()
        later = []
        for slot in self._line:
            if slot.waiter.done():
                continue
            if slot.deadline <= now:
                what = f"{slot.command}: no reply from {self._address} in time"
                slot.waiter.set_exception(CommandTimeout(what))
            else:
                later.append(slot.deadline)
        if later:
            self._set_timer(min(later))


def ignore_outcome(future: "asyncio.Future[Reply]") -> None:
    """A done-callback for a command whose reply does not matter."""
    if not future.cancelled():
        future.exception()
