"""A simulated agent at the embedded switch: registers, picks up, talks, hangs up, declines, takes a break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cti.demo.agents import Agent, Habits
from cti.demo.chance import chance_of
from cti.demo.customers import Customer, End, Temper, Way
from cti.demo.lines import Voices, hummed
from cti.ids import AgentId
from cti.softswitch import api
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.switch import Options, Switch

SPEED = 10.0
VOICES = Voices(hummed(150, SPEED), hummed(230, SPEED))
ALWAYS = Habits(declines=0.0, misses=0.0, breaks=0.0, talks=(5.0, 5.0))
LIMIT = 10.0


class Desk:
    """A switch, and an agent at work."""

    def __init__(self, media: MediaEngine, habits: Habits) -> None:
        ports, phones = range(25400, 25800), {"1001": "pw-of-1001"}
        self.switch = Switch(Options(internal_port=0, external_port=0, esl_port=0, rtp_ports=ports, phones=phones))
        self.customers: dict[str, Customer] = {}
        self._media, self._habits = media, habits
        self.dialled: list[str] = []

    def agent(self, password: str = "pw-of-1001") -> Agent:
        registrar = ("127.0.0.1", self.switch.internal_port)
        chance = chance_of("agent")
        return Agent(
            AgentId("1001"), password, self._media, registrar, self.customers, VOICES, chance, self._habits, SPEED
        )

    async def registered(self) -> None:
        async with asyncio.timeout(LIMIT):
            while not self.switch.registrations():  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.02)

    async def ring(self) -> str:
        """The agent's phone rings; gives what comes of it."""
        await self.registered()
        words = "{origination_caller_id_number=13800138000}user/1001 &park"
        return (await api.run(self.switch, "originate", words)).strip()


@asynccontextmanager
async def desk(habits: Habits = ALWAYS) -> AsyncIterator[Desk]:
    media = MediaEngine("127.0.0.1", range(25800, 26000))
    media.start()
    found = Desk(media, habits)
    await found.switch.start()
    agent = found.agent()
    await agent.phone.open()
    work = asyncio.create_task(agent.work())
    try:
        yield found
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await agent.phone.close()
        await media.close()
        await found.switch.close()


async def gone(found: Desk) -> None:
    """Until no leg is left."""
    async with asyncio.timeout(LIMIT):
        while found.switch.channels:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.02)


async def test_an_agent_picks_up_tells_the_customer_and_hangs_up() -> None:
    async with desk() as found:
        customer = Customer(Way("4008008008", (), End.PERSON), Temper(), VOICES, chance_of("customer"))
        found.customers["13800138000"] = customer
        assert (await found.ring()).startswith("+OK")
        async with asyncio.timeout(LIMIT):
            while not customer.with_agent:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(0.02)
        await gone(found)
        assert not customer.with_agent


async def test_an_agent_declines() -> None:
    async with desk(Habits(declines=1.0)) as found:
        assert await found.ring() == "-ERR CALL_REJECTED"
        assert await found.ring() == "-ERR CALL_REJECTED"


async def test_one_who_does_not_answer_lets_it_ring() -> None:
    async with desk(Habits(declines=0.0, misses=1.0)) as found:
        await found.registered()
        words = "{originate_timeout=1}user/1001 &park"
        assert (await api.run(found.switch, "originate", words)).strip() == "-ERR NO_ANSWER"
        await gone(found)


async def test_after_a_call_a_break_is_dialled_and_its_end() -> None:
    async with desk(Habits(declines=1.0, breaks=1.0, rests=(2.0, 2.0))) as found:
        await found.ring()
        dialled: list[str] = []
        async with asyncio.timeout(LIMIT):
            while dialled != ["*47", "*45"]:
                for channel in list(found.switch.channels.values()):
                    dialled.append(channel.profile.destination)
                    found.switch.hang_up(channel, "NORMAL_CLEARING")
                await asyncio.sleep(0.02)


async def test_a_wrong_password_is_tried_again_and_again_and_ends_nothing() -> None:
    async with desk() as found:
        await found.registered()
        stranger = found.agent("guessed")
        await stranger.phone.open()
        work = asyncio.create_task(stranger.work())
        await asyncio.sleep(0.3)
        assert not work.done()
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        await stranger.phone.close()
