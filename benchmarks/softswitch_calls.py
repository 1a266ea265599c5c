"""Who calls the softswitch, who is called, and who decides what becomes of the calls."""

import asyncio
import csv
import shutil
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.softswitch_process import HOST, ROOT, SwitchProcess, free_port
from cti.esl import connection
from cti.esl.commands import Api, Auth, Command, Execute
from cti.esl.connection import AsyncioConnection
from cti.esl.dialstring import Originate, SipUri
from cti.esl.events import Event
from cti.esl.link import NARROW
from cti.softswitch.sip import sdp
from cti.softswitch.sip.agent import Options, UserAgent
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.handler import Handler

LIMIT = 20.0
"""Seconds that any step of a call may take."""
NUMBER = "4008008008"


class CallFailed(Exception):
    """A step of a call did not happen."""


class Controller:
    """Decides over the Event Socket, as the server does: `decide` is run for each call that waits to be claimed."""

    def __init__(self, switch: AsyncioConnection, decide: "Callable[[Controller, str], Awaitable[None]]") -> None:
        self.told: dict[tuple[str, str], int] = {}
        """Leg and event -> when the switch fired it first, microseconds."""
        self.legs: list[str] = []
        """Callers for whom all has been done that was decided."""
        self.failures: list[str] = []
        self._switch = switch
        self._decide = decide
        self._waiting: dict[tuple[str, str], asyncio.Future[int]] = {}

    async def follow(self, tasks: asyncio.TaskGroup) -> None:
        """Reads events, until cancelled."""
        async for event in self._switch.events:
            if not isinstance(event, Event):
                continue
            key = (event.leg or event.get("Job-UUID") or "", event.name)
            if key in self.told:
                continue
            self.told[key] = event.timestamp
            if event.name == "BACKGROUND_JOB" and not event.body.startswith("+OK"):
                self.failures.append(f"originate: {event.body.strip()}")
            if (waiting := self._waiting.pop(key, None)) is not None and not waiting.done():
                waiting.set_result(event.timestamp)
            if event.name == "CHANNEL_PARK" and event["Call-Direction"] == "inbound":
                tasks.create_task(self._serve(key[0]))

    async def _serve(self, leg: str) -> None:
        try:
            await self._decide(self, leg)
            self.legs.append(leg)
        except CallFailed as failed:
            self.failures.append(str(failed))

    async def send(self, command: Command) -> str:
        """Sends, and gives the answer. Raises CallFailed."""
        reply = await self._switch.send(command)
        if not reply.ok:
            raise CallFailed(f"{command}: {reply.text.strip()}")
        return reply.text

    async def until(self, leg: str, name: str) -> int:
        """When an event of a leg was fired; waits for it. Raises CallFailed."""
        key = (leg, name)
        if key not in self.told:
            waiting = self._waiting.setdefault(key, asyncio.get_running_loop().create_future())
            try:
                async with asyncio.timeout(LIMIT):
                    await waiting
            except TimeoutError:
                raise CallFailed(f"no {name} in {LIMIT:.0f} s") from None
        return self.told[key]

    async def answer(self, leg: str) -> None:
        """Claims a call and answers it."""
        await self.send(Api("sched_del", [leg]))
        await self.send(Execute(leg, "answer"))

    async def connect(self, leg: str, phone: int) -> str:
        """Rings a phone at a port and bridges the two; gives the new leg."""
        order = Originate([SipUri("external", "agent", f"{HOST}:{phone}")], caller_number="13800138000", timeout=10)
        await self.send(order.job())
        await self.until(order.leg, "CHANNEL_PARK")
        await self.send(Api("uuid_bridge", [leg, order.leg]))
        await self.until(leg, "CHANNEL_BRIDGE")
        return order.leg

    async def hang_up(self, *legs: str) -> None:
        """Ends a call and waits for the end of all its legs."""
        await self.send(Api("uuid_kill", [legs[0]]))
        for leg in legs:
            await self.until(leg, "CHANNEL_HANGUP_COMPLETE")

    def between(self, pairs: list[tuple[str, str]], first: str, then: str) -> list[float]:
        """Milliseconds from an event of one leg to an event of another."""
        times = [(self.told.get((a, first)), self.told.get((b, then))) for a, b in pairs]
        return [(end - start) / 1000 for start, end in times if start and end]


@asynccontextmanager
async def controlled(
    switch: SwitchProcess, decide: Callable[[Controller, str], Awaitable[None]]
) -> AsyncIterator[Controller]:
    """A signed-in controller that hears what the server hears."""
    async with await connection.connect(switch.esl, Auth("ClueCon")) as link, asyncio.TaskGroup() as tasks:
        controller = Controller(link, decide)
        await controller.send(NARROW)
        following = tasks.create_task(controller.follow(tasks))
        yield controller
        following.cancel()


async def nothing_left(controller: Controller) -> int:
    """Legs that there are when those who hung up have had two seconds."""
    for _ in range(20):
        if '"row_count": 0' in await controller.send(Api("show", ["channels", "as", "json"])):
            return 0
        await asyncio.sleep(0.1)
    return (await controller.send(Api("show", ["channels", "as", "json"]))).count('"uuid"')


async def hang_up_all(controller: Controller) -> int:
    """Ends all calls; gives the legs that are left."""
    await controller.send(Api("hupall", ["NORMAL_CLEARING"]))
    return await nothing_left(controller)


# --- SIPp ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Heard:
    """What SIPp says about the other side."""

    succeeded: int
    failed: int
    repeated_by_switch: int
    """Messages that came again, also after the end of their call."""
    repeated_by_sipp: int
    """Messages that SIPp sent again because no answer came in time."""
    stalls: int
    """How often SIPp itself did not run for half a second, after which the other side has to repeat itself."""
    answer_times: list[float]
    """Milliseconds from INVITE to 200 (callers)."""


class Sipp:
    """One running SIPp."""

    def __init__(self, process: Process, folder: Path, port: int) -> None:
        self.port = port
        self._process = process
        self._folder = folder

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def wait(self, seconds: float) -> None:
        """Until it ends by itself, or the time is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            return

    async def stop(self) -> None:
        """Lets it write its last numbers, and ends it."""
        if self._process.returncode is None:
            await asyncio.sleep(1.2)  # it writes once a second
            with suppress(ProcessLookupError):  # it has ended meanwhile
                self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    def heard(self) -> Heard:
        """Its numbers, after `stop`."""
        counts, totals = self._last("*_counts.csv"), self._last("totals.csv")
        received = [name.removesuffix("Recv") for name in counts if name.endswith("_Recv")]
        strays = int(totals["OutOfCallMsgs(C)"]) + int(totals["DeadCallMsgs(C)"])
        return Heard(
            int(totals["SuccessfulCall(C)"]),
            int(totals["FailedCall(C)"]),
            strays + sum(int(counts[f"{message}Retrans"]) for message in received),
            int(totals["Retransmissions(C)"]),
            int(totals["WatchdogMinor(C)"]) + int(totals["WatchdogMajor(C)"]),
            [float(row[1]) for path in self._folder.glob("*_rtt.csv") for row in _rows(path)[1:]],
        )

    def _last(self, pattern: str) -> dict[str, str]:
        rows = _rows(next(self._folder.glob(pattern)))
        return dict(zip(rows[0], rows[-1], strict=False))


def _rows(path: Path) -> list[list[str]]:
    """Whole lines only: the last may be on its way to the disk."""
    whole = path.read_text().rpartition("\n")[0]
    return list(csv.reader(whole.splitlines(), delimiter=";"))


@asynccontextmanager
async def sipp(
    folder: Path, scenario: Path, core: int | None, *words: str, port: int | None = None
) -> AsyncIterator[Sipp]:
    """A SIPp without media; without `port` it takes a free one."""
    folder.mkdir()  # noqa: ASYNC240 (of the benchmark's own)
    port, media = port or free_port(), free_port()
    pin = ["taskset", "-c", str(core)] if core is not None else []
    fixed = ["-sf", str(scenario), "-i", HOST, "-p", str(port), "-mi", HOST, "-mp", str(media), "-nostdin"]
    numbers = ["-trace_counts", "-trace_stat", "-stf", "totals.csv", "-fd", "1", "-trace_rtt", "-rtt_freq", "1"]
    process = await asyncio.create_subprocess_exec(
        *pin, "sipp", *fixed, *numbers, *words, cwd=folder, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
    )
    running = Sipp(process, folder, port)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def has_sipp() -> bool:
    """Whether it is installed (sip-tester)."""
    return shutil.which("sipp") is not None


CALLER = ROOT / "benchmarks" / "sipp" / "caller.xml"
CALLEE = ROOT / "tests" / "acceptance" / "phones" / "scenarios" / "callee.xml"


# --- phones whose media is another process's -----------------------------------------------------


class Phones(Handler):
    """Many phones on one SIP port, each with an RTP port of `ports`: they call, and answer when they are rung."""

    def __init__(self, ports: list[int]) -> None:
        self.remote: dict[int, int] = {}
        """RTP port of a phone -> the switch's."""
        self.ended_calls = 0
        self._free = list(reversed(ports))
        self._port_of: dict[str, int] = {}
        self._agent = UserAgent("phones", HOST, 0, None, self, Options(max_calls=len(ports)))

    @property
    def port(self) -> int:
        """Where they are rung."""
        return self._agent.local[1]

    async def open(self) -> None:
        """Takes a SIP port."""
        await self._agent.open()

    def close(self) -> None:
        """Gives it back."""
        self._agent.close()

    def call(self, trunk: int) -> None:
        """One of them calls the switch."""
        port = self._free.pop()
        call = self._agent.invite(f"sip:{NUMBER}@{HOST}:{trunk}", "13800138000", "", sdp.offer((HOST, port), session=1))
        self._port_of[call.id] = port

    def answered(self, call: Call) -> None:
        assert call.remote_sdp is not None
        self.remote[self._port_of[call.id]] = call.remote_sdp.port

    def incoming(self, call: Call) -> None:
        agreed = sdp.agree(call.remote_sdp) if call.remote_sdp else None
        assert agreed is not None
        assert call.remote_sdp is not None
        port = self._free.pop()
        self.remote[port] = agreed.remote[1]
        call.answer(sdp.answer(call.remote_sdp, agreed, (HOST, port), session=1))

    def ended(self, call: Call, ending: object) -> None:
        self.ended_calls += 1
