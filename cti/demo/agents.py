"""Simulated agents: their phones register, ring, and are answered, now and then not; some take a break."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

import structlog

from cti.demo.call import CallOver, PhoneCall
from cti.demo.chance import chance_of
from cti.demo.customers import Customer
from cti.demo.lines import Voices
from cti.demo.phone import REGISTERED_FOR, NotRegistered, Phone
from cti.demo.talk import converse
from cti.errors import CtiError
from cti.ids import AgentId
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.sip.address import Address
from cti.softswitch.sip.digest import Secret

BREAK: Final = "*47"
BACK: Final = "*45"
"""What agents dial to go on a break, and to come back."""
TRY_AGAIN: Final = 5.0
"""Seconds after a REGISTER that failed."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How agents are; chances are per call, times in seconds."""

    declines: float = 0.05
    misses: float = 0.02
    """Does not answer at all."""
    breaks: float = 0.04
    picks_up: tuple[float, float] = (0.8, 3.5)
    talks: tuple[float, float] = (6.0, 22.0)
    rests: tuple[float, float] = (20.0, 45.0)


class Agent:
    """One agent at a phone. `customers` are those who wait or talk, by the number that they show."""

    def __init__(
        self,
        user: AgentId,
        password: str,
        media: MediaEngine,
        registrar: Address,
        customers: Mapping[str, Customer],
        voices: Voices,
        chance: Random,
        habits: Habits | None = None,
        speed: float = 1.0,
    ) -> None:
        self.user = user
        self.phone = Phone(f"agent {user}", media, self._rung)
        self._secret = Secret(password)
        self._registrar = registrar
        self._customers = customers
        self._voices = voices
        self._chance = chance
        self._habits = habits or Habits()
        self._speed = speed
        self._ringing: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._log = structlog.get_logger()

    async def work(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stay_registered(), name=f"demo: phone of {self.user}")
            while True:
                call = await self._ringing.get()
                try:
                    await self._serve(call)
                except CtiError as error:
                    self._log.warning("demo: an agent's call went wrong", agent=self.user, why=str(error))
                except Exception:  # noqa: BLE001 (a mistake of ours in one call must not send the agent home)
                    self._log.exception("demo: a mistake of ours", agent=self.user)

    async def _stay_registered(self) -> None:
        while True:
            try:
                await self.phone.register(self.user, self._secret, self._registrar)
            except NotRegistered as error:
                self._log.warning("demo: an agent's phone is not registered", agent=self.user, why=str(error))
                await asyncio.sleep(TRY_AGAIN)
            else:
                await asyncio.sleep(REGISTERED_FOR / 2)

    def _rung(self, call: PhoneCall) -> None:
        if self.phone.calls > 1:
            call.decline(486)
        else:
            self._ringing.put_nowait(call)

    async def _serve(self, call: PhoneCall) -> None:
        """One call, from ringing to its end, and what the agent does after it."""
        chance, habits = self._chance, self._habits
        # drawn at once, so that what happens in a call does not change what the next ones are like
        spans = (habits.picks_up, habits.talks, habits.rests)
        picks_up, talks, rests = (chance.uniform(*span) / self._speed for span in spans)
        mood, breaks, words = chance.random(), chance.random() < habits.breaks, chance_of(chance.random())
        try:
            await call.rest(picks_up)
            if mood < habits.declines:
                call.decline()
            elif mood >= habits.declines + habits.misses:
                await self._talk(call, talks, words)
            await call.until(lambda: False)  # it rings, until the switch gives up
        except CallOver:
            pass
        finally:
            call.hang_up()
        if breaks:
            await self._dial(BREAK)
            await asyncio.sleep(rests)
            await self._dial(BACK)

    async def _talk(self, call: PhoneCall, seconds: float, chance: Random) -> None:
        clock = asyncio.get_running_loop().time
        call.answer()
        await call.until(lambda: call.up, 10)
        customer = self._customers.get(call.caller)
        end = clock() + seconds
        if customer is not None:
            customer.with_agent = True
        try:
            await converse(call, self._voices.agents, chance, lambda _: clock() >= end, begins=True, speed=self._speed)
            await call.until(lambda: call.ear.quiet > 0.4, 4 / self._speed)  # a customer is not cut short
            await call.say(chance.choice(self._voices.agents.parting))
        finally:
            if customer is not None:
                customer.with_agent = False
        call.hang_up()

    async def _dial(self, code: str) -> None:
        """A feature code: the switch answers by hanging up."""
        call = self.phone.dial(code, self._registrar, self.user, account=(self.user, self._secret))
        try:
            await call.rest(5)
        except CallOver:
            return
        finally:
            call.hang_up()
