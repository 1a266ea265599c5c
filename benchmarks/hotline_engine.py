"""The engine and the records alone: a switch in the same process answers every verb with its events.

``python -m benchmarks.hotline_engine JSON`` is the process that is measured; `works` starts it.
"""

import argparse
import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import uvloop
from sqlalchemy import text

from benchmarks.softswitch_process import ROOT, usage_of
from cti import log
from cti.config.check import load_routing
from cti.engine.inputs import FromSwitch, SwitchUp
from cti.engine.runner import Parts, Runner
from cti.ids import CallId, LegId, NodeName
from cti.records.database import Database
from cti.records.entries import RecordingMade
from cti.records.recordings.tags import Tags
from cti.records.store import Options, Records
from cti.switch import port
from cti.voice.voice import Playlist

MAIN = NodeName("main")
NUMBER = "4008008008"
KEY_AFTER, RING, TALK, WRAP_UP = 0.3, 0.3, 3.0, 1
"""Seconds of a call through the engine."""
WARM_UP = 8
"""Seconds before CPU time is counted: by then as many calls end as begin."""
MOST_CPU, MOST_KB = 100.0, 30.0
TARGETS = (
    ("engine", "PostgreSQL", "CPU %", MOST_CPU),
    ("engine", "PostgreSQL", "calls without a record", 0),
    ("memory", "in the queue", "kB a call", MOST_KB),
    ("memory", "in talk", "kB a call", MOST_KB),
)
"""Part, row, column, the most that is promised."""

ROUTING = {
    "routing/hotlines.yaml": f"""
hotlines:
  服务热线: {{numbers: ["{NUMBER}"], flow: service, hours: always}}
""",
    "routing/hours.yaml": 'hours:\n  always: {weekly: {mon-sun: ["00:00-24:00"]}}\n',
    "routing/skills.yaml": "skills: [service]\ngroups: {service: 售后组}\n",
    "routing/queues.yaml": """
queues:
  service: {name: 售后服务, groups: [service], needs: {service: 1}}
""",
    "ivr_flows/service.yaml": """
flow: service
start: menu
steps:
  menu:
    menu: "售后服务请按1，人工服务请按0。"
    keys: {1: wait, 0: wait}
    otherwise: wait
  wait: {queue: service, survey: score}
""",
    "ivr_flows/score.yaml": """
flow: score
start: ask
steps:
  ask: {survey: "请为本次服务打分，1到5分。", keys: 1-5, then: hangup}
""",
}


@dataclass(frozen=True, slots=True)
class Work:
    """What the measured process does."""

    kind: str
    """engine, queue or talk"""
    url: str
    rate: int
    seconds: int
    live: int
    core: int | None


class FakeSwitch:
    """`cti.switch.port.Switch`: callers press a key when they hear something; agents answer, talk and hang up."""

    def __init__(self, talk: float) -> None:
        self.put: Callable[[Any], None] = lambda _: None
        self.users: set[str] = set()
        self.asked: list[float] = []
        """Microseconds from a key that leads into the queue to the verb that rings an agent."""
        self._loop = asyncio.get_running_loop()
        self._talk = talk
        self._legs: dict[LegId, LegId | None] = {}
        self._inbound: set[LegId] = set()
        self._plays: dict[LegId, str] = {}
        self._pressed: dict[LegId, int] = {}

    def _tell(self, kind: type[port.LegEvent], leg: LegId, **more: Any) -> None:
        if leg in self._legs:
            self.put(FromSwitch(MAIN, kind(time.time_ns() // 1_000, leg, CallId(leg), **more)))  # type: ignore[call-arg]

    def call(self, number: int) -> None:
        """Somebody calls."""
        leg = LegId(f"{number:08d}-0000-4000-8000-000000000000")
        self._legs[leg] = None
        self._inbound.add(leg)
        ani = f"139{number % 100_000_000:08d}"
        self._tell(port.LegCreated, leg, inbound=True, ani=ani, caller_name="", dnis=NUMBER)
        self._tell(port.LegParked, leg)

    # The verbs

    async def claim(self, leg: LegId) -> bool:
        return True

    async def guard(self, leg: LegId, seconds: int) -> None: ...
    async def unguard(self, leg: LegId) -> None: ...
    async def answer(self, leg: LegId) -> None:
        self._tell(port.LegAnswered, leg)

    async def play(self, leg: LegId, files: Iterable[str], execution: str) -> None:
        self._plays[leg] = execution
        self._loop.call_later(KEY_AFTER, self._press, leg)

    def _press(self, leg: LegId) -> None:
        self._pressed.setdefault(leg, time.perf_counter_ns())
        self._tell(port.KeyPressed, leg, key="1")

    async def music(self, leg: LegId, stream: str, execution: str) -> None: ...
    async def stop(self, leg: LegId) -> None:
        execution = self._plays.pop(leg, "")
        if execution:
            self._tell(port.ExecutionDone, leg, application="playback", execution=execution)

    async def ring(
        self, endpoint: Any, leg: LegId, call: CallId, shown: Any, seconds: int, variables: Any = None
    ) -> None:
        pressed = self._pressed.get(LegId(call))
        if pressed:
            self.asked.append((time.perf_counter_ns() - pressed) / 1_000)
        self._legs[leg] = None
        self._tell(port.LegCreated, leg, inbound=False, ani="", caller_name="", dnis="")
        self._tell(port.LegRinging, leg, media=False)
        self._loop.call_later(RING, self._pick_up, leg)

    def _pick_up(self, leg: LegId) -> None:
        self._tell(port.LegAnswered, leg)
        self._tell(port.LegParked, leg)

    async def bridge(self, leg: LegId, other: LegId) -> None:
        self._plays.pop(leg, None)
        self._legs[leg], self._legs[other] = other, leg
        self._tell(port.LegsBridged, leg, other=other)
        self._loop.call_later(self._talk, self._agent_hangs_up, leg, other)

    def _agent_hangs_up(self, leg: LegId, other: LegId) -> None:
        self._end(other, "NORMAL_CLEARING")
        if leg in self._legs:
            self._legs[leg] = None
            self._tell(port.LegParked, leg)

    async def hang_up(self, leg: LegId, cause: str = "NORMAL_CLEARING") -> None:
        self._end(leg, cause)

    def _end(self, leg: LegId, cause: str) -> None:
        self._tell(port.LegEnding, leg, cause=cause)
        self._tell(port.LegEnded, leg, cause=cause)
        for kept in (self._legs, self._plays, self._pressed):
            kept.pop(leg, None)
        self._inbound.discard(leg)

    async def record(self, leg: LegId, path: str) -> None: ...
    async def stop_record(self, leg: LegId, path: str) -> None: ...
    async def mask(self, leg: LegId, path: str, masked: bool) -> None: ...
    async def hold(self, leg: LegId, on: bool) -> None: ...
    async def set_variables(self, leg: LegId, variables: Any) -> None: ...

    async def legs(self, known: Iterable[LegId] = ()) -> list[port.LegState]:
        return [
            port.LegState(
                leg,
                CallId(leg),
                leg in self._inbound,
                port.Stage.BRIDGED if other else port.Stage.PARKED,
                0,
                1,
                other,
                "",
                "",
                NUMBER,
            )
            for leg, other in self._legs.items()
        ]

    async def registrations(self) -> set[str]:
        return self.users

    async def clock(self) -> port.ClockOffset:
        return port.ClockOffset(0.0, 0.0)

    async def notify(self, leg: LegId, event: str) -> None: ...


class Speaker:
    """Has everything rendered already."""

    async def playlist(self, pieces: Any) -> Playlist:
        return Playlist((Path("/prompts/one.wav"),))


class Recorder:
    """Makes no files, but tells of them."""

    runner: Runner

    async def begin(self, tags: Tags, zone: Any) -> Path:
        return Path(f"/recordings/{tags.id}.wav")

    def finish(self, path: Path, tags: Tags) -> None:
        ended_at = tags.ended_at or datetime.now(UTC)
        made = RecordingMade(id=tags.id, call=tags.call, path=path.name, began_at=tags.began_at, ended_at=ended_at)
        self.runner.recorded(made)


@asynccontextmanager
async def engine_at_work(
    work: Work, folder: Path, agents: int, talk: float
) -> AsyncIterator[tuple[FakeSwitch, Runner]]:
    """The engine, its records, and the switch in between; as many agents as said are there."""
    person = "{name: 坐席, groups: [service], skills: {service: 3}}"
    people = "\n".join(f'  "{1001 + number}": {person}' for number in range(agents))
    defaults = f"defaults: {{wrap_up: {WRAP_UP}s, ring: 10s}}"
    for name, content in (ROUTING | {"routing/agents.yaml": f"{defaults}\nagents:\n{people}\n"}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    routing = load_routing(folder / "routing", folder / "ivr_flows", date.today())
    recorder, switch = Recorder(), FakeSwitch(talk)
    async with Records(Options(url=work.url, spool=folder / "spool")) as records:
        runner = Runner(routing, Parts({MAIN: switch}, Speaker(), recorder, records, "/prompts/beep.wav"))  # type: ignore[dict-item]
        recorder.runner, switch.put = runner, runner.put
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(runner.run())
            yield switch, runner
            running.cancel()


def _sign_in(switch: FakeSwitch, agents: int) -> None:
    switch.users = {str(1001 + number) for number in range(agents)}
    switch.put(SwitchUp(MAIN, [], frozenset(switch.users)))


async def throughput(work: Work, folder: Path) -> dict[str, float]:
    """So many calls a second, each with a menu, a queue, an agent, a recording and a survey."""
    agents = round(work.rate * (RING + TALK + WRAP_UP) * 1.3) + 2
    loop = asyncio.get_running_loop()
    async with engine_at_work(work, folder, agents, TALK) as (switch, _):
        _sign_in(switch, agents)
        await asyncio.sleep(1)
        gc.collect()
        gc.freeze()  # as the server does
        began, made, before = loop.time(), 0, usage_of(os.getpid())
        late = []
        warm_up = min(WARM_UP, work.seconds)
        while (now := loop.time() - began) < warm_up + work.seconds:
            while made < now * work.rate:
                switch.call(made)
                made += 1
            if now < warm_up:
                before, late = usage_of(os.getpid()), []
                switch.asked.clear()
            await asyncio.sleep(0.005)
            late.append(1_000 * (loop.time() - began - now - 0.005))
        after = usage_of(os.getpid())
        asked = switch.asked[:]
        await asyncio.sleep(RING + TALK + WRAP_UP + 3)
    rows = await _rows(work.url)
    return {
        "calls/s": work.rate,
        "CPU %": after.cpu_since(before),
        "waited %": after.waited_since(before),
        "key to ring, median us": median(asked),
        "key to ring, p99 us": quantiles(asked, n=100)[98],
        "loop late, p99 ms": quantiles(late, n=100)[98],
        "calls without a record": made - rows["closed calls"],
        "rows a call": sum(rows[table] for table in TABLES) / made,
        "resident MB": after.memory,
    }


TABLES = ("calls", "legs", "segments", "offers", "recordings", "agent_states", "customers")


async def _rows(url: str) -> dict[str, int]:
    database = Database(url)
    async with database.engine.connect() as connection:
        counts = {
            table: int((await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one())  # noqa: S608
            for table in TABLES
        }
        closed = "SELECT count(*) FROM calls WHERE ended_at IS NOT NULL AND outcome = 'answered'"
        counts["closed calls"] = int((await connection.execute(text(closed))).scalar_one())
    await database.close()
    return counts


async def memory(work: Work, folder: Path) -> dict[str, float]:
    """Growth of the process by live calls, when some have been there and gone."""
    talking = work.kind == "talk"
    agents = work.live if talking else 1
    async with engine_at_work(work, folder, agents, 1e6) as (switch, runner):
        if talking:
            _sign_in(switch, agents)
        for number in range(50):
            switch.call(10_000_000 + number)
            await asyncio.sleep(0.02)
        await asyncio.sleep(KEY_AFTER + RING + 1)
        await _all_hang_up(switch, runner)
        gc.collect()
        gc.freeze()
        before = usage_of(os.getpid()).memory
        for number in range(work.live):
            switch.call(number)
            await asyncio.sleep(0.005)
        await asyncio.sleep(KEY_AFTER + RING + 3)
        after = usage_of(os.getpid()).memory
        bridged = sum(leg.stage is port.Stage.BRIDGED and leg.inbound for leg in await switch.legs())
        live = bridged if talking else len(runner.engine.acd.floor.calls)
        await _all_hang_up(switch, runner)
    return {"live calls": live, "kB a call": 1_024 * (after - before) / max(1, live), "before MB": before}


async def _all_hang_up(switch: FakeSwitch, runner: Runner) -> None:
    for leg in await switch.legs():
        if leg.inbound:
            await switch.hang_up(leg.leg)
    for _ in range(300):
        if not runner.engine.calls:
            return
        await asyncio.sleep(0.1)


# --- from outside --------------------------------------------------------------------------------

Numbers = dict[str, float]


class Missing(Exception):
    """What a measurement needs is not here."""


def works(
    arguments: argparse.Namespace, parts: Iterable[str]
) -> Iterator[tuple[str, str, Callable[[], Awaitable[Numbers]]]]:
    """Part, row, and what measures it once. Raises Missing when that is called."""
    cores = sorted(os.sched_getaffinity(0))
    if "engine" in parts:
        work = Work("engine", "", arguments.engine_rate, arguments.seconds, 0, cores[-1] if len(cores) > 1 else None)
        yield "engine", "PostgreSQL", partial(_on_postgresql, work)
    if "memory" in parts:
        for kind, row in (("queue", "in the queue"), ("talk", "in talk")):
            yield "memory", row, partial(_on_sqlite, Work(kind, "", 0, 0, arguments.live, None))


async def _on_postgresql(work: Work) -> Numbers:
    from tests.records.postgres import Cluster, NoPostgres

    try:
        cluster = Cluster(fsync="on")
    except NoPostgres as why:
        raise Missing(str(why)) from None
    try:
        await cluster.create("hotline")
        return await _process(work, cluster.url("hotline"))
    finally:
        cluster.remove()


async def _on_sqlite(work: Work) -> Numbers:
    with tempfile.TemporaryDirectory(prefix="cti-hotline-") as folder:
        return await _process(work, f"sqlite+aiosqlite:///{folder}/cti.db")


async def _process(work: Work, url: str) -> Numbers:
    order, load = json.dumps(asdict(replace(work, url=url))), os.getloadavg()[0]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.hotline_engine", order, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    said, complained = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"the engine's process failed:\n{complained.decode(errors='replace')[-3000:]}")
    print(complained.decode(errors="replace"), end="", file=sys.stderr)
    return json.loads(said.splitlines()[-1]) | {"load": load}


def main(argv: list[str]) -> int:
    """The measured process: one order, one line of numbers."""
    work = Work(**json.loads(argv[0]))
    if work.core is not None:
        os.sched_setaffinity(0, {work.core})
    with tempfile.TemporaryDirectory(prefix="cti-hotline-") as folder:
        with (Path(folder) / "log").open("w") as stream:
            log.configure("json", "info", stream=stream)
            measured = throughput if work.kind == "engine" else memory
            numbers = uvloop.run(measured(work, Path(folder)))
            log.configure()
        problems = [line for line in (Path(folder) / "log").read_text().splitlines() if '"level": "info"' not in line]
        print(*problems[:20], sep="\n", end="\n" if problems else "", file=sys.stderr)
    print(json.dumps(numbers))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
