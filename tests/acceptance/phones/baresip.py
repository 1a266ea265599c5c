"""baresip: agents' phones. One process is one phone; it is told what to do over ctrl_tcp and tells what happens.

ctrl_tcp speaks JSON in netstrings (``LENGTH:JSON,``), to one connection only.
"""

import asyncio
import json
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tests.acceptance.phones import sound
from tests.acceptance.phones.sound import AGENT_HERTZ, write_tone
from tests.acceptance.programs import DIES_WITH_US, free_port, needed, tail

LIMIT: Final = 10.0
"""Seconds to wait for what should happen."""

CONFIG: Final = """\
poll_method             epoll
sip_listen              127.0.0.1:{sip_port}
net_interface           127.0.0.1
rtp_ports               61000-65000
audio_source            aufile,{folder}/voice.wav
audio_path              /nonexistent
jitter_buffer_delay     0-0
ausrc_srate             8000
ausrc_channels          1
auplay_srate            8000
auplay_channels         1
ringback_disabled       yes
menu_bell               no
statmode_default        off
module_path             /usr/lib/baresip/modules
module                  g711.so
module                  aufile.so
module                  sndfile.so
snd_path                {folder}
module_tmp              uuid.so
module_tmp              account.so
module_app              menu.so
module_app              ctrl_tcp.so
ctrl_tcp_listen         127.0.0.1:{control_port}
"""


class PhoneFailed(AssertionError):
    """The phone did not do what it should; the message shows what it did."""


class Phone:
    """One running baresip. Used by one task at a time: what comes while it waits for something else is kept."""

    def __init__(
        self, process: Process, place: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._place = place
        self._log = place / "log"
        self._reader = reader
        self._writer = writer
        self._told: deque[dict[str, Any]] = deque()

    async def register(
        self, user: str, password: str, domain: str, port: int, *, answers: bool = False, seconds: int = 300
    ) -> None:
        """Asks the SIP port of loopback to let it in; the event is REGISTER_OK or REGISTER_FAIL."""
        mode = "auto" if answers else "manual"
        await self.command(
            "uanew",
            f'<sip:{user}@{domain};transport=udp>;auth_user={user};auth_pass={password};outbound="sip:127.0.0.1:{port}"'
            f";regint={seconds};answermode={mode};audio_codecs=pcma;ptime=20",
        )

    async def dial(self, number: str, port: int, *, user: str = "13800138000") -> None:
        """Calls a number at a SIP port of loopback, from outside: without being registered."""
        await self.command("uanew", f"<sip:{user}@127.0.0.1;transport=udp>;regint=0;audio_codecs=pcma;ptime=20")
        await self.command("dial", f"sip:{number}@127.0.0.1:{port}")

    async def command(self, name: str, params: str = "") -> str:
        """Types a command of baresip's menu; gives what it prints."""
        message = json.dumps({"command": name, "params": params, "token": name}).encode()
        self._writer.write(b"%d:%s," % (len(message), message))
        async with self._limit(f"answer to {name}"):
            while "response" not in (said := await self._hear()):
                self._told.append(said)
        if not said["ok"]:
            raise PhoneFailed(f"{name}: {said['data']}\n{tail(self._log)}")
        return str(said["data"])

    async def event(self, *types: str) -> dict[str, Any]:
        """The next event that is one of `types`, such as CALL_INCOMING; those before it are dropped."""
        async with self._limit(" or ".join(types)):
            while True:
                said = self._told.popleft() if self._told else await self._hear()
                if said.get("type") in types:
                    return said

    async def hears(self, *voices: int, seconds: float = 0.2) -> None:
        """Returns when it has heard just these voices for so long from now on; without any: silence, or no packet.

        The time is that of what it heard, so this is also how long something goes on.
        """
        start, heard, quiet = len(self._heard()), [frozenset[int]()], time.monotonic() + seconds
        try:
            async with asyncio.timeout(LIMIT):
                while True:
                    samples = self._heard()[start:]
                    heard = [sound.voices(part) for part in sound.stretches(samples)]
                    wanted = round(seconds / sound.STRETCH)
                    if len(heard) >= wanted and set(heard[-wanted:]) == {frozenset(voices)}:
                        return
                    if not voices and not samples and time.monotonic() > quiet:
                        return
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise PhoneFailed(f"does not hear {voices}, but {heard[-20:]}\n{tail(self._log)}") from None

    def _heard(self) -> Sequence[int]:
        """What it has heard so far in its last call."""
        files = sorted(self._place.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime_ns)
        return sound.growing(files[-1]) if files else ()

    async def vanish(self) -> None:
        """Ends without a word, as by a cut cable."""
        self._process.kill()
        await self._process.wait()

    def freeze(self) -> None:
        """Answers nothing any more, as when the network is down. `thaw` it in any case."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Goes on, if it was frozen."""
        self._process.send_signal(signal.SIGCONT)

    async def quit(self) -> None:
        """Hangs up, signs off and ends."""
        if self._process.returncode is not None:
            self._writer.close()
            return
        self.thaw()
        try:
            await self.command("quit")
            async with self._limit("end"):
                await self._process.wait()
        finally:
            self._writer.close()

    async def _hear(self) -> dict[str, Any]:
        length = (await self._reader.readuntil(b":"))[:-1]
        said: dict[str, Any] = json.loads((await self._reader.readexactly(int(length) + 1))[:-1])
        return said

    @asynccontextmanager
    async def _limit(self, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(LIMIT):
                yield
        except (TimeoutError, asyncio.IncompleteReadError) as error:
            raise PhoneFailed(f"no {what} ({type(error).__name__})\n{tail(self._log)}") from None


@asynccontextmanager
async def phone(folder: Path, name: str = "baresip", hertz: int = AGENT_HERTZ) -> AsyncIterator[Phone]:
    """A phone that is switched on and not registered yet. In a call it says `hertz`."""
    program, sip_port = needed("baresip", "baresip-core"), free_port()
    control_port = sip_port + 2  # it also takes the one after its SIP port
    place = folder / name
    place.mkdir()
    write_tone(place / "voice.wav", hertz, seconds=60)  # the end of it would end the call
    (place / "config").write_text(CONFIG.format(folder=place, sip_port=sip_port, control_port=control_port))
    (place / "accounts").touch()
    log = place / "log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *DIES_WITH_US, program, "-f", str(place), "-v", stdin=DEVNULL, stdout=output, stderr=output
        )
    try:
        reader, writer = await _control(control_port, process, log)
        one = Phone(process, place, reader, writer)
        try:
            yield one
        finally:
            await one.quit()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _control(port: int, process: Process, log: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The connection to ctrl_tcp, as soon as the phone takes it."""
    try:
        async with asyncio.timeout(LIMIT):
            while process.returncode is None:
                try:
                    return await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.01)
    except TimeoutError:
        pass
    raise PhoneFailed(f"baresip does not take commands\n{tail(log)}")
