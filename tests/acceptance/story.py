"""What a connection to the switch has told, and waiting for what it should tell next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cti.esl.commands import Command
from cti.esl.driver import Address, Connection, EventQueue
from cti.esl.events import Event
from cti.esl.link import NARROW
from cti.esl.protocol import LogLine
from cti.esl.wire import Limits
from tests.acceptance.freeswitch import PASSWORD
from tests.esl.fake import DRIVERS

LIMIT = 12.0
"""Seconds to wait for an event."""


class Story:
    """The events of one connection, in order. It is their one reader."""

    def __init__(self, queue: EventQueue) -> None:
        self.events: list[Event] = []
        self._queue = queue

    async def until(self, name: str, **headers: str) -> Event:
        """Reads on to the next event of this name and with these headers (``Unique_ID`` is Unique-ID)."""
        try:
            async with asyncio.timeout(LIMIT):
                while True:
                    event = await self.next()
                    if event.name == name and all(_header(event, key) == value for key, value in headers.items()):
                        return event
        except TimeoutError:
            heard = "\n".join(f"  {event.leg} {step(event)}" for event in self.events)
            raise AssertionError(f"no {name} {headers} within {LIMIT:.0f} s; heard:\n{heard}") from None

    async def until_gone(self, *legs: str) -> None:
        """Reads on until each of the legs has ended."""
        while any(self.named("CHANNEL_HANGUP_COMPLETE", leg) == [] for leg in legs):
            await self.until("CHANNEL_HANGUP_COMPLETE")

    def of(self, leg: str) -> list[Event]:
        """The events of a leg."""
        return [event for event in self.events if event.leg == leg]

    def named(self, name: str, leg: str) -> list[Event]:
        """The events of a leg that have this name."""
        return [event for event in self.of(leg) if event.name == name]

    async def next(self) -> Event:
        """The next event, whatever it is."""
        async for item in self._queue:
            if not isinstance(item, LogLine):
                self.events.append(item)
                return item
        raise AssertionError("the connection was closed")


def step(event: Event) -> str:
    """An event in a word or two: its name, and the application that is done."""
    return f"{event.name} {event['Application']}" if event.name == "CHANNEL_EXECUTE_COMPLETE" else event.name


def _header(event: Event, key: str) -> str | None:
    return event.get(key if key.startswith("variable_") else key.replace("_", "-"))


@asynccontextmanager
async def signed_in(address: Address, driver: str = "asyncio", *more: Command) -> AsyncIterator[Connection]:
    """A connection that hears what the server hears, and `more`."""
    switch = await DRIVERS[driver](address, PASSWORD, Limits(), 5.0)
    try:
        for command in (NARROW, *more):
            (await switch.send(command)).expect_ok(command)
        yield switch
    finally:
        await switch.close()
