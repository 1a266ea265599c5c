"""A switch that says what a test wants it to say, over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from cti.esl import connection, greenswitch
from cti.esl.commands import Auth
from cti.esl.driver import Address, Connect
from cti.esl.wire import render_frame

DRIVERS: dict[str, Connect] = {"asyncio": connection.connect, "greenswitch": greenswitch.connect}

GREETING = b"Content-Type: auth/request\n\n"
PASSWORD = Auth("secret")


def reply(text: str) -> bytes:
    return render_frame([("Content-Type", "command/reply"), ("Reply-Text", text)])


def answer(text: str) -> bytes:
    return render_frame([("Content-Type", "api/response")], text.encode())


def event(*headers: tuple[str, str], body: bytes = b"", end: bytes = b"") -> bytes:
    """A plain event, as it stands on the wire; header values must be encoded already."""
    payload = render_frame(list(headers), body) + end
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(payload) + payload


class Peer:
    """The switch's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def say(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))

    async def hear(self) -> bytes:
        """The next command, without the empty line that ends it."""
        return (await self.reader.readuntil(b"\n\n"))[:-2]

    async def let_in(self) -> None:
        self.say(GREETING)
        assert await self.hear() == b"auth secret"
        self.say(reply("+OK accepted"))

    async def hang_up(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()

    async def wait_closed(self) -> None:
        """Until the client hangs up or says exit; what else it says is dropped."""
        with suppress(ConnectionError):
            while (data := await self.reader.read(65536)) and not data.endswith(b"exit\n\n"):
                pass


Script = Callable[[Peer], Awaitable[None]]


class FakeSwitch:
    """Where it listens, and how often somebody came."""

    def __init__(self, port: int) -> None:
        self.address = Address("127.0.0.1", port)
        self.visits = 0


@asynccontextmanager
async def fake_switch(*scripts: Script) -> AsyncIterator[FakeSwitch]:
    """Runs `scripts`, one a connection, the last one for all later ones. An error in a script fails the test."""
    errors: list[Exception] = []
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        script = scripts[min(switch.visits, len(scripts) - 1)]
        switch.visits += 1
        try:
            await script(Peer(reader, writer))
            writer.close()
            await writer.wait_closed()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        except Exception as error:  # noqa: BLE001 (raised again when the switch is taken down)
            errors.append(error)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 24)
    switch = FakeSwitch(server.sockets[0].getsockname()[1])
    try:
        yield switch
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close in the next turn of the loop
        if errors:
            raise errors[0]
