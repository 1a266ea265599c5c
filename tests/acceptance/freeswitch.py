"""A real FreeSWITCH on a copy of config/freeswitch, on loopback and on ports of its own."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cti.esl import connection
from cti.esl.commands import Api, Auth
from cti.esl.driver import Address
from cti.esl.errors import ConnectFailed
from tests.acceptance.programs import DIES_WITH_US, free_port, rtp_ports, tail

CONFIG = Path(__file__).parent.parent.parent / "config" / "freeswitch"
PASSWORD = Auth("ClueCon")
DOMAIN = "cti.local"
HEARTBEAT = 1
"""Seconds between two HEARTBEATs, so that silence shows soon."""
START_LIMIT = 30.0
"""Seconds that a start may take; 1.5 is usual."""


class FreeSwitch:
    """One FreeSWITCH. `agents` are the phones that may register: user and password."""

    def __init__(self, prefix: Path, folder: Path, agents: Mapping[str, str]) -> None:
        self.address = Address("127.0.0.1", free_port())
        self.internal_port = free_port()
        self.external_port = free_port()
        self.log = folder / "log" / "freeswitch.log"
        self.recordings = folder / "recordings"
        self.fallback = str(folder / "conf" / "sounds" / "fallback.wav")
        self._program = prefix / "bin" / "freeswitch"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        shutil.copytree(CONFIG, folder / "conf", ignore=shutil.ignore_patterns("rendered"))
        for name in ("log", "db", "run", "certs", "temp", "recordings"):
            (folder / name).mkdir()
        self._render(agents)

    def launch(self) -> None:
        """Starts it, on the same ports each time; `ready` says when it takes calls."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("FS_", "CTI_"))}
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*DIES_WITH_US, *self._command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=clean | self._environment,
                cwd=self._folder,
            )

    def _command(self) -> list[str | Path]:
        places = [
            f"-{name}={self._folder / name}" for name in ("conf", "log", "db", "run", "certs", "temp", "recordings")
        ]
        words = [word for place in places for word in place.split("=", 1)]
        return [self._program, "-nonat", "-nf", "-nc", *words]

    async def ready(self) -> None:
        """Returns when it can be signed in to and both SIP profiles run."""
        try:
            async with asyncio.timeout(START_LIMIT):
                while not await self._takes_calls():  # noqa: ASYNC110 (a process tells nobody that it is ready)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise RuntimeError(f"FreeSWITCH is not ready after {START_LIMIT} s\n{self.story()}") from None

    def kill(self) -> None:
        """As in a crash; to end well would take it five seconds."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        assert self._process is not None
        return len(list(Path(f"/proc/{self._process.pid}/fd").iterdir()))

    def pause(self) -> None:
        """It hangs: its sockets stay, nothing is said any more. `resume` it in any case."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on as if nothing had been."""
        self._signal(signal.SIGCONT)

    def story(self) -> str:
        """What it said last, for the message of a failure."""
        return f"{tail(self._folder / 'output')}\n{tail(self.log)}"

    async def _takes_calls(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError(f"FreeSWITCH has ended\n{self.story()}")
        try:
            async with await connection.connect(self.address, PASSWORD) as switch:
                profiles = (await switch.send(Api("sofia", ["status"]))).text
        except ConnectFailed:
            return False
        ports = (self.internal_port, self.external_port)
        return all(any(f":{port}" in line and "RUNNING" in line for line in profiles.splitlines()) for port in ports)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)

    def _render(self, agents: Mapping[str, str]) -> None:
        """What `cti freeswitch render` would write."""
        first, last = rtp_ports()
        values = {
            "esl_port": self.address.port,
            "internal_sip_port": self.internal_port,
            "external_sip_port": self.external_port,
            "ws_port": free_port(),
            "rtp_start_port": first,
            "rtp_end_port": last,
            "heartbeat_interval": HEARTBEAT,
        }
        lines = [f'  <X-PRE-PROCESS cmd="set" data="{name}={value}"/>' for name, value in values.items()]
        self._write("vars.xml", lines)
        self._write("directory/agents.xml", [_user(user, password) for user, password in agents.items()])

    def _write(self, name: str, lines: list[str]) -> None:
        path = self._folder / "conf" / "rendered" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(["<include>", *lines, "</include>", ""]))


def _user(user: str, password: str) -> str:
    a1 = hashlib.md5(f"{user}:{DOMAIN}:{password}".encode(), usedforsecurity=False).hexdigest()
    return f'  <user id="{user}"><params><param name="a1-hash" value="{a1}"/></params></user>'
