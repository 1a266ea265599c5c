"""The embedded softswitch as a process of its own, and what Linux says of it."""

import asyncio
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cti.esl import connection
from cti.esl.commands import Auth
from cti.esl.driver import Address
from cti.esl.errors import ConnectFailed

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
START_LIMIT = 20.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used so far, and what it holds."""

    at: float
    cpu: float
    """Seconds, user and system, all threads."""
    waited: float
    """Seconds that its main thread was ready to run while another program had its core."""
    memory: float
    """Resident, MB."""
    descriptors: int
    threads: int

    def cpu_since(self, before: "Usage") -> float:
        """Per cent of a core."""
        return 100 * (self.cpu - before.cpu) / (self.at - before.at)

    def waited_since(self, before: "Usage") -> float:
        """Per cent of the time: how much other programs disturbed."""
        return 100 * (self.waited - before.waited) / (self.at - before.at)


@dataclass(frozen=True, slots=True)
class SwitchProcess:
    """A running switch."""

    pid: int
    esl: Address
    trunk: int
    folder: Path
    """Its log, `output`, and room for recordings."""

    def usage(self) -> Usage:
        """As of now."""
        return usage_of(self.pid)


def usage_of(pid: int) -> Usage:
    """What a process has used as of now."""
    here = Path("/proc") / str(pid)
    fields = (here / "stat").read_text().rpartition(")")[2].split()
    status = dict(line.split(":", 1) for line in (here / "status").read_text().splitlines())
    return Usage(
        time.monotonic(),
        (int(fields[11]) + int(fields[12])) / TICKS,
        int((here / "schedstat").read_text().split()[1]) / 1e9,
        int(status["VmRSS"].split()[0]) / 1024,
        len(list((here / "fd").iterdir())),
        int(status["Threads"]),
    )


@asynccontextmanager
async def running(folder: Path, core: int | None) -> AsyncIterator[SwitchProcess]:
    """A switch on free ports, on one core if there is one for it; stopped at the end."""
    esl, phones, trunk = (free_port() for _ in range(3))
    (folder / "secrets").mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CTI_")} | {
        "CTI_SECRETS_DIR": str(folder / "secrets"),
        "CTI_ESL__NODES__MAIN__PORT": str(esl),
        "CTI_SOFTSWITCH__INTERNAL_PORT": str(phones),
        "CTI_SOFTSWITCH__EXTERNAL_PORT": str(trunk),
        "CTI_SOFTSWITCH__RTP_FIRST": "20000",
        "CTI_SOFTSWITCH__RTP_LAST": "29999",
        "CTI_SOFTSWITCH__CLAIM": "30s",  # a load of claims at once is not what is measured
    }
    command = [str(Path(sys.executable).with_name("cti")), "softswitch", "--config", str(ROOT / "config" / "cti.yaml")]
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a socket a leg; the switch inherits it
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=ROOT)  # noqa: ASYNC220, E501 # fmt: skip
    try:
        if core is not None:
            os.sched_setaffinity(process.pid, {core})
        switch = SwitchProcess(process.pid, Address(HOST, esl), trunk, folder)
        await _ready(switch, process)
        yield switch
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _ready(switch: SwitchProcess, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(START_LIMIT):
        while True:
            if process.poll() is not None:
                raise RuntimeError(f"the softswitch ended:\n{(switch.folder / 'output').read_text()[-2000:]}")
            try:
                await (await connection.connect(switch.esl, Auth("ClueCon"))).close()
            except ConnectFailed:
                await asyncio.sleep(0.05)
            else:
                return


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port that is free now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
