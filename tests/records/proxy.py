"""Stands between the records and PostgreSQL and does what networks and dying servers do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Proxy:
    """Passes everything on until it is told otherwise."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.refuses = False
        self.flows = asyncio.Event()
        self.flows.set()
        self.cut_before: bytes | None = None
        """From the client: everything is cut just before this is passed on."""
        self.cut_answer_to: bytes | None = None
        """From the client: it is passed on, and everything is cut when the answer comes."""
        self.cut_after: int | None = None
        """Cut when so many bytes more have come from the client."""
        self.cuts = 0
        self._answer_is_cut = False

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.flows.set()
        self.cut()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def cut(self) -> None:
        """Every connection is gone."""
        self.cuts += 1
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
            self._writers |= {writer, far_writer}
            self._pipe(reader, far_writer, from_client=True)
            self._pipe(far_reader, writer, from_client=False)

    def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool) -> None:
        task = asyncio.create_task(self._pass_on(reader, writer, from_client=from_client))
        self._pipes.add(task)
        task.add_done_callback(self._pipes.discard)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, from_client: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                await self.flows.wait()
                if from_client:
                    data = self._from_client(data)
                elif self._answer_is_cut:
                    self._answer_is_cut, data = False, b""
                if not data:
                    self.cut()
                    break
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)

    def _from_client(self, data: bytes) -> bytes:
        """What is passed on of it; nothing: cut."""
        if self.cut_before is not None and self.cut_before in data:
            self.cut_before = None
            return b""
        if self.cut_answer_to is not None and self.cut_answer_to in data:
            self.cut_answer_to, self._answer_is_cut = None, True
        if self.cut_after is not None:
            self.cut_after -= len(data)
            if self.cut_after < 0:
                self.cut_after = None
                return b""
        return data


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    """A proxy while the block lasts."""
    proxy = Proxy(port)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
