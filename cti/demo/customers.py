"""Simulated customers: whom they call, what they press, how long they wait, and how they talk."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final, Self

from cti.demo.call import PhoneCall
from cti.demo.lines import Voices
from cti.demo.talk import converse, finished

MOBILE: Final = ("135", "136", "138", "139", "150", "158", "159", "176", "186", "188")
CITIES: Final = ("010", "020", "021", "0512", "0571", "0755")
WRONG_KEY: Final = "8"

LONGEST: Final = 600.0
"""Seconds of a call."""
GOODBYE: Final = 15.0
"""Seconds in which the hotline may say goodbye and hang up, when all has been said."""
STRANGER_SAYS: Final = 6
"""Lines that a customer says to an agent who is no program, before saying goodbye."""


class End(StrEnum):
    """What a way through the menus leads to."""

    PERSON = "person"
    MESSAGE = "message"
    CALLBACK = "callback"


@dataclass(frozen=True, slots=True)
class Way:
    """A number, and the keys for each question in turn that lead to something; "" keys nothing and waits."""

    number: str
    keys: tuple[str, ...]
    end: End
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Temper:
    """How a customer is in one call. Seconds."""

    knows: bool = True
    """Presses before the prompt is over."""
    hurries: bool = False
    """And does so at its first words."""
    slips: bool = False
    """Presses a wrong key first."""
    silent: bool = False
    """Presses nothing at all."""
    patience: float = 60.0
    """In the queue."""
    lines: int = 20
    """After so many the customer says goodbye; most agents are faster."""
    stays: bool = True
    """Listens to the survey."""
    score: str = "5"
    """What is keyed there; "" nothing."""
    wants_callback: bool = False
    """When asked after a bad score."""

    @classmethod
    def draw(cls, chance: Random) -> Self:
        """A person like many."""
        hurried = chance.random() < 0.15
        return cls(
            knows=chance.random() < 0.5,
            slips=chance.random() < 0.06,
            silent=chance.random() < 0.06,
            patience=chance.uniform(4, 12) if hurried else min(180.0, max(20.0, chance.lognormvariate(4.0, 0.5))),
            lines=chance.choice((1, 2, 3)) if chance.random() < 0.3 else 20,
            stays=chance.random() < 0.8,
            score=chance.choices(("5", "4", "3", "2", "1", ""), (55, 20, 8, 4, 4, 9))[0],
            wants_callback=chance.random() < 0.5,
        )


def new_number(chance: Random) -> str:
    """A number as the network shows it: most are mobile ones."""
    if chance.random() < 0.75:
        return chance.choice(MOBILE) + f"{chance.randrange(10**8):08}"
    return chance.choice(CITIES) + chance.choice("568") + f"{chance.randrange(10**7):07}"


class Customer:
    """One call of a customer. `with_agent` is set from outside: see `cti.demo.agents`."""

    def __init__(self, way: Way, temper: Temper, voices: Voices, chance: Random, speed: float = 1.0) -> None:
        self.way = way
        self.temper = temper
        self.with_agent = False
        """A colleague is on the line: a person hears that."""
        self.gave_up = False
        self._voices = voices
        self._chance = chance
        self._speed = speed
        self._silence = 1 / min(speed, 2.0)
        """Seconds after which something that was said is taken to be over: prompts do not become faster."""

    async def live(self, call: PhoneCall) -> None:
        """From dialling to hanging up. Raises CallOver when the other side is first, TimeoutError past LONGEST."""
        try:
            async with asyncio.timeout(LONGEST):
                if await call.until(lambda: call.up, 15):
                    await self._find_the_way(call)
                    await _ENDS[self.way.end](self, call)
        finally:
            call.hang_up()

    async def _find_the_way(self, call: PhoneCall) -> None:
        if self.temper.silent:
            return
        await self._be_asked(call, (WRONG_KEY, *self.way.keys) if self.temper.slips else self.way.keys)

    async def _be_asked(self, call: PhoneCall, answers: Sequence[str]) -> None:
        """Answers one question after the other, until somebody is there or nothing more is asked."""
        for keys in answers:
            await self._question(call)
            if self.with_agent:
                return
            call.ear.forget()
            if keys:
                await call.press(keys)

    async def _question(self, call: PhoneCall) -> None:
        """Listens until it is time to press: soon for one who knows the prompt, otherwise when it has been said."""
        if self.temper.knows:
            await call.until(lambda: self.with_agent or call.ear.stretch > 0.3, 10)
            await self._let_pass(call, *((0.1, 0.4) if self.temper.hurries else (0.8, 2.5)))
        else:
            await call.until(lambda: self.with_agent or call.ear.music or finished(call, self._silence), 40)
            await self._let_pass(call, 0.2, 1.5)

    async def _let_pass(self, call: PhoneCall, least: float, most: float) -> None:
        await call.rest(self._chance.uniform(least, most) / self._speed)

    async def _ask_for_a_call(self, call: PhoneCall) -> None:
        """The number that we call from is the right one."""
        await self._be_asked(call, ("1",))
        await call.rest(GOODBYE / self._speed)

    async def _leave_a_message(self, call: PhoneCall) -> None:
        """After the tone: then it is silent."""
        await call.until(lambda: finished(call, 1.2 * self._silence), 30)
        for number in range(self._chance.choice((2, 3))):
            await call.say(self._voices.customers.line(number, self._chance))
            await self._let_pass(call, 0.2, 0.6)
        if self._chance.random() < 0.5:
            await call.press("#")
            await call.rest(GOODBYE / self._speed)

    async def _reach_a_person(self, call: PhoneCall) -> None:
        if not await self._wait(call):
            self.gave_up = True
            return
        if self.with_agent:
            await self._talk(call, self.temper.lines)
            if not self.with_agent and self.temper.stays:
                await self._survey(call)
        else:
            call.ear.forget()
            await self._talk(call, STRANGER_SAYS)

    async def _wait(self, call: PhoneCall) -> bool:
        """Until somebody is there; False when patience is over first.

        Simulated agents tell us. That a person has picked up is heard: the hotline is never silent in a queue.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self.temper.patience / self._speed
        music = not self.temper.silent  # who has pressed nothing hears pauses between prompts, too
        while clock() < end:
            music = music or call.ear.music
            silence = (1.5 if call.ear.stretch else 4.0) * self._silence
            if await call.until(lambda: self.with_agent, 0.2) or (music and call.ear.quiet > silence):
                return True
        return False

    async def _talk(self, call: PhoneCall, most: int) -> None:
        there = self.with_agent

        def enough(said: int) -> bool:
            return said >= most or self.with_agent is not there

        await converse(call, self._voices.customers, self._chance, enough, begins=False, speed=self._speed)
        if self.with_agent is there:
            await call.say(self._chance.choice(self._voices.customers.parting))

    async def _survey(self, call: PhoneCall) -> None:
        """The agent has hung up: a question comes, or the end."""
        call.ear.forget()
        answers = [self.temper.score]
        if self.temper.score in ("1", "2"):
            answers += ["1", "1"] if self.temper.wants_callback else [""]
        await self._be_asked(call, answers)
        await call.rest(GOODBYE / self._speed)


_ENDS: Final = {
    End.PERSON: Customer._reach_a_person,
    End.MESSAGE: Customer._leave_a_message,
    End.CALLBACK: Customer._ask_for_a_call,
}
