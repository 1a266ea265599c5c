"""The three hotlines that `benchmarks.hotline` measures, each with processes and ports of its own.

The server beside a FreeSWITCH, the server with its embedded switch, and mod_callcenter in the same FreeSWITCH. Their
queue has the same agents, whose phones register at the switch, and no rules.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import hotline_callcenter
from benchmarks.softswitch_process import HOST, ROOT, free_port
from cti.esl.driver import Address
from tests.acceptance.freeswitch import FreeSwitch
from tests.acceptance.programs import DIES_WITH_US

NUMBER = "4008008008"
DOMAIN = "cti.local"
PASSWORD = "a-password"
START_LIMIT = 60.0
MEMORY = Path("/dev/shm")  # noqa: S108
RTP_FIRST, RTP_LAST = 16_400, 19_998


@dataclass(frozen=True, slots=True)
class Hotline:
    """Something that has a queue, and phones that may register."""

    esl: Address
    trunk: int
    phones: int
    number: str
    """What callers dial."""
    processes: dict[str, int]
    """Name -> pid, of whose work is measured."""
    signed_in: Callable[[], int]
    """How many agents may be offered a call."""
    log: Callable[[], str]
    """What was said last, for when something is wrong."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a hotline is run."""

    agents: int
    prompts: Path
    """The cache of what is spoken."""
    record: bool = False
    database: str = ""
    """The URL of the records; empty: SQLite in the temporary folder."""
    level: str = "info"
    """Of the server's log."""
    nice: int = 0
    """Of the server's process."""

    @property
    def people(self) -> list[str]:
        """The agents' ids."""
        return [str(1001 + number) for number in range(self.agents)]


Running = Callable[[Path, Setting], AbstractAsyncContextManager[Hotline]]


class _Roomy(FreeSwitch):
    """A FreeSWITCH with room for the calls of a measurement."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        prefix = freeswitch_prefix()
        assert prefix is not None
        super().__init__(prefix, folder, dict.fromkeys(setting.people, PASSWORD))
        rendered = folder / "conf" / "rendered" / "vars.xml"
        more = {"rtp_start_port": RTP_FIRST, "rtp_end_port": RTP_LAST, "heartbeat_interval": 20, "log_level": "warning"}
        lines = "".join(f'<X-PRE-PROCESS cmd="set" data="{name}={value}"/>\n' for name, value in more.items())
        rendered.write_text(rendered.read_text().replace("</include>", f"{lines}</include>"))

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def ask(self, command: str) -> str:
        """What fs_cli would print."""
        prefix = freeswitch_prefix()
        assert prefix is not None
        words = [prefix / "bin" / "fs_cli", "-H", HOST, "-P", str(self.address.port), "-p", "ClueCon", "-x", command]
        return subprocess.run(words, capture_output=True, text=True, timeout=20, check=False).stdout


def freeswitch_prefix() -> Path | None:
    """Where FreeSWITCH is, as FREESWITCH_PREFIX says."""
    prefix = Path(os.environ.get("FREESWITCH_PREFIX") or "/opt/freeswitch")
    return prefix if (prefix / "bin" / "freeswitch").is_file() else None


@asynccontextmanager
async def _freeswitch(folder: Path, setting: Setting, prepare: Callable[[Path], None]) -> AsyncIterator[_Roomy]:
    folder.mkdir()  # noqa: ASYNC240 (of the benchmark's own)
    switch = _Roomy(folder, setting)
    prepare(folder / "conf")
    switch.launch()
    try:
        await switch.ready()
        yield switch
    finally:
        switch.kill()


@asynccontextmanager
async def on_freeswitch(folder: Path, setting: Setting) -> AsyncIterator[Hotline]:
    """The server, attached to a FreeSWITCH."""
    async with _freeswitch(folder / "switch", setting, lambda conf: None) as switch:
        variables = {"CTI_SOFTSWITCH__ENABLED": "false", "CTI_ESL__NODES__MAIN__PORT": str(switch.address.port)}
        async with _server(folder, setting, variables) as (pid, log):
            yield Hotline(
                switch.address,
                switch.external_port,
                switch.internal_port,
                NUMBER,
                {"server": pid, "switch": switch.pid},
                lambda: _available(log),
                lambda: f"{log.read_text()[-3000:]}\n{switch.story()}",
            )


@asynccontextmanager
async def mod_callcenter(folder: Path, setting: Setting) -> AsyncIterator[Hotline]:
    """FreeSWITCH alone. The queue's file is in memory (/dev/shm) where that is possible, as its manual advises."""
    database = (MEMORY if MEMORY.is_dir() else folder) / f"callcenter-{os.getpid()}-{free_port()}.db"  # noqa: ASYNC240
    try:
        async with _freeswitch(
            folder / "switch",
            setting,
            lambda conf: hotline_callcenter.add_to(conf, setting.people, DOMAIN, database),
        ) as switch:
            yield Hotline(
                switch.address,
                switch.external_port,
                switch.internal_port,
                hotline_callcenter.NUMBER,
                {"switch": switch.pid},
                lambda: switch.ask("show registrations").count(f",{DOMAIN},"),
                switch.story,
            )
    finally:
        for file in database.parent.glob(f"{database.name}*"):
            file.unlink()


@asynccontextmanager
async def embedded(folder: Path, setting: Setting) -> AsyncIterator[Hotline]:
    """The server with the switch that is in it: one process, one thread."""
    esl, phones, trunk = (free_port() for _ in range(3))
    variables = {
        "CTI_SOFTSWITCH__ENABLED": "true",
        "CTI_SOFTSWITCH__INTERNAL_PORT": str(phones),
        "CTI_SOFTSWITCH__EXTERNAL_PORT": str(trunk),
        "CTI_SOFTSWITCH__RTP_FIRST": str(RTP_FIRST),
        "CTI_SOFTSWITCH__RTP_LAST": str(RTP_LAST + 1),
        "CTI_SOFTSWITCH__MUSIC": str(ROOT / "config" / "freeswitch" / "sounds" / "moh"),
        "CTI_SOFTSWITCH__FALLBACK": str(ROOT / "config" / "freeswitch" / "sounds" / "fallback.wav"),
        "CTI_ESL__NODES__MAIN__PORT": str(esl),
        "CTI_AGENTS__PASSWORDS": json.dumps(dict.fromkeys(setting.people, PASSWORD)),
    }
    async with _server(folder, setting, variables) as (pid, log):
        yield Hotline(
            Address(HOST, esl),
            trunk,
            phones,
            NUMBER,
            {"server and switch": pid},
            lambda: _available(log),
            lambda: log.read_text()[-3000:],
        )


@asynccontextmanager
async def _server(folder: Path, setting: Setting, variables: dict[str, str]) -> AsyncIterator[tuple[int, Path]]:
    """`cti run`; gives its pid and its log once it is attached."""
    write_routing(folder, setting)
    (folder / "no secrets").mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("CTI_")} | {
        "CTI_SECRETS_DIR": str(folder / "no secrets"),
        "CTI_ROUTING": str(folder / "routing"),
        "CTI_FLOWS": str(folder / "ivr_flows"),
        "CTI_VOICE__CACHE": str(setting.prompts),
        "CTI_RECORDINGS__FOLDER": str(folder / "recordings"),
        "CTI_LOG__LEVEL": setting.level,
        **variables,
    }
    if setting.database:
        environment["CTI_RECORDS__URL"] = setting.database
    program = str(Path(sys.executable).with_name("cti"))
    command = ["nice", "-n", str(setting.nice), program, "run", "--config", str(ROOT / "config" / "cti.yaml")]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([*DIES_WITH_US, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=folder)  # noqa: ASYNC220, E501 # fmt: skip
    try:
        await until(lambda: _ended(process, log) or "prompts are ready" in log.read_text(), "the server is not ready")
        yield process.pid, log
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ended(process: "subprocess.Popen[bytes]", log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"the server ended:\n{log.read_text()[-3000:]}")
    return False


def _available(log: Path) -> int:
    """Agents who are available, as the log says."""
    lines = [line for line in log.read_text().splitlines() if '"presence": "available"' in line]
    return len({json.loads(line)["agent"] for line in lines})


async def until(true: Callable[[], bool], else_: str, limit: float = START_LIMIT) -> None:
    """Waits for something that tells nobody. Raises RuntimeError."""
    try:
        async with asyncio.timeout(limit):
            while not true():  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise RuntimeError(f"{else_} after {limit:.0f} s") from None


def write_routing(folder: Path, setting: Setting) -> None:
    """A flow that leads straight to a queue with everybody in it."""
    people = "\n".join(
        f'  "{agent}": {{name: 坐席{agent}, groups: [service], skills: {{service: 3}}}}' for agent in setting.people
    )
    record = str(setting.record).lower()
    files = {
        "routing/hotlines.yaml": f"""
hotlines:
  服务热线: {{numbers: ["{NUMBER}"], flow: service, hours: always, record: {record}}}
""",
        "routing/hours.yaml": 'hours:\n  always: {weekly: {mon-sun: ["00:00-24:00"]}}\n',
        "routing/skills.yaml": "skills: [service]\ngroups: {service: 售后组}\n",
        "routing/agents.yaml": f"defaults: {{wrap_up: 0s, ring: 10s}}\nagents:\n{people}\n",
        "routing/queues.yaml": """
queues:
  service: {name: 售后服务, groups: [service], needs: {service: 1}}
""",
        "ivr_flows/service.yaml": "flow: service\nstart: wait\nsteps:\n  wait: {queue: service}\n",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
