"""Callers and agents of SIPp."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.hotline_switches import PASSWORD, Hotline, Setting, until
from benchmarks.hotline_wire import Wire
from benchmarks.softswitch_calls import Sipp, sipp
from benchmarks.softswitch_process import HOST, ROOT, free_port
from cti.esl.commands import Auth, Events
from cti.esl.errors import EslError
from cti.esl.events import Event
from cti.esl.link import Link, Timing

SCENARIOS = ROOT / "benchmarks" / "sipp"
HANGUPS = Events(names=("CHANNEL_HANGUP",))
LINGER = 15.0
"""Seconds in which the last callers may still be served."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How people call."""

    rate: int
    """Calls a second."""
    count: int
    talk: float
    """Seconds."""
    most: int = 10_000
    """Callers at once; beyond, nobody calls until somebody has hung up."""


class Observer:
    """Hears from the switch when agents' legs hang up: it takes FreeSWITCH up to 20 ms to look at a BYE."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def link_up(self, link: Link) -> None:
        """It is there."""

    async def link_event(self, link: Link, event: Event) -> None:
        """A leg has hung up."""
        ring = self._wire.rings.get((event.variable("sip_call_id") or "").encode())
        if ring is not None:
            ring.hung_up = ring.hung_up or time.time()

    async def link_down(self, link: Link, error: EslError) -> None:
        """It is gone."""


@asynccontextmanager
async def observing(hotline: Hotline, wire: Wire) -> AsyncIterator[None]:
    """Notes hang-ups, a millisecond late."""
    link = Link("observed", hotline.esl, Auth("ClueCon"), subscription=(HANGUPS,), timing=Timing(nudge=0.001))
    running = asyncio.create_task(link.run(Observer(wire)))
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


@asynccontextmanager
async def agents_at_work(hotline: Hotline, setting: Setting, folder: Path, talk: float) -> AsyncIterator[Sipp]:
    """Every agent's phone, registered; each talks for about `talk` seconds and hangs up."""
    scenario = folder / "agent.xml"
    text = (SCENARIOS / "agent.xml").read_text()
    scenario.write_text(text.replace("LEAST", f"{750 * talk:.0f}").replace("MOST", f"{1250 * talk:.0f}"))
    users, port = folder / "users.csv", free_port()
    words = [f"{agent};[authentication username={agent} password={PASSWORD}];{port};" for agent in setting.people]
    users.write_text("\n".join(["SEQUENTIAL", *words, ""]))
    many = ["-inf", str(users), "-r", "20", "-m", str(setting.agents), f"{HOST}:{hotline.phones}"]
    async with sipp(folder / "registrations", SCENARIOS / "register.xml", None, *many, port=port) as registrations:
        await registrations.wait(30)
    async with sipp(folder / "agents", scenario, None, port=port) as phones:  # as if they had registered themselves
        try:
            await until(lambda: hotline.signed_in() >= setting.agents, "not every agent is there")
        except RuntimeError as error:
            raise RuntimeError(f"{error}: {hotline.signed_in()} of {setting.agents}\n{hotline.log()}") from None
        yield phones


async def call(hotline: Hotline, traffic: Traffic, folder: Path, wire: Wire) -> Sipp:
    """Callers call until all are served, or have had time enough."""
    numbers = folder.with_suffix(".csv")
    numbers.write_text("\n".join(["SEQUENTIAL", *(f"138{number:08d};" for number in range(traffic.count)), ""]))
    words = ["-inf", str(numbers), "-s", hotline.number, "-r", str(traffic.rate)]
    words += ["-m", str(traffic.count), "-l", str(traffic.most), f"{HOST}:{hotline.trunk}"]
    already = len(wire.callers)
    async with sipp(folder, SCENARIOS / "customer.xml", None, *words) as callers:
        while len(wire.callers) < already + traffic.count and callers.running:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
        await callers.wait(LINGER)
        await callers.stop()
    return callers
