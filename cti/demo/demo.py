"""The demonstration: some customers at a time, every agent, until cancelled."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

import structlog

from cti.demo.agents import Agent, Habits
from cti.demo.call import CallOver
from cti.demo.chance import chance_of
from cti.demo.customers import Customer, End, Temper, Way, new_number
from cti.demo.lines import Voices, hummed
from cti.demo.phone import Phone
from cti.errors import CtiError
from cti.ids import AgentId
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.sip.address import Address

PORTS: Final = range(20000, 22000)
"""Of the phones' sound; those that are taken are passed over."""
WITHHELD: Final = 0.04
REGULARS: Final = 0.05
RETURNS: Final = 0.2
"""Callers whose number is withheld, who are regulars, and who have called before and come back; the rest are new."""
FIRST: Final = 0.5
"""Seconds until the first call: the phones have registered."""
QUICK: Final = 3
"""So many of the first know the menu."""
TRIES_AGAIN: Final = 0.6
"""Of those who gave up."""
REMEMBERED: Final = 200
"""Numbers that may call again."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Where the phones find it."""

    callers: Address
    """Open to calls from outside."""
    phones: Address
    """Agents' phones register here."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much happens. Seconds."""

    seed: int = 1
    """The same seed: the same customers with the same wishes in the same order."""
    every: float = 2.5
    """Between two calls, on the average."""
    most: int = 16
    """Customers on the line at the same time."""
    speed: float = 1.0
    """How much faster people are than people, for tests."""
    habits: Habits = field(default_factory=Habits)
    regulars: Sequence[str] = ()
    """Numbers that call more often than others: members, say."""


class Demo:
    """Customers and agents; `run` it beside a softswitch."""

    def __init__(
        self, switch: Switch, agents: Mapping[AgentId, str], ways: Sequence[Way], options: Options | None = None
    ) -> None:
        """`agents` with their passwords; `ways` to reach something, one at least."""
        speed = (options or Options()).speed
        self.voices = Voices(hummed(150, speed), hummed(230, speed))
        self.placed = 0
        """Calls of customers so far."""
        self.switch = switch
        self._passwords = agents
        self._ways = ways
        self._options = options or Options()
        self._chance = chance_of(self._options.seed, "customers")
        self._media = MediaEngine(switch.callers[0], PORTS)
        self._trunk = Phone("customers", self._media)
        self._agents: list[Agent] = []
        self._on_the_line: dict[str, Customer] = {}
        self._earlier: deque[str] = deque(maxlen=REMEMBERED)
        self._again: list[tuple[float, str]] = []
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until cancelled. Nothing is left then, neither tasks nor ports. Raises OSError without a free port."""
        self._media.start()
        try:
            await self._trunk.open()
            async with asyncio.TaskGroup() as tasks:
                for user, password in self._passwords.items():
                    agent = self._agent(user, password)
                    await agent.phone.open()
                    tasks.create_task(agent.work(), name=f"demo: agent {user}")
                await self._let_them_call(tasks)
        finally:
            await asyncio.gather(self._trunk.close(), *(agent.phone.close() for agent in self._agents))
            await self._media.close()

    def _agent(self, user: AgentId, password: str) -> Agent:
        options = self._options
        agent = Agent(
            user,
            password,
            self._media,
            self.switch.phones,
            self._on_the_line,
            self.voices,
            chance_of(options.seed, "agent", user),
            options.habits,
            options.speed,
        )
        self._agents.append(agent)
        return agent

    async def _let_them_call(self, tasks: asyncio.TaskGroup) -> None:
        options, chance = self._options, self._chance
        await asyncio.sleep(FIRST / options.speed)
        while True:
            if self._trunk.calls < options.most:
                number = self._next_number()
                tasks.create_task(self._one_call(number, self.placed), name=f"demo: call {self.placed}")
                self.placed += 1
            await asyncio.sleep(options.every * chance.uniform(0.5, 1.5))

    def _next_number(self) -> str:
        """Who calls next; "" hides the number."""
        chance, now = self._chance, asyncio.get_running_loop().time()
        due = next((one for one in self._again if one[0] <= now), None)
        if due is not None:
            self._again.remove(due)
            return due[1]
        what, fresh = chance.random(), new_number(chance)
        if what < WITHHELD:
            return ""
        pool = self._options.regulars if what < WITHHELD + REGULARS else self._earlier
        free = [number for number in pool if number not in self._on_the_line]
        return chance.choice(free) if free and what < WITHHELD + REGULARS + RETURNS else fresh

    async def _one_call(self, number: str, count: int) -> None:
        """A call from beginning to end. Whatever goes wrong in it is the end of it, and of nothing else."""
        chance = chance_of(self._options.seed, "call", count)
        way, temper = chance.choices(self._ways, [way.weight for way in self._ways])[0], Temper.draw(chance)
        if count == 0:  # whoever has just started this waits for something to happen
            to_people = [way for way in self._ways if way.end is End.PERSON]
            way, temper = max(to_people or self._ways, key=lambda way: way.weight), Temper(hurries=True)
        elif count <= QUICK:
            temper = replace(temper, knows=True, silent=False)
        customer = Customer(way, temper, self.voices, chance, self._options.speed)
        if number:
            self._on_the_line[number] = customer
        try:
            await customer.live(self._trunk.dial(way.number, self.switch.callers, number))
        except (CallOver, TimeoutError):
            pass
        except CtiError as error:
            self._log.warning("demo: a call went wrong", why=str(error))
        except Exception:  # noqa: BLE001 (a mistake of ours in one call must not end the others)
            self._log.exception("demo: a mistake of ours")
        finally:
            if self._on_the_line.get(number) is customer:
                del self._on_the_line[number]
        self._remember(number, customer, chance)

    def _remember(self, number: str, customer: Customer, chance: Random) -> None:
        if number and number not in self._earlier:
            self._earlier.append(number)
        if number and customer.gave_up and chance.random() < TRIES_AGAIN:
            later = chance.uniform(10, 30) / self._options.speed
            self._again.append((asyncio.get_running_loop().time() + later, number))
