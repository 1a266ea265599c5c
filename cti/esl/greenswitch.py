"""The second driver: greenswitch and its gevent loop in a thread of their own.

greenswitch connects, signs in, reads lines and heads, and keeps the commands in order. Mended here, because it would
let a caller forge events or hang the server: it decodes events before it splits them, and as UTF-8 or not at all; a
disconnect leaves its pending commands waiting; connecting has no time limit; a partial send is lost; its reader
outruns whoever handles the events; the head of a frame has no cap.
"""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import Any

import gevent
import gevent.event
import greenswitch.esl

from cti.esl.commands import Auth, Command, Exit, UserAuth
from cti.esl.driver import Address, EventQueue, ReplyWaiters, ignore_outcome
from cti.esl.errors import (
    AccessDenied,
    AuthRejected,
    BodyTooLarge,
    ConnectFailed,
    Disconnected,
    EslError,
    HeaderTooLarge,
    NoGreeting,
    TooManyPending,
    WireError,
)
from cti.esl.events import Event, JsonEvent
from cti.esl.protocol import LogLine, Reply, Slot
from cti.esl.wire import Frame, Limits


async def connect(
    address: Address, credentials: Auth | UserAuth, limits: Limits | None = None, timeout: float = 5.0
) -> "GreenswitchConnection":
    """Connects and signs in within `timeout` seconds; raises as `cti.esl.connection.connect` does."""
    connection = GreenswitchConnection(address, credentials, limits or Limits(), timeout)
    try:
        await connection.signed_in
    except asyncio.CancelledError:
        connection.abort(Disconnected("connecting was given up"))
        raise
    return connection


class GreenswitchConnection:
    """One signed-in connection (see `cti.esl.driver.Connection`). Made by `connect`.

    Its methods run in the event loop's thread; `_Worker` is the other one.
    """

    def __init__(self, address: Address, credentials: Auth | UserAuth, limits: Limits, timeout: float) -> None:
        loop = asyncio.get_running_loop()
        self.address = address
        self.signed_in: asyncio.Future[None] = loop.create_future()
        self.last_received = loop.time()
        self._limits = limits
        self._line: deque[Slot] = deque()
        self._waiters = ReplyWaiters(address, self._line)
        self._closed: asyncio.Future[None] = loop.create_future()
        self._error: EslError | None = None
        self._leaving = False
        self._worker = _Worker(self, loop, address, credentials, limits, timeout)
        self.events = EventQueue(limits, self._worker.wake)
        self._worker.start()

    @property
    def pending(self) -> int:
        return len(self._line)

    @property
    def late_replies(self) -> int:
        return self._waiters.late_replies

    def send(self, command: Command, *, timeout: float | None = None) -> "asyncio.Future[Reply]":
        if self._error is not None:
            raise self._error
        if len(self._line) >= self._limits.max_pending:
            raise TooManyPending(f"{command}: {len(self._line)} commands wait for a reply already")
        data = command.render()
        slot = Slot(command)
        self._line.append(slot)
        self._worker.submit(slot, data)
        return self._waiters.wait(slot, timeout)

    def nudge(self) -> None:
        """Nothing: to wake the other thread for it so often would cost more than it gains."""

    def abort(self, error: EslError) -> None:
        self._finish(error)
        self._worker.stop()

    async def close(self) -> None:
        self._leaving = True
        with suppress(EslError):  # over already, or too much is pending to say it
            self.send(Exit()).add_done_callback(ignore_outcome)
            await asyncio.wait([self._closed], timeout=1.0)
        self.abort(Disconnected("we closed the connection"))
        await asyncio.shield(self._closed)

    async def __aenter__(self) -> "GreenswitchConnection":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    # --- what the worker's thread asks the event loop to call -------------------------------------

    def take_signed_in(self) -> None:
        """The switch accepted the password."""
        if not self.signed_in.done():
            self.signed_in.set_result(None)

    def take_received(self, received: "deque[Event | LogLine | Slot]") -> None:
        """Takes over what has come; one call may stand for many items."""
        self.last_received = asyncio.get_running_loop().time()
        while received and self._error is None:
            item = received.popleft()
            if not isinstance(item, Slot):
                self.events.put(item)
            elif self._line and self._line[0] is item:
                self._line.popleft()
                self._waiters.answer(item)
        error = self.events.flush()
        if error is not None:
            self.abort(error)
        elif not self._line and self.events.wants_pause():
            self._worker.paused = True

    def take_end(self, error: EslError) -> None:
        """The worker is done and its socket closed."""
        self._worker.join()
        self._finish(error)
        if not self._closed.done():
            self._closed.set_result(None)

    def _finish(self, error: EslError) -> None:
        if self._error is None:
            self._error = error
            if not self.signed_in.done():
                self.signed_in.set_exception(error)
                self.signed_in.exception()  # connect raises it; on a cancelled connect nobody does
            self._waiters.fail(error)
            self.events.close(None if self._leaving else error)


class _Worker(greenswitch.esl.InboundESL):  # type: ignore[misc]
    """greenswitch, in its thread. Only `start`, `submit`, `wake` and `stop` are called from the other one."""

    sock_file: Any

    def __init__(
        self,
        owner: GreenswitchConnection,
        loop: asyncio.AbstractEventLoop,
        address: Address,
        credentials: Auth | UserAuth,
        limits: Limits,
        timeout: float,
    ) -> None:
        super().__init__(address.host, address.port, "", timeout)
        self.paused = False
        self._thread = threading.Thread(target=self._work, name=f"greenswitch {address}", daemon=True)
        self._owner = owner
        self._asyncio = loop
        self._address = address
        self._credentials = credentials
        self._limits = limits
        self._to_send: deque[tuple[Slot, bytes]] = deque()
        self._received: deque[Event | LogLine | Slot] = deque()
        self._stopping = False
        self._lines: _CappedLines
        self._failure: EslError | None = None
        self._watcher: Any = None
        self._watcher_lock = threading.Lock()  # the other thread must not wake a loop that is gone
        self._woken: Any = None
        self._room: Any = None

    # --- from the event loop's thread ---

    def start(self) -> None:
        self._thread.start()

    def submit(self, slot: Slot, data: bytes) -> None:
        self._to_send.append((slot, data))
        self.wake()

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def join(self) -> None:
        """Waits for the thread, whose last word was take_end: an interpreter that exits before it does may crash."""
        self._thread.join(1.0)

    def wake(self) -> None:
        self.paused = False
        with self._watcher_lock:
            if self._watcher is not None:
                self._watcher.send()

    # --- in greenswitch's thread ---

    def _work(self) -> None:
        self._woken, self._room = gevent.event.Event(), gevent.event.Event()
        self._watcher = gevent.get_hub().loop.async_()
        self._watcher.start(self._on_wake)
        try:
            with gevent.Timeout(self.timeout, NoGreeting("connected, but not let in in time")):
                self.connect()
            self._tell(self._owner.take_signed_in)
            self._send_until_stopped()
            error = self._failure or Disconnected("the switch closed the connection")
        except greenswitch.esl.NotConnectedError:
            error = self._failure or NoGreeting("the peer closed before it let us in")
            if not self.connected and getattr(self, "sock_file", None) is None:
                error = ConnectFailed(f"cannot connect to {self._address}: no answer in time")
        except OSError as failure:
            error = ConnectFailed(f"cannot connect to {self._address}: {failure.strerror or failure}")
        except EslError as failure:
            error = failure
        except Exception as failure:  # noqa: BLE001 (the edge of the thread: whoever waits must hear of it)
            error = Disconnected(f"greenswitch failed: {failure!r}")
        finally:
            gevent.killall([g for g in (self._receive_events_greenlet,) if g is not None])
            if getattr(self, "sock", None) is not None:
                self.sock.close()
            with self._watcher_lock:
                self._watcher.stop()
                self._watcher = None
        gevent.get_hub().destroy(destroy_loop=True)
        self._tell(self._owner.take_received, self._received)
        self._tell(self._owner.take_end, error)

    def _tell(self, what: Any, *arguments: object) -> None:
        if not self._asyncio.is_closed():
            self._asyncio.call_soon_threadsafe(what, *arguments)

    def _on_wake(self) -> None:
        self._woken.set()
        self._room.set()

    def _send_until_stopped(self) -> None:
        while self.connected and not self._stopping:
            batch = []
            while self._to_send:
                slot, data = self._to_send.popleft()
                self._commands_sent.append(slot)  # greenswitch's own line
                batch.append(data)
            if batch:
                self.sock.sendall(b"".join(batch))
            else:
                self._woken.wait()
                self._woken.clear()

    # --- greenswitch's own methods, mended ---

    def start_event_handlers(self) -> None:
        self._lines = self.sock_file = _CappedLines(self.sock_file, self._limits.max_header)
        self._receive_events_greenlet = gevent.spawn(self.receive_events)

    def receive_events(self) -> None:
        try:
            super().receive_events()
        except EslError as error:
            self._failure = error
        except (KeyError, ValueError, IndexError) as error:  # how greenswitch says that it did not understand
            self._failure = WireError(f"not the Event Socket's protocol ({type(error).__name__})")
        self._failure = self._failure or self._lines.failure
        self.connected = False
        self._auth_request_event.set()
        for entry in self._commands_sent:
            if not isinstance(entry, Slot):
                entry.set_exception(AuthRejected("the switch closed the connection while we signed in"))
        self._on_wake()

    def authenticate(self) -> None:
        reply = self.send(self._credentials.render().decode().rstrip("\n"))
        if not reply.data.startswith("+OK"):
            raise AuthRejected(f"the password was refused ({reply.data[:80]})")

    def handle_event(self, event: Any) -> None:
        if not event.headers:
            return  # one newline more than needed: the reply to userauth ends so
        kind = event.headers["Content-Type"]
        if kind in ("text/event-plain", "text/event-json", "log/data"):
            body = b"\n" + self._read_body(event)
            if kind == "text/event-plain":
                self._pass_on(Event(body))
            elif kind == "text/event-json":
                self._pass_on(JsonEvent(body))
            else:
                text = body[1:].decode("utf-8", "replace")
                self._pass_on(LogLine(int(event.headers["Log-Level"]), text, event.headers.get("User-Data")))
        elif kind in ("command/reply", "api/response") and self._commands_sent:
            if isinstance(self._commands_sent[0], Slot):
                body = b"\n" + self._read_body(event)
                head = "".join(f"\n{name}: {value}" for name, value in event.headers.items()).encode()
                slot = self._commands_sent.pop(0)
                slot.reply = Reply.of(Frame(kind.encode(), head, body))
                self._pass_on(slot)
            else:
                super().handle_event(event)  # the answer to auth
        elif kind == "text/disconnect-notice":
            self._read_body(event)  # the end follows by itself
        elif kind == "text/rude-rejection":
            self._failure = AccessDenied("FreeSWITCH refuses connections from this address")
            super().handle_event(event)
        elif kind == "auth/request":
            super().handle_event(event)
        else:
            raise WireError(f"an unexpected {kind[:40]!r}")

    def _read_body(self, event: Any) -> bytes:
        length = int(event.headers.get("Content-Length", "0"))
        if length > self._limits.max_body:
            raise BodyTooLarge(f"a body of {length} bytes is announced, the cap is {self._limits.max_body}")
        body = bytes(self.sock_file.read(length))
        if len(body) < length:
            raise Disconnected("the switch closed the connection")
        return body

    def _pass_on(self, item: "Event | LogLine | Slot") -> None:
        self._received.append(item)
        if len(self._received) == 1:  # the other side empties it in one go
            self._tell(self._owner.take_received, self._received)
        while (self.paused or len(self._received) > self._limits.pause_events) and not self._commands_sent:
            self._room.clear()
            self._room.wait(0.1)
            if self._stopping:
                break


class _CappedLines:
    """greenswitch's socket file, with a cap on the lines of one head."""

    def __init__(self, file: Any, cap: int) -> None:
        self.read = file.read
        self.close = file.close
        self.failure: HeaderTooLarge | None = None
        self._readline = file.readline
        self._cap = cap
        self._size = 0

    def readline(self) -> bytes:
        """The next line. greenswitch ends on any exception from here and keeps quiet about it."""
        line: bytes = self._readline(self._cap + 1)
        self._size = 0 if line == b"\n" else self._size + len(line)
        if self._size > self._cap:
            self.failure = HeaderTooLarge(f"{self._size} bytes of headers, the cap is {self._cap}")
            raise self.failure
        return line
