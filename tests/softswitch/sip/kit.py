"""A switch core that writes down what it is told, a phone made of text, and SIPp's own scenarios."""

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cti.softswitch.sip import sdp
from cti.softswitch.sip.address import Address, NameAddr
from cti.softswitch.sip.agent import Options, UserAgent
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.digest import Secret
from cti.softswitch.sip.handler import Ending, Handler
from cti.softswitch.sip.message import Request, Response, parse
from cti.softswitch.sip.registrar import Binding
from cti.softswitch.sip.sdp import Description
from cti.softswitch.sip.transaction import Timers
from tests.acceptance.programs import DIES_WITH_US, free_port, needed, tail

LIMIT = 10.0
"""Seconds to wait for what should happen."""
QUICK = Timers(t1=0.02, t2=0.08, t4=0.1, ring=2.0)
"""The timers of RFC 3261 at 25 times their speed; the end is 1.28 s."""
RTP: Address = ("127.0.0.1", 40_000)
OFFER = sdp.offer(RTP, session=1)
PASSWORDS = {"1001": "pw-of-1001", "1002": "pw-of-1002"}


def secret_of(user: str) -> Secret | None:
    return Secret(PASSWORDS[user]) if user in PASSWORDS else None


def answer_to(call: Call) -> bytes:
    """Agrees to the first codec of an offer; says what we have where there is none, or none of ours."""
    agreed = None if call.remote_sdp is None else sdp.agree(call.remote_sdp)
    if call.remote_sdp is None or agreed is None:
        return OFFER
    return sdp.answer(call.remote_sdp, agreed, RTP, session=1)


class Core(Handler):
    """Writes everything down as ``(name, ...)``; what it does with a new call is a function."""

    def __init__(self, on_incoming: Callable[[Call], object] = lambda call: None) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.on_incoming = on_incoming
        self.on_refer = 202
        self._news = asyncio.Event()

    def _write(self, *entry: Any) -> None:
        self.told.append(entry)
        self._news.set()

    async def wait(self, name: str, count: int = 1) -> tuple[Any, ...]:
        """The `count`-th entry of that name, as soon as it is there."""
        async with asyncio.timeout(LIMIT):
            while len(found := [entry for entry in self.told if entry[0] == name]) < count:
                self._news.clear()
                await self._news.wait()
        return found[count - 1]

    def names(self) -> list[str]:
        return [entry[0] for entry in self.told]

    def incoming(self, call: Call) -> None:
        self._write("incoming", call)
        self.on_incoming(call)

    def confirmed(self, call: Call) -> None:
        self._write("confirmed", call)

    def progress(self, call: Call, status: int, description: Description | None) -> None:
        self._write("progress", call, status, description)

    def answered(self, call: Call) -> None:
        self._write("answered", call)

    def reinvite(self, call: Call, offer: Description | None) -> bytes | None:
        self._write("reinvite", call, offer)
        if offer is None:
            return OFFER
        agreed = sdp.agree(offer)
        return agreed and sdp.answer(offer, agreed, RTP, session=1, version=2)

    def reinvited(self, call: Call, status: int, answer: Description | None) -> None:
        self._write("reinvited", call, status, answer)

    def ended(self, call: Call, ending: Ending) -> None:
        self._write("ended", call, ending)

    def referred(self, call: Call, refer_to: NameAddr, referred_by: str | None) -> int:
        self._write("referred", call, refer_to, referred_by)
        return self.on_refer

    def key(self, call: Call, digit: str, milliseconds: int) -> None:
        self._write("key", call, digit, milliseconds)

    def registered(self, agent: UserAgent, binding: Binding) -> None:
        self._write("registered", binding)

    def unregistered(self, agent: UserAgent, binding: Binding) -> None:
        self._write("unregistered", binding)

    def expired(self, agent: UserAgent, binding: Binding) -> None:
        self._write("expired", binding)

    def unauthorized(self, agent: UserAgent, user: str, source: Address, method: str) -> None:
        self._write("unauthorized", user, method)


def answer_at_once(call: Call) -> None:
    call.ring()
    call.answer(answer_to(call))


@asynccontextmanager
async def agent(core: Handler, *, auth: bool = False, options: Options | None = None) -> AsyncIterator[UserAgent]:
    """A user agent with quick timers. Whatever a test does, no error of ours may happen meanwhile."""
    ua = UserAgent("test", "127.0.0.1", 0, secret_of if auth else None, core, options or Options(timers=QUICK))
    await ua.open()
    try:
        yield ua
        assert ua.counts.failed == 0
    finally:
        ua.close()


async def forgotten(ua: UserAgent) -> None:
    """Until calls and transactions are gone, which must be within the end of their time."""
    async with asyncio.timeout(LIMIT):
        while len(ua):  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.01)


class TextPhone(asyncio.DatagramProtocol):
    """Sends what it is told, byte by byte, and hands out what comes."""

    def __init__(self, peer: Address) -> None:
        self.peer = peer
        self.heard: asyncio.Queue[bytes] = asyncio.Queue()
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.put_nowait(data)

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    def say(self, message: str | bytes | Request | Response) -> None:
        if isinstance(message, Request | Response):
            message = message.render()
        data = message.encode() if isinstance(message, str) else message
        self.transport.sendto(data, self.peer)

    def request(
        self, method: str, *, cseq: int = 1, tag: str = "", call_id: str = "c1", branch: str = "", body: bytes = b"",
        user: str = "1001", to: str = "9001", more: str = "", from_tag: str = "f1",
    ) -> Request:  # fmt: skip
        branch = branch or f"z9hG4bK-{call_id}-{method}-{cseq}"
        to_tag = f";tag={tag}" if tag else ""
        kind = "Content-Type: application/sdp\r\n" if body and "ontent-" not in more else ""
        text = (
            f"{method} sip:{to}@127.0.0.1 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};rport;branch={branch}\r\n"
            f"From: <sip:{user}@127.0.0.1>;tag={from_tag}\r\nTo: <sip:{to}@127.0.0.1>{to_tag}\r\n"
            f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\nContact: sip:{user}@127.0.0.1:{self.port}\r\n"
            f"{kind}{more}\r\n"
        )
        found = parse(text.encode() + body)
        assert isinstance(found, Request)
        return found

    async def hear(self) -> Request | Response:
        async with asyncio.timeout(LIMIT):
            return parse(await self.heard.get())

    async def response(self, status: int, method: str = "") -> Response:
        """The next response with that status; others before it are dropped."""
        while True:
            message = await self.hear()
            if isinstance(message, Response) and message.status == status and method in ("", message.cseq.method):
                return message

    async def asked(self, method: str) -> Request:
        """The next request with that method; others before it are dropped."""
        while True:
            message = await self.hear()
            if isinstance(message, Request) and message.method == method:
                return message


@asynccontextmanager
async def text_phone(ua: UserAgent) -> AsyncIterator[TextPhone]:
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(lambda: TextPhone(ua.local), local_addr=("127.0.0.1", 0))
    try:
        yield phone
    finally:
        transport.close()


class Sipp:
    """One run of SIPp; `stats` are the last line of its counters."""

    def __init__(self, place: Path, port: int, process: asyncio.subprocess.Process) -> None:
        self.place, self.port, self.process = place, port, process

    async def done(self, seconds: float = 60) -> None:
        """Until it ends; fails unless every call went as the scenario says."""
        async with asyncio.timeout(seconds):
            code = await self.process.wait()
        story = "\n".join(tail(self.place / name) for name in ("errors", "messages", "screen"))
        assert code == 0, f"SIPp ended with {code}\n{story}"

    def stats(self) -> dict[str, str]:
        lines = (self.place / "stats").read_text().splitlines()
        return dict(zip(lines[0].split(";"), lines[-1].split(";"), strict=False))

    async def listening(self) -> None:
        async with asyncio.timeout(LIMIT):
            while not _is_bound(self.port):  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0.01)


def _is_bound(port: int) -> bool:
    return f" 0100007F:{port:04X} " in Path("/proc/net/udp").read_text()


@asynccontextmanager
async def sipp(folder: Path, *words: str) -> AsyncIterator[Sipp]:
    """SIPp with `words` on its command line, such as ``-sn uac 127.0.0.1:5080``."""
    program, port = needed("sipp", "sip-tester"), free_port()
    place = folder / f"sipp-{port}"
    place.mkdir()
    fixed = [
        "-i",
        "127.0.0.1",
        "-p",
        str(port),
        "-mp",
        str(free_port()),
        "-nostdin",
        "-timeout",
        "50",
        "-timeout_error",
    ]
    logs = ["-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages"]
    logs += ["-trace_stat", "-stf", "stats", "-fd", "1"]
    with (place / "screen").open("wb") as screen:
        process = await asyncio.create_subprocess_exec(
            *DIES_WITH_US, program, *fixed, *logs, *words, cwd=place, stdin=DEVNULL, stdout=screen, stderr=screen
        )
    try:
        yield Sipp(place, port, process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
