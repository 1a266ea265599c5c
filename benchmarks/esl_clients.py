"""The clients of the benchmark. Each run of one is a process: ``python -m benchmarks.esl_clients NAME PORT WORK A B``.

WORK is ``events MARKS 0`` or ``commands COUNT WINDOW``. It prints one line of JSON. What a client needs is imported
when it is made, for Genesis may live in an interpreter where nothing else is installed.
"""

import asyncio
import importlib.metadata
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from benchmarks.esl_server import MARK

HOST: Final = "127.0.0.1"
PASSWORD: Final = "ClueCon"
COMMAND: Final = "create_uuid"


class Missing(Exception):
    """A peer that is not installed here; says what to do."""


class Meter:
    """CPU and wall time between `start` and the last mark or `stop`, and the memory at each mark."""

    def __init__(self, marks: int) -> None:
        self.rss: list[int] = []
        """Resident memory at each mark, kB."""
        self.waited = 0
        """The most events known to have waited to be handled."""
        self._marks = marks
        self._cpu = self._wall = 0.0

    def start(self) -> None:
        """Just before the first command of the measurement."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def mark(self, waiting: int = 0) -> bool:
        """A mark was read while `waiting` events waited; True when it was the last one."""
        if len(self.rss) + 1 == self._marks:
            self.stop()
        self.rss.append(_memory("VmRSS"))
        self.waited = max(self.waited, waiting)
        return len(self.rss) == self._marks

    def stop(self) -> None:
        """The measurement is over."""
        self._cpu, self._wall = time.process_time() - self._cpu, time.perf_counter() - self._wall

    def result(self) -> dict[str, object]:
        """What the parent process is told."""
        peak = max(_memory("VmHWM"), *self.rss, 0)  # the kernel's counters lag by some pages
        return {"cpu": self._cpu, "wall": self._wall, "rss": self.rss, "peak": peak, "waited": self.waited}


def _memory(field: str) -> int:
    """A line of /proc/self/status, kB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{field}:", 1)[1].split(None, 1)[0])


def read(get: Callable[[str], str | None]) -> str | None:
    """Reads the five headers; gives the event's name."""
    get("Unique-ID")
    get("Event-Date-Timestamp")
    get("Answer-State")
    get("Caller-Caller-ID-Number")
    return get("Event-Name")


def check(reply: str) -> None:
    """Reads the reply to a command. Raises ValueError when it is not what the switch said."""
    if len(reply) != 36:
        raise ValueError(f"not a UUID: {reply!r}")


class Client(Protocol):
    """One library, doing the two kinds of work."""

    def events(self, port: int, meter: Meter) -> None:
        """Subscribes to all events and reads five headers of each, up to the last mark."""

    def commands(self, port: int, count: int, window: int, meter: Meter) -> None:
        """Sends `count` commands with `window` of them under way, in the way that the library has for it.

        Ours: futures. libesl: replies read like events. greenswitch and Genesis: one worker for each place of the
        window, since their send returns with the reply.
        """


class Ours:
    """Our client, over one of its drivers and on some event loop."""

    def __init__(self, connect: Any, run: Callable[[Any], None]) -> None:
        self._connect = connect
        self._run = run

    def events(self, port: int, meter: Meter) -> None:
        self._run(self._events(port, meter))

    def commands(self, port: int, count: int, window: int, meter: Meter) -> None:
        self._run(self._commands(port, count, window, meter))

    async def _signed_in(self, port: int) -> Any:
        from cti.esl.commands import Auth
        from cti.esl.driver import Address
        from cti.esl.wire import Limits

        return await self._connect(Address(HOST, port), Auth(PASSWORD), Limits(), 5.0)

    async def _events(self, port: int, meter: Meter) -> None:
        from cti.esl.commands import Events

        async with await self._signed_in(port) as connection:
            meter.start()
            await connection.send(Events(["ALL"]))
            async for event in connection.events:
                if read(event.get) == MARK and meter.mark(connection.events.high_water):
                    break

    async def _commands(self, port: int, count: int, window: int, meter: Meter) -> None:
        from cti.esl.commands import Api

        async with await self._signed_in(port) as connection:
            meter.start()
            replies: deque[Any] = deque()
            for _ in range(count):
                replies.append(connection.send(Api(COMMAND)))
                if len(replies) == window:
                    check((await replies.popleft()).text)
            for reply in replies:
                check((await reply).text)
            meter.stop()


class Greenswitch:
    """greenswitch by itself, one greenlet a worker."""

    def events(self, port: int, meter: Meter) -> None:
        import gevent.event

        def handle(event: Any) -> None:
            if read(event.headers.get) == MARK and meter.mark(client._esl_event_queue.qsize()):
                finished.set()

        client, finished = self._signed_in(port), gevent.event.Event()
        client.register_handle("*", handle)
        meter.start()
        client.send("event plain ALL")
        finished.wait()

    def commands(self, port: int, count: int, window: int, meter: Meter) -> None:
        import gevent

        def work() -> None:
            for _ in range(count // window):
                check(client.send(f"api {COMMAND}").data)

        client = self._signed_in(port)
        meter.start()
        gevent.joinall([gevent.spawn(work) for _ in range(window)], raise_error=True)
        meter.stop()

    def _signed_in(self, port: int) -> Any:
        import greenswitch

        client = greenswitch.InboundESL(HOST, port, PASSWORD)
        client.connect()
        return client


class Libesl:
    """FreeSWITCH's own C library through its Python binding. Blocking; events wait in the socket."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def events(self, port: int, meter: Meter) -> None:
        connection = self._signed_in(port)
        meter.start()
        connection.events("plain", "ALL")
        while (name := read(connection.recvEvent().getHeader)) != MARK or not meter.mark():
            if name is None:
                raise ConnectionError("the connection is gone")

    def commands(self, port: int, count: int, window: int, meter: Meter) -> None:
        connection = self._signed_in(port)
        meter.start()
        if window == 1:
            for _ in range(count):
                check(connection.api(COMMAND).getBody())
        else:
            for sent in range(count + window):
                if sent < count:
                    connection.send(f"api {COMMAND}")
                if sent >= window:
                    check(connection.recvEvent().getBody())
        meter.stop()

    def _signed_in(self, port: int) -> Any:
        connection = self._module.ESLconnection(HOST, str(port), PASSWORD)
        if not connection.connected():
            raise ConnectionError("not connected")
        return connection


class Genesis:
    """Genesis on asyncio; its handlers are coroutines, as its documentation has them."""

    def __init__(self, inbound: Any) -> None:
        self._inbound = inbound

    def events(self, port: int, meter: Meter) -> None:
        asyncio.run(self._events(port, meter))

    def commands(self, port: int, count: int, window: int, meter: Meter) -> None:
        asyncio.run(self._commands(port, count, window, meter))

    async def _events(self, port: int, meter: Meter) -> None:
        async def handle(event: Any) -> None:
            if read(event.get) == MARK and meter.mark(client.events.qsize() + len(client.handler_tasks)):
                finished.set()

        finished = asyncio.Event()
        async with self._inbound(HOST, port, PASSWORD) as client:
            client.on("*", handle)
            meter.start()
            await client.send("event plain ALL")
            await finished.wait()

    async def _commands(self, port: int, count: int, window: int, meter: Meter) -> None:
        async def work() -> None:
            for _ in range(count // window):
                check((await client.send(f"api {COMMAND}")).body)

        async with self._inbound(HOST, port, PASSWORD) as client:
            meter.start()
            await asyncio.gather(*[work() for _ in range(window)])
            meter.stop()


def _ours() -> Client:
    from cti.esl.connection import connect

    return Ours(connect, asyncio.run)


def _ours_on_uvloop() -> Client:
    import uvloop

    from cti.esl.connection import connect

    return Ours(connect, uvloop.run)


def _ours_over_greenswitch() -> Client:
    from cti.esl.greenswitch import connect

    return Ours(connect, asyncio.run)


def _libesl() -> Client:
    sys.path.insert(0, os.environ.get("LIBESL_PATH", ""))
    try:
        import ESL
    except ImportError:
        raise Missing("not found: set LIBESL_PATH to the folder of ESL.py") from None
    return Libesl(ESL)


def _genesis() -> Client:
    try:
        from genesis import Inbound
    except ImportError:
        raise Missing("not installed: pip install genesis, here or where BENCH_PYTHON points") from None
    return Genesis(Inbound)


CLIENTS: Final[dict[str, Callable[[], Client]]] = {
    "ours": _ours,
    "ours, uvloop": _ours_on_uvloop,
    "ours, greenswitch driver": _ours_over_greenswitch,
    "greenswitch": Greenswitch,
    "libesl": _libesl,
    "genesis": _genesis,
}
"""The clients in the order of the tables."""


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def main(argv: list[str]) -> int:
    """Runs one client once and prints what it took."""
    name, port, work, *counts = argv
    first, second = map(int, counts)
    try:
        client = CLIENTS[name]()
    except Missing as missing:
        print(json.dumps({"missing": str(missing)}))
        return 0
    if work == "events":
        meter = Meter(marks=first)
        client.events(int(port), meter)
    else:
        meter = Meter(marks=0)
        client.commands(int(port), first, second, meter)
    print(json.dumps({"version": _version(name)} | meter.result()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
