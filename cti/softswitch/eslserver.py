"""The Event Socket's other end: takes commands, sends events, in FreeSWITCH's own words (mod_event_socket.c)."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final, Protocol, cast

from cti.esl.wire import render_frame
from cti.softswitch.events import SwitchEvent

_MAX_COMMAND: Final = 10 * 1024 * 1024  # read_packet's own cap
_MAX_UNSENT: Final = 64 * 1024 * 1024
"""A listener that reads so slowly that this many bytes wait for it is dropped."""

_GOODBYE: Final = b"Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n"

LOG_LEVELS: Final = {
    name: level for level, name in enumerate(["console", "alert", "crit", "err", "warning", "notice", "info", "debug"])
}


class Backend(Protocol):
    """The switch behind the socket."""

    async def api(self, name: str, argument: str) -> str:
        """Runs an API command; the text of its answer."""

    def start_job(self, job: str, name: str, argument: str) -> None:
        """Runs an API command in the background and fires BACKGROUND_JOB with its answer."""

    def send_message(self, leg: str, headers: dict[str, str], body: str) -> bool:
        """Queues a message for a leg; False when there is no such leg."""

    def send_event(self, name: str, headers: dict[str, str], body: str) -> str:
        """Fires an event that a client made up; its id."""

    def new_uuid(self) -> str:
        """A fresh id."""


class EslServer:
    """Listens and hands every event to the clients that asked for it."""

    def __init__(self, backend: Backend, password: str) -> None:
        self._backend = backend
        self._password = password
        self._server: asyncio.Server | None = None
        self._listeners: set[_Listener] = set()

    async def start(self, host: str, port: int) -> int:
        """Listens; gives the port (for port 0: the one chosen). Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._listener, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def publish(self, event: SwitchEvent) -> None:
        """Sends an event to whoever listens to it."""
        for listener in self._listeners:
            listener.offer(event)

    async def close(self) -> None:
        """Says goodbye to everybody and stops listening."""
        if self._server is not None:
            self._server.close()
        for listener in list(self._listeners):
            listener.say_goodbye()

    def _listener(self) -> "_Listener":
        return _Listener(self._backend, self._password, self._listeners)


class _Listener(asyncio.Protocol):
    """One client."""

    def __init__(self, backend: Backend, password: str, everybody: "set[_Listener]") -> None:
        self._backend = backend
        self._password = password
        self._everybody = everybody
        self._transport: asyncio.Transport
        self._received = b""
        self._authorised = False
        self._format = "plain"
        self._all_events = False
        self._names: set[str] = set()
        self._subclasses: set[str] = set()
        self._filters: list[tuple[str, str]] = []
        self._commands: asyncio.Queue[tuple[str, dict[str, str], str]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None

    # --- bytes in ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._everybody.add(self)
        self._worker = asyncio.get_running_loop().create_task(self._work())
        self._send(render_frame([("Content-Type", "auth/request")]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._everybody.discard(self)
        if self._worker is not None:
            self._worker.cancel()

    def data_received(self, data: bytes) -> None:
        self._received += data.replace(b"\r", b"")
        while True:
            self._received = self._received.lstrip(b"\n")
            head, end, rest = self._received.partition(b"\n\n")
            if not end:
                break
            first, *lines = head.decode("utf-8", "replace").split("\n")
            headers = {}
            for line in lines:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            length = headers.get("content-length", "0")
            size = int(length) if length.isdecimal() else 0
            if len(rest) < size:
                break
            self._received = rest[size:]
            self._commands.put_nowait((first, headers, rest[:size].decode("utf-8", "replace")))
        if len(self._received) > _MAX_COMMAND:
            self._transport.abort()

    async def _work(self) -> None:
        """Commands of one client run one after the other, as in FreeSWITCH."""
        while True:
            line, headers, body = await self._commands.get()
            verb, _, argument = line.partition(" ")
            if verb == "exit" or verb.startswith("..."):
                self._reply("+OK bye")
                self.say_goodbye()
                return
            if not self._authorised:
                self._sign_in(verb, argument)
                continue
            command = self._COMMANDS.get(verb)
            if command is None:
                self._reply("-ERR command not found")
            else:
                outcome = command(self, argument.strip(), headers, body)
                if outcome is not None:
                    await outcome

    # --- commands ---

    def _sign_in(self, verb: str, argument: str) -> None:
        if verb == "auth" and hmac.compare_digest(argument.encode(), self._password.encode()):
            self._authorised = True
            self._reply("+OK accepted")
        elif verb in ("auth", "userauth"):
            self._reply("-ERR invalid")
            self.say_goodbye()
        else:
            self._reply("-ERR command not found")

    async def _api(self, argument: str, headers: dict[str, str], body: str) -> None:
        name, _, rest = argument.partition(" ")
        text = (await self._backend.api(name, rest.strip())) or "-ERR no reply\n"
        data = text.encode("utf-8", "replace")
        self._send(render_frame([("Content-Type", "api/response")], data))

    def _bgapi(self, argument: str, headers: dict[str, str], body: str) -> None:
        name, _, rest = argument.partition(" ")
        job = headers.get("job-uuid") or self._backend.new_uuid()
        frame = [("Content-Type", "command/reply"), ("Reply-Text", f"+OK Job-UUID: {job}"), ("Job-UUID", job)]
        self._send(render_frame(frame))
        self._backend.start_job(job, name, rest.strip())

    def _sendmsg(self, argument: str, headers: dict[str, str], body: str) -> None:
        leg = argument or headers.get("session-id", "")
        if self._backend.send_message(leg, headers, body):
            self._reply("+OK")
        else:
            self._reply(f"-ERR invalid session id [{leg}]")

    def _sendevent(self, argument: str, headers: dict[str, str], body: str) -> None:
        self._reply(f"+OK {self._backend.send_event(argument, headers, body)}")

    def _event(self, argument: str, headers: dict[str, str], body: str) -> None:
        words = argument.replace(",", " ").split()
        if words and words[0] in ("plain", "json"):
            self._format = words.pop(0)
        elif words and words[0] == "xml":
            self._reply("-ERR xml is not supported here")
            return
        if not words:
            self._reply("-ERR no keywords supplied")
            return
        custom = False
        for word in words:
            if custom:
                self._subclasses.add(word)
            elif word.upper() == "ALL":
                self._all_events = True
            elif word.upper() == "CUSTOM":
                custom = True
            else:
                self._names.add(word.upper())
        self._reply(f"+OK event listener enabled {self._format}")

    def _nixevent(self, argument: str, headers: dict[str, str], body: str) -> None:
        for word in argument.split():
            self._names.discard(word.upper())
            self._subclasses.discard(word)
        self._reply("+OK events nixed")

    def _noevents(self, argument: str, headers: dict[str, str], body: str) -> None:
        self._all_events = False
        self._names.clear()
        self._subclasses.clear()
        self._reply("+OK no longer listening for events")

    def _filter(self, argument: str, headers: dict[str, str], body: str) -> None:
        words = argument.split(" ", 1)
        if words[0] == "delete":
            name, _, value = (words[1] if len(words) > 1 else "").partition(" ")
            self._filters = [
                (key, text)
                for key, text in self._filters
                if name != "all" and (key != name or (value and text != value))
            ]
            self._reply(f"+OK filter deleted. [{name}][{value}]")
        elif len(words) == 2:
            name, value = words[0], words[1]
            if name == "add":
                name, _, value = value.partition(" ")
            self._filters.append((name, value))
            self._reply(f"+OK filter added. [{name}]=[{value}]")
        else:
            self._reply("-ERR invalid syntax")

    def _log(self, argument: str, headers: dict[str, str], body: str) -> None:
        word = argument.lower() or "debug"
        level = int(word) if word.isdecimal() else LOG_LEVELS.get(word, -1)
        if 0 <= level <= 7:
            self._reply(f"+OK log level {argument} [{level}]")  # our log goes to the server's own; none is sent
        else:
            self._reply("-ERR invalid log level")

    def _nolog(self, argument: str, headers: dict[str, str], body: str) -> None:
        self._reply("+OK no longer logging")

    def _linger(self, argument: str, headers: dict[str, str], body: str) -> None:
        self._reply("-ERR not controlling a session")

    _COMMANDS: ClassVar[dict[str, Callable[..., Awaitable[None] | None]]] = {
        "api": _api,
        "bgapi": _bgapi,
        "sendmsg": _sendmsg,
        "sendevent": _sendevent,
        "event": _event,
        "nixevent": _nixevent,
        "noevents": _noevents,
        "filter": _filter,
        "log": _log,
        "nolog": _nolog,
        "linger": _linger,
        "nolinger": _linger,
    }

    # --- bytes out ---

    def offer(self, event: SwitchEvent) -> None:
        """Sends an event when this client listens to it."""
        if not self._wants(event):
            return
        self._send(event.json if self._format == "json" else event.plain)

    def _wants(self, event: SwitchEvent) -> bool:
        if not self._authorised:
            return False
        if not self._all_events:
            known = event.subclass in self._subclasses if event.name == "CUSTOM" else event.name in self._names
            if not known:
                return False
        return not self._filters or any(
            (event.get(name) or "").lower() == value.lower() for name, value in self._filters
        )

    def _reply(self, text: str) -> None:
        self._send(render_frame([("Content-Type", "command/reply"), ("Reply-Text", text)]))

    def say_goodbye(self) -> None:
        """Sends the disconnect notice and closes."""
        frame = [("Content-Type", "text/disconnect-notice"), ("Content-Length", str(len(_GOODBYE)))]
        self._send(render_frame(frame) + _GOODBYE)
        self._transport.close()

    def _send(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > _MAX_UNSENT:
            self._transport.abort()
