"""The asyncio driver: moves bytes between a socket and the protocol, and wakes whoever waits for a reply."""

import asyncio
from contextlib import suppress
from typing import cast

from cti.esl.commands import Auth, Command, Exit, UserAuth
from cti.esl.driver import Address, EventQueue, ReplyWaiters, ignore_outcome
from cti.esl.errors import ConnectFailed, Disconnected, EslError
from cti.esl.events import Event
from cti.esl.protocol import EslProtocol, LogLine, Reply, SignedIn, Slot
from cti.esl.wire import Limits


async def connect(
    address: Address, credentials: Auth | UserAuth, limits: Limits | None = None, timeout: float = 5.0
) -> "AsyncioConnection":
    """Connects and signs in, both within `timeout` seconds.

    Raises ConnectFailed (nothing listens), NoGreeting (not an Event Socket), AccessDenied, AuthRejected, WireError.
    """
    loop = asyncio.get_running_loop()
    connection = AsyncioConnection(address, EslProtocol(credentials, limits), limits or Limits())
    try:
        async with asyncio.timeout(timeout):
            await loop.create_connection(lambda: connection, address.host, address.port)
            await connection.signed_in
    except TimeoutError:
        error = connection.overdue()
        connection.abort(error)
        raise error from None
    except OSError as error:
        raise ConnectFailed(f"cannot connect to {address}: {error.strerror or error}") from error
    except asyncio.CancelledError:
        connection.abort(Disconnected("connecting was given up"))
        raise
    return connection


class AsyncioConnection(asyncio.BufferedProtocol):
    """One signed-in connection (see `cti.esl.driver.Connection`). Made by `connect`."""

    def __init__(self, address: Address, protocol: EslProtocol, limits: Limits) -> None:
        self.address = address
        self.events = EventQueue(limits, self._resume)
        self._loop = asyncio.get_running_loop()
        self.signed_in: asyncio.Future[None] = self._loop.create_future()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self.last_received = self._loop.time()
        self._protocol = protocol
        self._waiters = ReplyWaiters(address, protocol.pending)
        self._transport: asyncio.Transport | None = None
        self._flush_due = False
        self._reading = True
        self._leaving = False

    @property
    def pending(self) -> int:
        return len(self._protocol.pending)

    @property
    def late_replies(self) -> int:
        return self._waiters.late_replies

    def send(self, command: Command, *, timeout: float | None = None) -> "asyncio.Future[Reply]":
        future = self._waiters.wait(self._protocol.submit(command), timeout)
        if not self._flush_due:  # one write for all that is sent in this turn of the loop
            self._flush_due = True
            self._loop.call_soon(self._flush)
        if not self._reading:
            self._resume()
        return future

    def nudge(self) -> None:
        transport = self._transport
        if transport is not None and not transport.is_closing() and not transport.get_write_buffer_size():
            transport.write(b"\n")  # between two commands, where it means nothing

    def abort(self, error: EslError) -> None:
        self._finish(error)
        if self._transport is not None:
            self._transport.abort()

    async def close(self) -> None:
        self._leaving = True
        with suppress(EslError):  # over already, or too much is pending to say it
            self.send(Exit()).add_done_callback(ignore_outcome)
        if self._transport is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await asyncio.shield(self.closed)
        except TimeoutError:
            self._transport.abort()

    async def __aenter__(self) -> "AsyncioConnection":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    def overdue(self) -> EslError:
        """The error of a peer that did not let us in in time."""
        if self._transport is None:
            return ConnectFailed(f"cannot connect to {self.address}: no answer in time")
        return self._protocol.greeting_overdue()

    # --- what the event loop calls ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._protocol.get_buffer()

    def buffer_updated(self, nbytes: int) -> None:
        protocol, events = self._protocol, self.events
        self.last_received = self._loop.time()
        protocol.written(nbytes)
        for output in protocol.outputs():
            if isinstance(output, Event):
                events.put(output)
            elif isinstance(output, Slot):
                self._waiters.answer(output)
            elif isinstance(output, LogLine):
                events.put(output)
            elif isinstance(output, SignedIn) and not self.signed_in.done():
                self.signed_in.set_result(None)
        self._flush()  # the protocol answers a greeting by itself
        error = protocol.error or events.flush()
        if error is not None:
            self.abort(error)
        elif not protocol.pending and events.wants_pause() and self._transport is not None:
            # Only while no reply is awaited: the reader of the events may be the one who waits for it.
            self._transport.pause_reading()
            self._reading = False

    def eof_received(self) -> bool:
        return False  # nothing can be said to a switch that has closed its side

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.end()
        self._finish(self._protocol.error or Disconnected("the connection is closed"))
        if not self.closed.done():
            self.closed.set_result(None)

    # --- inside ----------------------------------------------------------------------------------

    def _flush(self) -> None:
        self._flush_due = False
        data = self._protocol.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _resume(self) -> None:
        if not self._reading and self._transport is not None and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def _finish(self, error: EslError) -> None:
        """The conversation is over: tells everybody who waits."""
        if not self.signed_in.done():
            self.signed_in.set_exception(error)
            self.signed_in.exception()  # connect raises it; on a cancelled connect nobody does
        self._protocol.stop(error)
        self._waiters.fail(error)
        self.events.close(None if self._leaving else error)
