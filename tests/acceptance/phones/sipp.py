"""SIPp: callers from outside, and phones that just answer. One process is one phone.

It sends keys as RFC 2833 events through a raw socket: root, or CAP_NET_RAW.
"""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.acceptance.phones.sound import write_voice
from tests.acceptance.programs import DIES_WITH_US, free_port, needed, tail

SCENARIOS: Final = Path(__file__).parent / "scenarios"
LIMIT: Final = 40
"""Seconds after which SIPp gives up by itself."""


class SippFailed(AssertionError):
    """A call did not go as its scenario says; the message shows SIPp's own logs."""


class Sipp:
    """One running SIPp."""

    def __init__(self, process: Process, folder: Path, port: int) -> None:
        self.port = port
        self._process = process
        self._folder = folder

    async def done(self) -> None:
        """Returns when the call has gone as the scenario says. Raises SippFailed."""
        try:
            async with asyncio.timeout(LIMIT + 5):
                code = await self._process.wait()
        except TimeoutError:
            raise SippFailed(f"SIPp does not end\n{self.story()}") from None
        if code != 0:
            raise SippFailed(f"SIPp ended with {code}\n{self.story()}")

    def messages(self) -> str:
        """Every SIP message so far, both ways."""
        path = self._folder / "messages"
        return path.read_text(errors="replace") if path.exists() else ""

    def story(self) -> str:
        """What it said last, for the message of a failure."""
        return "\n".join(tail(self._folder / name) for name in ("errors", "messages", "screen"))

    async def listening(self) -> None:
        """Returns when it listens."""
        try:
            async with asyncio.timeout(5):
                while not _is_bound(self.port):
                    if self._process.returncode is not None:
                        raise SippFailed(f"SIPp ended at once\n{self.story()}")
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise SippFailed(f"SIPp does not listen on {self.port}\n{self.story()}") from None

    async def stop(self) -> None:
        """Ends it, whatever it does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


def _is_bound(port: int) -> bool:
    """Whether somebody listens on a UDP port of 127.0.0.1: the kernel's table says it, to try would be to take it."""
    return f" 0100007F:{port:04X} " in Path("/proc/net/udp").read_text()


@asynccontextmanager
async def calls(
    folder: Path, number: str, port: int, *, user: str = "13800138000", display: str = "Zhang San"
) -> AsyncIterator[Sipp]:
    """A caller dials `number` at a SIP port of loopback, presses 1 and talks by turns until the other side hangs up."""
    place = folder / "caller"
    place.mkdir()
    write_voice(place / "voice.pcap", seconds=0.8)
    words = ["-key", "user", user, "-key", "display", display, "-s", number, "-m", "1", f"127.0.0.1:{port}"]
    async with _running(place, "caller", *words) as sipp:
        yield sipp


@asynccontextmanager
async def answers(folder: Path) -> AsyncIterator[Sipp]:
    """A phone that rings, answers each call, says nothing and never hangs up first."""
    place = folder / "callee"
    place.mkdir()
    async with _running(place, "callee") as sipp:
        await sipp.listening()
        yield sipp


@asynccontextmanager
async def declines(folder: Path) -> AsyncIterator[Sipp]:
    """A phone that answers one call with 603."""
    place = folder / "decliner"
    place.mkdir()
    async with _running(place, "decliner", "-m", "1") as sipp:
        await sipp.listening()
        yield sipp


@asynccontextmanager
async def _running(place: Path, scenario: str, *words: str) -> AsyncIterator[Sipp]:
    program, port = needed("sipp", "sip-tester"), free_port()
    fixed = ["-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", "127.0.0.1", "-p", str(port)]
    media = ["-mi", "127.0.0.1", "-mp", str(free_port())]
    logs = ["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"]
    limits = ["-timeout", str(LIMIT), "-timeout_error", "-nostdin"]
    with (place / "screen").open("wb") as screen:
        process = await asyncio.create_subprocess_exec(
            *DIES_WITH_US, program, *fixed, *media, *logs, *limits, *words,
            cwd=place, stdin=DEVNULL, stdout=screen, stderr=screen,
        )  # fmt: skip
    sipp = Sipp(process, place, port)
    try:
        yield sipp
    finally:
        await sipp.stop()
