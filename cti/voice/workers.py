"""A few worker processes, started when there is work, replaced when they die."""

import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cti.voice import errors
from cti.voice.errors import EngineError, VoiceError

COMMAND: Final = (sys.executable, "-m", "cti.voice.worker")

_LARGEST_REPLY: Final = 64 * 1024 * 1024
_ATTEMPTS: Final = 2  # a worker may have been killed by somebody; one that dies again dies of the text


class _Died(Exception):
    """The worker is gone, or speaks nonsense."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    wav: bytes
    left_out: str
    """Characters that have no sound and were left out."""


class Workers:
    """At most `most` processes. A piece that takes longer than `limit` seconds ends with its worker.

    Belongs to one event loop; `close` ends the processes.
    """

    def __init__(self, most: int, limit: float, command: Sequence[str] = COMMAND) -> None:
        self._limit = limit
        self._command = tuple(command)
        self._free: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._places = asyncio.Semaphore(most)
        self._closed = False

    @property
    def processes(self) -> list[int]:
        """The ids of those that run."""
        return [worker.process.pid for worker in (*self._free, *self._busy) if worker.process.returncode is None]

    async def ask(self, request: dict[str, Any], about: str) -> Answer:
        """The answer to a request (see cti.voice.worker); `about` names it in errors. Raises VoiceError."""
        async with self._places:
            died: _Died | None = None
            for _ in range(_ATTEMPTS):
                worker = await self._worker()
                try:
                    return await self._exchange(worker, request, about)
                except _Died as death:
                    died = death
        raise EngineError(
            f"the worker died twice while rendering {about}: {died}",
            remedy="Change the text, or use another engine or a recording for it",
        )

    async def _worker(self) -> "_Worker":
        if self._closed:
            raise EngineError("the voice is closed")
        while self._free:
            worker = self._free.pop()
            if worker.process.returncode is None:
                return worker
            await worker.end()
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(*self._command, stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise EngineError(f"the worker {self._command[0]} cannot be started: {error.strerror}") from error
        return _Worker(process)

    async def _exchange(self, worker: "_Worker", request: dict[str, Any], about: str) -> Answer:
        self._busy.add(worker)
        whole = False
        try:
            async with asyncio.timeout(self._limit):
                reply, wav = await worker.talk(request)
            whole = True
        except TimeoutError:
            raise EngineError(
                f"rendering {about} took longer than {self._limit:g} s", remedy="Cut it, or raise voice.limit"
            ) from None
        finally:
            self._busy.discard(worker)
            if whole and not self._closed:
                self._free.append(worker)
            else:
                await worker.end()  # it died, hangs, or is in the middle of an answer that nobody waits for
        if "error" in reply:
            raise _raised(reply)
        return Answer(wav, reply.get("left_out", ""))

    async def close(self) -> None:
        """Ends the processes; what is being rendered fails."""
        self._closed = True
        for worker in (*self._free, *self._busy):
            await worker.end()
        self._free.clear()


class _Worker:
    """One process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("a process without pipes")
        self.process = process
        self._requests, self._replies, self._complaints = process.stdin, process.stdout, process.stderr

    async def talk(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """One request and its reply. Raises _Died."""
        message = json.dumps(request).encode()
        try:
            self._requests.write(len(message).to_bytes(4, "big") + message)
            await self._requests.drain()
            reply: dict[str, Any] = json.loads(await self._read(int.from_bytes(await self._read(4), "big")))
            return reply, await self._read(int(reply.get("wav", 0)))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _Died(await self._cause()) from None
        except (ValueError, AttributeError):
            raise _Died("its answer is not one") from None

    async def _read(self, size: int) -> bytes:
        if size > _LARGEST_REPLY:
            raise ValueError(size)
        return await self._replies.readexactly(size)

    async def _cause(self) -> str:
        """Why it ended: the signal, or its exit code and the last line that it wrote."""
        code = await self.process.wait()
        if code < 0:
            return f"signal {signal.Signals(-code).name}"
        lines = (await self._complaints.read()).decode(errors="replace").strip().splitlines()
        return f"exit code {code}" + (f", {lines[-1]}" if lines else "")

    async def end(self) -> None:
        """Kills it, if it still runs."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        self._requests.close()


def _raised(reply: dict[str, Any]) -> VoiceError:
    kind = getattr(errors, str(reply["error"]), EngineError)
    error: VoiceError = kind(str(reply.get("what", "")), remedy=reply.get("remedy") or None)
    return error
